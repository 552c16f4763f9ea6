"""What a person does with tasks."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import Session

from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask, Outcome, Page, TaskView
from todo_cli.store.tasks import reads, writes

if TYPE_CHECKING:
    from todo_cli.domain.tasks.changes import Changes, Draft


def add(session: Session, tasks: Sequence[NewTask]) -> tuple[TaskView, ...]:
    """Add tasks, all or none, numbered in their order."""
    return writes.add_tasks(session, tasks)


def find(session: Session, wanted: Filter, now: datetime, *, counted: bool = False) -> Page:
    """Give the tasks that pass a filter; if ``counted``, also how many there are in all.

    ``now`` is an aware time in the zone whose days the order goes by.
    """
    return reads.list_tasks(session, wanted, now, counted=counted)


def show(session: Session, refs: TaskRefs) -> TaskView:
    """Give one task. Raises NotFoundError."""
    return reads.get_task(session, refs)


def named(session: Session, refs: TaskRefs) -> tuple[TaskView, ...]:
    """Give the tasks that are named, in whatever state, by number. Raises NotFoundError."""
    return reads.get_tasks(session, refs)


def draft(session: Session, refs: TaskRefs) -> "Draft":
    """Give one task to be edited. Raises NotFoundError, or ConflictError for one in the trash."""
    return reads.get_draft(session, refs)


def modify(
    session: Session,
    refs: TaskRefs,
    changes: "Changes",
    revision: int | None = None,
) -> tuple[Outcome, ...]:
    """Change tasks, if need be only while they are at ``revision``.

    Raises NotFoundError, ConflictError for a task in the trash or at another revision, UsageError
    for more tags than a task takes.
    """
    return writes.modify(session, refs, changes, revision)


def complete(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Complete tasks. Raises NotFoundError, or ConflictError for one in the trash."""
    return writes.complete(session, refs)


def reopen(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Make completed tasks pending. Raises NotFoundError, or ConflictError as `complete`."""
    return writes.reopen(session, refs)


def delete(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Put tasks into the trash. Raises NotFoundError."""
    return writes.delete(session, refs)


def restore(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Take tasks out of the trash. Raises NotFoundError."""
    return writes.restore(session, refs)


def purge(session: Session, refs: TaskRefs) -> tuple[TaskView, ...]:
    """Delete tasks for good. Raises NotFoundError."""
    return writes.purge(session, refs)
