"""What a connection says about who is logged in, and how an invitation becomes a login."""

import time
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import Engine, text
from sqlmodel import Session

from todo_cli.errors import without_tasks
from todo_cli.link.engine import ANYBODY
from todo_cli.store.schema.models import HEAD

_WHO = """
SELECT pg_has_role(session_user, d.datdba, 'USAGE') AS owns,
       EXISTS (SELECT FROM pg_namespace WHERE nspname = 'todo') AS has_schema,
       EXISTS (SELECT FROM pg_roles WHERE rolname = 'todo_invited'
                  AND pg_has_role(session_user, oid, 'MEMBER')) AS invited,
       datname AS database
  FROM pg_database d WHERE d.datname = current_database()
"""

_PERSON = "SELECT email, kind FROM todo.users WHERE id = (SELECT todo.me())"


@dataclass(frozen=True)
class Standing:
    """What the role of a connection is, to which database.

    An owner may count as invited too, by making the group.
    """

    owns: bool
    has_schema: bool
    invited: bool
    database: str


@dataclass(frozen=True)
class Place:
    """Where a connection goes; ``host`` may be the folder of a socket."""

    host: str
    database: str


@dataclass(frozen=True)
class Link:
    """What a connection is like: ``tls`` its version or None, ``round_trip`` in seconds.

    ``host`` is the server's name, and of several the one that is there; or the folder of a socket.
    """

    host: str
    database: str
    version: str
    tls: str | None
    round_trip: float


def standing(cursor: Cursor) -> Standing:
    """Ask what the logged-in role is, whatever the database has in it."""
    cursor.execute(_WHO)
    (row,) = cursor.fetchall()
    return Standing(*row)


def person(cursor: Cursor) -> tuple[str, str] | None:
    """Give e-mail and kind of the active person who is logged in, None for anybody else."""
    cursor.execute(_PERSON)
    found: tuple[str, str] | None = cursor.fetchone()
    return found


def whoami(session: Session) -> tuple[str, str]:
    """Give the same as `person` in a person's session. Raises AuthError for anybody else."""
    row = session.execute(text(_PERSON).execution_options(**{ANYBODY: True})).first()
    if row is None:
        session.execute(text("SELECT todo.require_person(:head)"), {"head": HEAD})  # says why
        raise without_tasks("nobody")
    return row[0], row[1]


def place(session: Session) -> Place:
    """Tell where a session is connected to."""
    driver: Any = session.connection().connection.driver_connection
    return Place(driver.info.host, driver.info.dbname)


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
    return Link(info.host, info.dbname, f"{major}.{minor}", tls, taken)


def address(owner: Engine) -> str:
    """Give an e-mail address for whoever is logged in: the role, at the server's name."""
    with owner.connect() as connection:
        driver: Any = connection.connection.driver_connection
        host = driver.info.host
        return f"{driver.info.user}@{'localhost' if host.startswith('/') else host}"
