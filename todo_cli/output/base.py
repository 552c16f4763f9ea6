"""What both ways of output can do, so that no command ever asks which one it has."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from todo_cli.domain.base import Frozen
from todo_cli.domain.tasks.task import Outcome, Page, TaskView
from todo_cli.domain.tasks.verbs import Verb

if TYPE_CHECKING:
    from todo_cli.domain.audit import Log
    from todo_cli.domain.tasks.changes import Changes


class Output(Protocol):
    """Data to stdout, everything else to stderr."""

    @property
    def default_limit(self) -> int | None:
        """How many tasks or events a list shows when nobody says, None for all."""

    @property
    def says_more(self) -> bool:
        """Whether a list of tasks says how many it leaves out, for which they must be counted."""

    def added(self, task: TaskView) -> None:
        """Confirm one added task."""

    def added_all(self, tasks: Sequence[TaskView]) -> None:
        """Confirm any number of tasks added at once, in their order."""

    def page(self, page: Page, *, filtered: bool, words: Sequence[str] = ()) -> None:
        """Show a list of tasks; ``filtered`` when it may leave out pending ones.

        ``words`` are those that were looked for.
        """

    def events(self, log: "Log", *, filtered: bool) -> None:
        """Show entries of the change log; ``filtered`` when others may be left out."""

    def task(self, task: TaskView) -> None:
        """Show one task with all its fields."""

    def outcomes(self, verb: Verb, outcomes: Sequence[Outcome]) -> None:
        """Confirm what ``verb`` did to each of several tasks."""

    def modified(self, outcomes: Sequence[Outcome], changes: "Changes") -> None:
        """Confirm what was changed about each of several tasks."""

    def edited(self, outcome: Outcome, changes: "Changes") -> None:
        """Confirm what was changed about one task, which may be nothing."""

    def purged(self, tasks: Sequence[TaskView]) -> None:
        """Confirm tasks deleted for good."""

    def record(self, record: Frozen, *message: str, data: Sequence[str] = ()) -> None:
        """Show one object of another kind; ``message`` are lines that people read in its place.

        ``data`` are the lines of it that people get on stdout all the same.
        """

    def records(self, records: Sequence[Frozen]) -> None:
        """Show several objects of another kind."""
