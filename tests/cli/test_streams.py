"""Streams that are closed, full or read no further, as a shell makes them."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.terminal import at_a_terminal

ROOT = Path(__file__).parents[2]


def shell(todo: Command, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `todo` is the program."""
    script = f'set -o pipefail; todo() {{ {shlex.join(todo.program())} "$@"; }}; {line}'
    environment = {"PATH": os.defpath, **todo.environment}
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code", "out", "err"),
    [
        ("todo list >&-", 0, "", ""),
        ("todo add x >&-", 0, "", "Added 2 x\n"),
        ("todo show 99 2>&-", 3, "", ""),
        ("todo add y <&- >&- 2>&-", 0, "", ""),
        ("todo list >/dev/full", 1, "", "todo: the system refused it: No space left on device\n"),
        ("todo list 2>/dev/full", 0, "1\tpending\tmedium\t\t\t\té 🥛\n", ""),
        ("todo show 999 2>/dev/full", 3, "", ""),
        ("todo add x 2>/dev/full", 0, "", ""),
        ("PGCLIENTENCODING=LATIN1 todo list", 0, "1\tpending\tmedium\t\t\t\té 🥛\n", ""),
        ("LC_ALL=C todo list", 0, "1\tpending\tmedium\t\t\t\té 🥛\n", ""),
        ("PYTHONIOENCODING=ascii todo list", 0, "1\tpending\tmedium\t\t\t\té 🥛\n", ""),
        (
            "yes | todo rm 1 --purge",
            2,
            "",
            "todo: this must be confirmed, and nobody can be asked\n",
        ),
    ],
)
def test_a_stream_in_trouble_changes_nothing_but_itself(
    todo: Command, line: str, code: int, out: str, err: str
) -> None:
    todo("add", "é 🥛")

    done = shell(todo, line)

    assert (done.returncode, done.stdout) == (code, out)
    assert done.stderr.startswith(err)
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_gets_no_complaint(todo: Command) -> None:
    for _ in range(20):
        todo("add", "x" * 255, "--description", "y" * 5000)

    done = shell(todo, "todo list --json | head -c 10")

    assert done.stdout == '[{"id":"01'
    assert done.stderr == ""


@pytest.mark.parametrize(("typed", "code", "left"), [("y", 0, 0), ("n", 1, 1), ("\x04", 1, 1)])
def test_purging_asks_on_a_terminal_and_only_yes_deletes(
    todo: Command, typed: str, code: int, left: int
) -> None:
    todo("add", "x")

    with at_a_terminal(todo, "rm", "1", "--purge", stdout=subprocess.PIPE) as (terminal, running):
        terminal.wait_for("Delete for good: 1 x? [y/N] ")
        terminal.type(typed)
        stdout, _ = running.communicate()

    assert (running.returncode, stdout) == (code, b"")
    assert len(json.loads(todo("list", "--json").out)) == left


def test_an_answer_that_cannot_be_written_does_not_claim_that_nothing_was_done(
    todo: Command,
) -> None:
    done = shell(todo, "todo add x -q >/dev/full")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("it may have been done all the same: look before you repeat it\n")
    assert len(json.loads(todo("list", "--json").out)) == 1


def test_without_colours_a_help_has_none_either(todo: Command) -> None:
    colored = todo.with_variables(TERM="xterm-256color")
    for arguments in (["--no-color", "--help"], ["show", "--help", "--no-color"]):
        with at_a_terminal(colored, *arguments) as (terminal, running):
            terminal.wait_for("Example: ")
            running.wait()

        assert not re.findall(r"\x1b\[[\d;]*[34]\d", terminal.seen)


def test_a_script_that_wants_json_is_never_asked(todo: Command) -> None:
    todo("add", "x")

    assert todo("rm", "1", "--purge", "--json").code == 2


@pytest.mark.alone(reason="changes what the process is made of")
@pytest.mark.parametrize(
    "moment",
    [
        "import todo_cli.services.tasks as tasks\ntasks.find = interrupt\n"
        "from todo_cli.link import patience\npatience.SILENCE = 60.0",
        "import sys\nsys.meta_path.insert(0, type('Finder', (), {'find_spec': interrupt}))",
    ],
    ids=["while it works", "while it loads"],
)
def test_ctrl_c_leaves_with_130_and_without_a_word(todo: Command, moment: str) -> None:
    program = (
        "import os, signal\n"
        "from todo_cli.entry import main\n"
        "interrupt = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)\n"
        f"{moment}\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "list"],
        capture_output=True,
        text=True,
        env=todo.environment,
        cwd=ROOT,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
