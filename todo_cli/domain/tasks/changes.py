"""What a person wants to be different about tasks that are there."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator

from todo_cli.domain.base import Frozen
from todo_cli.domain.tasks.task import TaskView
from todo_cli.domain.tasks.values import (
    Priority,
    check_description,
    check_known_tags,
    check_project,
    check_title,
)

Tags = Annotated[tuple[str, ...], AfterValidator(check_known_tags)]


class Changes(Frozen):
    """A field that is not given stays as it is; one that is None is cleared.

    Tags are first cleared if so wished, then added, then removed. Every value is checked: making
    one raises UsageError for the first that is wrong. Which tags may be new, `check_tags` says: the
    ones here may be there already.
    """

    title: Annotated[str, AfterValidator(check_title)] = ""
    description: Annotated[str, AfterValidator(check_description)] | None = None
    project: Annotated[str, AfterValidator(check_project)] | None = None
    priority: Priority = Priority.MEDIUM
    due: datetime | date | None = None
    clear_tags: bool = False
    add_tags: Tags = ()
    remove_tags: Tags = ()


class Draft(Frozen):
    """A task somebody is about to change, and the revision that the change is meant for."""

    task: TaskView
    revision: int
