"""Engine and session: how a program talks to the database.

One engine for each process, with a pool of one connection in autocommit. A hot command is one
statement, atomic by itself, and one round trip: the first of a session carries the question
whether the schema fits this program. How connections are opened is in connect.py,
and what errors mean in errors.py.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from typing import Any, Final
from uuid import UUID

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import (
    Connection,
    Engine,
    ExecutionContext,
    Result,
    create_engine,
    event,
)
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from todo_cli.errors import (
    AuthError,
    SchemaError,
    TodoError,
    UnavailableError,
)
from todo_cli.link import dialect, errors
from todo_cli.link.connect import NOTICE, Connect
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience

# A connection that cannot be closed (a second Ctrl-C) is logged, by default to people's terminals.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())

_CHECKED: Final = "todo_schema_checked"
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
# The execution option of a statement that changes something: when its answer is lost, it may have
# been done all the same. And where a session keeps the id of its command, by which the database
# knows what it has done before.
WRITES: Final = "todo_writes"
COMMAND_ID: Final = "todo_command_id"


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
    event.listen(engine, "handle_error", errors.translate)
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


def open_session(engine: Engine, command_id: UUID, patience: Patience | None = None) -> Session:
    """Open a SQLModel session for one command, each statement of it a transaction by itself.

    With ``patience`` a statement is repeated that failed for something that passes, such as a lost
    connection: reading changes nothing, and a repeated writing neither, because it bears the id of
    its command.
    """
    session = Session(engine, expire_on_commit=False, info={COMMAND_ID: command_id})
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
                if error.passing and patience.asked and state.execution_options.get(WRITES):
                    patience.in_doubt = True
                _doubt(error, patience)
                patience.pause_after(error)
            except (AuthError, SchemaError) as error:
                _doubt(error, patience)
                raise

    return repeat


def _doubt(error: TodoError, patience: Patience) -> None:
    if patience.in_doubt:
        error.hint = errors.IN_DOUBT


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
    with errors.in_our_words(), closing(connection), transaction, connection.cursor() as cursor:
        yield cursor
