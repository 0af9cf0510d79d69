from __future__ import annotations

import pytest

from mlops.errors import RepositoryError
from mlops.scaffold.answers import Answers, full_ref
from mlops.scaffold.home import find_home


@pytest.mark.parametrize(
    ("repository", "kind", "name"),
    [
        ("mlops", "git", "mlops"),
        ("Data Science/mlops templates", "git", "Data Science/mlops templates"),
        ("https://dev.azure.com/org/Data%20Science/_git/mlops", "git", "Data Science/mlops"),
        ("https://org@dev.azure.com/org/project/_git/mlops", "git", "project/mlops"),
        ("https://dev.azure.com/org/_git/mlops", "git", "mlops/mlops"),
        ("https://org.visualstudio.com/DefaultCollection/project/_git/mlops", "git", "project/mlops"),
        ("git@ssh.dev.azure.com:v3/org/project/mlops", "git", "project/mlops"),
        ("https://github.com/owner/mlops.git", "github", "owner/mlops"),
        ("git@github.com:owner/mlops", "github", "owner/mlops"),
    ],
)
def test_a_name_or_an_address_is_what_a_pipeline_calls_it(repository: str, kind: str, name: str) -> None:
    home = find_home(repository)
    assert (home.kind, home.name) == (kind, name)
    assert home.address == (repository if ":" in repository else "")


@pytest.mark.parametrize(
    "repository",
    [
        "https://org:planted-secret@dev.azure.com/org/project/_git/mlops",
        "https://planted-secret@github.com/owner/mlops",
        "https://gitlab.com/owner/mlops",
        "/srv/mlops",
        "../mlops",
        "--upload-pack=planted-secret",
        "a/b/c",
        "a\nb",
        "",
    ],
)
def test_what_is_neither_is_refused_and_not_repeated(repository: str) -> None:
    with pytest.raises(RepositoryError, match="--repository takes") as refused:
        find_home(repository)
    assert "planted-secret" not in str(refused.value)


@pytest.mark.parametrize(("tag", "ref"), [("v1.2.0", "refs/tags/v1.2.0"), ("refs/tags/2026/a", "refs/tags/2026/a")])
def test_a_tag_has_two_spellings(tag: str, ref: str) -> None:
    assert full_ref(tag) == ref


@pytest.mark.parametrize("tag", ["refs/heads/main", "--force", "v1..v2", "v1\nv2", ""])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(RepositoryError, match="made from a tag"):
        full_ref(tag)


@pytest.mark.parametrize(
    ("repository", "endpoint", "name", "sentence"),
    [
        ("https://github.com/owner/mlops", "", "orders", "takes --endpoint NAME"),
        ("mlops", "github", "orders", "takes --endpoint NAME"),
        ("mlops", "", "orders: 1", "give one by --name"),
        ("mlops", "", "", "give one by --name"),
        ("https://github.com/owner/mlops", "a\nb", "orders", "A service connection's name"),
    ],
)
def test_answers_that_do_not_fit_are_refused(repository: str, endpoint: str, name: str, sentence: str) -> None:
    with pytest.raises(RepositoryError, match=sentence):
        Answers(name, repository, endpoint)
