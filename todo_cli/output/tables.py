"""Answers for people: a table on a terminal, plain lines in a pipe."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TextIO

from todo_cli.domain import text
from todo_cli.domain.base import Frozen, due_text
from todo_cli.domain.tasks.task import Outcome, Page, TaskView
from todo_cli.domain.tasks.verbs import Verb
from todo_cli.domain.time import dates
from todo_cli.errors import TodoError
from todo_cli.output import messages
from todo_cli.output.streams import write_message

if TYPE_CHECKING:
    from todo_cli.domain.audit import Log
    from todo_cli.domain.tasks.changes import Changes

_TABLE_LIMIT = 50
_LABELS = {"number": "ID", "id": "UUID"}
_EACH = 10  # added at once, so many are confirmed one by one


class TableOutput:
    """``now`` is the moment, in the zone that dates are shown in; ``quiet`` drops messages."""

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        now: datetime,
        *,
        quiet: bool,
        color: bool,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._now = now
        self._quiet = quiet
        self._color = color

    @property
    def default_limit(self) -> int | None:
        """A table shows 50 tasks or events, a pipe all of them."""
        return _TABLE_LIMIT if self._stdout.isatty() else None

    @property
    def says_more(self) -> bool:
        """Below a table it is said, unless people want no messages."""
        return self._stdout.isatty() and not self._quiet

    def added(self, task: TaskView) -> None:
        """Confirm the task; with --quiet write the bare number."""
        if self._quiet:
            self._line(str(task.number))
        else:
            self._say(messages.added(task, self._now))

    def added_all(self, tasks: Sequence[TaskView]) -> None:
        """Confirm each task, or say how many when they are many; with --quiet write the numbers."""
        if self._quiet or 0 < len(tasks) <= _EACH:
            for task in tasks:
                self.added(task)
        else:
            self._say(messages.added_all(tasks))

    def page(self, page: Page, *, filtered: bool, words: Sequence[str] = ()) -> None:
        """Draw a table, or write a line for each task."""
        if not page.tasks and (words or self._stdout.isatty()):
            self._say(messages.empty(filtered, words))
        elif self._stdout.isatty():
            self._table(page)
        else:
            for task in page.tasks:
                self._line(*_plain(task))

    def events(self, log: "Log", *, filtered: bool) -> None:
        """Draw a table, or write a line for each event."""
        from todo_cli.output import events  # only one command needs it

        if not self._stdout.isatty():
            for event in log.events:
                self._line(*events.plain(event))
        elif not log.events:
            self._say(messages.no_events(filtered))
        else:
            from todo_cli.output import screen  # slow to import, and only a terminal needs it

            rows = [events.cells(event, self._now) for event in log.events]
            screen.show_records(events.COLUMNS, rows, self._stdout, color=self._color)
            self._say_more(len(rows), log.total)

    def task(self, task: TaskView) -> None:
        """Write a line for each field that has a value; further lines of a value are indented."""
        fields = _fields(task, self._now)
        if self._stdout.isatty():
            from todo_cli.output import screen  # slow to import, and only a terminal needs it

            screen.show_task(task, fields, self._now, self._stdout, color=self._color)
            return
        for label, value in fields:
            indented = value.replace("\n", f"\n{'':<13}")
            self._stdout.write(f"{label:<13}{indented}\n")

    def outcomes(self, verb: Verb, outcomes: Sequence[Outcome]) -> None:
        """Confirm each task in a line."""
        for outcome in outcomes:
            self._say(messages.outcome(verb, outcome))

    def modified(self, outcomes: Sequence[Outcome], changes: "Changes") -> None:
        """Confirm each task in a line."""
        for outcome in outcomes:
            self._say(messages.modified(outcome, changes, self._now))

    def edited(self, outcome: Outcome, changes: "Changes") -> None:
        """Confirm the task in a line."""
        self.modified([outcome], changes)

    def purged(self, tasks: Sequence[TaskView]) -> None:
        """Confirm each task in a line."""
        for task in tasks:
            self._say(messages.purged(task))

    def record(self, record: Frozen, *message: str, data: Sequence[str] = ()) -> None:
        """Say the message, or write a line for each field and for each further object in it."""
        for each in data:
            self._line(each)
        if message:
            self._say(*message)
            return
        for name, value in record:
            if isinstance(value, tuple) and value and isinstance(value[0], Frozen):
                self.records(value)
            else:
                self._line(f"{name:<13}{_cell(value)}")

    def records(self, records: Sequence[Frozen]) -> None:
        """Draw a table, or write a line for each object, its values parted by tabs."""
        rows = [[text.line(_cell(value)) for _, value in record] for record in records]
        if rows and self._stdout.isatty():
            from todo_cli.output import screen  # slow to import, and only a terminal needs it

            names = tuple(type(records[0]).model_fields)
            screen.show_records(names, rows, self._stdout, color=self._color)
            return
        for row in rows:
            self._line(*row)

    def _say(self, *lines: str) -> None:
        if not self._quiet:
            write_message(self._stderr, *lines)

    def _line(self, *cells: str) -> None:
        """Write a line; no cell of it holds what parts it from the next."""
        if not "".join(cells).isprintable():  # quick, and nearly all of them are
            cells = tuple(map(text.line, cells))
        self._stdout.write("\t".join(cells) + "\n")

    def _table(self, page: Page) -> None:
        from todo_cli.output import screen  # slow to import, and only a terminal needs it

        screen.show_page(page, self._now, self._stdout, color=self._color)
        self._say_more(len(page.tasks), page.total)

    def _say_more(self, shown: int, total: int | None) -> None:
        if total is not None and total > shown:
            self._say(messages.more(shown, total))


def error_lines(error: TodoError) -> list[str]:
    """Give an error as one sentence, and its hint as a second line."""
    hint = [f"hint: {error.hint}"] if error.hint else []
    return [f"todo: {error.message}", *hint]


def _plain(task: TaskView) -> tuple[str, ...]:
    """Give a task's line for a pipe: number, status, priority, due, project, tags, title."""
    due = "" if task.due is None else due_text(task.due)
    number, tags = str(task.number), " ".join(task.tags)
    return number, task.status, task.priority, due, task.project or "", tags, task.title


def _fields(task: TaskView, now: datetime) -> list[tuple[str, str]]:
    """Give the fields that have a value as they are shown; only a description has several lines."""
    names = [name for name in TaskView.model_fields if name != "id"]
    rows = [(_label(name), _shown(name, getattr(task, name), now)) for name in (*names, "id")]
    return [(label, value) for label, value in rows if value]


def _label(name: str) -> str:
    return _LABELS.get(name) or name.removesuffix("_at").capitalize()


def _shown(name: str, value: object, now: datetime) -> str:
    match value:
        case None:
            return ""
        case date():
            return text.line(dates.describe(value, now))
        case tuple():
            return text.line(" ".join(value))
        case str() if name == "description":
            return "\n".join(text.lines(value))
        case _:
            return text.line(str(value))


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case True:
            return "yes"
        case False:
            return "no"
        case tuple():
            return ", ".join(map(str, value)) or "-"
        case _:
            return str(value)
