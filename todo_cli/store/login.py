"""What a connection says about who is logged in, and how an invitation becomes a login."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import cast

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlmodel import Session

_WHO = """
SELECT pg_has_role(session_user, d.datdba, 'USAGE') AS owns,
       EXISTS (SELECT FROM pg_namespace WHERE nspname = 'todo') AS has_schema,
       EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_invited'
                  AND pg_has_role(session_user, oid, 'MEMBER')) AS invited
  FROM pg_database d WHERE d.datname = current_database()
"""


@dataclass(frozen=True)
class Standing:
    """What the role of a connection is. An owner may count as invited too, by making the group."""

    owns: bool
    has_schema: bool
    invited: bool


@dataclass(frozen=True)
class Link:
    """What a connection is like: ``tls`` its version or None, ``round_trip`` in seconds."""

    version: str
    tls: str | None
    round_trip: float


@contextmanager
def cursor_of(session: Session) -> Iterator[Cursor]:
    """Give a driver's cursor on a session's connection."""
    with closing(session.connection().connection.cursor()) as cursor:
        yield cast(Cursor, cursor)


def standing(cursor: Cursor) -> Standing:
    """Ask what the logged-in role is, whatever the database has in it."""
    cursor.execute(_WHO)
    (row,) = cursor.fetchall()
    return Standing(*row)


def person(cursor: Cursor) -> tuple[str, str] | None:
    """Give e-mail and kind of the active person who is logged in, None for anybody else."""
    cursor.execute("SELECT email, kind FROM todo.users WHERE id = (SELECT todo.me())")
    found: tuple[str, str] | None = cursor.fetchone()
    return found


def accept_invitation(cursor: Cursor) -> tuple[str, str]:
    """Use an invitation up, and give the person's own role and password."""
    cursor.execute("SELECT role_name, password FROM todo.accept_invitation()")
    (row,) = cursor.fetchall()
    return row[0], row[1]


def link(cursor: Cursor) -> Link:
    """Look at the connection, with one round trip to time it."""
    start = time.perf_counter()
    cursor.execute("SELECT 1")
    taken = time.perf_counter() - start
    info = cursor.connection.info
    tls = info.ssl_attribute("protocol") if info.ssl_in_use else None
    major, minor = divmod(info.server_version, 10_000)
    return Link(f"{major}.{minor}", tls, taken)
