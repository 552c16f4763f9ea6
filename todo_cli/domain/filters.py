"""Which tasks a list shows, and in what order."""

from enum import StrEnum
from functools import partial
from typing import Annotated, Final
from unicodedata import normalize

from pydantic import AfterValidator

from todo_cli.domain.dates import Limit
from todo_cli.domain.task import Frozen, Priority, Status
from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

_PENDING: Final = (Status.PENDING,)


class SortField(StrEnum):
    """What a list can be sorted by: the fields of a task that have an order."""

    NUMBER = "number"
    TITLE = "title"
    STATUS = "status"
    PRIORITY = "priority"
    PROJECT = "project"
    DUE = "due"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    COMPLETED_AT = "completed_at"


class Sort(Frozen):
    """A field, and whether the largest comes first. Tasks without a value come last."""

    field: SortField
    descending: bool = False


class Empty(StrEnum):
    """What a list can want to have no value."""

    PROJECT = "project"
    DUE = "due"
    TAGS = "tags"


# Text in Unicode's NFC, as tasks have it.
Normal = Annotated[str, AfterValidator(partial(normalize, "NFC"))]


class Filter(Frozen):
    """Every condition must hold; an empty one holds always.

    ``tags`` must all be there, of ``without_tags`` none. Each of ``search`` is looked for in title
    and description, ignoring case. Every limit of ``due_before`` and ``due_after`` holds. Without
    ``sort`` the order is `order`. ``limit`` is the most tasks to give, None for all.
    """

    statuses: tuple[Status, ...] = _PENDING
    project: str | None = None
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    priority: Priority | None = None
    due_before: tuple[Limit, ...] = ()
    due_after: tuple[Limit, ...] = ()
    empty: frozenset[Empty] = frozenset()
    search: tuple[Normal, ...] = ()
    sort: Sort | None = None
    limit: int | None = None

    @property
    def order(self) -> Sort | None:
        """The order asked for; of completed tasks alone the latest completion first.

        None is by due date (an all-day date at the end of its day, none last), then priority
        (urgent first), then number.
        """
        if self.sort is None and self.statuses == (Status.COMPLETED,):
            return Sort(field=SortField.COMPLETED_AT, descending=True)
        return self.sort

    @property
    def shows_all_pending(self) -> bool:
        """Whether no pending task can be missing from the list."""
        everything = Filter(statuses=self.statuses, sort=self.sort, limit=self.limit)
        return self == everything and Status.PENDING in self.statuses


def parse_statuses(word: str | None, everything: bool) -> tuple[Status, ...]:
    """Read ``--status`` and ``--all``. Raises UsageError for an unknown status or for both."""
    if word is not None and everything:
        raise UsageError("--all and --status exclude each other")
    if everything:
        return (Status.PENDING, Status.COMPLETED)
    if word is None:
        return _PENDING
    if word == "any":
        return tuple(Status)
    try:
        return (Status(word),)
    except ValueError:
        choices = ", ".join([*Status, "any"])
        raise UsageError(f"{readable(word)} is not a status", f"one of {choices}") from None


def parse_priority(word: str) -> Priority:
    """Read a priority. Raises UsageError for a word that is none."""
    try:
        return Priority(word)
    except ValueError:
        choices = ", ".join(Priority)
        raise UsageError(f"{readable(word)} is not a priority", f"one of {choices}") from None


def parse_sort(text: str) -> Sort:
    """Read ``FIELD`` or, for the largest first, ``FIELD-``. Raises UsageError."""
    try:
        return Sort(field=SortField(text.removesuffix("-")), descending=text.endswith("-"))
    except ValueError:
        choices = ", ".join(SortField)
        raise UsageError(f"cannot sort by {readable(text)}", f"one of {choices}") from None
