"""`todo add -`: a task for each line of stdin, all of them or none."""

import json
import os
import pty
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Answer, Command

ROOT = Path(__file__).parents[2]


def add(todo: Command, given: bytes, *arguments: str) -> Answer:
    """Run `todo add -` as a process that reads these bytes."""
    done = subprocess.run(
        [*todo.program(), "add", "-", *arguments],
        input=given,
        capture_output=True,
        env=todo.environment,
        cwd=ROOT,
        check=False,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def shell(todo: Command, line: str) -> Answer:
    """Run a line of bash."""
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, **todo.environment},
        cwd=ROOT,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def titles(todo: Command) -> list[str]:
    found = json.loads(todo("list", "--json", "--sort", "number").out)
    return [task["title"] for task in found]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"\n\none\n  \n\ntwo\n\n", ["one", "two"]),
        (b"\xef\xbb\xbfone\n", ["one"]),
        (b"+tag due:fri --json\n-\n--\n", ["+tag due:fri --json", "-", "--"]),
        ("  café 日本 🥛 \t\u3000\n\tx\n".encode(), ["café 日本 🥛", "x"]),
        ("🥛".encode() * 255 + b"\r\n", ["🥛" * 255]),
        (b"\xef\xbb\xbf" + "🥛".encode() * 255 + b"\r\n", ["🥛" * 255]),
        (b" " * 2000 + b"x" * 255 + b" " * 2000, ["x" * 255]),
    ],
)
def test_each_line_is_a_title_verbatim(todo: Command, given: bytes, found: list[str]) -> None:
    answer = add(todo, given)

    assert (answer.code, answer.out) == (0, "")
    assert titles(todo) == found


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"caf\xe9", "line 2 is not UTF-8 text"),
        (b"\xed\xa0\x80", "line 2 is not UTF-8 text"),
        (b"x" * 256, "line 2: the title has 256 characters; 255 is the most"),
        (b"x" * 1_000_000, "line 2: the title is too long; 255 characters is the most"),
        (b"a\x00b", "line 2: the title holds a line break or another control character"),
        (b"a\rb", "line 2: the title holds a line break or another control character"),
        (b"a\x1b[31m", "line 2: the title holds a line break or another control character"),
        ("\u200b".encode(), "line 2: the title is blank"),
        ("a\u2028b".encode(), "line 2: the title holds a line break"),
    ],
)
def test_one_line_that_is_no_title_adds_nothing_and_is_named(
    todo: Command, line: bytes, sentence: str
) -> None:
    answer = add(todo, b"first\n" + line + b"\nlast\n")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"todo: {sentence}"), answer.err
    assert len(answer.err) < 300
    assert titles(todo) == []


def test_empty_stdin_adds_nothing_and_says_so(todo: Command) -> None:
    for given in (b"", b"\n\n"):
        assert add(todo, given) == Answer(0, "", "There was no title to read: nothing was added\n")
    assert add(todo, b"", "--json") == Answer(0, "[]\n", "")


def test_a_closed_stdin_is_an_empty_one(todo: Command) -> None:
    assert shell(todo, f"{shlex.join(todo.program())} add - --json <&-") == Answer(0, "[]\n", "")


def test_options_and_words_of_the_command_apply_to_every_line(todo: Command) -> None:
    answer = add(todo, b"a\nb\n", "+bulk", "project:home", "--due", "2026-11-20", "--json")

    found = json.loads(answer.out)
    assert [task["title"] for task in found] == ["a", "b"]
    assert [task["number"] for task in found] == [1, 2]
    assert {task["due"] for task in found} == {"2026-11-20"}
    assert {task["project"] for task in found} == {"home"}


def test_quiet_prints_the_numbers_one_a_line(todo: Command) -> None:
    assert add(todo, b"a\nb\nc\n", "--quiet") == Answer(0, "1\n2\n3\n", "")


def test_a_few_are_confirmed_one_by_one_and_many_by_their_count(todo: Command) -> None:
    assert add(todo, b"a\nb\n").err == "Added 1 a\nAdded 2 b\n"
    assert add(todo, b"x\n" * 1000).err == "Added 1,000 tasks, 3 to 1002\n"


def test_ten_thousand_lines_become_tasks_in_their_order(todo: Command) -> None:
    given = [f"task {n}" for n in range(10_000)]

    answer = add(todo, "\n".join(given).encode(), "--quiet")

    assert answer.out.split() == [str(n) for n in range(1, 10_001)]
    assert titles(todo) == given


def test_more_titles_than_one_command_takes_are_refused_without_reading_on(todo: Command) -> None:
    answer = shell(todo, f"yes | {shlex.join(todo.program())} add -")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("todo: 100,000 titles at a time are the most")
    assert titles(todo) == []


def test_on_a_terminal_it_says_how_to_end(todo: Command) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*todo.program(), "add", "-"],
        stdin=theirs,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=todo.environment,
        cwd=ROOT,
    ) as running:
        os.close(theirs)
        os.write(ours, b"typed\n\x04")
        out, err = running.communicate()
    os.close(ours)

    assert (running.returncode, out) == (0, b"")
    assert err.decode() == "One title a line; Ctrl-D ends.\nAdded 1 typed\n"


def test_the_dash_must_be_the_only_word(todo: Command) -> None:
    answer = add(todo, b"one\n", "two")

    assert answer.code == 2
