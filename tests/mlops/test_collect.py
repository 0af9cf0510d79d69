from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mlops.collect import collect
from mlops.definitions import key
from mlops.errors import DefinitionError

from .content import FEATURES, MODELS, TASKS, write_content


def test_content_is_read_in_the_order_in_which_it_is_built(tmp_path: Path) -> None:
    definitions = collect(write_content(tmp_path))
    assert [one.definition.name for one in definitions.declared] == [
        *("DOUBLE", "PERSON", "AGE", "SAID", "TRAINING_RUNS", "TRAIN", "SEEN", "GUESS", "SEEN_STREAM", "AGAIN")
    ]
    assert definitions.source_tables(one.definition for one in definitions.declared) == ("SOURCE.PERSONS", "SOURCE.SEEN")


def test_reading_content_leaves_the_import_path_alone(tmp_path: Path) -> None:
    before = list(sys.path)
    collect(write_content(tmp_path))
    assert sys.path == before


def test_a_file_brings_what_it_needs(tmp_path: Path) -> None:
    root = write_content(tmp_path)
    (root / "tasks" / "news.py").write_text(TASKS.replace("AGAIN", "OTHER").replace("SEEN_STREAM", "NEWS"))
    needed = {key(one) for one in collect(root).of_file(root / "tasks" / "news.py")}
    assert needed == {("stream", "NEWS"), ("task", "OTHER"), ("procedure", "TRAIN"), ("table", "TRAINING_RUNS")}


def test_a_family_is_a_folder(tmp_path: Path) -> None:
    names = {one.name for one in collect(write_content(tmp_path)).of_family(["tasks"])}
    assert names == {"SEEN_STREAM", "AGAIN"}


def test_every_contradiction_is_named(tmp_path: Path) -> None:
    root = write_content(
        tmp_path, models=MODELS.replace('"AGE/V1"', '"AGE/V2"'), features=FEATURES.replace("features/double", "gone/double")
    )
    (root / "tasks" / "copy.py").write_text(TASKS)
    with pytest.raises(DefinitionError) as raised:
        collect(root)
    message = str(raised.value)
    assert "Stream SEEN_STREAM is declared in tasks/all.py and again in tasks/copy.py." in message
    assert "Training set SEEN in models/all.py needs feature view AGE/V2, which is not declared." in message
    assert "Function DOUBLE in features/all.py needs gone/double.py, which does not exist." in message
    assert message.count("declared in tasks/all.py and again") == 2


def test_a_dataset_has_declared_versions_or_those_of_its_trainings(tmp_path: Path) -> None:
    mixed = f"{MODELS}from dataclasses import replace\nSEEN_V1 = replace(SEEN, version='V1')\n"
    with pytest.raises(DefinitionError, match="Training set SEEN is declared with a version and without one"):
        collect(write_content(tmp_path, models=mixed))


def test_the_same_name_twice_in_one_file(tmp_path: Path) -> None:
    again = FEATURES + 'PERSON2 = Entity(name="PERSON", join_keys=("OTHER",), description="Again.")\n'
    with pytest.raises(DefinitionError, match=r"PERSON is declared in features/all\.py and again in features/all\.py"):
        collect(write_content(tmp_path, features=again))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name="PERSON"', 'name="person"', "the name of a entity is upper case"),
        ('join_keys=("ID",)', "join_keys=()", "`join_keys` is empty"),
        ('"SOURCE.PERSONS",', '"PERSONS",', "named with its schema"),
        ('version="V1"', 'version="1.0"', "a version is like V1"),
        ('description="A person."', 'description=" "', "say in `description`"),
        ('handler="features.double.double"', 'handler="double"', "a handler is module.function"),
    ],
)
def test_a_wrong_value_is_refused_when_it_is_built(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said) as raised:
        collect(write_content(tmp_path, features=FEATURES.replace(old, new)))
    assert "features/all.py" in str(raised.value)


@pytest.mark.parametrize("schedule", ["hourly", "0 MINUTE", "USING CRON 0 4 * * *", "1 MINUTE; DROP TABLE T"])
def test_a_schedule_is_minutes_or_cron(tmp_path: Path, schedule: str) -> None:
    with pytest.raises(DefinitionError, match="a schedule is like"):
        collect(write_content(tmp_path, tasks=TASKS.replace("1 MINUTE", schedule)))


def test_an_empty_folder_declares_nothing(tmp_path: Path) -> None:
    assert collect(tmp_path).declared == ()


def test_an_import_that_fails_is_told_with_its_file(tmp_path: Path) -> None:
    root = write_content(tmp_path, tasks="import mlops.definitions\nimport not_installed_here\n")
    with pytest.raises(DefinitionError, match=r"tasks/all\.py: No module named 'not_installed_here'; install it or"):
        collect(root)


EVIL = 'X"; DROP DATABASE MLOPS_PROD; --'
QUOTED = "X'; DROP DATABASE MLOPS_PROD; --"
IN_DEFINITIONS = (
    (FEATURES, '"PERSON"', repr(EVIL)),
    (FEATURES, 'join_keys=("ID",)', f"join_keys=({QUOTED!r},)"),
    (FEATURES, 'version="V1"', 'version="V1; DROP DATABASE MLOPS_PROD"'),
    (FEATURES, '"SOURCE.PERSONS",', '"SOURCE.PERSONS; DROP DATABASE MLOPS_PROD",'),
    (FEATURES, "FROM SOURCE.PERSONS", "FROM SOURCE.PERSONS; DROP DATABASE MLOPS_PROD"),
    (FEATURES, '"SELECT ID, AT', '"DROP DATABASE MLOPS_PROD --'),
    (FEATURES, '"SELECT ID, AT', '"/* SELECT */ DROP DATABASE MLOPS_PROD --'),
    (FEATURES, '{"AGE": "Age."}', f'{{"AGE": {QUOTED!r}}}'),
    (FEATURES, 'description="Age."', r'description="\\\\\'; DROP DATABASE MLOPS_PROD; --"'),
    (FEATURES, '"NUMBER"),)', '"NUMBER); DROP DATABASE MLOPS_PROD; --"),)'),
    (FEATURES, 'returns="NUMBER"', "returns=\"NUMBER AS ''; DROP DATABASE MLOPS_PROD\""),
    (MODELS, '"SELECT ID, AT, OK FROM SOURCE.SEEN"', "\"WITH P AS PROCEDURE () RETURNS INT AS 'DROP DATABASE P' CALL P()\""),
    (MODELS, '"SELECT ID, AT, OK FROM SOURCE.SEEN"', '"SELECT 1 ->> DROP DATABASE MLOPS_PROD"'),
    (MODELS, "shown=()", "shown=(), derived={'A': '1) FROM T; DROP DATABASE MLOPS_PROD; --'}"),
    (MODELS, '"SAID", columns', f"{QUOTED!r}, columns"),
    (TASKS, '"SOURCE.SEEN"', '"MLOPS_PROD.ML.KEPT"'),
    (TASKS, '"1 MINUTE"', '"1 MINUTE\' AS DROP DATABASE MLOPS_PROD --"'),
)


@pytest.mark.parametrize(("text", "old", "new"), IN_DEFINITIONS)
def test_no_definition_holds_more_than_it_says(tmp_path: Path, text: str, old: str, new: str) -> None:
    assert old in text
    family = {FEATURES: "features", MODELS: "models", TASKS: "tasks"}[text]
    content = write_content(tmp_path, **{family: text.replace(old, new)})
    with pytest.raises(DefinitionError, match=f"{family}/all.py"):
        collect(content)
