"""With a warm agent a command is one round trip; a connection that was lost costs none."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.conftest import Database, Person
from tests.e2e.agents import Agent
from tests.e2e.package import QUIET, package
from tests.e2e.program import server as server_of
from tests.e2e.program import until
from tests.e2e.teams import PASSWORD, login, team_server
from tests.faults import Cut, Delay, FaultProxy, fault_proxy
from tests.pooler import pooler
from tests.servers import downgrade, upgrade
from tests.tls import TlsServer, free_port
from todo_cli.agent.board import PERMANENT
from todo_cli.server.private_server import SUPERUSER
from todo_cli.store.people import roles

HOT = (
    *("add task +errand due:fri", "list", "list --json", "show 1", "modify 1 due:none"),
    *("done 1", "reopen 1", "rm 1", "restore 1", "add another", ""),
)


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    with team_server() as made:
        yield made


def warm_handshake(todo: Agent, proxy: FaultProxy) -> int:
    """Warm up, and give the round trips of a connection before its first statement."""
    todo.warm()
    turns = {connection.turns for connection in proxy.connections}
    assert len(turns) == 1, "each worker has sent one statement"
    return turns.pop() - 1


def assert_each_is_one_round_trip(todo: Agent, proxy: FaultProxy) -> None:
    state = todo.warm()
    for command in HOT:
        before = [connection.turns for connection in proxy.connections]
        answer = todo(*command.split())
        assert answer.code == 0, answer
        after = [connection.turns for connection in proxy.connections]
        assert (len(after), sum(after)) == (len(before), sum(before) + 1), command
    assert todo.warm().served == state.served + len(HOT)


def assert_reconnects_once(todo: Agent, proxy: FaultProxy, lose: Callable[[], object]) -> None:
    """Lose the idle connections: the next command opens one, and is done once."""
    handshake = warm_handshake(todo, proxy)
    served = todo.warm().served
    known = len(proxy.connections)
    lose()
    assert todo("add", "task").err == "Added 1 task\n"
    assert [each.turns for each in proxy.connections[known:]] == [handshake + 1]
    assert todo.warm().served == served + 1
    assert todo.titles() == ["task"]


# --- a round trip


def test_each_hot_command_is_exactly_one_round_trip(through: Agent, proxy: FaultProxy) -> None:
    assert_each_is_one_round_trip(through, proxy)


def test_over_tls_too_each_hot_command_is_exactly_one_round_trip(
    agent: Agent, server: TlsServer
) -> None:
    with fault_proxy(("127.0.0.1", server.port)) as proxy:
        url = proxy.url(login(server, "alice"))
        assert_each_is_one_round_trip(replace(agent, variables={"TODO_DATABASE_URL": url}), proxy)


# --- a connection that was lost while nobody used it


def test_after_a_cut_a_command_is_the_handshake_and_one_round_trip(
    through: Agent, proxy: FaultProxy
) -> None:
    assert_reconnects_once(through, proxy, proxy.cut_all)


def test_after_its_session_was_ended_a_command_is_the_handshake_and_one_round_trip(
    through: Agent, proxy: FaultProxy, person: Person
) -> None:
    sessions = "FROM pg_stat_activity WHERE usename = %s AND pid <> pg_backend_pid()"

    def end() -> None:
        with person.database.cursor(SUPERUSER) as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {sessions}", [person.role])
            assert cursor.rowcount == len(proxy.connections)

    assert_reconnects_once(through, proxy, end)


def test_a_server_that_was_restarted_costs_no_command(own_agent: Agent) -> None:
    private = server_of(own_agent.home)
    private.start()
    url = f"postgresql://{roles.PERSON}@/{roles.DATABASE}?host={private.socket_folder}"
    todo = replace(own_agent, variables={"TODO_DATABASE_URL": url})
    state = todo.warm()
    for number in (2, 3):
        assert private.stop()
        private.start()
        assert todo("add", f"task {number}").err == f"Added {number} task {number}\n"
    assert todo.warm().served == state.served + 2
    assert len(todo.titles()) == 3


def test_a_pooler_that_was_restarted_costs_no_command(
    agent: Agent, server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setattr("tests.pooler.free_port", lambda: port)
    with pooler(server, server_connections=4) as made:
        url = made.url("alice", PASSWORD, "team", sslrootcert=str(server.ca))
        todo = replace(agent, variables={"TODO_DATABASE_URL": url})
        state = todo.warm()
        assert todo("add", "before").code == 0
    with pooler(server, server_connections=4):
        assert todo("add", "after").code == 0
        assert todo.warm().served == state.served + 2
        assert {"before", "after"} <= set(todo.titles())


@pytest.mark.parametrize("turn", [0, 1])
def test_a_cut_under_a_command_is_mended_and_the_task_added_once(
    through: Agent, proxy: FaultProxy, turn: int
) -> None:
    handshake = warm_handshake(through, proxy)
    proxy.next(Cut(turn=handshake + turn))
    proxy.cut_all()
    assert through("add", "task").err == "Added 1 task\n"
    assert through.titles() == ["task"]


def test_while_its_workers_cannot_connect_commands_run_without_the_agent(
    through: Agent, proxy: FaultProxy
) -> None:
    # However slow the machine is, the workers are still warming up.
    program = replace(through.program, path=package(**QUIET, _WARM_UP_SECONDS="60"))
    todo = replace(through, program=program)
    proxy.next(*[Delay(60)] * PERMANENT)
    assert todo("--version").code == 0
    until(lambda: len(proxy.connections) == PERMANENT)  # they warm up
    for number in (1, 2):
        assert todo("add", "task").err == f"Added {number} task\n"
    proxy.cut_all()
    assert todo.warm().served == 0


# --- a schema that changed between two commands


def test_a_schema_that_was_changed_between_two_warm_commands_is_noticed(
    own_agent: Agent,
) -> None:
    private = server_of(own_agent.home)
    private.start()
    database = Database(roles.DATABASE, roles.OWNER, private.socket_folder, private.connect)
    todo = replace(own_agent, variables={"TODO_DATABASE_URL": database.url(roles.PERSON)})
    todo.warm()
    downgrade(database, "0002")
    assert_refused(todo, "the database is older than this program")
    upgrade(database)
    assert todo("list", "--json").code == 0
    require(database, "'0001'", "'9999'")
    assert_refused(todo, "the database is newer than this program")
    require(database, "'9999'", "'0001'")
    assert todo("add", "task two").code == 0
    assert len(todo.titles()) == 2


def assert_refused(todo: Agent, words: str) -> None:
    served = todo.warm().served
    for arguments in (("list", "--json"), ("add", "task"), ("list",)):
        answer = todo(*arguments)
        assert (answer.code, answer.out) == (7, ""), answer
        assert words in answer.err
    assert todo.warm().served == served + 3


def require(database: Database, old: str, new: str) -> None:
    """Change the revision of programs that the database still serves."""
    definition = "SELECT pg_get_functiondef('todo.require_revision(text)'::regprocedure)"
    with database.cursor(SUPERUSER) as cursor:
        cursor.execute(definition)
        [(text,)] = cursor.fetchall()
        assert old in text
        cursor.execute(text.replace(old, new))


def test_the_session_of_a_person_who_was_removed_serves_them_no_more(
    agent: Agent, person: Person
) -> None:
    assert agent("add", "task").code == 0
    agent.warm()
    with person.database.cursor(SUPERUSER) as cursor:
        cursor.execute(f"ALTER ROLE {person.role} NOLOGIN")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
            [person.role],
        )
    until(lambda: agent("list", "--json").code == 4)
