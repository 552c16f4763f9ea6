"""A server with PostgreSQL's own settings, as a team has it, and databases with the schema."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.conftest import temporary_home
from tests.servers import SUPERUSER, binaries
from todo_cli.link import engine
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.server import account
from todo_cli.store.people import roles
from todo_cli.store.schema import migrate

_INITDB: Final = f"--username={SUPERUSER} --auth=trust --encoding=UTF8 --no-locale --no-sync"
# Of these none changes how long a query takes, once its pages are in memory.
_SETTINGS: Final = (
    "-c listen_addresses= -c fsync=off -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0"
)
_PATIENCE: Final = 120.0


class PlainServer:
    """The server, by the folder of its socket. Everybody who knows a role's name may come in."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def connect(self, database: str, role: str) -> DriverConnection:
        """Open a connection in which each statement is a transaction."""
        connection = open_connection(host=str(self._socket), dbname=database, user=role)
        connection.autocommit = True
        return connection

    def superuser(self, database: str) -> DriverConnection:
        """Open a superuser's connection."""
        return self.connect(database, SUPERUSER)

    def make_database(self, name: str, *people: str) -> None:
        """Make a database with the schema, and people in it."""
        with engine.work_on(self.superuser("postgres"), autocommit=True) as cursor:
            roles.create_database(cursor, roles.OWNER, name)
        owner = engine.make_engine(lambda: self.connect(name, roles.OWNER), None)
        with engine.disposed(owner):
            migrate.upgrade(owner)
        with engine.work_on(self.connect(name, roles.OWNER)) as cursor:
            for role in people:
                roles.create_person(cursor, role, f"{role}@example.com")


@contextmanager
def plain_server() -> Iterator[PlainServer]:
    """Run the server, on a socket alone; nothing stays of it."""
    programs, runner = binaries("18"), account.server_account()
    with temporary_home() as folder:
        cluster, socket = folder / "cluster", folder / "run"
        for each in (cluster, socket):
            each.mkdir()
            runner.own(each)
        common: Any = {"env": {"LC_ALL": "C", "PATH": os.defpath}, "cwd": "/", **runner.process()}

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(cluster), *arguments]
            quiet: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
            subprocess.run(command, check=True, timeout=_PATIENCE, **quiet, **common)

        run("initdb", *_INITDB.split())
        log = ["-l", str(cluster / "log")]
        run("pg_ctl", "start", "--wait", *log, "-o", f"-k {socket} {_SETTINGS}")
        try:
            yield PlainServer(socket)
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=fast")
