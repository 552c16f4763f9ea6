"""Statements that may fail by themselves in a transaction that goes on."""

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, CursorResult

from todo_cli.errors import AuthError, SchemaError, TodoError, UnavailableError


def attempt(connection: Connection, *statements: str) -> bool:
    """Run statements, all or none, and tell whether they could be run.

    Raises UnavailableError, after which the transaction is of no more use.
    """
    try:
        with connection.begin_nested():
            for each in statements:
                run(connection, each)
    except UnavailableError:
        raise
    except TodoError:
        return False
    return True


def run(connection: Connection, statement: str) -> CursorResult[Any]:
    """Run a statement as it is: no colon or percent sign in it names a parameter."""
    return connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def ask(connection: Connection, query: str) -> list[Any]:
    """Give the rows of a query; none where what it asks for is not there, or may not be read."""
    found: list[Any] = []
    with suppress(SchemaError, AuthError), connection.begin_nested():
        found = list(run(connection, query))
    return found
