"""Scalar and vectorized functions, inline, imported and pickled as Snowpark registers them."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import pyarrow as pa
import pytest
from snowflake.snowpark._internal.udf_utils import generate_python_code
from snowflake.snowpark._internal.utils import TempObjectType

from mlops_local.account.sandbox import Handler, HandlerError, ImportFile, Sandbox, SandboxError

Batch = Callable[..., pa.RecordBatch]
SNOWPARK_PACKAGES = ("cloudpickle>=3.1.1",)


def test_a_scalar_function_gets_one_value_per_row(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("ADD", "compute", "def compute(x, y):\n    return None if x is None else x + y")
    result = sandbox.call_function(handler, ["NUMBER(38,0)", "BIGINT"], "NUMBER(38,0)", batch([1, None, 3], [10, 20, 30]))
    assert result.type == pa.int64()
    assert result.to_pylist() == [11, None, 33]


def test_a_function_without_arguments_is_called_once_per_row(sandbox: Sandbox) -> None:
    handler = Handler(
        "NEXT", "compute", "from itertools import count\nticket = count(1)\ndef compute():\n    return next(ticket)"
    )
    rows = pa.RecordBatch.from_struct_array(pa.array([{}] * 3, pa.struct([])))
    assert sandbox.call_function(handler, [], "INT", rows).to_pylist() == [1, 2, 3]


def test_a_strict_function_is_not_called_with_null(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("LENGTH", "compute", "def compute(text, more):\n    return len(text) + more", strict=True)
    result = sandbox.call_function(handler, ["VARCHAR", "INT"], "INT", batch(["ab", None, "abcd", "x"], [0, 0, None, 7]))
    assert result.to_pylist() == [2, None, None, 8]


def test_a_vectorized_function_gets_numbered_columns(sandbox: Sandbox, batch: Batch) -> None:
    body = (
        "import pandas\nfrom _snowflake import vectorized\n"
        "@vectorized(input=pandas.DataFrame, max_batch_size=2)\n"
        "def compute(df):\n    assert len(df) <= 2 and list(df.columns) == [0, 1]\n    return df[0] * df[1]"
    )
    handler = Handler("TIMES", "compute", body, packages=("pandas",))
    result = sandbox.call_function(handler, ["FLOAT", "INT"], "FLOAT", batch([1.5, 2.5, None, 4.0, 5.0], [2, 2, 2, 2, 3]))
    assert result.to_pylist() == [3.0, 5.0, None, 8.0, 15.0]


def test_a_vectorized_function_must_answer_every_row(sandbox: Sandbox, batch: Batch) -> None:
    body = "import pandas\ndef compute(df):\n    return df[0].head(1)\ncompute._sf_vectorized_input = pandas.DataFrame"
    with pytest.raises(HandlerError, match="returned 1 values for 3 rows"):
        sandbox.call_function(Handler("SHORT", "compute", body, packages=("pandas",)), ["INT"], "INT", batch([1, 2, 3]))


def test_an_object_argument_can_be_spread_over_columns(sandbox: Sandbox, batch: Batch) -> None:
    body = (
        "import pandas\nfrom _snowflake import vectorized\n"
        "@vectorized(input=pandas.DataFrame, flatten_object_input=True)\n"
        "def compute(df):\n    df.columns = ['a', 'b']\n    return df['a'] - df['b']"
    )
    rows = batch(['{"A": 5, "B": 2}', '{"A": 1, "B": 1}'])
    handler = Handler("WIDE", "compute", body, packages=("pandas",))
    assert sandbox.call_function(handler, ["OBJECT"], "INT", rows).to_pylist() == [3, 0]


def test_init_once_runs_before_the_first_row(sandbox: Sandbox, batch: Batch) -> None:
    body = (
        "from _snowflake import udf_init_once\nstate = []\n"
        "@udf_init_once\ndef load():\n    state.append('ready')\n"
        "def compute(x):\n    return f'{x} {len(state)}'"
    )
    result = sandbox.call_function(Handler("INIT", "compute", body), ["VARCHAR"], "VARCHAR", batch(["a", "b"]))
    assert result.to_pylist() == ["a 1", "b 1"]


def test_snowparks_pickled_function(sandbox: Sandbox, batch: Batch) -> None:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    body = generate_python_code(_shout, ["arg1"], TempObjectType.FUNCTION, is_pandas_udf=False, is_dataframe_input=False)
    handler = Handler("SHOUT", "compute", body, packages=SNOWPARK_PACKAGES, runtime_version=f"3.{sys.version_info.minor}")
    assert sandbox.call_function(handler, ["STRING"], "STRING", batch(["a", "b"])).to_pylist() == ["A!", "B!"]


def test_snowparks_pickled_pandas_function(sandbox: Sandbox, batch: Batch) -> None:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    body = generate_python_code(_double, ["arg1"], TempObjectType.FUNCTION, is_pandas_udf=True, is_dataframe_input=False)
    handler = Handler("DOUBLE_IT", "compute", body, packages=(*SNOWPARK_PACKAGES, "pandas"))
    assert sandbox.call_function(handler, ["FLOAT"], "FLOAT", batch([1.0, 2.5])).to_pylist() == [2.0, 5.0]


def test_a_pickled_function_cannot_import_what_was_not_declared(sandbox: Sandbox, batch: Batch) -> None:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    body = generate_python_code(_needs_pandas, ["arg1"], TempObjectType.FUNCTION, is_pandas_udf=False, is_dataframe_input=False)
    handler = Handler("NEEDS", "compute", body, packages=SNOWPARK_PACKAGES)
    with pytest.raises(HandlerError, match="ModuleNotFoundError: No module named 'pandas'"):
        sandbox.call_function(handler, ["INT"], "INT", batch([1]))


def _shout(text: str) -> str:
    return f"{text.upper()}!"


def _double(numbers: Any) -> Any:
    return numbers * 2


def _needs_pandas(number: int) -> int:
    import pandas  # noqa: PLC0415  a handler that imports late

    return len(pandas.Series([number]))


def test_imports_are_on_the_path_archives_too(sandbox: Sandbox, batch: Batch, tmp_path: Path) -> None:
    handler = Handler("IMPORTED", "hand.main", imports=_imports(tmp_path))
    result = sandbox.call_function(handler, ["VARCHAR"], "VARCHAR", batch(["x"]))
    assert result.to_pylist() == ["x from zip, data from file"]


def _imports(folder: Path) -> tuple[ImportFile, ...]:
    source = "\n".join(
        (
            "import os, sys",
            "from pack.inner import where",
            "folder = sys._xoptions['snowflake_import_directory']",
            "assert folder.endswith('/') and os.path.isfile(folder + 'pack.zip')",
            "def main(x):",
            "    with open(folder + 'data.txt') as file:",
            "        return f'{x} {where()}, data {file.read()}'",
        )
    )
    (folder / "123.py").write_text(source)
    (folder / "data.txt").write_text("from file")
    with zipfile.ZipFile(folder / "pack.zip", "w") as archive:
        archive.writestr("pack/__init__.py", "")
        archive.writestr("pack/inner.py", "def where():\n    return 'from zip'\n")
    names = {"123.py": "hand.py", "data.txt": "data.txt", "pack.zip": "pack.zip"}
    return tuple(ImportFile(folder / stored, name) for stored, name in names.items())


def test_an_import_that_was_uploaded_anew_is_used(sandbox: Sandbox, batch: Batch, tmp_path: Path) -> None:
    file = tmp_path / "hand.py"
    handler = Handler("VERSIONED", "hand.main", imports=(ImportFile(file, "hand.py"),))
    for answer in ("first", "the second"):
        file.write_text(f"def main():\n    return {answer!r}\n")
        rows = pa.RecordBatch.from_struct_array(pa.array([{}], pa.struct([])))
        assert sandbox.call_function(handler, [], "VARCHAR", rows).to_pylist() == [answer]


@pytest.mark.parametrize("name", ["../outside.py", "/etc/outside.py", ""])
def test_an_import_stays_inside_its_folder(sandbox: Sandbox, batch: Batch, tmp_path: Path, name: str) -> None:
    (tmp_path / "x.py").write_text("")
    handler = Handler("OUT", "x.main", imports=(ImportFile(tmp_path / "x.py", name),))
    with pytest.raises(SandboxError, match="outside of the imports folder"):
        sandbox.call_function(handler, ["INT"], "INT", batch([1]))


def test_a_missing_handler_is_named(sandbox: Sandbox, batch: Batch) -> None:
    with pytest.raises(HandlerError, match="handler 'main', but _udf_code has no 'main'"):
        sandbox.call_function(Handler("F", "main", "def other(): pass"), ["INT"], "INT", batch([1]))


def test_a_traceback_speaks_of_the_handler_only(sandbox: Sandbox, batch: Batch) -> None:
    body = "def inner(x):\n    return 1 / x\n\ndef compute(x):\n    return inner(x)"
    with pytest.raises(HandlerError) as caught:
        sandbox.call_function(Handler("RATIO", "compute", body), ["INT"], "INT", batch([0]))
    assert caught.value.message == (
        "Python Interpreter Error:\nTraceback (most recent call last):\n"
        '  File "_udf_code.py", line 5, in compute\n'
        '  File "_udf_code.py", line 2, in inner\n'
        "ZeroDivisionError: division by zero\n"
        " in function RATIO with handler compute"
    )


@pytest.mark.parametrize("statement", ["raise SystemExit(3)", "raise KeyboardInterrupt", "raise MemoryError", "assert False"])
def test_whatever_is_raised_is_an_error_of_the_handler(sandbox: Sandbox, batch: Batch, statement: str) -> None:
    with pytest.raises(HandlerError, match="Python Interpreter Error"):
        sandbox.call_function(Handler("RAISES", "compute", f"def compute(x):\n    {statement}"), ["INT"], "INT", batch([0]))


def test_a_worker_goes_on_after_an_error(sandbox: Sandbox, batch: Batch) -> None:
    body = "import os\ndef compute(x):\n    return os.getpid() // x"
    handler = Handler("PID", "compute", body)
    before = sandbox.call_function(handler, ["INT"], "INT", batch([1])).to_pylist()
    with pytest.raises(HandlerError, match="ZeroDivisionError"):
        sandbox.call_function(handler, ["INT"], "INT", batch([0]))
    assert sandbox.call_function(handler, ["INT"], "INT", batch([1])).to_pylist() == before


def test_a_hundred_thousand_rows(sandbox: Sandbox, batch: Batch) -> None:
    numbers = list(range(100_000))
    handler = Handler("PLUS", "compute", "def compute(x, t):\n    return {'x': x + 1, 't': t}")
    result = sandbox.call_function(handler, ["INT", "VARCHAR"], "OBJECT", batch(numbers, [str(n) for n in numbers]))
    assert len(result) == 100_000
    assert result[99_999].as_py() == '{"x": 100000, "t": "99999"}'


def test_an_empty_batch(sandbox: Sandbox, batch: Batch) -> None:
    handler = Handler("NOTHING", "compute", "def compute(x):\n    raise ValueError")
    assert sandbox.call_function(handler, ["INT"], "INT", batch(pa.array([], pa.int64()))).to_pylist() == []


def test_secrets_are_refused(sandbox: Sandbox, batch: Batch) -> None:
    body = "import _snowflake\ndef compute(x):\n    return _snowflake.get_generic_secret_string('s')"
    with pytest.raises(HandlerError, match="PermissionError: This account holds no secrets"):
        sandbox.call_function(Handler("SECRET", "compute", body), ["INT"], "INT", batch([1]))
