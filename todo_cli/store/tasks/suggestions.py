"""What the database suggests for a word under the cursor: IDs, projects, tags.

Completion answers between two key strokes, so this needs the driver alone: importing sqlalchemy
takes longer than a whole answer may. It connects to a server that runs, and never starts one.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg2

from todo_cli.domain.query.order import due_places
from todo_cli.errors import UnavailableError
from todo_cli.link import tls, trace
from todo_cli.link.connect import OURS
from todo_cli.link.driver import DriverConnection
from todo_cli.link.url import ConnectionUrl
from todo_cli.server import postmaster
from todo_cli.server.private_files import find_base, no_foreign_settings, socket_parameters
from todo_cli.store.people.roles import DATABASE, PERSON

Connect = Callable[[], DriverConnection]
Rows = list[tuple[str, str]]  # a value, and what to say about it
Row = tuple[Any, ...]

LIMIT: Final = 200  # nobody chooses among more

# The order of the default list, in its two streams (see order.py); pending tasks come first.
# The text has a name of its own: ORDER BY would take one called number, and sort 10 before 9.
_STREAM: Final = """
(SELECT number::text AS id, title, due_date, due_all_day, status <> 'pending', priority_rank, number
   FROM todo.tasks
  WHERE user_id = (SELECT todo.me()) AND status IN %(statuses)s AND {which}
    AND starts_with(number::text, %(prefix)s) AND number::text <> ALL (%(without)s)
  ORDER BY {first} due_date, priority_rank, number LIMIT %(limit)s)"""
_PENDING_FIRST: Final = "status <> 'pending',"
_WHICH: Final = ("NOT due_all_day", "due_all_day")

_PROJECTS: Final = """
SELECT project, count(*) FILTER (WHERE status = 'pending') || ' pending' FROM todo.tasks
 WHERE user_id = (SELECT todo.me()) AND status <> 'deleted'
   AND starts_with(project, %(prefix)s)
 GROUP BY project ORDER BY project LIMIT %(limit)s"""
_TAGS: Final = """
SELECT tag, count(*) FILTER (WHERE status = 'pending') || ' pending'
  FROM todo.tasks, unnest(tags) tag
 WHERE user_id = (SELECT todo.me()) AND status <> 'deleted'
   AND starts_with(tag, %(prefix)s) AND tag <> ALL (%(without)s)
 GROUP BY tag ORDER BY tag LIMIT %(limit)s"""


def by_url(url: ConnectionUrl) -> Connect:
    """Give a function that opens a connection to a URL.

    It raises UsageError as `tls.secured`, or the driver's errors.
    """
    return lambda: _open(**tls.secured(url))


def to_private(data_folder: Path) -> Connect:
    """Give a function that opens a connection to the private server whose home this is.

    It raises UnavailableError when that server does not run, or the driver's errors.
    """

    def connect() -> DriverConnection:
        base, account = find_base(data_folder)
        parameters = socket_parameters(base, account)
        if not postmaster.listens(Path(str(parameters["host"]))):
            raise UnavailableError("the private PostgreSQL does not run")
        with no_foreign_settings():
            return _open(dbname=DATABASE, user=PERSON, **parameters)

    return connect


def tasks(
    connect: Connect, statuses: Sequence[str], prefix: str, without: Sequence[str], now: datetime
) -> Rows:
    """Give number and title of tasks in these states whose number begins with ``prefix``.

    They come in the order of the default list, by the days of ``now``'s zone; ``without`` are
    numbers to leave out. Raises what ``connect`` does, and the driver's errors.
    """
    first = "" if len(statuses) == 1 else _PENDING_FIRST
    streams = (_STREAM.format(first=first, which=each) for each in _WHICH)
    rows = _ask(connect, " UNION ALL ".join(streams), prefix, without, statuses=tuple(statuses))
    place = due_places(now)

    def key(row: Row) -> tuple[Any, ...]:
        _, _, due, all_day, over, rank, number = row
        return over, place(due, all_day), rank, number

    return [(number, title) for number, title, *_ in sorted(rows, key=key)[:LIMIT]]


def projects(connect: Connect, prefix: str) -> Rows:
    """Give each project that begins with ``prefix``, by name, and how many tasks it has to do.

    Raises as `tasks` does.
    """
    return _ask(connect, _PROJECTS, prefix)


def tags(connect: Connect, prefix: str, without: Sequence[str]) -> Rows:
    """Give each tag that begins with ``prefix``, as `projects` does; ``without`` are left out."""
    return _ask(connect, _TAGS, prefix, without)


def _ask(
    connect: Connect, query: str, prefix: str, without: Sequence[str] = (), **parameters: Any
) -> list[Any]:
    """Send one query, in one round trip."""
    parameters |= {"prefix": prefix, "without": list(without), "limit": LIMIT}
    with closing(connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            with trace.sent(query):
                cursor.execute(query, parameters)
            return cursor.fetchall()


def _open(**parameters: Any) -> DriverConnection:
    connection: DriverConnection = psycopg2.connect(**parameters | OURS)
    return connection
