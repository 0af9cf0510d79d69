"""Runs Snowflake Scripting: variables, branches and loops here, every SQL statement in the session.

https://docs.snowflake.com/en/developer-guide/snowflake-scripting/index
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_local.account.errors import AccountError, compilation_error
from mlops_local.account.scripting.script_nodes import (
    Assign,
    Async,
    Await,
    Block,
    Case,
    Close,
    Declaration,
    ExceptionDeclaration,
    ExecuteImmediate,
    Fetch,
    ForRange,
    ForRows,
    Handler,
    If,
    Leave,
    Open,
    Raise,
    Return,
    Sql,
    Statement,
    While,
)
from mlops_local.account.scripting.script_rows import Rows, named_rows
from mlops_local.account.scripting.script_scopes import Scopes
from mlops_local.account.scripting.script_tree import is_block, parse_block
from mlops_local.account.scripting.script_values import Value, cell, constant, fill_marks, value_of
from mlops_local.account.session.result import Result, StatementType, rows
from mlops_local.account.session.session import Request, Session
from mlops_local.account.syntax.reader import Reader
from mlops_local.account.syntax.types import INTEGER, TEXT, Column, SqlType, parse_type

_ANSWER = "anonymous block"


class RaisedError(AccountError):
    """An exception that a script has declared and raised."""

    def __init__(self, declared: ExceptionDeclaration) -> None:
        super().__init__(declared.number, "P0001", f"Uncaught exception of type '{declared.name}': {declared.message}")
        self.declared = declared


class ExpressionFailedError(AccountError):
    """What a handler for EXPRESSION_ERROR catches: an expression of the script that could not be computed."""

    def __init__(self, error: AccountError) -> None:
        super().__init__(error.number, error.state, error.message)


def _kind(error: AccountError) -> str:
    """The name that a handler catches it by."""
    if isinstance(error, RaisedError):
        return error.declared.name
    return "EXPRESSION_ERROR" if isinstance(error, ExpressionFailedError) else "STATEMENT_ERROR"


class _LeftError(Exception):
    """BREAK or CONTINUE on its way to the loop around it."""

    def __init__(self, word: str) -> None:
        self.word = word


class _ReturnedError(Exception):
    def __init__(self, result: Result) -> None:
        self.result = result


def run_block(session: Session, text: str, arguments: Mapping[str, Value] | None = None) -> Result:
    """The answer of RETURN, NULL without one. ``arguments`` are a procedure's."""
    script = _Script(session, dict(arguments or {}))
    try:
        script.run(parse_block(text))
    except _ReturnedError as returned:
        return returned.result
    return _answer(Value(None, TEXT))


def run_text(session: Session, text: str) -> Result:
    """A block or any other statement."""
    return run_block(session, text) if is_block(Reader(text)) else session.run(text)


def _answer(value: Value) -> Result:
    return rows([Column(_ANSWER, value.type)], [[value.value]], type_=StatementType.CALL)


class _Script:
    def __init__(self, session: Session, variables: dict[str, Value]) -> None:
        self._session = session
        self._scopes = Scopes(variables)
        self._rows = Rows(self._sql)
        self._exceptions: dict[str, ExceptionDeclaration] = {}
        self._handled: AccountError | None = None

    # Statements

    def run(self, block: Block) -> None:
        with self._scopes.inside({}):
            try:
                for declaration in block.declarations:
                    self._declare(declaration)
                self._run_all(block.body)
            except AccountError as error:
                self._handle(error, block.handlers)

    def _run_all(self, statements: tuple[Statement, ...]) -> None:
        for statement in statements:
            _RUNNERS[type(statement)](self, statement)

    def _handle(self, error: AccountError, handlers: tuple[Handler, ...]) -> None:
        kind = _kind(error)
        handler = next((one for one in handlers if kind in one.names or "OTHER" in one.names), None)
        if handler is None:
            raise error
        outer, self._handled = self._handled, error
        message = error.declared.message if isinstance(error, RaisedError) else error.message
        told = {"SQLCODE": Value(error.number, INTEGER), "SQLERRM": Value(message, TEXT), "SQLSTATE": Value(error.state, TEXT)}
        try:
            with self._scopes.inside(told):
                self._run_all(handler.body)
        finally:
            self._handled = outer

    def _declare(self, declaration: Declaration | ExceptionDeclaration) -> None:
        if isinstance(declaration, ExceptionDeclaration):
            self._exceptions[declaration.name] = declaration
            return
        if declaration.query is not None:
            self._rows.declare(declaration.name, declaration.query, cursor=declaration.cursor)
            return
        value = self._evaluate(declaration.expression) if declaration.expression else Value(None, TEXT)
        if declaration.type is None:
            self._scopes.innermost[declaration.name] = value
        else:
            type_ = parse_type(declaration.type)
            self._scopes.innermost[declaration.name] = Value(self._cast(value, type_), type_, declared=True)

    def _assign(self, statement: Assign) -> None:
        if statement.name in self._rows.results:
            self._rows.fill(statement.name, statement.expression)
        else:
            self._set(statement.name, self._evaluate(statement.expression))

    def _async(self, statement: Async) -> None:
        self._rows.start(None, statement.text)

    def _await(self, statement: Await) -> None:
        self._rows.wait(statement.name)

    def _open(self, statement: Open) -> None:
        self._rows.open(statement.name, lambda query: self._filled(query, statement.using))

    def _fetch(self, statement: Fetch) -> None:
        self._take(self._rows.fetch(statement.name), statement.into)

    def _close(self, statement: Close) -> None:
        self._rows.close(statement.name)

    def _case(self, statement: Case) -> None:
        compared = None if statement.expression is None else constant(self._evaluate(statement.expression))
        for branch in statement.branches:
            if self._holds(branch.condition if compared is None else f"{compared} = ({branch.condition})"):
                self._run_all(branch.body)
                return
        if statement.otherwise is None:
            raise AccountError(100330, "P0001", "No branch of CASE fits, and there is no ELSE.")
        self._run_all(statement.otherwise)

    def _filled(self, text: str, using: tuple[str, ...]) -> str:
        """The text with values in the places of its question marks."""
        return fill_marks(text, [constant(self._evaluate(value)) for value in using])

    def _set(self, name: str, value: Value) -> None:
        scope = self._scopes.holding(name)
        old = scope[name]
        scope[name] = Value(self._cast(value, old.type), old.type, declared=True) if old.declared else value

    def _cast(self, value: Value, type_: SqlType) -> Any:
        if value.value is None or value.type == type_:
            return value.value
        return cell(self._session.run(f"SELECT CAST({constant(value)} AS {type_.sql})"))

    def _run_sql(self, statement: Sql) -> None:
        if statement.text[:7].upper() == "SYSTEM$":
            # SYSTEM$LOG_INFO('..'); stands as a statement, with variables as in any expression.
            self._evaluate(statement.text)
            return
        result = self._sql(statement.text)
        if statement.into:
            self._take(result, statement.into)

    def _take(self, result: Result, names: tuple[str, ...]) -> None:
        """The only row into variables; no row makes them NULL."""
        if result.row_count > 1:
            raise AccountError(
                100335, "P0001", f"A SELECT INTO statement expects exactly 1 returned row, but got {result.row_count}."
            )
        if len(names) != len(result.columns):
            counts = f"the query has {len(result.columns)} columns, INTO names {len(names)} variables."
            raise compilation_error(2068, "42601", counts)
        for i, name in enumerate(names):
            value = result.table.column(i)[0].as_py() if result.row_count else None
            self._set(name, Value(value, result.columns[i].type))

    def _sql(self, text: str) -> Result:
        """Runs one statement, its ``:name`` replaced, and keeps what SQLROWCOUNT and its like tell."""
        request = Request(self._scopes.bound(text, bare=False))
        result = self._session.execute(request)
        self._scopes.tell(result, request.query_id)
        return result

    def _execute_immediate(self, statement: ExecuteImmediate) -> None:
        text = self._filled(str(self._evaluate(statement.expression).value), statement.using)
        if is_block(Reader(text)):
            run_block(self._session, text)
        else:
            self._sql(text)

    def _if(self, statement: If) -> None:
        for branch in statement.branches:
            if self._holds(branch.condition):
                self._run_all(branch.body)
                return
        self._run_all(statement.otherwise)

    def _while(self, statement: While) -> None:
        while statement.until or statement.condition is None or self._holds(statement.condition):
            if not self._run_once(statement.body):
                return
            if statement.until and self._holds(statement.condition or ""):
                return

    def _run_once(self, body: tuple[Statement, ...]) -> bool:
        """One turn of a loop; whether the loop goes on."""
        try:
            self._run_all(body)
        except _LeftError as left:
            return left.word == "CONTINUE"
        return True

    def _for_range(self, statement: ForRange) -> None:
        start, end = int(self._evaluate(statement.start).value), int(self._evaluate(statement.end).value)
        turns = range(start, end + 1)
        for i in reversed(turns) if statement.reverse else turns:
            with self._scopes.inside({statement.name: Value(i, INTEGER)}):
                if not self._run_once(statement.body):
                    return

    def _for_rows(self, statement: ForRows) -> None:
        """The columns of the row are read as ``name.column``."""
        for values in self._rows_of(statement.source):
            with self._scopes.inside({f"{statement.name}.{key}": value for key, value in values}):
                if not self._run_once(statement.body):
                    return

    def _rows_of(self, source: str) -> Iterator[list[tuple[str, Value]]]:
        found = self._rows.find(source)
        result = self._sql(source.strip()[1:-1]) if found is None else found
        for i in range(result.row_count):
            yield [
                (column.name, Value(result.table.column(at)[i].as_py(), column.type)) for at, column in enumerate(result.columns)
            ]

    def _leave(self, statement: Leave) -> None:
        raise _LeftError(statement.word)

    def _return(self, statement: Return) -> None:
        if statement.table is not None:
            found = self._rows.find(named_rows(statement.table))
            raise _ReturnedError(self._sql(statement.table) if found is None else found)
        raise _ReturnedError(_answer(self._evaluate(statement.expression) if statement.expression else Value(None, TEXT)))

    def _raise(self, statement: Raise) -> None:
        if statement.name is None and self._handled is not None:
            raise self._handled
        if statement.name not in self._exceptions:
            raise compilation_error(904, "42000", f"exception '{statement.name}' is not declared.")
        raise RaisedError(self._exceptions[statement.name])

    # Expressions

    def _holds(self, condition: str) -> bool:
        return self._evaluate(condition).value is True

    def _evaluate(self, expression: str) -> Value:
        try:
            return value_of(self._session, self._scopes.bound(expression, bare=True))
        except AccountError as error:
            raise ExpressionFailedError(error) from error


_RUNNERS: dict[type, Any] = {
    Assign: _Script._assign,
    Async: _Script._async,
    Await: _Script._await,
    Block: _Script.run,
    Case: _Script._case,
    Close: _Script._close,
    Declaration: _Script._declare,
    ExecuteImmediate: _Script._execute_immediate,
    Fetch: _Script._fetch,
    ForRange: _Script._for_range,
    ForRows: _Script._for_rows,
    If: _Script._if,
    Leave: _Script._leave,
    Open: _Script._open,
    Raise: _Script._raise,
    Return: _Script._return,
    Sql: _Script._run_sql,
    While: _Script._while,
}
