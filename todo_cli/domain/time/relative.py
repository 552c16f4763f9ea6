"""Due dates as seen from now: ``tomorrow``, ``Fri 17:00``, ``3 days late``.

The words of a list, where what matters is how near a date is. Days are the calendar days of
whoever reads it: the zone of ``now``, which must be aware, as everywhere in `dates`.
"""

from datetime import UTC, date, datetime

from todo_cli.domain.time import dates
from todo_cli.domain.time.dates import Due

_WEEK = 7
# How late something is, in days: each unit is used from so many days on.
_UNITS = ((365, 365, "year"), (61, 30, "month"), (14, _WEEK, "week"), (0, 1, "day"))


def relative(due: Due, now: datetime) -> str:
    """Say how near a due date is: ``today 17:00``, ``tomorrow``, ``Fri``, ``2 hours late``.

    From a week ahead on it is the date itself, as `dates.describe` says it. Units of lateness are
    rounded down. Raises ValueError for a time without a zone.
    """
    exact = dates.describe(due, now)
    if is_late(due, now):
        return _lateness(due, now)
    ahead = (_day(due, now) - now.date()).days
    if not 0 <= ahead < _WEEK:
        return exact
    weekday, *_, last = exact.split()
    day = {0: "today", 1: "tomorrow"}.get(ahead, weekday)
    return f"{day} {last}" if isinstance(due, datetime) else day


def is_late(due: Due, now: datetime) -> bool:
    """Tell whether a due date is over: an instant when it has passed, a day when it has ended."""
    if isinstance(due, datetime):
        # In UTC: Python compares times of one zone by their clocks, wrong when those go back.
        return due.astimezone(UTC) < now.astimezone(UTC)
    return due < now.date()


def in_full(due: Due, now: datetime) -> str:
    """Say how near a due date is, and which it is: ``tomorrow (Thu 19 Nov)``.

    The date alone is said where the weekday in it already tells how near it is.
    """
    exact, near = dates.describe(due, now), relative(due, now)
    if not is_late(due, now):
        near = near.split()[0]  # the time of day is in the date
    return exact if exact.startswith(near) else f"{near} ({exact})"


def _lateness(due: Due, now: datetime) -> str:
    days = (now.date() - _day(due, now)).days
    if isinstance(due, datetime):
        minutes = (now.astimezone(UTC) - due.astimezone(UTC)).total_seconds() // 60
        if minutes < 60:
            return _late(max(1, int(minutes)), "minute")
        if days < 1 or minutes < 24 * 60:
            return _late(int(minutes // 60), "hour")
    size, unit = next((size, unit) for least, size, unit in _UNITS if days >= least)
    return _late(days // size, unit)


def _late(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'} late"


def _day(due: Due, now: datetime) -> date:
    return due.astimezone(now.tzinfo).date() if isinstance(due, datetime) else due
