"""Databases with the tasks in them: on a private server, and on one that takes TLS alone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Final

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class there
from sqlalchemy import Engine

from benchmarks.server import say, temporary_home, temporary_server
from benchmarks.statements import PATIENCE, Statements, record
from tests.servers import binaries
from tests.tls import TlsServer, tls_server
from todo_cli import settings
from todo_cli.domain.tasks.task import NewTask
from todo_cli.errors import UnavailableError
from todo_cli.link import engine
from todo_cli.link.patience import Patience
from todo_cli.link.url import ConnectionUrl
from todo_cli.server.private_server import PrivateServer
from todo_cli.services import tasks
from todo_cli.services.session import private, way_in
from todo_cli.services.session.ids import new_id
from todo_cli.store.people import roles
from todo_cli.store.schema import migrate
from todo_cli.store.schema.models import HEAD

_PASSWORD: Final = "benchmark"
_VACUUM: Final = "VACUUM ANALYZE todo.tasks"  # autovacuum would do it in the middle of a round


@dataclass(frozen=True)
class Store:
    """A person's tasks: the environment in which todo finds them, and psql's way there."""

    environment: Mapping[str, str] = field(repr=False)
    url: str = field(repr=False)
    psql: Path | None
    statements: Statements = field(repr=False)
    numbers: Iterator[int] = field(repr=False)

    def next_number(self) -> int:
        """Give the number of a task that is still pending, as long as there are any."""
        return next(self.numbers)

    def statement(self, what: str) -> str:
        """Give the SQL for it, with values of its own."""
        return self.statements.fresh(what, self.next_number())


@contextmanager
def private_store(generated: Sequence[NewTask], psql: Path | None) -> Iterator[Store]:
    """Give a store on a private server, by its Unix socket."""
    with temporary_server() as (server, environment):
        statements = _fill_private(server, generated)
        url = f"postgresql://{roles.PERSON}@/{roles.DATABASE}?host={server.socket_folder}"
        yield Store(environment, url, psql, statements, _numbers(generated))


def _fill_private(server: PrivateServer, generated: Sequence[NewTask]) -> Statements:
    """Add the tasks to a private server; give the statements that todo sends to it."""
    with private.person_engine(server) as person:
        statements = fill(person, generated)
    owner = server.connect(roles.DATABASE, roles.OWNER)
    with engine.work_on(owner, autocommit=True) as cursor:
        cursor.execute(_VACUUM)
    return statements


class SharedServer:
    """A server with TLS, and one database in it for everybody."""

    def __init__(self, server: TlsServer) -> None:
        self._server = server
        self._people = count(1)
        self._settings = settings.load({})
        self.psql = binaries("debian") / "psql"
        self.address = ("127.0.0.1", server.port)

    def prepare(self) -> None:
        """Make the database and its schema."""
        superuser = self._server.url("localhost", **self._tls())
        with closing(psycopg2.connect(superuser)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                roles.create_database(cursor, roles.OWNER, roles.DATABASE)
                _set_password(cursor, roles.OWNER)
        with self._owner() as owner:
            migrate.upgrade(owner)

    @contextmanager
    def store(self, generated: Sequence[NewTask]) -> Iterator[Store]:
        """Give a store of a new person."""
        role = f"person_{next(self._people)}"
        with closing(psycopg2.connect(self._url(roles.OWNER))) as connection:
            with connection, connection.cursor() as cursor:
                roles.create_person(cursor, role, f"{role}@example.com")
                _set_password(cursor, role)
            connection.autocommit = True
            url = self._url(role)
            connect = way_in.connect(ConnectionUrl(url), self._settings, say)
            made = engine.make_engine(connect, HEAD, Patience(PATIENCE))
            with engine.disposed(made) as person:
                statements = fill(person, generated)
            with connection.cursor() as cursor:
                cursor.execute(_VACUUM)
        with temporary_home() as home:
            environment = {**home, "TODO_DATABASE_URL": url}
            yield Store(environment, url, self.psql, statements, _numbers(generated))

    def version(self) -> str:
        """Give the server's version."""
        with closing(psycopg2.connect(self._url(roles.OWNER))) as connection:
            number: int = connection.info.server_version
        return f"{number // 10_000}.{number % 10_000}"

    @contextmanager
    def _owner(self) -> Iterator[Engine]:
        url = ConnectionUrl(self._url(roles.OWNER))
        with way_in.owner_engine(url, self._settings, say, endless=True) as owner:
            yield owner

    def _url(self, role: str) -> str:
        tls = "&".join(f"{name}={value}" for name, value in self._tls().items())
        place = f"localhost:{self._server.port}/{roles.DATABASE}?hostaddr=127.0.0.1"
        return f"postgresql://{role}:{_PASSWORD}@{place}&{tls}"

    def _tls(self) -> dict[str, str]:
        return {"sslmode": "verify-full", "sslrootcert": str(self._server.ca)}


@contextmanager
def shared_server() -> Iterator[SharedServer]:
    """Give the server with TLS. Raises UnavailableError where it cannot be made."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(tls_server())
        except pytest.skip.Exception as error:
            raise UnavailableError(f"no server with TLS: {error.msg}") from None
        made = SharedServer(server)
        made.prepare()
        yield made


def fill(person: Engine, generated: Sequence[NewTask]) -> Statements:
    """Add the tasks; give the statements that todo sends."""
    with engine.open_session(person, new_id()) as session:
        tasks.add(session, generated)
        return record(person, session)


def _numbers(generated: Sequence[NewTask]) -> Iterator[int]:
    return cycle(range(1, len(generated) + 1))


def _set_password(cursor: Cursor, role: str) -> None:
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    cursor.execute(statement.format(sql.Identifier(role), sql.Literal(_PASSWORD)))
