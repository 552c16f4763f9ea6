"""How the change log reads: who did what to which task, and what changed about it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from todo_cli.domain.audit import Action, Event
from todo_cli.domain.base import due_text, utc_text
from todo_cli.domain.text import line
from todo_cli.domain.time import dates

COLUMNS: Final = ("When", "Who", "What")  # those of `cells`

# What the action says already, or the task's number.
_UNTOLD: Final = {"number", "created_at", "completed_at", "deleted_at"}
# What a task has that nobody said anything about.
_NEW: Final[dict[str, Any]] = {
    "status": "pending",
    "priority": "medium",
    "tags": [],
    "due_all_day": False,
}


def cells(event: Event, now: datetime) -> tuple[str, str, str]:
    """Give the cells of a table's row: when, who, and what was done, with what changed below it.

    They are as they are shown. Dates are in the zone of ``now``. Whose task it is goes without
    saying for somebody's own.
    """
    title = f"{_action(event)} {_number(event)} {event.title or ''}".rstrip()
    owner = [] if event.actor_id == event.user_id else [f"of {_whose(event)}"]
    details = [*owner, *_changes(event, lambda due: dates.describe(due, now))]
    return (
        dates.describe(event.at, now),
        line(_actor(event)),
        f"{line(title)}\n{line(', '.join(details))}".rstrip(),
    )


def plain(event: Event) -> tuple[str, ...]:
    """Give the cells of a pipe's line: when, who, what, whose task, its number, title, changes.

    Nothing is cut, and times are in UTC.
    """
    return (
        utc_text(event.at),
        _actor(event),
        _action(event),
        _whose(event),
        _number(event),
        event.title or "",
        ", ".join(_changes(event, due_text)),
    )


def _action(event: Event) -> str:
    """Give what was done, and to what where that was no task; both may be a later program's."""
    return event.action if event.entity == "task" else f"{event.action} {event.entity} of"


def _actor(event: Event) -> str:
    """Give who did it: an e-mail, or the role of somebody removed since, or of the owner."""
    return event.actor or event.actor_role


def _whose(event: Event) -> str:
    return event.user or str(event.user_id)


def _number(event: Event) -> str:
    return str(event.task_id if event.task is None else event.task)


def _changes(event: Event, say: Callable[[date], str]) -> list[str]:
    """Give what is different since: of a new task what was said of it, of one that is gone nothing.

    ``say`` puts a due date into words.
    """
    if event.action == Action.PURGED:
        return []
    before, after = _told(event.before or {}, say), _told(event.after or {}, say)
    if event.action == Action.ADDED and event.entity == "task":
        said = {name: value for name, value in after.items() if value != _NEW.get(name)}
        return [_new(name, value) for name, value in said.items() if name != "title"]
    told = {name: value for name, value in after.items() if name != "status"}
    return [_change(name, before.get(name), value) for name, value in told.items()]


def _told(state: Mapping[str, Any], say: Callable[[date], str]) -> dict[str, Any]:
    """Give the values that are told of, the due date in words."""
    told = {name: value for name, value in state.items() if name not in _UNTOLD}
    if "due_date" in told:
        told["due"] = _due(told.pop("due_date"), told.pop("due_all_day", None), say)
    return told


def _due(value: str | None, all_day: bool | None, say: Callable[[date], str]) -> str | None:
    """Put a due date of the log into words.

    The log does not repeat whether it is all day where that has not changed. It is then taken for
    so at 00:00 UTC, as all-day dates are stored.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError):  # a later program's, or somebody else's
        return str(value)
    if all_day is None:
        all_day = moment.time() == time(0)
    return say(moment.date() if all_day else moment)


def _new(name: str, value: Any) -> str:
    match name:
        case "tags" | "description":
            return _change(name, None, value)
        case _:
            return f"{name} {_word(value)}"


def _change(name: str, was: Any, is_now: Any) -> str:
    match name:
        case "tags" if isinstance(was, list | None) and isinstance(is_now, list | None):
            old, new = was or [], is_now or []
            taken = [f"-{tag}" for tag in old if tag not in new]
            return " ".join([*(f"+{tag}" for tag in new if tag not in old), *taken]) or "tags"
        case "description":
            return "new description" if is_now else "no description"
        case _:
            return f"{name} {_word(was)} -> {_word(is_now)}"


def _word(value: Any) -> str:
    return "none" if value is None else str(value)
