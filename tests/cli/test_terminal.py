"""What a person sees on a terminal, and how every stream is judged by itself."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from rich.cells import cell_len

from tests.conftest import NOW, Command
from todo_cli.domain.tasks.task import Page, TaskView
from todo_cli.domain.tasks.values import Priority, Status
from todo_cli.errors import ConflictError
from todo_cli.output.json import JsonOutput
from todo_cli.output.tables import TableOutput, error_lines

ROOT = Path(__file__).parents[2]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def task(number: int, title: str, **values: object) -> TaskView:
    fields: dict[str, object] = {
        "id": UUID(int=number),
        "number": number,
        "title": title,
        "description": None,
        "status": Status.PENDING,
        "priority": Priority.MEDIUM,
        "project": None,
        "tags": (),
        "due": None,
        "created_at": datetime(2026, 11, 1, 9, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 1, 9, tzinfo=UTC),
        "completed_at": None,
        "owner": "alice@example.com",
        **values,
    }
    return TaskView.model_validate(fields)


def shown(
    *tasks: TaskView, total: int | None = None, color: bool = False, filtered: bool = False
) -> tuple[str, str]:
    """Give what a terminal and the terminal's stderr show of a list."""
    stdout, stderr = Terminal(), Terminal()
    output = TableOutput(stdout, stderr, NOW, quiet=False, color=color)
    output.page(Page(tasks=tasks, total=len(tasks) if total is None else total), filtered=filtered)
    return stdout.getvalue(), stderr.getvalue()


def test_a_table_shows_titles_as_they_are_and_stays_aligned() -> None:
    titles = [
        "Buy milk",
        "日本語のタスク",
        "[red]not red[/red]",
        "🥛🧀 milk",
        "שלום עולם",
        ":smile:",
    ]
    titles.append(":smile:")
    tasks = [task(n, title, project="home") for n, title in enumerate(titles, start=1)]

    table, _ = shown(*tasks)

    lines = table.splitlines()
    assert all(any(title in line for line in lines) for title in titles)
    columns = {cell_len(line[: line.index("home")]) for line in lines if "home" in line}
    assert len(columns) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_long_title_wraps_and_is_never_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    words = [f"word{n}" for n in range(40)]

    table, _ = shown(task(1, " ".join(words), project="p", tags=("a", "b")), task(2, "x" * 255))

    assert all(cell_len(line) <= width for line in table.splitlines())
    assert [word for word in table.split() if word.startswith("word")] == words
    assert table.count("x") == 255


def test_a_table_leaves_out_columns_that_say_nothing() -> None:
    header = shown(task(1, "x"))[0].splitlines()[0]

    assert header.split() == ["ID", "Task"]


def test_a_table_shows_due_dates_priority_tags_and_states() -> None:
    table, _ = shown(
        task(1, "a", due=date(2026, 11, 27), priority=Priority.HIGH, tags=("x", "y")),
        task(2, "b", due=datetime(2027, 1, 1, 16, tzinfo=UTC), status=Status.COMPLETED),
    )

    assert "Fri 27 Nov" in table
    assert "Fri 1 Jan 2027 17:00" in table
    for word in ("high", "+x +y", "completed"):
        assert word in table


def test_a_shortened_list_says_how_many_more_there_are() -> None:
    assert shown(task(1, "x"), total=63)[1] == "62 more; --limit 63 shows all\n"


def test_tasks_are_counted_only_for_a_table_that_says_how_many_more_there_are() -> None:
    def says_more(stdout: io.StringIO, *, quiet: bool) -> bool:
        return TableOutput(stdout, io.StringIO(), NOW, quiet=quiet, color=False).says_more

    assert says_more(Terminal(), quiet=False)
    assert not says_more(Terminal(), quiet=True)
    assert not says_more(io.StringIO(), quiet=False)
    assert not JsonOutput(Terminal(), None).says_more


def test_an_empty_list_says_what_to_do_next() -> None:
    assert shown() == ("", "Nothing to do. To add a task: todo add Buy milk due:tomorrow\n")
    assert shown(filtered=True) == (
        "",
        "No task matches. To see all that are pending: todo list\n",
    )


def test_colour_comes_only_when_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    urgent = task(1, "x", priority=Priority.URGENT)

    assert "\x1b[1;91m" in shown(urgent, color=True)[0]
    assert "\x1b" not in shown(urgent, color=False)[0]


def test_a_pipe_gets_a_line_for_each_task_with_nothing_cut() -> None:
    stdout = io.StringIO()
    output = TableOutput(stdout, Terminal(), NOW, quiet=False, color=True)
    found = task(7, "y" * 255, due=date(2026, 11, 27), project="home", tags=("a", "b"))

    output.page(Page(tasks=(found,), total=1), filtered=False)

    line = "7\tpending\tmedium\t2026-11-27\thome\ta b\t" + "y" * 255 + "\n"
    assert stdout.getvalue() == line
    assert output.default_limit is None


def test_show_gives_every_field_that_has_a_value() -> None:
    stdout = io.StringIO()
    output = TableOutput(stdout, io.StringIO(), NOW, quiet=False, color=False)

    output.task(task(7, "Buy milk", due=date(2026, 11, 27), description="2 l\nfresh"))

    assert stdout.getvalue() == (
        "ID           7\n"
        "Title        Buy milk\n"
        "Description  2 l\n"
        "             fresh\n"
        "Status       pending\n"
        "Priority     medium\n"
        "Due          Fri 27 Nov\n"
        "Created      Sun 1 Nov 10:00\n"
        "Updated      Sun 1 Nov 10:00\n"
        "Owner        alice@example.com\n"
        "UUID         00000000-0000-0000-0000-000000000007\n"
    )


def test_an_error_is_a_sentence_and_a_hint() -> None:
    assert error_lines(ConflictError("task 1 is in the trash", "run: todo restore 1")) == [
        "todo: task 1 is in the trash",
        "hint: run: todo restore 1",
    ]


# --- Real terminals and real pipes --------------------------------------------------------


def terminal(columns: int) -> tuple[int, int]:
    """Open a terminal of a width: our end and theirs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return ours, theirs


def drawn(columns: int) -> str:
    """Give what a terminal of a width shows of a list."""
    ours, theirs = terminal(columns)
    milk = task(1, "Buy milk " * 20, due=date(2026, 11, 27), project="home")
    with os.fdopen(theirs, "w", encoding="utf-8") as stdout:
        output = TableOutput(stdout, io.StringIO(), NOW, quiet=False, color=False)
        output.page(Page(tasks=(milk,), total=1), filtered=False)
    found = os.read(ours, 100_000).decode()
    os.close(ours)
    return found


@pytest.mark.parametrize("kind", ["dumb", "xterm-256color", ""])
@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_table_fits_the_terminal_that_it_is_written_to(
    columns: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", kind)

    assert "─" * columns in drawn(columns).splitlines()


def test_a_terminal_that_does_not_know_its_width_is_taken_for_80_wide() -> None:
    assert "─" * 80 in drawn(0).splitlines()


@pytest.mark.parametrize("columns", ["0", "-1", "wide", "9" * 5000])
def test_a_width_that_cannot_be_is_not_believed(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    assert "─" * 60 in drawn(60).splitlines()


@pytest.mark.parametrize("stdin", ["terminal", "none"])
def test_the_width_is_that_of_stdout_and_not_of_stdin(todo: Command, stdin: str) -> None:
    todo("add", "Buy milk " * 20)
    (ours, theirs), (other, others) = terminal(60), terminal(33)
    subprocess.run(
        [*todo.program(), "list"],
        stdin=others if stdin == "terminal" else subprocess.DEVNULL,
        stdout=theirs,
        env=todo.environment,
        cwd=ROOT,
        check=True,
    )
    found = os.read(ours, 100_000).decode()
    for each in (ours, theirs, other, others):
        os.close(each)

    assert "─" * 60 in found
    assert "─" * 61 not in found


def run(todo: Command, arguments: Sequence[str], *, others: int | None, **variables: str) -> bytes:
    """Run a command, its stdout a pipe; ``others`` is a terminal for stdin and stderr."""
    environment = {"TODO_NOW": NOW.isoformat(), "TZ": "Europe/Berlin", "TERM": "xterm-256color"}
    return subprocess.run(
        [*todo.program(), *arguments],
        stdin=subprocess.DEVNULL if others is None else others,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if others is None else others,
        env={**environment, **todo.environment, **variables},
        cwd=ROOT,
        check=True,
    ).stdout


@pytest.mark.parametrize("arguments", [["list"], ["show", "1"], ["list", "--json"]])
def test_a_pipe_gets_the_same_bytes_whatever_the_other_streams_are(
    todo: Command, arguments: list[str]
) -> None:
    todo("add", "Buy milk " * 20, "--due", "yesterday", "--tag", "a", "--priority", "urgent")
    ours, theirs = terminal(33)

    answers = {
        run(todo, arguments, others=None),
        run(todo, arguments, others=theirs),
        run(todo, arguments, others=None, COLUMNS="20", TERM="dumb"),
        run(todo, arguments, others=theirs, COLUMNS="20", FORCE_COLOR="1", CLICOLOR_FORCE="1"),
        run(todo, arguments, others=None, GITHUB_ACTIONS="true", TTY_COMPATIBLE="1"),
    }
    os.close(theirs)
    os.close(ours)

    assert len(answers) == 1
    assert b"\x1b" not in answers.pop()


def test_only_a_terminal_loads_rich() -> None:
    program = (
        "import sys; from todo_cli.output import tables\n"
        "sys.exit(any(name.partition('.')[0] == 'rich' for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("name", ["FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE"])
def test_a_help_in_a_pipe_has_no_colours(todo: Command, name: str) -> None:
    assert b"\x1b" not in run(todo, ["add", "--help"], others=None, **{name: "1"})
