"""A server as a team has one: over TLS, with passwords, and with the schema in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.tls import NAME, TlsServer, tls_server
from todo_cli.link import engine, tls
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.link.url import ConnectionUrl
from todo_cli.store.people import roles
from todo_cli.store.schema import migrate

PASSWORD: Final = "a password: 1/2 & 100%"


@contextmanager
def team_server() -> Iterator[TlsServer]:
    """Run a server that takes TLS and passwords alone, with the schema and alice in it."""
    with tls_server() as made:
        superuser = {"sslrootcert": str(made.ca)}
        connection = _open(made.url(**superuser))
        with engine.work_on(connection, autocommit=True) as cursor:
            roles.create_database(cursor, "boss", "team")
            cursor.execute("ALTER ROLE boss LOGIN PASSWORD %s", [PASSWORD])
        owner = engine.make_engine(lambda: _open(login(made, "boss")), None)
        with engine.disposed(owner):
            migrate.upgrade(owner)
        with engine.work_on(_open(login(made, "boss"))) as cursor:
            roles.create_person(cursor, "alice", "alice@example.com")
            cursor.execute("ALTER ROLE alice LOGIN PASSWORD %s", [PASSWORD])
        yield made


def login(server: TlsServer, role: str, host: str = NAME, mode: str = "verify-full") -> str:
    """Give somebody's URL; the host's name leads nowhere, only hostaddr does."""
    bare = f"postgresql://{host}:{server.port}/team?hostaddr=127.0.0.1&sslmode={mode}"
    return ConnectionUrl(f"{bare}&sslrootcert={server.ca}").with_login(role, PASSWORD).reveal()


def _open(url: str) -> DriverConnection:
    return open_connection(tls.secured(ConnectionUrl(url)))
