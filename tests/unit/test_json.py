"""JSON for scripts: how a model is written."""

import json
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from todo_cli.domain.base import due_text, utc_text
from todo_cli.domain.tasks.task import TaskView
from todo_cli.domain.tasks.values import Priority, Status

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - as above
    timezones=ZONES,
)


@given(created=MOMENTS, due=MOMENTS | st.dates())
def test_moments_are_written_in_utc_with_whole_seconds(created: datetime, due: date) -> None:
    task = TaskView(
        id=UUID(int=1),
        number=1,
        title="x",
        description=None,
        status=Status.PENDING,
        priority=Priority.LOW,
        project=None,
        tags=(),
        due=due,
        created_at=created,
        updated_at=created,
        completed_at=None,
        owner="a@example.com",
    )

    written = json.loads(task.model_dump_json())

    assert (written["created_at"], written["due"]) == (utc_text(created), due_text(due))
    assert written["completed_at"] is None
