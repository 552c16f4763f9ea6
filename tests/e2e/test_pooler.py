"""A team on a server behind a connection pooler in transaction mode, as Neon has one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import encrypt_password

from tests.conftest import NOW, Command
from tests.e2e.package import CHECKOUT
from tests.e2e.test_team import answered, log_in, password_of
from tests.pooler import Pooler, pooler
from tests.tls import NAME, TlsServer, tls_server
from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.task import new_task
from todo_cli.link.url import ConnectionUrl
from todo_cli.services import tasks
from todo_cli.services.session.ids import new_id
from todo_cli.services.session.way_in import open_session
from todo_cli.settings import load

PASSWORD = "one for all: 1/2 & 100%"
CROWD = 200  # twice as many as the server itself lets in
SERVER_CONNECTIONS = 20
TASKS = 3  # of each in the crowd
SECONDS = 120.0  # nobody waits that long, unless the test fails

# What one client of a connection could leave to the next. PgBouncer itself keeps these five as
# each client has them.
LEFT_BEHIND = """
SELECT 'setting', name FROM pg_settings WHERE source = 'session' AND name NOT IN
       ('application_name', 'client_encoding', 'DateStyle', 'TimeZone',
        'standard_conforming_strings')
UNION ALL SELECT 'statement', name FROM pg_prepared_statements
UNION ALL SELECT 'lock', mode FROM pg_locks WHERE locktype = 'advisory'
UNION ALL SELECT 'channel', pg_listening_channels()
UNION ALL SELECT 'table', relname FROM pg_class WHERE relpersistence = 't'
"""

CROWD_ROLES = """
DO $$ BEGIN
  FOR n IN 1..%(crowd)s LOOP
    EXECUTE format('CREATE ROLE %%I LOGIN PASSWORD %%L IN ROLE todo_member',
                   'crowd_' || n, %(secret)s);
  END LOOP;
END $$;
INSERT INTO todo.users (role_name, email, claimed_at)
SELECT 'crowd_' || n, 'crowd_' || n || '@example.com', clock_timestamp()
  FROM generate_series(1, %(crowd)s) n
"""


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    """Give a server with an empty database "team" that belongs to "boss"."""
    with tls_server() as made:
        with closing(psycopg2.connect(made.url(sslmode="require"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("CREATE ROLE boss LOGIN CREATEROLE PASSWORD %s", [PASSWORD])
                cursor.execute("CREATE DATABASE team OWNER boss")
        yield made


@pytest.fixture(scope="module")
def narrow(server: TlsServer) -> Iterator[Pooler]:
    """Give a pooler with one connection of the server for all, and one to look up passwords."""
    with pooler(server, server_connections=2) as made:
        yield made


@pytest.fixture(autouse=True)
def _known_ca(server: TlsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", str(server.ca))


@pytest.fixture
def owner_url(server: TlsServer) -> str:
    """Give the owner's URL, straight to the server."""
    bare = f"postgresql://{NAME}:{server.port}/team?hostaddr=127.0.0.1&sslmode=verify-full"
    return ConnectionUrl(bare).with_login("boss", PASSWORD).reveal()


@pytest.fixture
def boss(owner_url: str, tmp_path: Path) -> Command:
    """Give the owner's `todo`; the schema is there."""
    todo = Command({"TODO_HOME": str(tmp_path / "boss")})
    log_in(todo, owner_url)
    assert todo("db", "upgrade").code == 0
    log_in(todo, owner_url)
    return todo


def join(boss: Command, pooler: Pooler, home: Path) -> Command:
    """Invite somebody, who logs in and from then on goes through the pooler; give their `todo`."""
    email = f"{home.parent.name}-{home.name}@example.com"
    invitation = answered(boss("user", "add", email, "--json"))["invitation"]
    straight = Command({"TODO_HOME": str(home)})
    log_in(straight, invitation)
    stored = (home / "config.toml").read_text()
    role = str(ConnectionUrl(stored.split('url = "')[1].split('"')[0]).user)
    pooled = pooler.url(role, password_of(straight), "team")
    return Command({"TODO_HOME": str(home), "TODO_DATABASE_URL": pooled})


def titles(todo: Command) -> list[str]:
    return [task["title"] for task in answered(todo("list", "--json"))]


def query(connection: Any, statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [] if cursor.description is None else list(cursor.fetchall())


def test_a_member_does_everything_through_the_pooler(
    boss: Command, narrow: Pooler, tmp_path: Path
) -> None:
    alice = join(boss, narrow, tmp_path / "alice")
    assert answered(alice("whoami", "--json"))["role"] == "member"
    assert alice("add", "Review the plan").err == "Added 1 Review the plan\n"
    assert alice("add", "Call the bank").code == 0
    assert alice("modify", "1", "priority:high").code == 0
    assert titles(alice) == ["Review the plan", "Call the bank"]
    assert alice("done", "1").code == 0
    assert titles(alice) == ["Call the bank"]
    assert alice("rm", "2").code == 0
    assert titles(alice) == []
    assert alice("reopen", "1").code == 0
    assert alice("restore", "2").code == 0
    assert len(titles(alice)) == 2
    assert alice("rm", "--purge", "--yes", "1", "2").code == 0


def test_an_invitation_can_be_accepted_through_the_pooler(
    boss: Command, server: TlsServer, narrow: Pooler, tmp_path: Path
) -> None:
    invited = answered(boss("user", "add", "carol@example.com", "--json"))["invitation"]
    carol = Command({"TODO_HOME": str(tmp_path / "carol")})
    log_in(carol, invited.replace(f":{server.port}/", f":{narrow.port}/"))
    assert carol("add", "Hello").code == 0
    assert titles(carol) == ["Hello"]


def test_members_who_take_turns_on_one_connection_see_their_own(
    boss: Command, narrow: Pooler, tmp_path: Path
) -> None:
    people = {name: join(boss, narrow, tmp_path / name) for name in ("alice", "bob")}
    for count in (1, 2, 3):
        for name, todo in people.items():
            assert todo("add", f"{name}'s {count}").err == f"Added {count} {name}'s {count}\n"
            assert titles(todo) == [f"{name}'s {n + 1}" for n in range(count)]


def test_a_command_leaves_nothing_to_the_next_client_of_its_connection(
    boss: Command, narrow: Pooler, tmp_path: Path
) -> None:
    alice = join(boss, narrow, tmp_path / "alice")
    assert alice("add", "One").code == 0
    with closing(psycopg2.connect(alice.environment["TODO_DATABASE_URL"])) as other:
        other.autocommit = True
        before = query(other, "SELECT pg_backend_pid()")
        for command in (["add", "Two"], ["list"], ["modify", "1", "+x"], ["done", "1"], ["whoami"]):
            assert alice(*command).code == 0
        assert query(other, "SELECT pg_backend_pid()") == before
        assert query(other, LEFT_BEHIND) == []


def test_what_another_client_sets_on_the_connection_does_not_matter(
    boss: Command, narrow: Pooler, tmp_path: Path
) -> None:
    alice = join(boss, narrow, tmp_path / "alice")
    with closing(psycopg2.connect(alice.environment["TODO_DATABASE_URL"])) as other:
        other.autocommit = True
        query(other, "SET search_path = pg_temp; SET bytea_output = 'escape'")
        query(other, "SET \"IntervalStyle\" = 'iso_8601'; SET xmloption = 'document'")
        assert ("setting", "search_path") in query(other, LEFT_BEHIND)
        before = query(other, "SELECT pg_backend_pid()")
        assert alice("add", "Wash up").err == "Added 1 Wash up\n"
        assert titles(alice) == ["Wash up"]
        assert alice("done", "1").code == 0
        assert query(other, "SELECT pg_backend_pid()") == before


@pytest.mark.usefixtures("boss")
def test_two_hundred_members_at_once_share_twenty_connections(
    owner_url: str, server: TlsServer, tmp_path: Path
) -> None:
    with closing(psycopg2.connect(owner_url)) as owner, owner, owner.cursor() as cursor:
        secret = encrypt_password(PASSWORD, "crowd", owner, "scram-sha-256")
        cursor.execute(CROWD_ROLES, {"crowd": CROWD, "secret": secret})
    names = [f"crowd_{n}" for n in range(1, CROWD + 1)]
    with pooler(server, server_connections=SERVER_CONNECTIONS) as made:
        urls = {name: made.url(name, PASSWORD, "team") for name in names}
        # A process of its own forks them: pytest's has threads.
        crowd = subprocess.run(
            [sys.executable, "-c", "from tests.e2e import test_pooler; test_pooler.crowd()"],
            input=json.dumps(urls),
            env={**os.environ, "TODO_HOME": str(tmp_path)},
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=3 * SECONDS,
            check=False,
        )
        assert (crowd.returncode, crowd.stderr) == (0, "")
    own = {name: [f"{name}'s {n}" for n in range(TASKS)] for name in names}
    assert json.loads(crowd.stdout) == own


def crowd() -> None:
    """Be a crowd: fork a process for each URL that stdin names, and print what each of them saw."""
    urls = json.load(sys.stdin)
    fork = get_context("fork")
    answers = fork.SimpleQueue()
    together = fork.Barrier(len(urls))
    people = [
        fork.Process(target=_live, args=(name, urls[name], together, answers)) for name in urls
    ]
    for each in people:
        each.start()
    json.dump(dict(answers.get() for _ in people), sys.stdout)
    for each in people:
        each.join()


def _live(name: str, database_url: str, together: Any, answers: Any) -> None:
    try:
        answers.put((name, _work(name, database_url, together)))
    except Exception as error:  # the crowd waits for an answer, whatever happened
        together.abort()
        answers.put((name, repr(error)))


def _work(name: str, database_url: str, together: Any) -> list[str]:
    """Add tasks while everybody is connected, and give the titles that are seen then."""
    known = load({**os.environ, "TODO_DATABASE_URL": database_url}, timeout=SECONDS)
    with open_session(known, lambda _: None) as session:
        assert tasks.find(session, Filter(), NOW).tasks == ()
        together.wait(SECONDS)
        tasks.add(session, [new_task(new_id(), f"{name}'s {n}") for n in range(TASKS)])
        seen = [task.title for task in tasks.find(session, Filter(), NOW).tasks]
        together.wait(SECONDS)
        return seen
