"""A task, and the text in which it is edited."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from tests.conftest import NOW, utc
from todo_cli.domain.tasks import form
from todo_cli.domain.tasks.task import TaskView
from todo_cli.domain.tasks.values import Priority, Status

FORM = """\
# Task 12, pending. Save and leave to change it; leave without saving to change nothing.
# Tags are parted by spaces. Lines with # above the description are not read.
Title: Buy milk
Project: home
Tags: errand shop
Priority: high
Due: 2026-11-25
Description:
# two bottles
Title: of glass
"""


def task(**values: Any) -> TaskView:
    given = {
        "title": "Buy milk",
        "project": "home",
        "tags": ("errand", "shop"),
        "priority": Priority.HIGH,
        "due": date(2026, 11, 25),
        "description": "# two bottles\nTitle: of glass",
        **values,
    }
    return TaskView(
        id=UUID(int=1),
        number=12,
        status=Status.PENDING,
        created_at=utc(2026, 11, 1),
        updated_at=utc(2026, 11, 1),
        completed_at=None,
        owner="ann@example.com",
        **given,
    )


def changes(text: str, original: str = FORM, now: datetime = NOW) -> dict[str, object]:
    """Read a form without problems and give what it changes."""
    reading = form.read(text, original, now)
    assert reading.problems == ()
    return reading.changes.model_dump(exclude_unset=True)
