"""Connections slow, cut, refused or stalled: a command ends right, once, or says why not."""

import json
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.conftest import Answer, Command, Person
from tests.faults import Connection, Cut, Delay, Fault, FaultProxy, Stall
from tests.refusals import Refuse
from todo_cli.link import patience

BYTES = 61  # between two places where a connection is cut; odd, so that none is left out for ever

OUT_OF_TIME = "todo: the database did not answer in time\nhint: --timeout waits longer\n"


@pytest.fixture
def far(person: Person, proxy: FaultProxy, tmp_path: Path) -> Command:
    """Give `todo` of a person whose connections go through the proxy."""
    return Command({"TODO_DATABASE_URL": url(person, proxy), "TODO_HOME": str(tmp_path)})


def url(person: Person, proxy: FaultProxy) -> str:
    return f"postgresql://{person.role}@127.0.0.1:{proxy.port}/{person.database.name}"


def counted(proxy: FaultProxy, person: Person, todo: Command, *arguments: str) -> Connection:
    """Give the one connection of a command that goes well, and its bytes."""
    before = len(proxy.connections)
    assert todo(*arguments).code == 0
    [connection] = proxy.connections[before:]
    return connection


def handshake(proxy: FaultProxy, person: Person) -> int:
    """Give the round trips of a connection that asks nothing."""
    with closing(psycopg2.connect(url(person, proxy))):
        pass
    return proxy.connections[-1].turns


# --- round trips


@pytest.mark.parametrize(
    "command",
    [
        ["add", "Buy milk"],
        ["list"],
        ["list", "--json", "--limit", "5"],
        ["show", "1"],
        ["modify", "1", "due:fri"],
        ["done", "1"],
        ["reopen", "1"],
        ["rm", "1"],
        ["restore", "1"],
        ["whoami"],
    ],
    ids=" ".join,
)
def test_a_command_is_the_handshake_and_one_round_trip(
    proxy: FaultProxy, person: Person, todo: Command, far: Command, command: list[str]
) -> None:
    assert todo("add", "a task").code == 0
    turns = counted(proxy, person, far, *command).turns
    assert turns == handshake(proxy, person) + 1


# --- cut connections


def test_a_connection_cut_at_any_moment_of_add_leaves_exactly_one_task(
    proxy: FaultProxy, person: Person, far: Command
) -> None:
    whole = counted(proxy, person, far, "add", "task 0")
    cuts = [Cut(turn=turn) for turn in range(1, whole.turns + 1)]
    cuts += [Cut(sent=count) for count in range(1, whole.sent, BYTES)]
    cuts += [Cut(received=count) for count in range(1, whole.received, BYTES)]
    for number, cut in enumerate(cuts, start=1):
        proxy.next(cut)
        answer = far("add", f"task {number}", "--json")
        assert (answer.code, answer.err) == (0, ""), cut
        assert json.loads(answer.out)["title"] == f"task {number}"
    titles = [title for (title,) in person.query("SELECT title FROM todo.tasks ORDER BY number")]
    assert titles == [f"task {number}" for number in range(len(cuts) + 1)]


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ("add x", "modify 1 2 priority:high +tag"),
        ("add x", "done 1 2"),
        ("done 1 2", "reopen 1 2"),
        ("add x", "rm 1 2"),
        ("rm 1 2", "restore 1 2"),
        ("rm 1", "rm --purge --yes 1 2"),
        ("add x", "add -"),
    ],
)
def test_a_command_whose_answer_is_lost_gives_the_answer_it_would_have_given(
    proxy: FaultProxy, person: Person, other: Person, far: Command, before: str, command: str
) -> None:
    near = Command({**far.environment, "TODO_DATABASE_URL": other.url})
    for todo in (near, far):
        for words in ("add one", "add two", before):
            assert todo(*words.split()).code == 0
    undisturbed = near(*command.split(), stdin="three\nfour\n")
    proxy.next(Cut(turn=handshake(proxy, person) + 1), Cut(turn=handshake(proxy, person) + 1))
    assert far(*command.split(), stdin="three\nfour\n") == undisturbed
    assert undisturbed.code == 0
    events = "SELECT count(*), count(DISTINCT (task_id, action)) FROM todo.task_events"
    assert person.query(events) == other.query(events)


# --- refusals


def refused(far: Command, proxy: FaultProxy, *texts: str) -> tuple[Answer, int]:
    """Let connections be refused as Neon's proxy does it; give the answer, and how many tried."""
    proxy.next(*(Refuse(text) for text in texts))
    return far("list"), len(proxy.connections)


@pytest.mark.parametrize(
    "text",
    [
        "Failed to acquire permit to connect to the database. Too many database connection "
        "attempts are currently ongoing.",
        "Too many connections to this endpoint. Please try again later.",
        "Couldn't connect to compute node",
        "the database system is starting up",
        "terminating connection due to administrator command",
    ],
)
def test_a_refusal_that_passes_is_waited_for(proxy: FaultProxy, far: Command, text: str) -> None:
    answer, connections = refused(far, proxy, text, text)
    assert (answer.code, connections) == (0, 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("password authentication failed for user 'alice'", 4),
        ("The requested endpoint could not be found, or you don't have access to it.", 6),
        ("The endpoint is disabled", 6),
        ("Your account or project has exceeded the compute time quota.", 6),
    ],
)
def test_a_refusal_that_does_not_pass_is_told_at_once(
    proxy: FaultProxy, far: Command, text: str, code: int
) -> None:
    answer, connections = refused(far, proxy, text, text)
    assert (answer.code, connections) == (code, 1)
    assert text in answer.err


def test_a_refusal_that_lasts_is_told_in_the_end(proxy: FaultProxy, far: Command) -> None:
    proxy.next(*[Refuse("Couldn't connect to compute node")] * 50)
    answer = far("list", "--timeout", "0.4")
    assert (answer.code, answer.out) == (6, "")
    assert answer.err == (
        "todo: cannot reach the database: Couldn't connect to compute node\n"
        "hint: --timeout waits longer\n"
    )
    assert len(proxy.connections) > 1


class German(Refuse):
    """A refusal by a server that speaks LATIN1 at the door."""

    def message(self) -> bytes:
        return super().message().replace(b"?", b"\xfc")


def test_words_of_a_server_are_shown_as_far_as_a_terminal_takes_them(
    proxy: FaultProxy, far: Command
) -> None:
    proxy.next(German("gesch?tzt"), Refuse("\x1b[31mred\x07" + 1000 * "!"))
    # With some versions of Python the driver keeps what it cannot read to itself.
    told = far("list").err
    assert told.removeprefix("todo: cannot reach the database: ") in (
        "gesch\ufffdtzt\n",
        "no reason given\n",
    )
    shown = far("list").err
    assert shown.startswith(r"todo: cannot reach the database: \x1b[31mred\x07!!!")
    assert shown.endswith("!!!...\n")
    assert len(shown) < 400


# --- waiting


def test_a_database_that_wakes_up_slowly_is_waited_for_and_that_is_said(
    proxy: FaultProxy, far: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.01)
    proxy.next(Delay(0.3), Delay(0.3), Delay(0.3))
    assert far("add", "a task").err == "waiting for the database ...\nAdded 1 a task\n"
    assert far("list", "--json").err == ""
    assert far("done", "1", "--quiet").err == ""


def test_what_is_tried_again_says_why(
    proxy: FaultProxy, far: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.01)
    proxy.next(Refuse("Couldn't connect to compute node"))
    lines = far("add", "a task").err.splitlines()
    waiting = "waiting for the database ..."  # too, where the machine is slow
    assert [line for line in lines if line != waiting] == [
        "cannot reach the database: Couldn't connect to compute node; trying again ...",
        "Added 1 a task",
    ]


def test_a_server_that_stops_answering_is_given_up_in_time(
    proxy: FaultProxy, person: Person, far: Command
) -> None:
    for stall in (Stall(received=1), Stall(turn=handshake(proxy, person) + 1)):
        proxy.next(stall)
        answer = far("list", "--timeout", "0.3")
        assert (answer.code, answer.out) == (6, "")
        assert (
            answer.err
            == "todo: the database did not answer in time\nhint: --timeout waits longer\n"
        )


def test_a_write_without_an_answer_says_that_it_may_have_been_done(
    proxy: FaultProxy, person: Person, far: Command
) -> None:
    proxy.next(Stall(turn=handshake(proxy, person) + 1))
    answer = far("add", "a task", "--timeout", "0.3")
    assert (answer.code, answer.err) == (
        6,
        "todo: the database did not answer in time\n"
        "hint: it may have been done all the same: look before you repeat it\n",
    )
    assert person.query("SELECT title FROM todo.tasks") == [("a task",)]


@pytest.mark.parametrize(
    ("then", "code"),
    [(Refuse("password authentication failed for user 'x'"), 4), (Stall(received=1), 6)],
)
def test_a_write_whose_answer_was_lost_stays_in_doubt_whatever_comes_then(
    proxy: FaultProxy, person: Person, far: Command, then: Fault, code: int
) -> None:
    proxy.next(Cut(turn=handshake(proxy, person) + 1), then)
    answer = far("add", "a task", "--timeout", "1")
    assert answer.code == code
    assert answer.err.endswith(
        "hint: it may have been done all the same: look before you repeat it\n"
    )
    assert person.query("SELECT title FROM todo.tasks") == [("a task",)]


def test_what_was_given_up_behind_a_lock_is_not_done_later(person: Person, todo: Command) -> None:
    assert todo("add", "a task").code == 0
    with closing(person.database.open(person.database.name, person.role)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("UPDATE todo.tasks SET title = 'locked'")
        answer = todo("done", "1", "--timeout", "0.3")
        assert (answer.code, answer.err) == (6, OUT_OF_TIME)
        locking.commit()
    assert person.query("SELECT status FROM todo.tasks") == [("pending",)]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND state = 'active'"
    assert person.query(f"{waiting} AND pid <> pg_backend_pid()", [person.role]) == [(0,)]


def test_the_timeout_of_one_command_does_not_stay_with_the_session(person: Person) -> None:
    session = person.session()
    with session:
        assert session.connection().exec_driver_sql("SELECT 1").scalar() == 1
        assert session.connection().exec_driver_sql("SHOW statement_timeout").scalar() != "0"
        driver = session.connection().connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchall() == [("0",)]
