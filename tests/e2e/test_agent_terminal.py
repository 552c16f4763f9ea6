"""A terminal: its width, its colours and what is typed there are those of the caller's."""

import fcntl
import os
import pty
import select
import stat
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import pytest

from tests.e2e.twice import Twice

TASKS = (
    "INSERT INTO todo.tasks (id, title, project, tags, due_date, priority) SELECT "
    "gen_random_uuid(), 'Buy milk and ' || repeat('eggs ', n), 'home', '{errand}', "
    "'2026-11-17 23:30Z', CASE n WHEN 2 THEN 'urgent' ELSE 'low' END FROM generate_series(1, 9) n"
)
TERMINAL: Final = MappingProxyType({"TERM": "dumb"})
COLOURS: Final = MappingProxyType({"TERM": "xterm-256color"})


@pytest.fixture
def some(twice: Twice) -> Twice:
    """Give people with some tasks."""
    twice.both(TASKS)
    return twice


def shown(
    twice: Twice,
    line: str,
    agent: str,
    variables: Mapping[str, str] = TERMINAL,
    *,
    columns: int = 80,
    typed: Sequence[tuple[str, str]] = (),
) -> tuple[int, str]:
    """Run a line at a terminal of its own, and give its exit code and all that was to be seen.

    What is ``typed`` are keys, each after some words that have come.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        ["bash", "-c", twice.script(line)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=twice.environment(agent) | dict(variables),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as running:
        os.close(theirs)
        seen = ""
        try:
            for words, keys in typed:
                seen = _read(ours, seen, words)
                os.write(ours, keys.encode())
            seen = _read(ours, seen, None)
        finally:
            os.close(ours)  # which ends what still has this terminal
    return running.returncode, seen


def _read(terminal: int, seen: str, words: str | None) -> str:
    """Read on until these words have come, or nobody has the terminal open any more."""
    deadline = time.monotonic() + 60
    while words is None or words not in seen:
        assert time.monotonic() < deadline, seen
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            seen += os.read(terminal, 65536).decode()
        except OSError:  # Linux says so when the other end is closed
            assert words is None, seen
            return seen
    return seen


def same(
    twice: Twice,
    line: str,
    variables: Mapping[str, str] = TERMINAL,
    *,
    served: int = 1,
    columns: int = 80,
    typed: Sequence[tuple[str, str]] = (),
) -> tuple[int, str]:
    """Run a line at a terminal both ways, see that it is the same, and give it once."""
    before = twice.agent.warm().served
    warm = shown(twice, line, "on", variables, columns=columns, typed=typed)
    assert twice.agent.warm().served >= before + served
    assert warm == shown(twice, line, "off", variables, columns=columns, typed=typed)
    return warm


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_a_table_fits_the_callers_terminal(some: Twice, columns: int) -> None:
    code, seen = same(some, "todo list; todo done 2", COLOURS, served=2, columns=columns)

    assert code == 0
    assert "\x1b[" in seen


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"TERM": "dumb"},
        {"TERM": "xterm"},
        {"TERM": "vt100"},
        {"TERM": "xterm-direct", "COLORTERM": "truecolor"},
        {"NO_COLOR": "1", **COLOURS},
        {"NO_COLOR": "", **COLOURS},
        {"FORCE_COLOR": "1", "TERM": "dumb"},
        {"COLUMNS": "40", **COLOURS},
        {"COLUMNS": "nonsense", "LINES": "x", **COLOURS},
        {"LC_ALL": "C", **COLOURS},
    ],
)
def test_colours_and_width_are_what_the_caller_wants(
    some: Twice, variables: dict[str, str]
) -> None:
    same(some, "todo list; todo done 1; todo show 99; todo list --no-color", variables, served=4)


@pytest.mark.parametrize(
    "line",
    [
        "todo list | cat",
        "todo list 2> /dev/null",
        "todo list < /dev/null",
        "todo list 2>&1 > /dev/null",
        "todo show 99 | cat",
        "todo list > /dev/null",
    ],
)
def test_each_stream_is_judged_by_itself(some: Twice, line: str) -> None:
    same(some, line, COLOURS, columns=50)


def test_one_width_and_colour_after_the_other(some: Twice) -> None:
    first = shown(some, "todo list", "on", COLOURS, columns=60)
    for columns in (200, 30):
        same(some, "todo list", columns=columns)
        assert shown(some, "todo list", "on", COLOURS, columns=60) == first


def test_what_is_typed_line_by_line_becomes_tasks_until_ctrl_d(twice: Twice) -> None:
    typed = [("ends.\r\n", "one\n"), ("one\r\n", "two\n"), ("two\r\n", "\x04")]

    code, seen = same(twice, "todo add -", served=0, typed=typed)

    assert (code, seen.splitlines()[-2:]) == (0, ["Added 1 one", "Added 2 two"])
    assert twice.rows("title") == [("one",), ("two",)]


def test_ctrl_c_while_titles_are_typed_adds_none(twice: Twice) -> None:
    typed = [("ends.\r\n", "one\n"), ("one\r\n", "\x03")]

    code, _ = same(twice, "todo add -", served=0, typed=typed)

    assert code == 130
    assert twice.rows("title") == []


def test_ctrl_z_while_titles_are_typed_gives_the_terminal_back(twice: Twice) -> None:
    typed = [
        ("ends.\r\n", "\x1a"),
        ("Stopped", "to the shell\n"),
        ("heard: to the shell\r\n", "one\n"),
        ("one\r\n", "\x04"),
    ]
    line = "set -m; todo add -; read -r line; echo heard: $line; fg > /dev/null; echo $?"

    code, seen = same(twice, line, served=0, typed=typed)

    assert (code, seen.splitlines()[-1]) == (0, "0")
    assert twice.rows("title") == [("one",)]


def test_ctrl_c_at_a_terminal_ends_a_list_in_a_pipe(some: Twice) -> None:
    some.fill()
    # The reader stays until there is nobody who writes; of the rest, `todo` alone heeds Ctrl-C.
    # After a while it is pressed again: the interpreter misses one just before it begins to write.
    line = """
        trap : INT
        ended=$TODO_HOME/ended
        (trap : INT; todo list --json; code=$?; : > $ended; exit $code) |
            (trap "" INT; read -r -n 1; echo begun > /dev/tty
             until sleep 1; test -e $ended; do kill -INT 0; done)
        code=${PIPESTATUS[0]}; rm $ended; exit $code
    """

    code, _ = same(some, line, typed=[("begun", "\x03")])

    assert code == 130


def test_the_file_of_a_first_use_is_made_with_the_callers_umask(some: Twice) -> None:
    greeted = some.agent.home / "state" / "greeted"
    for umask, mode in (("077", 0o600), ("277", 0o600), ("022", 0o600)):
        for agent in ("on", "off"):
            greeted.unlink()
            code, seen = shown(some, f"umask {umask}; todo list", agent)

            assert (code, seen.startswith("Welcome")) == (0, True)
            assert stat.S_IMODE(greeted.stat().st_mode) == mode
