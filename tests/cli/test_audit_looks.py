"""How the change log looks on a terminal, and how a change reads."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from rich.cells import cell_len

from tests.cli.test_terminal import Terminal
from tests.conftest import NOW
from todo_cli.domain.audit import Event, Log
from todo_cli.output import events
from todo_cli.output.tables import TableOutput

ALICE = "alice@example.com"


def event(action: str, **values: Any) -> Event:
    fields = {
        "at": datetime(2026, 11, 18, 8, 5, tzinfo=UTC),
        "action": action,
        "task": 12,
        "task_id": UUID(int=12),
        "title": None,
        "user": ALICE,
        "user_id": UUID(int=1),
        "actor": ALICE,
        "actor_id": UUID(int=1),
        "actor_role": "todo_alice",
        "command_id": None,
        "before": None,
        "after": None,
        "revision": 1,
        "via": None,
        "undoes": None,
        "entity": "task",
        "entity_id": None,
    }
    return Event.model_validate({**fields, **values})


ADDED = event(
    "added",
    title="Send the report",
    after={
        "tags": ["work"],
        "title": "Send the report",
        "number": 12,
        "status": "pending",
        "project": "finance",
        "due_date": "2026-11-25T00:00:00+00:00",
        "priority": "urgent",
        "created_at": "2026-11-18T08:05:00+00:00",
        "description": "with\nall numbers",
        "due_all_day": True,
    },
)
PURGED = event("purged", title="Old", user=None, actor=None, actor_id=None, actor_role="todo_owner")


def shown(*found: Event, total: int = 0, filtered: bool = False) -> tuple[list[str], str]:
    """Give the lines that a terminal shows, and what is said on stderr."""
    stdout, stderr = Terminal(), Terminal()
    output = TableOutput(stdout, stderr, NOW, quiet=False, color=False)
    output.events(Log(events=found, total=total or len(found)), filtered=filtered)
    return [line.rstrip() for line in stdout.getvalue().splitlines()], stderr.getvalue()


def changes(action: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    """Give how a line in a pipe ends."""
    return events.plain(event(action, before=before, after=after))[-1]


def test_what_changed_stands_below_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert shown(ADDED, event("completed"), PURGED)[0] == [
        "When              Who                What",
        "─" * 80,
        "Wed 18 Nov 09:05  alice@example.com  added 12 Send the report",
        "                                     +work, project finance, priority urgent,",
        "                                     new description, due Wed 25 Nov",
        "Wed 18 Nov 09:05  alice@example.com  completed 12",
        "Wed 18 Nov 09:05  todo_owner         purged 12 Old",
        "                                     of 00000000-0000-0000-0000-000000000001",
    ]


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_table_fits_the_screen(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    found, _ = shown(ADDED, PURGED, event("modified", title="#" * 255))

    assert all(cell_len(line) <= width for line in found)
    assert "".join(found).count("#") == 255


def test_a_shortened_log_says_how_many_more_there_are() -> None:
    assert shown(ADDED, total=51)[1] == "50 more; --limit 51 shows all\n"
    assert shown(ADDED)[1] == ""


def test_an_empty_log_says_so() -> None:
    assert shown() == ([], "Nothing has been changed yet.\n")
    assert shown(filtered=True) == ([], "No change matches.\n")


def test_a_terminal_gets_no_characters_that_turn_what_follows() -> None:
    found, _ = shown(event("modified", title="a\u202eb", after={"project": "c\u2067d"}))

    assert r"modified 12 a\u202eb" in "\n".join(found)
    assert r"project none -> c\u2067d" in "\n".join(found)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"title": "Milk"}, {"title": "Oat milk"}, "title Milk -> Oat milk"),
        ({"project": "home"}, {"project": None}, "project home -> none"),
        ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, "+c -a"),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, "tags"),
        ({"description": None}, {"description": "x\ny"}, "new description"),
        ({"description": "x"}, {"description": None}, "no description"),
    ],
)
def test_a_change_tells_what_was_and_what_is(
    before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    assert changes("modified", before, after) == words


def test_a_due_date_is_a_day_or_an_instant() -> None:
    none = {"due_date": None, "due_all_day": False}
    day = {"due_date": "2026-11-25T00:00:00+00:00", "due_all_day": True}
    instant = {"due_date": "2026-11-25T16:00:00+00:00", "due_all_day": False}

    assert changes("modified", none, day) == "due none -> 2026-11-25"
    assert changes("modified", day, instant) == "due 2026-11-25 -> 2026-11-25T16:00:00Z"
    assert changes("modified", instant, none) == "due 2026-11-25T16:00:00Z -> none"


def test_a_due_date_that_stays_all_day_is_told_by_its_hour() -> None:
    before = {"due_date": "2026-11-25T00:00:00+00:00"}
    after = {"due_date": "2026-11-27T00:00:00+00:00"}

    assert changes("modified", before, after) == "due 2026-11-25 -> 2026-11-27"


def test_a_move_tells_no_more_than_its_name() -> None:
    before = {"status": "pending", "completed_at": None}
    after = {"status": "completed", "completed_at": "2026-11-18T08:05:00+00:00"}

    assert changes("completed", before, after) == ""
    assert changes("purged", {"title": "x", "priority": "high"}, None) == ""


def test_a_task_that_came_completed_says_so() -> None:
    assert changes("added", None, {"title": "x", "status": "completed"}) == "status completed"


def test_a_task_whose_number_is_unknown_goes_by_its_id() -> None:
    assert str(UUID(int=12)) in events.plain(event("completed", task=None))
