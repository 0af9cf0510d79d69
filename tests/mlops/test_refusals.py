from __future__ import annotations

import pytest

from mlops.refusals import explain

PYTHON = """(1304): 01b2c3d4-0000-0000-0000-000000000000: 100357 (P0000): Python Interpreter Error:
Traceback (most recent call last):
  File "/tmp/code.zip/mlops/inside/train.py", line 30, in train_model
    raise AccountError("...")
mlops.errors.AccountError: Training set T is empty: there is no row to learn from. Load the source first.
 in function TRAIN_MODEL with handler mlops.inside.train.train_model"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (PYTHON, "Training set T is empty: there is no row to learn from. Load the source first."),
        (
            "(1304): 01b2c3d4-0000-0000-0000-000000000000: 002003 (42S02): SQL compilation error:\n"
            "Object 'D.SOURCE.PATIENTS' does not exist or not authorized.",
            "Object 'D.SOURCE.PATIENTS' does not exist or not authorized.",
        ),
        (
            "(1300) Failed to list entities: (1304): a210c657-9b9d-4dd7-83b7-94905b10f865: 003001 (42501): "
            "SQL access control error:\nInsufficient privileges to operate on schema 'FEATURE_STORE'.",
            "Failed to list entities: SQL access control error: Insufficient privileges to operate on schema 'FEATURE_STORE'.",
        ),
        ("Something else", "Something else."),
    ],
)
def test_what_a_client_raises_becomes_one_sentence(text: str, sentence: str) -> None:
    assert explain(RuntimeError(text)) == sentence
