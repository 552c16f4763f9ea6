"""How tasks look on terminals of every width."""

import re
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from rich.cells import cell_len

from tests.cli.test_terminal import Terminal, shown, task
from tests.conftest import NOW
from todo_cli.domain.database import ProfileView
from todo_cli.domain.tasks.task import Outcome, Page, TaskView
from todo_cli.domain.tasks.values import Priority, Status
from todo_cli.domain.tasks.verbs import DONE
from todo_cli.output.tables import TableOutput

REPORT = task(
    3,
    "Send the quarterly report to Anna with the numbers of last year beside those of this year",
    due=datetime(2026, 11, 18, 7, tzinfo=UTC),
    priority=Priority.URGENT,
    project="work",
    tags=("report", "finance"),
)
MILK = task(12, "Buy milk", due=date(2026, 11, 19), project="home", tags=("errand",))
PHOTOS = task(40, "Sort old photos", priority=Priority.LOW, due=date(2027, 5, 31))
TASKS = (REPORT, MILK, PHOTOS)


def lines(*tasks: TaskView, color: bool = False) -> list[str]:
    return [line.rstrip() for line in shown(*tasks, color=color)[0].splitlines()]


def screen(shown_task: TaskView, *, color: bool = False) -> str:
    """Give what `show` writes to a terminal."""
    stdout = Terminal()
    TableOutput(stdout, Terminal(), NOW, quiet=False, color=color).task(shown_task)
    return "\n".join(line.rstrip() for line in stdout.getvalue().splitlines())


# --- Tables -------------------------------------------------------------------------------


def test_a_wide_screen_has_a_column_for_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    assert lines(*TASKS) == [
        f"{'ID  Task':<95}Due              Priority  Project  Tags",
        "─" * 147,
        " 3  Send the quarterly report to Anna with the numbers of last year beside those of "
        "this year  2 hours late     urgent    work     +report +finance",
        f"{'12  Buy milk':<95}tomorrow                   home     +errand",
        f"{'40  Sort old photos':<95}Mon 31 May 2027  low",
    ]


def test_a_list_of_completed_tasks_says_when_each_was_completed() -> None:
    done = {"status": Status.COMPLETED, "completed_at": datetime(2026, 11, 17, 8, 5, tzinfo=UTC)}
    report = REPORT.model_copy(update={**done, "project": None, "tags": ()})

    assert lines(MILK.model_copy(update=done)) == [
        "ID  Task      Completed         Due         Project  Tags",
        "─" * 60,
        "12  Buy milk  Tue 17 Nov 09:05  Thu 19 Nov  home     +errand",
    ]
    assert "Completed" not in lines(MILK, report)[0]


def test_on_a_narrow_screen_the_time_of_completion_does_not_pass_for_the_due_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "34")
    done = {"status": Status.COMPLETED, "completed_at": datetime(2026, 11, 17, 8, 5, tzinfo=UTC)}

    assert lines(MILK.model_copy(update=done))[2:] == [
        "12  Buy milk",
        "      completed Tue 17 Nov 09:05",
        "      Thu 19 Nov  project:home",
        "      +errand",
    ]


def test_tags_stand_below_one_another_before_columns_are_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert lines(REPORT, MILK) == [
        "ID  Task                               Due           Priority  Project  Tags",
        "─" * 80,
        " 3  Send the quarterly report to Anna  2 hours late  urgent    work     +report",
        "    with the numbers of last year                                       +finance",
        "    beside those of this year",
        "12  Buy milk                           tomorrow                home     +errand",
    ]


def test_a_narrow_screen_puts_all_but_the_due_date_below_the_title(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    assert lines(*TASKS) == [
        "ID  Task                                     Due",
        "─" * 60,
        " 3  Send the quarterly report to Anna with   2 hours late",
        "    the numbers of last year beside those",
        "    of this year",
        "      urgent  project:work  +report",
        "      +finance",
        "12  Buy milk                                 tomorrow",
        "      project:home  +errand",
        "40  Sort old photos                          Mon 31 May 2027",
        "      low",
    ]


def test_a_very_narrow_screen_puts_everything_below_the_title(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    assert lines(*TASKS) == [
        "ID  Task",
        "─" * 40,
        " 3  Send the quarterly report to Anna",
        "    with the numbers of last year beside",
        "    those of this year",
        "      2 hours late  urgent  project:work",
        "      +report +finance",
        "12  Buy milk",
        "      tomorrow  project:home  +errand",
        "40  Sort old photos",
        "      Mon 31 May 2027  low",
    ]


def test_short_titles_keep_their_columns_on_a_narrow_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    assert lines(MILK) == [
        "ID  Task      Due       Project  Tags",
        "─" * 40,
        "12  Buy milk  tomorrow  home     +errand",
    ]


@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 80, 120, 200])
def test_no_screen_is_too_narrow(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    wide = task(99, "日本語のタスク 🥛" * 9, project="プロジェクト" * 30, tags=("旅行" * 40,))

    table = shown(*TASKS, wide)[0]

    assert max(map(cell_len, table.splitlines())) <= max(width, 10)
    assert table.count("旅") == 40


def test_what_is_done_or_in_the_trash_is_never_late() -> None:
    past = date(2026, 11, 1)
    table, _ = shown(
        task(1, "a", status=Status.COMPLETED, due=past),
        task(2, "b", status=Status.DELETED, due=datetime(2026, 11, 18, 7, tzinfo=UTC)),
    )

    assert "late" not in table
    assert "Sun 1 Nov" in table
    assert "Wed 18 Nov 08:00" in table
    assert "late" not in screen(task(1, "a", status=Status.COMPLETED, due=past))


def test_what_is_done_presses_nobody() -> None:
    done = task(1, "a", status=Status.COMPLETED, due=date(2026, 11, 1), priority=Priority.URGENT)

    assert "\x1b[1;91m" not in shown(done, color=True)[0] + screen(done, color=True)


def test_without_colour_words_say_what_colour_said() -> None:
    table = "\n".join(lines(*TASKS))

    for word in ("2 hours late", "urgent", "+finance", "work", "low"):
        assert word in table


def test_colours_are_readable_on_black_and_on_white() -> None:
    everything = shown(*TASKS, task(1, "x", status=Status.COMPLETED), color=True)[0]
    everything += screen(REPORT, color=True)
    used = set(re.findall(r"\x1b\[([\d;]*)m", everything))

    # Bold, dim, and bright red, blue and magenta: nothing else, and no background.
    assert used == {"0", "1", "2", "94", "95", "1;91"}


def test_what_presses_stands_out_and_titles_stay_plain() -> None:
    table = shown(*TASKS, task(1, "Go", due=NOW.date(), priority=Priority.HIGH), color=True)[0]

    for loud in ("\x1b[1;91m2 hours late", "\x1b[1;91murgent", "\x1b[1mtoday", "\x1b[1mhigh"):
        assert loud in table
    for plain in ("  Buy milk ", "  tomorrow ", "  Mon 31 May 2027 "):
        assert plain in table


def test_other_records_have_names_above_their_columns_on_a_terminal() -> None:
    stdout = Terminal()
    output = TableOutput(stdout, Terminal(), NOW, quiet=False, color=False)

    output.records([ProfileView(name="local", default=True, url=None)])

    assert stdout.getvalue().splitlines() == [
        "name   default  url",
        "─" * 19,
        "local  yes      -  ",
    ]


# --- One task -----------------------------------------------------------------------------


def test_show_wraps_a_long_description_in_its_own_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    found = task(
        7,
        "Learn to juggle",
        description="Three balls first, and not in the kitchen, please.\r\n\n- buy balls\n\t- red",
        due=date(2026, 11, 19),
        tags=("fun", "new"),
    )

    assert screen(found) == (
        "ID           7\n"
        "Title        Learn to juggle\n"
        "Description  Three balls first, and not in the\n"
        "             kitchen, please.\n"
        "\n"
        "             - buy balls\n"
        "                     - red\n"
        "Status       pending\n"
        "Priority     medium\n"
        "Tags         +fun +new\n"
        "Due          tomorrow (Thu 19 Nov)\n"
        "Created      Sun 1 Nov 10:00\n"
        "Updated      Sun 1 Nov 10:00\n"
        "Owner        alice@example.com\n"
        "UUID         00000000-0000-0000-0000-000000000007"
    )


def test_show_says_how_late_a_task_is() -> None:
    assert "Due          2 hours late (Wed 18 Nov 08:00)" in screen(REPORT)


# --- Text that turns around ---------------------------------------------------------------

TURNED = "a\u202eb\u2066c\u2067d\u202c\u2069 שלום"
ESCAPED = r"a\u202eb\u2066c\u2067d\u202c\u2069 שלום"


def test_a_title_cannot_turn_around_what_stands_beside_it_on_a_terminal() -> None:
    turned = task(1, TURNED, project="\u202dp", tags=("\u2068t",), description="\u202bd")

    for text in (shown(turned)[0], screen(turned)):
        assert "abcd שלום" in text
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)


def test_what_is_said_of_a_title_shows_what_would_turn_it_around() -> None:
    turned, stderr = task(1, TURNED), Terminal()
    output = TableOutput(StringIO(), stderr, NOW, quiet=False, color=False)
    output.added(turned)
    output.outcomes(DONE, [Outcome(task=turned, changed=True)])

    assert stderr.getvalue() == f"Added 1 {ESCAPED}\nCompleted 1 {ESCAPED}\n"


def test_a_number_stays_on_its_side_of_a_right_to_left_title() -> None:
    late = date(2026, 11, 15)
    tasks = [task(1, "שלום עולם", due=late, tags=("a",)), task(2, "milk", due=late, tags=("b",))]

    hebrew, english = lines(*tasks)[2:]

    # The mark ends what is written from right to left; it takes no cell.
    assert hebrew == " 1  שלום עולם  \u200e3 days late  \u200e+a"
    assert english == " 2  milk       3 days late  +b"


def test_a_pipe_gets_every_character_of_a_title_and_sees_those_that_turn() -> None:
    stdout, stderr = StringIO(), StringIO()
    output = TableOutput(stdout, stderr, NOW, quiet=False, color=False)

    output.page(Page(tasks=(task(1, TURNED),), total=1), filtered=False)
    output.task(task(1, TURNED))
    output.added(task(1, TURNED))

    assert stdout.getvalue().count(ESCAPED) == 2
    assert stderr.getvalue() == f"Added 1 {ESCAPED}\n"
