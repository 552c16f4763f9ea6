"""Engine and session: how a program talks to the database, and what its errors mean.

One engine for each process, with a pool of one connection in autocommit. A hot command is one
statement, atomic by itself. The first statement on a connection carries the question whether the
schema fits this program, in the same round trip.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import Any, Final

import psycopg2
from psycopg2.extensions import connection as DriverConnection  # noqa: N812 - a class there
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlmodel import Session

from todo_cli.domain.task import too_many_tags
from todo_cli.errors import (
    AuthError,
    SchemaError,
    TodoError,
    UnavailableError,
    in_trash,
    not_found,
)

Connect = Callable[[], DriverConnection]

_CHECKED: Final = "todo_schema_checked"
_UPGRADE: Final = "run: todo db upgrade"

# SQLSTATEs (PostgreSQL manual, Appendix A) and classes of them that mean the same to people.
_UNREACHABLE: Final = ("08", "57P", "53", "58", "XX")
_REFUSALS: Final = (
    "authentication failed",
    "not permitted to log in",
    "permission denied",
    "pg_hba.conf",
)
_MISSING_SCHEMA: Final = {"3F000", "42P01", "42703", "42883"}


def connect_url(url: str, timeout: float) -> Connect:
    """Give a function that opens a connection to ``url`` within ``timeout`` seconds.

    libpq reads the URL itself, so that its services, several hosts and PGPASSFILE work.
    """

    def connect() -> DriverConnection:
        return open_connection(url, connect_timeout=max(2, round(timeout)))

    return connect


def open_connection(dsn: str = "", **parameters: Any) -> DriverConnection:
    """Open a driver connection. Raises our errors in place of the driver's."""
    try:
        connection: DriverConnection = psycopg2.connect(
            dsn,
            application_name="todo",
            client_encoding="UTF8",  # whatever PGCLIENTENCODING says
            **parameters,
        )
    except psycopg2.OperationalError as error:
        raise connection_error(str(error)) from None
    return connection


def connection_error(text: str) -> TodoError:
    """Turn libpq's words for a failed connection into our error. It gives no SQLSTATE here.

    The last of several hosts speaks for all of them.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    failed = [line for line in lines if "failed:" in line or "could not" in line] or lines
    reason = failed[-1].rpartition("failed:")[2].replace("FATAL:", "").strip()
    unknown_role = reason.startswith("role ") and reason.endswith("does not exist")
    if "FATAL:" in failed[-1] and (unknown_role or any(words in reason for words in _REFUSALS)):
        return AuthError(f"the database refused the login: {reason}")
    own_ca = "a server with a CA of its own needs sslrootcert=FILE in the URL"
    hint = own_ca if "certificate verify failed" in reason else None
    return UnavailableError(f"cannot reach the database: {reason}", hint)


def make_engine(connect: Connect, revision: str | None) -> Engine:
    """Make the engine of this process; nothing is opened yet.

    ``revision`` is the schema that this program needs, asked for on each new connection; None
    where the schema does not matter (the owner's work on it).
    """
    engine = create_engine(
        "postgresql+psycopg2://",
        creator=connect,
        isolation_level="AUTOCOMMIT",
        use_native_hstore=False,
        pool_size=1,
        max_overflow=0,
        pool_reset_on_return=None,
    )
    event.listen(engine, "handle_error", _translate)
    if revision is not None:
        _ask_for_revision(engine, revision)
    return engine


def _ask_for_revision(engine: Engine, revision: str) -> None:
    def ask_first(
        connection: Connection,
        cursor: object,
        statement: str,
        parameters: object,
        context: object,
        many: bool,
    ) -> tuple[str, object]:
        if connection.info.get(_CHECKED):
            return statement, parameters
        return f"SELECT todo.require_revision('{revision}'); {statement}", parameters

    def remember(connection: Connection, *_: object) -> None:
        connection.info[_CHECKED] = True

    event.listen(engine, "before_cursor_execute", ask_first, retval=True)
    event.listen(engine, "after_cursor_execute", remember)


def open_session(engine: Engine) -> Session:
    """Open the unit of work: a SQLModel session, each statement of it a transaction by itself."""
    return Session(engine, expire_on_commit=False)


@contextmanager
def work_on(connection: DriverConnection, *, autocommit: bool = False) -> Iterator[Cursor]:
    """Give a cursor in one transaction (or in none), and close the connection at the end.

    For what is no work on tasks: making databases and roles. Raises our errors.
    """
    connection.autocommit = autocommit
    # psycopg2 begins a transaction for "with connection", in autocommit too.
    transaction = nullcontext() if autocommit else connection
    try:
        with closing(connection), transaction, connection.cursor() as cursor:
            yield cursor
    except psycopg2.Error as error:
        raise driver_error(error) from error


def _translate(context: ExceptionContext) -> None:
    error = context.original_exception
    if isinstance(error, psycopg2.Error):
        raise driver_error(error) from (context.sqlalchemy_exception or error)


def driver_error(error: psycopg2.Error) -> TodoError:
    """Turn an error of the driver into ours, by its SQLSTATE."""
    state = error.pgcode or ""
    message = error.diag.message_primary or "the connection was lost"
    if state.startswith("TD"):
        return _own_error(state, error.diag.message_detail or "")
    if state in _MISSING_SCHEMA:
        return SchemaError("this database has no schema of todo, or an old one", _UPGRADE)
    if state == "42501" or state.startswith("28"):
        return AuthError(f"the database does not allow it: {message}")
    if state == "53100":
        return UnavailableError(f"the database has no room left: {message}")
    if state == "57014":
        return UnavailableError("the database did not answer in time")
    if error.diag.constraint_name == "tasks_tags_check":
        return too_many_tags()
    if not state or state.startswith(_UNREACHABLE):
        return UnavailableError(f"the database cannot answer: {message}")
    return TodoError(f"the database refused it: {message}")


def _own_error(state: str, detail: str) -> TodoError:
    match state:
        case "TD404":
            return not_found(detail)
        case "TD409":
            return in_trash(detail)
        case "TD701":
            return SchemaError("the database is older than this program", _UPGRADE)
        case "TD702":
            return SchemaError("the database is newer than this program", "upgrade todo")
        case _:
            return TodoError(f"the database refused it: {state}")
