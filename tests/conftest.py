"""What every test has at hand: a real server, and a fresh member of its database.

Each process of pytest-xdist starts one private server, through the program's own code, and each
test is a person of its own in it: row-level security keeps the tests apart.
"""

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psutil
import pytest
from hypothesis import settings as hypothesis_settings
from sqlmodel import Session
from typer import main, testing

from tests import run
from tests.faults import FaultProxy, fault_proxy
from tests.shared_agent import SharedAgent
from todo_cli.cli.app import app
from todo_cli.link import engine, patience
from todo_cli.link.connect import connect_url
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience
from todo_cli.link.url import ConnectionUrl
from todo_cli.server.private_server import SUPERUSER, PrivateServer
from todo_cli.services.session import private
from todo_cli.store.people import roles
from todo_cli.store.schema.models import HEAD
from todo_cli.store.schema.tables import metadata

assert metadata.tables

hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis_settings.load_profile("repeatable")

# One tree of commands serves them all, as in an agent: to make it takes longer than most commands.
vars(testing)["_get_command"] = cache(main.get_command)

# Wednesday, in a zone with daylight saving.
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))

# What must not reach a test from the machine it runs on. The last three decide about colours.
_FOREIGN = ("TODO_", "COLUMNS", "TERMINAL_WIDTH", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS")

# What starts no process for each command.
_QUICK = (
    "tests/unit/",
    *(f"tests/cli/test_{name}" for name in ("attributes", "audit_looks", "bad_input", "dates")),
    *(f"tests/cli/test_{name}" for name in ("doctor.", "looks", "modify", "order", "tag_words")),
    *(f"tests/cli/test_{name}" for name in ("tasks", "via", "words.")),
)

_people = itertools.count(1)
_ALL_DAY = 86_400  # seconds


def pytest_configure(config: pytest.Config) -> None:
    run.begin(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist which run it belongs to."""
    node.workerinput["run_folder"] = str(run.folder())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Have one process more than processors: many tests wait, for an agent or a watcher."""
    chosen = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if chosen else (psutil.cpu_count(logical=False) or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is quick; begin with the folders that take longest, so that all end together."""
    for item in items:
        if item.nodeid.startswith(_QUICK):
            item.add_marker("quick")
    slow = ("tests/e2e/", "tests/integration/", "tests/cli/")
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in slow])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let no run pass that leaves a process behind."""
    begun_here = not hasattr(session.config, "workerinput")
    if begun_here and session.exitstatus == pytest.ExitCode.OK:
        for line in run.left():
            session.config.get_terminal_writer().line(f"\nleft behind: {line}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_report_header() -> str:
    """Name the seed: there is none to choose, so every run is the same."""
    return "random seed: fixed (hypothesis derandomized)"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TODO_NOW", NOW.isoformat())
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("TODO_AGENT", "off")  # the tests of the agent start their own
    monkeypatch.setattr(patience, "SILENCE", 60.0)  # a slow machine adds no line to stderr


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Give an empty folder that the server's account can reach, also where root runs the tests.

    pytest's own folders are closed to other accounts. It is short: sockets lie in it.
    """
    folder = Path(tempfile.mkdtemp(prefix="", dir=run.folder()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a TODO_HOME of the test's own; its private server is stopped at the end."""
    with temporary_home() as folder:
        monkeypatch.setenv("TODO_HOME", str(folder))
        try:
            yield folder
        finally:
            stop(folder)


def stop(folder: Path) -> None:
    """Stop the private server below a TODO_HOME."""
    PrivateServer(folder / "data", 900, print).stop()


@dataclass
class Database:
    """A database with the schema in it, on a running server.

    ``open`` opens a connection to any of its server's databases as any role.
    """

    name: str
    owner: str
    socket: Path
    open: Callable[[str, str], DriverConnection]

    def url(self, role: str) -> str:
        """Give the URL with which a role logs in."""
        return f"postgresql://{role}@/{self.name}?host={self.socket}"

    @contextmanager
    def cursor(self, role: str) -> Iterator[Any]:
        """Give a role's cursor, as psql would: each statement is a transaction."""
        with closing(self.open(self.name, role)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor

    def new_person(self, group: str = "todo_member") -> "Person":
        """Make a person who has logged in before, member or auditor."""
        role = f"person_{os.getpid()}_{next(_people)}"
        email = f"{role}@example.com"
        with engine.work_on(self.open(self.name, self.owner)) as cursor:
            roles.create_person(cursor, role, email)
            if group == "todo_auditor":
                cursor.execute(f"REVOKE todo_member FROM {role}")
                cursor.execute(f"GRANT todo_auditor TO {role}")
                cursor.execute("UPDATE todo.users SET kind = 'auditor' WHERE email = %s", [email])
        return Person(self, role, email)


@dataclass
class Person:
    """Somebody with a login role of their own."""

    database: Database
    role: str
    email: str
    _engines: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The URL with which this person logs in."""
        return self.database.url(self.role)

    def session(self) -> Session:
        """Open a session as the program does."""
        limit = Patience(15)
        made = engine.make_engine(lambda: connect_url(ConnectionUrl(self.url), limit), HEAD, limit)
        self._engines.append(made)
        return engine.open_session(made, uuid4(), limit)

    def query(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Send SQL as psql would and give the rows. Raises the driver's errors."""
        with self.database.cursor(self.role) as cursor:
            cursor.execute(statement, parameters)
            return [] if cursor.description is None else cursor.fetchall()

    def forget(self) -> None:
        """Close the connections."""
        for each in self._engines:
            each.dispose()


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """Give the database of this process's private server, prepared as a first command does it."""
    with temporary_home() as folder:
        # Tests do not say that they use it, as commands do; others may take long meanwhile.
        server = PrivateServer(folder / "data", _ALL_DAY, print)
        try:
            with private.person_engine(server):
                pass
            with engine.work_on(server.connect("postgres", SUPERUSER), autocommit=True) as cursor:
                # Nobody needs it after a crash; and plans hang on no moment of a vacuum's.
                for setting in ("fsync", "full_page_writes", "autovacuum"):
                    cursor.execute(f"ALTER SYSTEM SET {setting} = off")
                cursor.execute("SELECT pg_reload_conf()")
            yield Database(roles.DATABASE, roles.OWNER, server.socket_folder, server.connect)
        finally:
            server.stop()


@pytest.fixture
def person(database: Database) -> Iterator[Person]:
    """Give a fresh member of the shared database."""
    made = database.new_person()
    yield made
    made.forget()


@pytest.fixture
def other(database: Database) -> Iterator[Person]:
    """Give another fresh member."""
    made = database.new_person()
    yield made
    made.forget()


@pytest.fixture
def proxy(person: Person) -> Iterator[FaultProxy]:
    """Give what stands between a person and the server, and can do wrong."""
    with fault_proxy(person.database.socket / ".s.PGSQL.5432") as made:
        yield made


@dataclass(frozen=True)
class Answer:
    """What a command answered: exit code and both streams, together."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`todo` as one person uses it, with an agent or alone; call it with the arguments."""

    environment: dict[str, str]
    agent: SharedAgent | None = None

    def __call__(self, *arguments: str, stdin: str | None = None, **variables: str) -> Answer:
        """Run a command, in this process or the agent's; ``variables`` are further environment."""
        environment = {**self.environment, **variables}
        everything = {**os.environ, **environment}
        if self.agent is not None and self.agent.takes(arguments, everything):
            return Answer(*self.agent(arguments, everything, stdin or ""))
        result = testing.CliRunner().invoke(app, list(arguments), input=stdin, env=environment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    def with_variables(self, **variables: str) -> "Command":
        """Give the same `todo` with further environment variables."""
        return replace(self, environment={**self.environment, **variables})

    def program(self) -> list[str]:
        """Give what a process of its own begins with, in the checkout; arguments follow."""
        alone = [sys.executable, "-m", "tests.alone"]
        return alone if self.agent is None else self.agent.program()


@pytest.fixture
def shared_agent() -> SharedAgent | None:
    """Give the agent that commands go to: none. The tests in `cli` run with and without one."""
    return None


@pytest.fixture
def todo(person: Person, tmp_path: Path, shared_agent: SharedAgent | None) -> Command:
    """Give `todo`, logged in to the shared database as a fresh member."""
    variables = {
        "TODO_DATABASE_URL": person.url,
        "TODO_HOME": str(tmp_path),
        "TODO_AGENT": "off",  # no process that a test starts brings an agent up by itself
    }
    return Command(variables, shared_agent)


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """Give an instant in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)
