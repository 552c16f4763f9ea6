"""JSON for scripts: how a model is written."""

import json
from datetime import date, datetime, timedelta, timezone
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_serializer

from todo_cli.domain.task import Frozen, Priority, Status, TaskView, due_text, utc_text
from todo_cli.output.json import JsonOutput

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
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


class Interrupted(Frozen):
    """What is interrupted while it is written."""

    status: Status

    @field_serializer("status")
    def _interrupt(self, _: Status) -> str:
        raise KeyboardInterrupt


def test_ctrl_c_while_a_field_is_written_is_a_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        JsonOutput(StringIO(), None).record(Interrupted(status=Status.PENDING))
