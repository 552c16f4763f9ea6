"""Engine and session: how a program talks to the database, and what its errors mean.

One engine for each process, with a pool of one connection in autocommit. A hot command is one
statement, atomic by itself, and one round trip: the first of a session carries the question
whether the schema fits this program. How connections are opened is in connect.py.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from typing import Any, Final

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    ExecutionContext,
    Result,
    create_engine,
    event,
)
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from todo_cli.domain.tasks.task import too_many_tags
from todo_cli.domain.text import said
from todo_cli.errors import (
    AuthError,
    SchemaError,
    TodoError,
    UnavailableError,
    in_trash,
    not_found,
    without_tasks,
)
from todo_cli.link import dialect
from todo_cli.link.connect import NOTICE, Connect, passes
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience, out_of_time

# A connection that cannot be closed (a second Ctrl-C) is logged, by default to people's terminals.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())

_CHECKED: Final = "todo_schema_checked"
_UPGRADE: Final = "run: todo db upgrade"
# What a statement depends on, whatever somebody has set for their role: names of functions, and
# times that Python can read. And the server's own limits, in milliseconds, so that what is given up
# here is not done later. All for the one transaction: a pooler gives the session to others.
_SETTINGS: Final = (
    "SELECT set_config('search_path', 'pg_catalog, pg_temp', true), "
    "set_config('TimeZone', 'UTC', true), set_config('row_security', 'on', true), "
    "set_config('lock_timeout', '0', true), "
    f"{NOTICE.format('true')}, set_config('statement_timeout', '{{}}', true)"
)
_VIA: Final = "todo_via"  # the name of its parameter, in front of those of a statement
_SET_VIA: Final = f", set_config('todo.via', %({_VIA})s, true)"
# The execution option of a statement whose rows an index gives in the order that is asked for.
# There are no statistics on owners (they would tell of strangers), so the planner takes everybody's
# list for short, and would sort all of a long one for the first few.
IN_ORDER: Final = "todo_in_order"
_UNSORTED: Final = "SELECT set_config('enable_sort', 'off', true); "
# The execution option of a statement that is not about tasks: those who have none may send it.
ANYBODY: Final = "todo_anybody"
_ANYBODY: Final = "todo.require_revision"
_PERSON: Final = "todo.require_person"
IN_DOUBT: Final = "it may have been done all the same: look before you repeat it"

# SQLSTATEs (PostgreSQL manual, Appendix A) and classes of them that mean the same to people.
_UNREACHABLE: Final = ("08", "57P", "53", "58", "XX")
# What passes, beside what says so by its text: lost connections, a server that goes down or comes
# up, too many connections, and two commands in each other's way.
_PASSING: Final = ("08", "57P", "53300", "40001", "40P01")
_MISSING_SCHEMA: Final = {"3F000", "42P01", "42703", "42883"}


def make_engine(
    connect: Connect,
    revision: str | None,
    patience: Patience | None = None,
    via: Callable[[], str] | None = None,
) -> Engine:
    """Make the engine of this process; nothing is opened yet.

    ``revision`` is the schema that this program needs, asked for in each session, as is whether it
    is that of a person with tasks; None where neither matters (the owner's work on the schema).
    ``patience`` is how long the server itself may take for a statement, and ``via`` gives what the
    change log says of where it comes from; it is not asked without ``patience``.
    """
    engine = create_engine(
        dialect.URL,
        creator=connect,
        isolation_level="AUTOCOMMIT",
        use_native_hstore=False,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,  # asks nothing: see the dialect
        pool_reset_on_return=None,
    )
    event.listen(engine, "handle_error", _translate)
    event.listen(engine, "checkout", _forget)
    event.listen(
        engine, "before_cursor_execute", _put_in_front(revision, patience, via), retval=True
    )
    event.listen(engine, "after_cursor_execute", _remember)
    return engine


@contextmanager
def disposed(made: Engine) -> Iterator[Engine]:
    """Give an engine, and close its connection at the end."""
    try:
        yield made
    finally:
        made.dispose()


def _put_in_front(
    revision: str | None, patience: Patience | None, via: Callable[[], str] | None
) -> Callable[..., Any]:
    """Give what adds to a statement, in the same round trip, what has to stand before it."""

    def put_in_front(
        connection: Connection,
        cursor: object,
        statement: str,
        parameters: object,
        context: ExecutionContext,
        many: bool,
    ) -> tuple[str, object]:
        before = ""
        if patience is not None:
            before += _SETTINGS.format(max(1, round(1000 * patience.left)))
            if via is not None:
                before += _SET_VIA
                parameters = {**_named(parameters), _VIA: via()}
            before += "; "
        if revision is not None and not connection.info.get(_CHECKED):
            asked = _ANYBODY if context.execution_options.get(ANYBODY) else _PERSON
            before += f"SELECT {asked}('{revision}'); "
        if context.execution_options.get(IN_ORDER):
            before += _UNSORTED
        return before + statement, parameters

    return put_in_front


def _forget(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
    record.info.pop(_CHECKED, None)  # somebody may have changed the schema meanwhile


def _remember(connection: Connection, *_: object) -> None:
    connection.info[_CHECKED] = True


def open_session(engine: Engine, patience: Patience | None = None) -> Session:
    """Open the unit of work: a SQLModel session, each statement of it a transaction by itself.

    With ``patience`` a statement is repeated that failed for something that passes, such as a lost
    connection: reading changes nothing, and a repeated writing neither, because it bears the id of
    its command.
    """
    session = Session(engine, expire_on_commit=False)
    if patience is not None:
        event.listen(session, "do_orm_execute", _repeating(patience))
    return session


def _repeating(patience: Patience) -> Callable[[ORMExecuteState], Result[Any]]:
    def repeat(state: ORMExecuteState) -> Result[Any]:
        while True:
            try:
                return state.invoke_statement()
            except UnavailableError as error:
                state.session.invalidate()  # the next statement takes a new connection
                if error.passing and patience.asked and "command_id" in _named(state.parameters):
                    patience.in_doubt = True
                _doubt(error, patience)
                patience.pause_after(error)
            except (AuthError, SchemaError) as error:
                _doubt(error, patience)
                raise

    return repeat


def _doubt(error: TodoError, patience: Patience) -> None:
    if patience.in_doubt:
        error.hint = IN_DOUBT


def _named(parameters: object) -> Mapping[str, Any]:
    return parameters if isinstance(parameters, Mapping) else {}


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


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise our errors in place of the driver's, where SQLAlchemy lets its own through."""
    try:
        yield
    except psycopg2.Error as error:
        raise driver_error(error) from None


def _translate(context: ExceptionContext) -> None:
    error = context.original_exception
    if isinstance(error, psycopg2.Error):
        raise driver_error(error) from (context.sqlalchemy_exception or error)


def driver_error(error: psycopg2.Error) -> TodoError:
    """Turn an error of the driver into ours, by its SQLSTATE."""
    state = error.pgcode or ""
    message = said(error.diag.message_primary or "the connection was lost")
    if state.startswith("TD"):
        return _own_error(state, error.diag.message_detail or "")
    if state == "42883" and _PERSON in message:  # not there before revision 0005
        return _own_error("TD701", "")
    if state in _MISSING_SCHEMA:
        return SchemaError("this database has no schema of todo, or an old one", _UPGRADE)
    if state == "21000":  # the version table, which todo.require_revision reads
        return SchemaError("this database has more than one revision", "todo db check says more")
    if state == "42501" or state.startswith("28"):
        return AuthError(f"the database does not allow it: {message}")
    if state == "25006":
        return UnavailableError(f"the database is read-only: {message}")
    if state == "53100":
        return UnavailableError(f"the database has no room left: {message}")
    if state == "57014":
        return out_of_time(passing=False)  # and it was not done
    if error.diag.constraint_name == "tasks_tags_check":
        return too_many_tags()
    if not state or state.startswith((*_UNREACHABLE, *_PASSING)):
        passing = not state or state.startswith(_PASSING) or passes(message)
        return UnavailableError(f"the database cannot answer: {message}", passing=passing)
    return TodoError(f"the database refused it: {message}")


def _own_error(state: str, detail: str) -> TodoError:
    match state:
        case "TD404":
            return not_found(detail)
        case "TD409":
            return in_trash(detail)
        case "TD403":
            return without_tasks(detail)
        case "TD701":
            return SchemaError("the database is older than this program", _UPGRADE)
        case "TD702":
            return SchemaError("the database is newer than this program", "upgrade todo")
        case _:
            return TodoError(f"the database refused it: {state}")
