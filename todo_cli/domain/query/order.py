"""The order of due dates: by the days of whoever reads them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from todo_cli.domain.time import dates

Place = tuple[datetime, bool]

NOWHERE: Final[Place] = (datetime.max.replace(tzinfo=UTC), True)  # of a task without a due date


def due_places(now: datetime) -> Callable[[datetime | None, bool], Place]:
    """Give a function that tells a due date's place in a list, which grows with it.

    It takes a due date as it is stored: an aware instant, for an all-day date 00:00 UTC of that
    day, and whether it is an all-day date. Such a date stands at the end of its day in the zone of
    ``now``: behind all that has a time on that day, before all of the next one.
    """
    ends: dict[datetime, Place] = {}

    def place(due: datetime | None, all_day: bool) -> Place:
        if due is None:
            return NOWHERE
        if not all_day:
            return due, True
        if due not in ends:
            ends[due] = dates.after(due.astimezone(UTC).date(), now).instant, False
        return ends[due]

    return place
