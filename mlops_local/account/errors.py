"""What a statement is refused with: Snowflake's error numbers, SQLSTATEs and wording.

The clients branch on the number (2003 "does not exist" is handled, 1003 is not), so a wrong one is a wrong answer.
Numbers: https://docs.snowflake.com/en/sql-reference/errors-messages (partial), and the clients' own sources.
"""

from __future__ import annotations


class AccountError(Exception):
    """A statement or a request that the account refuses.

    ``number`` is Snowflake's error code (2003), ``state`` the SQLSTATE (``42S02``), ``message`` the sentence shown.
    """

    def __init__(self, number: int, state: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.state = state
        self.message = message

    @property
    def code(self) -> str:
        """Six digits, as the answer to a client carries it."""
        return f"{self.number:06d}"


def compilation_error(number: int, state: str, detail: str) -> AccountError:
    return AccountError(number, state, f"SQL compilation error:\n{detail}")


def syntax_error(detail: str) -> AccountError:
    return compilation_error(1003, "42000", detail)


def unexpected(token: str, *, line: int = 1, position: int = 0) -> AccountError:
    """Snowflake's wording; the Feature Store looks for ``unexpected 'online'`` in it."""
    return syntax_error(f"syntax error line {line} at position {position} unexpected '{token}'.")


def unsupported(what: str) -> AccountError:
    """The account fails closed: what it does not know it refuses by name."""
    return compilation_error(2, "0A000", f"Unsupported feature '{what}'.")


def unknown_function(name: str) -> AccountError:
    return compilation_error(2140, "42601", f"Unknown function {name}.")


def invalid_identifier(name: str) -> AccountError:
    return compilation_error(904, "42000", f"error line 1 at position 0\ninvalid identifier '{name}'")


_WITH_ROWS = {"TABLE", "VIEW", "OBJECT", "DYNAMIC TABLE"}


def does_not_exist(kind: str, name: str) -> AccountError:
    """``kind`` in Snowflake's spelling: Table, Schema, Database, Object, ...; what can be selected from has a state of its own."""
    return compilation_error(
        2003,
        "42S02" if kind.upper() in _WITH_ROWS else "02000",
        f"{kind.capitalize()} '{name}' does not exist or not authorized.",
    )


def already_exists(kind: str, name: str) -> AccountError:
    return compilation_error(2002, "42710", f"{kind.capitalize() if kind else 'Object'} '{name}' already exists.")


def hidden_exists(name: str) -> AccountError:
    return compilation_error(
        3041,
        "42710",
        f"Object '{name}' already exists, but current role has no privileges on it. If this is unexpected and you cannot resolve this "
        "problem, contact your system administrator. ACCOUNTADMIN role may be required to manage the privileges on the object.",
    )


def not_for_this_object(name: str) -> AccountError:
    return compilation_error(2043, "02000", f"Object does not exist, or operation cannot be performed.\n'{name}'")


def no_current(kind: str) -> AccountError:
    """``kind``: database (90105) or schema (90106)."""
    number = 90105 if kind == "database" else 90106
    return AccountError(
        number,
        "22000",
        f"Cannot perform operation. This session does not have a current {kind}. Call 'USE {kind.upper()}', or use a qualified name.",
    )


def no_active_warehouse() -> AccountError:
    return AccountError(
        606,
        "57P03",
        "No active warehouse selected in the current session. Select an active warehouse with the 'use warehouse' command.",
    )


def insufficient_privileges(kind: str, name: str) -> AccountError:
    return AccountError(
        3001, "42501", f"SQL access control error:\nInsufficient privileges to operate on {kind.lower()} '{name}'"
    )


def cancelled() -> AccountError:
    return AccountError(604, "57014", "SQL execution canceled")


def timed_out(seconds: int) -> AccountError:
    return AccountError(
        630, "57014", f"Statement reached its statement or warehouse timeout of {seconds} second(s) and was canceled."
    )


def python_error(traceback: str) -> AccountError:
    return AccountError(100357, "P0000", f"Python Interpreter Error:\n{traceback}")
