"""Key vaults: secrets of a private file of the library, masked and never in the environment by themselves."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlops_local.agent.errors import WrongPipeline

Project = Any
VAULT = """
    token: s3cret-token
    json: |
      {"a": 1,
       "b": "s3cret in json"}
    pem: "first s3cret line\\nsecond s3cret line\\n"
    my-name: hyphened
    switched-off: {value: x, enabled: false}
    expired: {value: x, expires: 2020-01-01}
    empty: ""
    """
STEP = "{task: AzureKeyVault@2, inputs: {azureSubscription: azure, KeyVaultName: vault"
SHOW = """
        - bash: |
            echo "[$E] [$T] $TOKEN $J"
            printf '%s' "$J" | base64 -w0; echo
            echo "$P"; echo "[$M]" | rev
          env: {E: $(expired), T: $(token), J: $(json), P: $(pem), M: $(my-name)}
          name: show
"""


@pytest.fixture
def vault(project: Project) -> Path:
    project.connection("azure")
    return Path(project.key_vault("vault", VAULT))


def refused(project: Project, text: str) -> str:
    project.root(text)
    with pytest.raises(WrongPipeline) as caught:
        project.run()
    return str(caught.value).replace(str(project.library), "LIBRARY").partition("azure-pipelines.yml:")[2]


def test_all_secrets_that_are_available_are_masked_variables(project: Project, vault: Path) -> None:
    ran = project.root(f"steps:\n        - {STEP}}}}}\n{SHOW}").run()
    assert ran.verdict == "Succeeded", ran.issues()
    assert ran.log("AzureKeyVault") == ["4 secrets of the key vault 'vault' are variables: token, json, pem, my-name."]
    assert ran.log("show") == ["[$(expired)] [***]  ***", "***", "***", "***", "", "]denehpyh["]


def test_a_filter_names_secrets(project: Project, vault: Path) -> None:
    ran = project.root(f"steps:\n        - {STEP}, SecretsFilter: ' Token, my-name'}}}}\n{SHOW}").run()
    assert ran.log("show")[0] == "[$(expired)] [***]  $(json)"


@pytest.mark.parametrize("first", ["true", "$(first)", "false"])
def test_it_runs_before_the_job_when_it_is_told_to(project: Project, vault: Path, first: str) -> None:
    ran = project.root(f"""
        variables: {{first: true}}
        steps:
        - bash: echo "[$T]"
          env: {{T: $(token)}}
          name: show
        - {STEP}, RunAsPreJob: {first}}}}}
        """).run()
    assert ran.log("show") == (["[$(token)]"] if first == "false" else ["[***]"])


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("azureSubscription: nope, KeyVaultName: vault", "The service connection 'nope' does not exist; create LIBRARY/service-"),
        (
            "azureSubscription: pip, KeyVaultName: vault",
            "'pip' is of type externalPythonDownloadFeed; this input takes one of type",
        ),
        (
            "azureSubscription: azure, KeyVaultName: nope",
            "The key vault 'nope' does not exist; create LIBRARY/key-vaults/nope.yml.",
        ),
        ("azureSubscription: azure, KeyVaultName: ../service-connections/azure", "does not exist"),
        (
            "azureSubscription: azure, KeyVaultName: vault, SecretsFilter: 'token, expired, x'",
            "no secret 'expired', 'x', or it is dis",
        ),
        ("azureSubscription: azure, KeyVaultName: vault, RunAsPreJob: perhaps", "is true or false, not 'perhaps'"),
        ("azureSubscription: azure", "AzureKeyVault@2 needs the input 'KeyVaultName'."),
    ],
)
def test_what_is_not_there_is_refused_before_anything_runs(project: Project, vault: Path, inputs: str, said: str) -> None:
    project.connection("pip", type="externalPythonDownloadFeed", url="https://example.com/simple")
    assert said in refused(project, f"steps:\n- {{task: AzureKeyVault@2, inputs: {{{inputs}}}}}\n")


def test_a_vault_that_others_may_read_is_refused(project: Project, vault: Path) -> None:
    vault.chmod(0o640)
    assert "has mode 0640, so that others may read it; run 'chmod 600' on it." in refused(project, f"steps:\n- {STEP}}}}}\n")


def test_a_vault_that_git_would_take_is_refused(project: Project, vault: Path) -> None:
    subprocess.run(["git", "init", "-q", project.library], check=True)
    assert "git would take it; add it to .gitignore." in refused(project, f"steps:\n- {STEP}}}}}\n")
    (project.library / ".gitignore").write_text("key-vaults/\n")
    assert project.run().verdict == "Succeeded"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n", "LIBRARY/key-vaults/vault.yml:1:1: This file is a mapping of names to values."),
        ("a: {values: b}\n", "vault.yml:1:1: The secret 'a' is a text, or a mapping with 'value' and 'enabled' and 'expires'."),
        ("a: {value: b, expires: soon}\n", "'expires' of the secret 'a' is a date such as 2026-12-31, not 'soon'."),
    ],
)
def test_a_vault_that_is_wrong_is_refused_with_its_line(project: Project, vault: Path, text: str, said: str) -> None:
    vault.write_text(text)
    assert said in refused(project, f"steps:\n- {STEP}}}}}\n")


def test_a_vault_that_a_variable_names_fails_its_step(project: Project, vault: Path) -> None:
    ran = project.root(f"variables: {{v: none}}\nsteps:\n- {STEP.replace('vault', '$(v)')}}}}}\n").run()
    assert "The key vault 'none' does not exist" in ran.issues()[0]
