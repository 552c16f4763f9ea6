"""The sentences that confirm what was done to tasks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from todo_cli.domain import text
from todo_cli.domain.tasks import fields
from todo_cli.domain.tasks.fields import Field
from todo_cli.domain.tasks.task import Outcome, TaskView
from todo_cli.domain.tasks.values import split_tags
from todo_cli.domain.tasks.verbs import Verb
from todo_cli.domain.time import dates

if TYPE_CHECKING:
    from todo_cli.domain.tasks.changes import Changes

_LONG = (fields.TITLE, fields.DESCRIPTION)
# What is said of a task, in this order, and then its tags.
_TOLD = (*_LONG, *(each for each in fields.FIELDS[::-1] if not each.many and each not in _LONG))


def added(task: TaskView, now: datetime) -> str:
    """Say what was added, with every value as it was understood."""
    return f"Added {task.number} {task.title}{_details(task, now)}"


def added_all(tasks: Sequence[TaskView]) -> str:
    """Say how many tasks were added, and which numbers they have."""
    if not tasks:
        return "There was no title to read: nothing was added"
    return f"Added {len(tasks):,} tasks, {tasks[0].number} to {tasks[-1].number}"


def modified(result: Outcome, changes: "Changes", now: datetime) -> str:
    """Say what was changed about a task, with every value as it is now."""
    task = result.task
    if not result.changed:
        return f"Unchanged: {task.number} {task.title}"
    return f"Modified {task.number} {task.title} ({', '.join(_changed(task, changes, now))})"


def outcome(verb: Verb, result: Outcome) -> str:
    """Say what a command did to one task."""
    said = verb.changed if result.changed else verb.already
    return f"{said} {result.task.number} {result.task.title}"


def purge_question(tasks: Sequence[TaskView]) -> str:
    """Ask whether these tasks are to be deleted, on a terminal."""
    named = ", ".join(f"{task.number} {task.title}" for task in tasks)
    return f"Delete for good: {named}?"


def purged(task: TaskView) -> str:
    """Say that a task is gone for good."""
    return f"Deleted for good: {task.number} {task.title}"


def more(shown: int, total: int) -> str:
    """Say how many tasks or events a list leaves out."""
    return f"{total - shown} more; --limit {total} shows all"


def kept_in_title(words: Sequence[tuple[str, str]]) -> str:
    """Say which words are title, each with what may have been meant by it, if anything."""
    said = [
        text.readable(word) + (f" (did you mean {text.readable(meant)}?)" if meant else "")
        for word, meant in words
    ]
    return f"Part of the title: {', '.join(said)}"


def empty(filtered: bool, words: Sequence[str] = ()) -> str:
    """Say that there is nothing to list, which words were looked for, and what to do next."""
    if filtered:
        looked_for = "".join(f" {text.readable(word)}" for word in words)
        return f"No task matches{looked_for}. To see all that are pending: todo list"
    return "Nothing to do. To add a task: todo add Buy milk due:tomorrow"


def no_events(filtered: bool) -> str:
    """Say that the change log has nothing to show."""
    return "No change matches." if filtered else "Nothing has been changed yet."


def _changed(task: TaskView, changes: "Changes", now: datetime) -> list[str]:
    given = [each for each in _TOLD if each.name in changes.model_fields_set]
    found = [_said(each, getattr(task, each.name), now) for each in given]
    if changes.clear_tags and not task.tags:
        found.append("no tags")
    elif changes.clear_tags:
        found.append(f"tags {' '.join(task.tags)}")
    else:
        found.extend(f"+{tag}" for tag in changes.add_tags)
        # What is to go may also have been one tag as a whole, which nobody has to read of.
        removed = (tag for tag in changes.remove_tags if split_tags(tag, "+-") == (tag,))
        found.extend(f"-{tag}" for tag in removed)
    return found


def _details(task: TaskView, now: datetime) -> str:
    values = ((each, getattr(task, each.name)) for each in _TOLD if each not in _LONG)
    details = [_said(field, value, now) for field, value in values if value != field.empty]
    details.extend(f"+{tag}" for tag in task.tags)
    return f" ({', '.join(details)})" if details else ""


def _said(field: Field, value: object, now: datetime) -> str:
    """Say which value a field has now."""
    name = "due date" if field is fields.DUE else field.name
    if value is None:
        return f"no {name}"
    if field in _LONG:
        return f"new {name}"
    if isinstance(value, date):
        return f"{field.name} {dates.describe(value, now)}"
    return f"{value} {name}" if field is fields.PRIORITY else f"{name} {value}"
