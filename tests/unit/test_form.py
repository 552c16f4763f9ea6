"""A task as a text to be edited, and what was changed about it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import NOW, utc
from tests.unit.forms import FORM, changes, task
from todo_cli.domain.tasks import form
from todo_cli.domain.tasks.changes import Changes
from todo_cli.domain.tasks.values import Priority

FIELDS = "the fields are Title, Project, Tags, Priority, Due; free text follows 'Description:'"


def problems(text: str, original: str = FORM) -> list[str]:
    """Read a form with problems, each with its hint."""
    reading = form.read(text, original, NOW)
    assert reading.changes == Changes()
    return [f"{each} ({each.hint})" if each.hint else str(each) for each in reading.problems]


def edited(old: str, new: str) -> str:
    assert FORM.count(old) == 1
    return FORM.replace(old, new)


def test_the_form_has_a_line_for_each_field_and_free_text_at_the_end() -> None:
    assert form.write(task(), NOW) == FORM


def test_empty_values_leave_their_names_to_be_filled_in() -> None:
    bare = task(project=None, tags=(), priority=Priority.MEDIUM, due=None, description=None)

    assert form.write(bare, NOW).splitlines()[2:] == [
        "Title: Buy milk",
        "Project:",
        "Tags:",
        "Priority: medium",
        "Due:",
        "Description:",
    ]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("Title: Buy milk", "Title: Buy: #oats", {"title": "Buy: #oats"}),
        ("Project: home", "Project: work : office", {"project": "work : office"}),
        ("Project: home", "Project:", {"project": None}),
        ("Project: home", "Project: none", {"project": None}),
        ("Project: home\n", "", {"project": None}),
        ("errand shop", "+shop  new", {"clear_tags": True, "add_tags": ("shop", "new")}),
        ("errand shop", "shop errand", {"clear_tags": True, "add_tags": ("shop", "errand")}),
        ("Tags: errand shop", "Tags: ", {"clear_tags": True, "add_tags": ()}),
        ("Tags: errand shop", "Tags: NONE", {"clear_tags": True, "add_tags": ()}),
        ("errand shop", "a,+b, c", {"clear_tags": True, "add_tags": ("a", "b", "c")}),
        ("Priority: high", "Priority: Urgent", {"priority": Priority.URGENT}),
        ("Priority: high", "Priority:", {"priority": Priority.MEDIUM}),
        ("Due: 2026-11-25", "Due: tomorrow", {"due": date(2026, 11, 19)}),
        ("Due: 2026-11-25", "Due: 2026-11-25 17:00", {"due": utc(2026, 11, 25, 16)}),
        ("Due: 2026-11-25", "Due:", {"due": None}),
        ("Due: 2026-11-25", "Due: none", {"due": None}),
        ("glass\n", "glass\n\n", {"description": "# two bottles\nTitle: of glass\n"}),
        ("# two bottles\nTitle: of glass\n", "", {"description": None}),
        ("# two bottles\nTitle: of glass\n", "\n \n", {"description": None}),
        ("# two bottles\nTitle: of glass", "é\n\n🥛", {"description": "é\n\n🥛"}),
        (":\n# two", ": one\n# two", {"description": "one\n# two bottles\nTitle: of glass"}),
    ],
)
def test_what_was_changed_in_the_text_changes_the_task(
    old: str, new: str, changed: dict[str, object]
) -> None:
    assert changes(edited(old, new)) == changed


@pytest.mark.parametrize(
    "text",
    [
        FORM,
        FORM.removesuffix("\n"),
        "\ufeff" + FORM,
        FORM.replace("\n", "\r\n"),
        "\ufeff" + FORM.replace("\n", "\r\n").removesuffix("\r\n"),
        edited("Title: Buy milk", "TITLE :\tBuy milk  \t"),
        edited("Description:", "description:  "),
        edited("Project: home\nTags: errand shop", "\nTags: errand shop\n# mine\nProject: home"),
    ],
)
def test_what_an_editor_does_on_its_own_changes_nothing(text: str) -> None:
    assert changes(text) == {}


def test_line_ends_that_an_editor_changed_throughout_stay_out_of_a_new_description() -> None:
    text = edited("of glass", "of\nglass").replace("\n", "\r\n")

    assert changes(text) == {"description": "# two bottles\nTitle: of\nglass"}


def test_a_description_keeps_its_own_line_ends() -> None:
    original = form.write(task(description="a\r\nb\r\n"), NOW)

    assert changes(original, original) == {}
    assert changes(original.replace("b", "c"), original) == {"description": "a\r\nc\r\n"}
    assert changes(original.replace("\r", "").replace("\n", "\r\n"), original) == {}


@pytest.mark.parametrize("old", ["+1", "a,b", "project:home"])
def test_a_tag_as_a_former_release_made_it_stays_while_others_come(old: str) -> None:
    original = form.write(task(tags=(old,)), NOW)

    assert changes(original.replace(old, f"{old} +new"), original)["add_tags"] == (old, "new")


def test_all_problems_are_told_at_once_each_with_its_line() -> None:
    text = FORM.replace("Buy milk", "").replace("home", "x" * 256).replace("high", "vital")
    text = text.replace("Due: 2026", "Due: 31 feb\nTitle: more\nColour: red\nowner")

    assert problems(text) == [
        "line 3: the title is blank",
        "line 4: the project has 256 characters; 255 is the most",
        "line 6: 'vital' is not a priority (one of low, medium, high, urgent)",
        "line 7: there is no 31 February (try tomorrow, fri 17:00, 3d, 25 dec, eom or 2026-11-25)",
        "line 8: 'Title:' is given twice",
        f"line 9: 'Colour: red' is no field ({FIELDS})",
        f"line 10: 'owner-11-25' is no field ({FIELDS})",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Title: Buy milk\n", "", "line 7: there is no line 'Title:'"),
        ("Description:\n", "", "line 9: 'Title:' is given twice"),
        ("errand shop", "x\0", "line 5: the tag holds a line break or another control character"),
        ("errand shop", "+", "line 5: the tag is blank"),
        ("errand shop", "Due:fri", "line 5: 'Due:fri' cannot be a tag (Due: is no tag but a key)"),
        ("of glass", "\x1b[1m", "line 8: the description holds a control character"),
        ("of glass", "x" * 5000, "line 8: the description has 5,021 characters; 5,000 is the most"),
        ("Buy milk", "caf\udce9", r"line 3: 'caf\udce9' is not UTF-8 text"),
        ("of glass", "\udcff", r"line 8: '# two bottles\nTitle: \udcff' is not UTF-8 text"),
    ],
)
def test_a_problem_names_its_line(old: str, new: str, problem: str) -> None:
    assert problem in problems(edited(old, new))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (edited("Description:\n# two bottles\nTitle: of glass", ""), "line 9: "),
        (edited("Description:\n# two bottles\nTitle: of glass", "Two\n bottles"), "line 8: "),
    ],
)
def test_a_description_without_its_mark_is_one_problem(text: str, problem: str) -> None:
    assert problems(text) == [f"{problem}a line 'Description:' must come before this"]


def test_the_mark_of_an_empty_description_may_go() -> None:
    original = form.write(task(description=None), NOW)

    assert changes(original.replace("Description:\n", ""), original) == {}


def test_problems_stand_above_the_text_and_count_its_lines_as_they_are_then() -> None:
    text = edited("high", "vital").replace("Due: ", "Due: x")
    marked = form.mark("\ufeff" + text, form.read(text, FORM, NOW).problems)

    lines = marked.split("\n")
    assert lines[0] == "# line 8: 'vital' is not a priority (one of low, medium, high, urgent)"
    assert lines[1].startswith("# line 9: 'x2026-11-25' is not a date I understand (try ")
    assert lines[7:9] == ["Priority: vital", "Due: x2026-11-25"]
    assert "\n".join(lines[2:]) == text


def test_problems_take_the_place_of_earlier_ones() -> None:
    text = edited("high", "vital").replace("Due: ", "Due: x")
    once = form.mark(text, form.read(text, FORM, NOW).problems)
    again = form.mark(once, form.read(once, FORM, NOW).problems)
    half = once.replace("x2026", "2026")

    assert again == once
    assert form.mark(half, form.read(half, FORM, NOW).problems) == (
        "# line 7: 'vital' is not a priority (one of low, medium, high, urgent)\n"
        + edited("high", "vital")
    )
    assert changes(half.replace("vital", "low")) == {"priority": Priority.LOW}


# --- Due dates ----------------------------------------------------------------------------

NEW_YORK = datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("due", "now", "shown"),
    [
        (date(2026, 11, 25), NOW, "2026-11-25"),
        (utc(2026, 11, 25, 16), NOW, "2026-11-25 17:00"),
        (utc(2026, 11, 25, 16), NEW_YORK, "2026-11-25 11:00"),
        (utc(2026, 11, 25, 16) + timedelta(seconds=5), NOW, "2026-11-25 17:00:05"),
        (utc(2026, 11, 25, 16) + timedelta(microseconds=5), NOW, "2026-11-25 17:00"),
        (utc(2026, 10, 25, 0), NOW, "2026-10-25 02:00+02:00"),
        (utc(2026, 10, 25, 1), NOW, "2026-10-25 02:00+01:00"),
        (utc(2026, 3, 29, 1), NOW, "2026-03-29 03:00"),
        (utc(1937, 6, 30, 22), datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Singapore")), None),
        (utc(9998, 12, 31, 23), NOW, "9998-12-31T23:00:00Z"),
    ],
)
def test_a_due_date_is_shown_in_the_persons_zone_without_doubt(
    due: date, now: datetime, shown: str | None
) -> None:
    text = form.write(task(due=due), now)

    assert shown is None or f"\nDue: {shown}\n" in text
    assert changes(text, text, now) == {}
