"""The first run on a new machine greets, and never again."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Command

ROOT = Path(__file__).parents[2]


def on_a_terminal(todo: Command, *arguments: str) -> str:
    """Run `todo` with a terminal on stderr, and give what it shows there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*todo.program(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**todo.environment, "TERM": "dumb"},
        cwd=ROOT,
    ) as running:
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 10_000)
            except OSError:  # Linux says so when the other end is closed
                break
        running.communicate()
    os.close(ours)
    assert running.returncode == 0
    return seen.decode().replace("\r\n", "\n")


def test_the_first_run_greets_in_three_lines_and_never_again(todo: Command) -> None:
    first = on_a_terminal(todo, "add", "x")

    assert first.startswith("Welcome to todo.")
    assert first.count("\n") == 4
    assert first.endswith("Added 1 x\n")
    assert on_a_terminal(todo, "add", "y") == "Added 2 y\n"


@pytest.mark.parametrize("option", ["--quiet", "--json", "--fields=id"])
def test_scripts_are_not_greeted_and_use_no_greeting_up(todo: Command, option: str) -> None:
    assert todo("list").err == ""
    assert on_a_terminal(todo, "list", option) == ""
    assert on_a_terminal(todo).startswith("Welcome to todo.")


def test_a_folder_that_cannot_be_written_means_no_greeting_and_no_error(
    todo: Command, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file, where the folder should be")

    assert on_a_terminal(todo, "add", "x") == "Added 1 x\n"
