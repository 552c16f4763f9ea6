"""Which tasks a list shows, and in what order."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated, Final
from unicodedata import normalize

from pydantic import AfterValidator

from todo_cli.domain.base import Frozen
from todo_cli.domain.tasks.values import Priority, Status
from todo_cli.domain.text import readable
from todo_cli.domain.time.dates import Limit
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
    """What a list can want to have no value, or to have one."""

    PROJECT = "project"
    DUE = "due"
    TAGS = "tags"


# Text in Unicode's NFC, as tasks have it.
Normal = Annotated[str, AfterValidator(partial(normalize, "NFC"))]


class Span(Frozen):
    """What is due before the one limit and after the other; None where it is open."""

    before: Limit | None = None
    after: Limit | None = None


class Filter(Frozen):
    """Every condition must hold; an empty one holds always.

    ``tags`` must all be there, of each of ``any_tags`` one, of ``without_tags`` none. What else is
    ``without_`` keeps tasks that have no such value. ``empty`` must have none, ``present`` some.
    Each of ``search`` is looked for in title and description, ignoring case. Every limit of
    ``due_before`` and ``due_after`` holds. Without ``sort`` the order is `order`. ``limit`` is the
    most tasks to give, None for all.
    """

    statuses: tuple[Status, ...] = _PENDING
    project: str | None = None
    tags: tuple[str, ...] = ()
    any_tags: tuple[tuple[str, ...], ...] = ()
    without_tags: tuple[str, ...] = ()
    without_projects: tuple[str, ...] = ()
    without_priorities: tuple[Priority, ...] = ()
    without_due: tuple[Span, ...] = ()
    priority: Priority | None = None
    due_before: tuple[Limit, ...] = ()
    due_after: tuple[Limit, ...] = ()
    empty: frozenset[Empty] = frozenset()
    present: frozenset[Empty] = frozenset()
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


def parse_statuses(
    word: str | None, everything: bool, without: Sequence[str] = ()
) -> tuple[Status, ...]:
    """Read ``--status``, ``--all``, of which only one is given, and the statuses to leave out.

    Who leaves some out and names no other means those of the rest that are not in the trash. Raises
    UsageError for an unknown status, and where none is left.
    """
    shown: tuple[Status, ...]
    if word is None:
        shown = (Status.PENDING, Status.COMPLETED) if everything or without else _PENDING
    else:
        shown = _parse_status(word)
    hidden = {status for each in without for status in _parse_status(each)}
    left = tuple(status for status in shown if status not in hidden)
    if not left:
        raise UsageError("every status is left out: no task is in the list")
    return left


def _parse_status(word: str) -> tuple[Status, ...]:
    if word.lower() == "any":
        return tuple(Status)
    try:
        return (Status(word.lower()),)
    except ValueError:
        choices = ", ".join([*Status, "any"])
        raise UsageError(f"{readable(word)} is not a status", f"one of {choices}") from None


def parse_sort(text: str) -> Sort:
    """Read ``FIELD`` or, for the largest first, ``FIELD-``, in any case. Raises UsageError."""
    try:
        field = SortField(text.removesuffix("-").lower())
    except ValueError:
        choices = ", ".join(SortField)
        raise UsageError(f"cannot sort by {readable(text)}", f"one of {choices}") from None
    return Sort(field=field, descending=text.endswith("-"))
