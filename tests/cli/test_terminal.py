"""What a person sees on a terminal, and how every stream is judged by itself."""

import io
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from rich.cells import cell_len

from tests.conftest import NOW
from todo_cli.domain.task import Page, Priority, Status, TaskView
from todo_cli.errors import ConflictError
from todo_cli.output.tables import TableOutput, error_text


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


def shown(*tasks: TaskView, total: int | None = None, color: bool = False) -> tuple[str, str]:
    """Give what a terminal and the terminal's stderr show of a list."""
    stdout, stderr = Terminal(), Terminal()
    output = TableOutput(stdout, stderr, NOW, quiet=False, color=color)
    output.page(Page(tasks=tasks, total=len(tasks) if total is None else total), filtered=False)
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
    for word in ("high", "x y", "completed"):
        assert word in table


def test_a_shortened_list_says_how_many_more_there_are() -> None:
    assert shown(task(1, "x"), total=63)[1] == "62 more; --limit 63 shows all\n"


def test_an_empty_list_says_what_to_do_next() -> None:
    assert shown() == ("", 'No tasks. Add one: todo add "Buy milk" --due tomorrow\n')


def test_colour_comes_only_when_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")

    assert "\x1b[1;31m" in shown(task(1, "x", priority=Priority.URGENT), color=True)[0]
    assert "\x1b[1;31m" not in shown(task(1, "x", priority=Priority.URGENT), color=False)[0]
    assert "\x1b[3" not in shown(task(1, "x", priority=Priority.URGENT), color=False)[0]


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
    assert error_text(ConflictError("task 1 is in the trash", "run: todo restore 1")) == (
        "todo: task 1 is in the trash\nhint: run: todo restore 1"
    )
