"""A task, as frozen models: what every floor above talks in."""

from datetime import date, datetime
from uuid import UUID

from todo_cli.domain.base import DueDate, Frozen, Instant
from todo_cli.domain.tasks.keys import check_tags
from todo_cli.domain.tasks.values import (
    Priority,
    Status,
    check_description,
    check_project,
    check_title,
)


class TaskView(Frozen):
    """A task as people and scripts see it; the order of the fields is that of the JSON.

    ``due`` is a plain date when it is meant for the whole day of whoever reads it, else an
    aware instant. The other times are aware instants.
    """

    id: UUID
    number: int
    title: str
    description: str | None
    status: Status
    priority: Priority
    project: str | None
    tags: tuple[str, ...]
    due: DueDate | None
    created_at: Instant
    updated_at: Instant
    completed_at: Instant | None
    owner: str


class NewTask(Frozen):
    """A task to be added. Build it with `new_task`, which validates."""

    id: UUID
    title: str
    description: str | None = None
    priority: Priority = Priority.MEDIUM
    project: str | None = None
    tags: tuple[str, ...] = ()
    due: date | datetime | None = None


class Outcome(Frozen):
    """What a command did to one task: ``changed`` is false when it was so already."""

    task: TaskView
    changed: bool


class Page(Frozen):
    """Some tasks in the order asked for; ``total`` says how many there are, if it is known."""

    tasks: tuple[TaskView, ...]
    total: int | None


def new_task(
    uuid: UUID,
    title: str,
    *,
    description: str | None = None,
    priority: Priority = Priority.MEDIUM,
    project: str | None = None,
    tags: tuple[str, ...] = (),
    due: date | datetime | None = None,
) -> NewTask:
    """Check every value of a task to be added; ``uuid`` is its UUIDv7, made by the caller.

    Raises UsageError, with one sentence about the first value that is wrong.
    """
    return NewTask(
        id=uuid,
        title=check_title(title),
        description=None if description is None else check_description(description),
        priority=priority,
        project=None if project is None else check_project(project),
        tags=check_tags(tags),
        due=due,
    )
