"""Streams with O_NONBLOCK, as node, ssh and asyncio share them: nothing is lost on either side."""

import array
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import Command, Person
from tests.shared_agent import COLD
from todo_cli import client

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
TASKS = 400  # with titles of so many characters that no pipe holds their list


@dataclass
class Stream:
    """Two ends, the second of which the command gets; it does not block."""

    ours: int
    theirs: int
    open: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        os.set_blocking(self.theirs, False)
        self.open = [self.ours, self.theirs]

    def close(self, end: int) -> None:
        self.open.remove(end)
        os.close(end)

    def is_full(self) -> bool:
        """Tell whether the command can write no more."""
        return not select.select([], [self.theirs], [], 0)[1]

    def is_empty(self) -> bool:
        """Tell whether the command has read all there was."""
        return unread(self.theirs) == 0

    def holds_much(self) -> bool:
        """Tell whether much of what the command wrote waits to be read.

        A terminal is never quite full: it keeps room for a character, and none for a line's end.
        """
        return unread(self.ours) > 1000

    def fill(self) -> int:
        """Have no room in it, and give how many bytes take it up."""
        count = 0
        with suppress(BlockingIOError):
            while True:
                count += os.write(self.theirs, b"." * 4096)
        return count

    def rest(self) -> bytes:
        """Give all that comes until the last writer has left; the flag is still set."""
        assert not os.get_blocking(self.theirs)
        self.close(self.theirs)
        found = []
        with suppress(OSError):  # how a terminal says that it has ended
            while part := os.read(self.ours, 65536):
                found.append(part)
        return b"".join(found)


def unread(descriptor: int) -> int:
    """Give how many bytes can be read from one end."""
    waiting = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
    return waiting[0]


@contextmanager
def kept(stream: Stream) -> Iterator[Stream]:
    try:
        yield stream
    finally:
        for end in list(stream.open):
            stream.close(end)


@pytest.fixture
def out() -> Iterator[Stream]:
    """Give a pipe that the command writes into."""
    with kept(Stream(*os.pipe())) as made:
        yield made


@pytest.fixture
def given() -> Iterator[Stream]:
    """Give a pipe that the command reads from."""
    theirs, ours = os.pipe()
    with kept(Stream(ours, theirs)) as made:
        yield made


@pytest.fixture
def many(person: Person) -> None:
    """Have so many tasks that no pipe holds their list."""
    person.query(
        "INSERT INTO todo.tasks (id, title) SELECT gen_random_uuid(), n || repeat('y', 240) "
        "FROM generate_series(1, %s) AS n",
        [TASKS],
    )


@contextmanager
def begun(todo: Command, *arguments: str, **streams: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*todo.program(), *arguments],
        stdin=streams.pop("stdin", subprocess.DEVNULL),
        stdout=streams.pop("stdout", subprocess.PIPE),
        stderr=streams.pop("stderr", subprocess.PIPE),
        env={"PATH": os.defpath, "TERM": "dumb", **todo.environment},
        cwd=ROOT,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def until(running: subprocess.Popen[bytes], arrived: Callable[[], bool]) -> None:
    """Wait until something is so, or the command has ended for lack of patience."""
    deadline = time.monotonic() + SECONDS
    while not arrived() and running.poll() is None:
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)
    tempt(running, 0.2)


def tempt(running: subprocess.Popen[bytes], seconds: float) -> None:
    """Give a command that does not wait the time to show it; one that does needs none."""
    with suppress(subprocess.TimeoutExpired):
        running.wait(seconds)


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_list_into_a_pipe_that_is_full_loses_nothing(
    todo: Command, many: None, out: Stream, form: list[str], unbuffered: str
) -> None:
    expected = todo("list", *form).out.encode()
    assert len(expected) > 65536 + 4096

    slow = todo.with_variables(PYTHONUNBUFFERED=unbuffered)
    with begun(slow, "list", *form, stdout=out.theirs) as running:
        until(running, out.is_full)
        assert out.rest() == expected
        assert running.communicate()[1] == b""
        assert running.returncode == 0


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_pipe_that_others_switch_in_the_middle_loses_nothing(
    todo: Command, many: None, out: Stream, form: list[str]
) -> None:
    expected = todo("list", *form).out.encode()
    os.set_blocking(out.theirs, True)

    with begun(todo, "list", *form, stdout=out.theirs) as running:
        until(running, out.is_full)
        os.set_blocking(out.theirs, False)
        assert out.rest() == expected
        assert running.wait(SECONDS) == 0


def test_a_table_on_a_terminal_that_is_full_loses_nothing(todo: Command, many: None) -> None:
    with (
        kept(Stream(*pty.openpty())) as screen,
        begun(todo, "list", "--limit", "1000", stdout=screen.theirs) as running,
    ):
        until(running, screen.holds_much)
        lines = screen.rest().decode().splitlines()
        assert running.wait(SECONDS) == 0

    assert "".join(lines).count("y") == 240 * TASKS
    assert [line.split()[0] for line in lines[2:] if line[:4].strip()] == [
        str(number) for number in range(1, TASKS + 1)
    ]


@COLD
def test_a_help_waits_for_room(todo: Command, out: Stream) -> None:
    with begun(todo, "--help") as running:
        expected, _ = running.communicate()
    count = out.fill()
    with begun(todo, "--help", stdout=out.theirs) as running:
        tempt(running, 2)
        assert out.rest()[count:] == expected
        assert running.wait(SECONDS) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["show", "99"], 3, "todo: no task 99\n"),
        (["show", "99", "--json"], 3, '{"error":{"code":"not_found","message":"no task 99"'),
        (["add", "x"], 0, "Added 1 x\n"),
    ],
)
def test_what_is_said_on_stderr_waits_for_room(
    todo: Command, out: Stream, arguments: list[str], code: int, words: str
) -> None:
    count = out.fill()
    with begun(todo, *arguments, stderr=out.theirs) as running:
        tempt(running, 2)
        assert out.rest()[count:].decode().startswith(words)
        assert running.wait(SECONDS) == code


def test_titles_that_come_in_pieces_are_waited_for(todo: Command, given: Stream) -> None:
    os.write(given.ours, b"one\ntw")
    with begun(todo, "add", "-", stdin=given.theirs) as running:
        until(running, given.is_empty)
        os.write(given.ours, b"o\nthree")
        until(running, given.is_empty)
        given.close(given.ours)
        assert running.communicate() == (b"", b"Added 1 one\nAdded 2 two\nAdded 3 three\n")
    assert not os.get_blocking(given.theirs)


def test_a_first_title_that_has_yet_to_be_written_is_waited_for(
    todo: Command, given: Stream
) -> None:
    with begun(todo, "add", "-", "--json", stdin=given.theirs) as running:
        tempt(running, 2)
        os.write(given.ours, "später".encode())
        given.close(given.ours)
        stdout, stderr = running.communicate()
    assert [task["title"] for task in json.loads(stdout)] == ["später"]
    assert stderr == b""


def test_descriptor_2_of_whoever_runs_a_command_is_nobodys(todo: Command, given: Stream) -> None:
    # libpq prints on it, and may still do so when the command is over and another begins.
    os.write(given.ours, b"one")
    with begun(todo, "add", "-", stdin=given.theirs) as running:
        until(running, given.is_empty)
        workers = todo.agent.workers() if todo.agent else [running.pid]
        assert {str(Path(f"/proc/{pid}/fd/2").readlink()) for pid in workers} == {os.devnull}
        given.close(given.ours)
        assert running.communicate() == (b"", b"Added 1 one\n")


@COLD
def test_an_answer_at_a_terminal_that_does_not_block_is_waited_for(
    todo: Command, person: Person
) -> None:
    todo("add", "x")
    with kept(Stream(*pty.openpty())) as screen:
        ends = {"stdin": screen.theirs, "stderr": screen.theirs}
        with begun(todo, "rm", "1", "--purge", **ends) as running:
            seen = b""
            while b"[y/N]" not in seen and running.poll() is None:
                if select.select([screen.ours], [], [], 0.1)[0]:
                    seen += os.read(screen.ours, 10_000)
            tempt(running, 0.2)
            os.write(screen.ours, b"y\n")
            assert running.wait(SECONDS) == 0
    assert person.query("SELECT count(*) FROM todo.tasks") == [(0,)]


def test_that_the_agent_was_killed_is_said_when_there_is_room(out: Stream) -> None:
    count = out.fill()
    saying = Thread(target=client._report, args=(["list"], out.theirs), daemon=True)
    saying.start()
    saying.join(0.2)
    found = os.read(out.ours, count)
    saying.join(SECONDS)
    assert (found + out.rest())[count:].startswith(b"todo: the agent ended in the middle of this")


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_ctrl_c_ends_the_wait_for_a_reader(
    todo: Command, many: None, out: Stream, form: list[str], blocking: bool
) -> None:
    os.set_blocking(out.theirs, blocking)
    with begun(todo, "list", *form, stdout=out.theirs) as running:
        until(running, out.is_full)
        running.send_signal(signal.SIGINT)
        assert running.wait(SECONDS) == 130
        assert running.communicate()[1] == b""


def test_ctrl_c_ends_the_wait_for_a_writer(todo: Command, person: Person, given: Stream) -> None:
    os.write(given.ours, b"one\ntw")
    with begun(todo, "add", "-", stdin=given.theirs) as running:
        until(running, given.is_empty)
        running.send_signal(signal.SIGINT)
        assert running.wait(SECONDS) == 130
        assert running.communicate() == (b"", b"")
    assert person.query("SELECT count(*) FROM todo.tasks") == [(0,)]


def test_a_reader_that_leaves_while_it_is_waited_for_gets_no_complaint(
    todo: Command, many: None, out: Stream
) -> None:
    with begun(todo, "list", "--json", stdout=out.theirs) as running:
        until(running, out.is_full)
        out.close(out.ours)
        assert running.wait(SECONDS) == 1
        assert running.communicate()[1] == b""
