"""Connections over TLS, with passwords, as Neon has them; and commands that are interrupted."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from tests.conftest import Command, Database, Person
from tests.e2e.program import Program, ended, pid_of, titles, until
from tests.e2e.program import server as server_of
from tests.e2e.teams import login, team_server
from tests.faults import Cut, Delay, FaultProxy, fault_proxy
from tests.refusals import Refuse
from tests.tls import TlsServer
from todo_cli.link import patience, tls
from todo_cli.link.url import ConnectionUrl
from todo_cli.server.private_server import SUPERUSER
from todo_cli.store.people.roles import DATABASE

NEON = "ep-cool-darkness-123456.eu-central-1.aws.neon.tech"
ASLEEP = "Couldn't connect to compute node"


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    """Give a server that takes TLS and passwords alone, with the schema and alice in it."""
    with team_server() as made:
        yield made


@pytest.fixture
def proxy(server: TlsServer) -> Iterator[FaultProxy]:
    with fault_proxy(
        ("127.0.0.1", server.port), certificate=server.certificate, key=server.key
    ) as made:
        yield made


def through(proxy: FaultProxy, server: TlsServer, tmp_path: Path, **how: str) -> Command:
    """Give alice's `todo`, whose connections go through the proxy."""
    given = login(server, "alice", **how)
    return Command({"TODO_DATABASE_URL": proxy.url(given), "TODO_HOME": str(tmp_path)})


def titles_of(todo: Command) -> list[str]:
    answer = todo("list", "--json")
    assert answer.code == 0, answer.err
    return [task["title"] for task in json.loads(answer.out)]


@pytest.mark.parametrize("command", ["add x", "list", "list --json", "whoami"])
def test_over_tls_too_a_command_is_the_handshake_and_one_round_trip(
    proxy: FaultProxy, server: TlsServer, tmp_path: Path, command: str
) -> None:
    alice = through(proxy, server, tmp_path)
    url = ConnectionUrl(alice.environment["TODO_DATABASE_URL"])
    with closing(psycopg2.connect(make_dsn(**tls.secured(url)))):
        pass
    assert alice(*command.split()).code == 0
    alone, with_command = proxy.connections
    assert with_command.turns == alone.turns + 1


def test_over_tls_too_a_cut_at_any_turn_leaves_exactly_one_task(
    proxy: FaultProxy, server: TlsServer, tmp_path: Path
) -> None:
    alice = through(proxy, server, tmp_path)
    assert alice("add", "cut 0").code == 0
    for turn in range(1, proxy.connections[0].turns + 1):
        proxy.next(Cut(turn=turn))
        assert alice("add", f"cut {turn}").code == 0
    found = [title for title in titles_of(alice) if title.startswith("cut")]
    assert found == [f"cut {turn}" for turn in range(proxy.connections[0].turns + 1)]


def test_a_neon_database_that_sleeps_is_said_to_be_woken(
    proxy: FaultProxy, server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.01)
    alice = through(proxy, server, tmp_path, host=NEON, mode="require")
    proxy.next(Delay(0.3))
    assert alice("add", "wake up").err.startswith("waking the database ...\nAdded ")


def test_neons_refusals_are_understood_over_tls(
    proxy: FaultProxy, server: TlsServer, tmp_path: Path
) -> None:
    alice = through(proxy, server, tmp_path)
    proxy.next(Refuse(ASLEEP), Refuse("The endpoint is disabled"))
    answer = alice("list")
    assert (answer.code, len(proxy.connections)) == (6, 2)
    assert answer.err == "todo: cannot reach the database: The endpoint is disabled\n"
    proxy.next(Refuse("password authentication failed for user 'alice'"))
    assert alice("list").code == 4


# --- interrupted


@pytest.mark.parametrize("words", [["done", "1"], ["modify", "1", "due:fri"]])
def test_ctrl_c_ends_a_waiting_command_at_once_and_its_statement_too(
    database: Database, person: Person, todo: Command, tmp_path: Path, words: list[str]
) -> None:
    assert todo("add", "a task").code == 0
    busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"
    with closing(database.open(database.name, person.role)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("UPDATE todo.tasks SET title = 'locked'")
        with Program(tmp_path).begin(*words, TODO_DATABASE_URL=person.url) as running:
            until(lambda: person.query(busy, [person.role]) == [(1,)])
            begin = time.monotonic()
            running.send_signal(signal.SIGINT)
            answer = ended(running)
            until(lambda: person.query(busy, [person.role]) == [(0,)])
            assert time.monotonic() - begin < 10  # it would have waited for 15 seconds
        assert (answer.code, answer.out, answer.err) == (130, "", "")
        locking.commit()
    assert person.query("SELECT status, due_date FROM todo.tasks") == [("pending", None)]


def test_a_limit_that_a_role_has_of_its_own_ends_no_statement(
    database: Database, person: Person, todo: Command, tmp_path: Path
) -> None:
    assert todo("add", "a task").code == 0
    busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"
    with closing(database.open(database.name, person.role)) as locking:
        person.query("ALTER ROLE CURRENT_USER SET statement_timeout = 1000")
        with locking.cursor() as cursor:
            cursor.execute("UPDATE todo.tasks SET title = 'locked'")
        with Program(tmp_path).begin("done", "1", TODO_DATABASE_URL=person.url) as running:
            until(lambda: person.query(busy, [person.role]) == [(1,)])
            time.sleep(1.5)  # longer than the limit
            locking.commit()
            answer = ended(running)
    assert (answer.code, answer.out) == (0, "")
    assert person.query("SELECT status FROM todo.tasks") == [("completed",)]


@pytest.mark.parametrize("words", [["user", "list"], ["db", "audit"], ["db", "current"]])
def test_ctrl_c_ends_the_owners_work_too_and_its_statement(
    database: Database, tmp_path: Path, words: list[str]
) -> None:
    url_of_owner = f"{database.url(database.owner)}"
    busy = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = %s"

    def waiting() -> int:
        with database.cursor(database.owner) as cursor:
            cursor.execute(busy, [database.owner])
            ((count,),) = cursor.fetchall()
            return int(count)

    with closing(database.open(database.name, database.owner)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("LOCK TABLE todo.users, todo.alembic_version, todo.task_events")
        program = Program(tmp_path)
        with program.begin(*words, TODO_ADMIN_DATABASE_URL=url_of_owner) as running:
            until(lambda: waiting() == 1)
            running.send_signal(signal.SIGINT)
            answer = ended(running)
            until(lambda: waiting() == 0)
        locking.rollback()
    assert (answer.code, answer.out, answer.err) == (130, "", "")


def test_ctrl_c_ends_a_command_that_waits_for_a_connection(person: Person, tmp_path: Path) -> None:
    with fault_proxy(person.database.socket / ".s.PGSQL.5432") as proxy:
        proxy.next(Delay(60))
        target = f"postgresql://{person.role}@127.0.0.1:{proxy.port}/todo"
        with Program(tmp_path).begin("list", TODO_DATABASE_URL=target) as running:
            until(lambda: proxy.connections)
            running.send_signal(signal.SIGINT)
            answer = ended(running)
    assert (answer.code, answer.out, answer.err) == (130, "", "")


def test_a_private_server_killed_in_the_middle_is_started_again_and_the_task_added_once(
    old_home: Path,
) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    locking, looking = (server_of(old_home).connect(DATABASE, SUPERUSER) for _ in range(2))
    looking.autocommit = True
    with locking.cursor() as lock, looking.cursor() as cursor:
        lock.execute("UPDATE todo.users SET first_name = 'locked'")

        def waits() -> bool:
            cursor.execute(waiting)
            return bool(cursor.fetchone() == (1,))

        with Program(old_home).begin("add", "task two") as running:
            until(waits)
            killed = pid_of(old_home)
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            answer = ended(running)
    assert (answer.code, answer.out) == (0, "")
    assert titles(old_home) == ["task one", "task two"]
