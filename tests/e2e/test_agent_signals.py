"""Signals to a command that the agent runs: they end it as they end any other, and only it."""

import fcntl
import functools
import os
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import psutil
import pytest

from tests.e2e.program import until
from tests.e2e.twice import Twice, locked, waiting

WAYS = ("on", "off")
DONE = ("done", "1")
ONE = "INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'x')"


@pytest.fixture
def one(twice: Twice) -> Twice:
    """Give people with one task."""
    twice.both(ONE)
    return twice


@contextmanager
def begun(
    twice: Twice, agent: str, *arguments: str, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a process group of its own, and have the agent run it if it is to."""
    until(lambda: not twice.agent.busy())
    with subprocess.Popen(
        [twice.agent.program.python, "-P", "-m", "todo_cli", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=twice.environment(agent),
        process_group=0,
    ) as running:
        try:
            if agent == "on":
                until(twice.agent.busy)
            yield running
        finally:
            running.kill()
    until(lambda: not twice.agent.busy())


@contextmanager
def slow(twice: Twice, agent: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command whose statement waits; afterwards it must be gone, and nothing done."""
    person = twice.people[agent == "off"]
    with locked(person) as locking:
        with begun(twice, agent, *DONE) as running:
            until(lambda: waiting(person) == 1)
            yield running
        until(lambda: waiting(person) == 0)
        locking.commit()
    assert person.query("SELECT status FROM todo.tasks") == [("pending",)]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, -signal.SIGTERM),
        (signal.SIGHUP, -signal.SIGHUP),
        (signal.SIGQUIT, -signal.SIGQUIT),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
@pytest.mark.parametrize("agent", WAYS)
def test_a_signal_ends_a_slow_command_its_statement_and_nothing_else(
    one: Twice, agent: str, number: signal.Signals, code: int
) -> None:
    before = one.agent.warm()
    with slow(one, agent) as running:
        send(running, number, agent)
        out, err = running.communicate(timeout=60)

    assert (running.returncode, out, err) == (code, b"", b"")
    assert one.agent.warm().workers == before.workers


def test_another_ctrl_c_leaves_a_worker_that_does_not_heed_the_first(one: Twice) -> None:
    with slow(one, "on") as running:
        [worker] = one.agent.busy()
        worker.suspend()
        try:
            os.killpg(running.pid, signal.SIGINT)
            until(lambda: has_ended_by_another(running))
        finally:
            worker.resume()
        out, err = running.communicate(timeout=60)

    assert (running.returncode, out, err) == (130, b"", b"")


def send(running: subprocess.Popen[bytes], number: signal.Signals, agent: str) -> None:
    """Send a signal. Without the agent Ctrl-C may be needed twice.

    The interpreter does not hear of one that comes just before it begins to wait.
    """
    os.killpg(running.pid, number)
    if agent == "off" and number == signal.SIGINT:
        until(lambda: has_ended_by_another(running))


def has_ended_by_another(running: subprocess.Popen[bytes]) -> bool:
    """Press Ctrl-C again after a moment, and tell whether the command has ended."""
    with suppress(subprocess.TimeoutExpired):
        running.wait(1)
    if running.returncode is None:
        os.killpg(running.pid, signal.SIGINT)
    return running.returncode is not None


@pytest.mark.parametrize("agent", WAYS)
def test_a_command_that_is_stopped_goes_on_and_ends_as_ever(one: Twice, agent: str) -> None:
    person = one.people[agent == "off"]
    with locked(person) as locking, begun(one, agent, *DONE) as running:
        until(lambda: waiting(person) == 1)
        os.killpg(running.pid, signal.SIGTSTP)
        until(lambda: psutil.Process(running.pid).status() == psutil.STATUS_STOPPED)
        os.killpg(running.pid, signal.SIGCONT)
        locking.commit()
        out, err = running.communicate(timeout=60)

    assert (running.returncode, out, err) == (0, b"", b"Completed 1 x\n")


@pytest.mark.parametrize("agent", WAYS)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15)])
def test_a_signal_ends_a_command_that_waits_for_its_input(
    one: Twice, agent: str, number: signal.Signals, code: int
) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as given, os.fdopen(writing, "wb") as typed:
        with begun(one, agent, "add", "-", stdin=given.fileno()) as running:
            typed.write(b"one\n")
            typed.flush()
            until(lambda: not has_something(given))
            send(running, number, agent)
            out, err = running.communicate(timeout=60)
        assert (running.returncode, out, err) == (code, b"", b"")
    assert one.people[agent == "off"].query("SELECT count(*) FROM todo.tasks") == [(1,)]


def has_something(pipe: IO[bytes]) -> bool:
    """Tell whether there is something in a pipe to be read."""
    found = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, found)
    return any(found)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_a_command_whose_reader_does_not_read(
    twice: Twice, number: signal.Signals
) -> None:
    twice.fill()
    codes = []
    for agent in WAYS:
        with begun(twice, agent, "list", "--json") as running:
            assert running.stdout is not None
            assert running.stderr is not None
            until(functools.partial(has_something, running.stdout))
            send(running, number, agent)
            codes.append((running.wait(60), running.stderr.read()))

    assert codes[0] == codes[1]
