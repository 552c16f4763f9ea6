"""Answers for scripts: compact JSON on stdout, one line; nothing on stderr but errors."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from todo_cli.domain.base import Frozen
from todo_cli.domain.tasks.task import Outcome, Page, TaskView
from todo_cli.domain.tasks.verbs import Verb
from todo_cli.domain.text import in_json
from todo_cli.errors import TodoError

if TYPE_CHECKING:
    from todo_cli.domain.audit import Log
    from todo_cli.domain.tasks.changes import Changes


class JsonOutput:
    """``fields`` are the only ones to show, None for all; they have been checked."""

    default_limit = None
    says_more = False

    def __init__(self, stdout: TextIO, fields: Sequence[str] | None) -> None:
        self._stdout = stdout
        self._fields = None if fields is None else set(fields)

    def added(self, task: TaskView) -> None:
        """Write the task as an object."""
        self._object(task)

    def added_all(self, tasks: Sequence[TaskView]) -> None:
        """Write an array of the tasks."""
        self._array(tasks)

    def page(self, page: Page, *, filtered: bool, words: Sequence[str] = ()) -> None:
        """Write an array of tasks."""
        self._array(page.tasks)

    def events(self, log: "Log", *, filtered: bool) -> None:
        """Write an object with the array of events."""
        self._stdout.write('{"events":')
        self._array(log.events, end="}\n")

    def task(self, task: TaskView) -> None:
        """Write the task as an object."""
        self._object(task)

    def outcomes(self, verb: Verb, outcomes: Sequence[Outcome]) -> None:
        """Write an array of the tasks, as they are now, changed or not."""
        self._array([outcome.task for outcome in outcomes])

    def modified(self, outcomes: Sequence[Outcome], changes: "Changes") -> None:
        """Write an array of the tasks, as they are now, changed or not."""
        self._array([outcome.task for outcome in outcomes])

    def edited(self, outcome: Outcome, changes: "Changes") -> None:
        """Write the task as an object, as it is now, changed or not."""
        self._object(outcome.task)

    def purged(self, tasks: Sequence[TaskView]) -> None:
        """Write an array of the tasks as they were."""
        self._array(tasks)

    def record(self, record: Frozen, *message: str, data: Sequence[str] = ()) -> None:
        """Write the object."""
        self._object(record)

    def records(self, records: Sequence[Frozen]) -> None:
        """Write an array of the objects."""
        self._array(records)

    def _object(self, value: Frozen) -> None:
        self._stdout.write(f"{self._dump(value)}\n")

    def _array(self, values: Sequence[Frozen], end: str = "\n") -> None:
        self._stdout.write("[")
        for place, value in enumerate(values):  # one by one: a change log may be long
            self._stdout.write(f"{',' if place else ''}{self._dump(value)}")
        self._stdout.write(f"]{end}")

    def _dump(self, value: Frozen) -> str:
        return in_json(value.model_dump_json(include=self._fields))


def error_text(error: TodoError) -> str:
    """Give an error as one JSON object on a line."""
    body = {"code": error.code, "message": error.message, "hint": error.hint}
    return in_json(json.dumps({"error": body}, ensure_ascii=False, separators=(",", ":")))
