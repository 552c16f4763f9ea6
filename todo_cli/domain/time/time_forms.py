"""The forms of an instant: ``17:00``, ``5pm``, ``fri at 17:00``, ``in 3 hours``, ISO 8601.

A time on the clock is of a day; one alone is the next one. What is so many hours from now is real
time, whatever clocks are set forward or back meanwhile.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

from todo_cli.domain.time import day_forms
from todo_cli.domain.time.day_forms import DAY, check_range, out_of_range, refused
from todo_cli.errors import UsageError

_TONIGHT: Final = time(20)


def read(words: str, now: datetime, *, past: bool) -> datetime | None:
    """Give the instant, in the zone of ``now``, or None when no form takes these words.

    With ``past``, a time that comes again and again is the latest one that is not after ``now``.
    Raises UsageError for a time that there is not.
    """
    try:
        found = _from_now(words, now) or _of_a_day(words, now, past)
        if found is None:
            return None
        check_range(found)
        local = found.astimezone(now.tzinfo)
    except OverflowError:  # past the last day that Python can count
        raise out_of_range() from None
    check_range(local)
    return local


def instant(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """Give the instant, in UTC, when the clocks of a zone show this.

    RFC 5545, section 3.3.5: a time that is skipped has the offset from before the gap, and a
    time that comes twice is the first of the two. This is what ``fold=0``, the default, means.
    """
    return datetime.combine(day, clock, zone).astimezone(UTC)


# --- From now on --------------------------------------------------------------------------

_SPAN = r"(?P<count>\d+) (?P<unit>hour|minute|min)s?"
_SPANS = (
    r"(?P<back>-)?(?P<count>\d+)(?P<unit>h|min)",
    rf"(?:in )?{_SPAN}",
    rf"{_SPAN}(?P<back> ago)",
)


def _from_now(words: str, now: datetime) -> datetime | None:
    """Read ``now``, ``3h`` or ``in 3 hours``, ``-3h`` or ``3 hours ago``, to the second."""
    moment = now.astimezone(UTC).replace(microsecond=0)
    if words == "now":
        return moment
    for form in _SPANS:
        if found := re.fullmatch(form, words):
            unit = "hours" if found["unit"].startswith("h") else "minutes"
            span = timedelta(**{unit: int(found["count"])})
            return moment - span if found.groupdict().get("back") else moment + span
    return None


# --- By the clock -------------------------------------------------------------------------

# 17:00, 9:05, 9am, 9:30 pm or noon. A bare hour is not enough.
_CLOCK = (
    r"(?P<clock>(?P<name>noon|midnight)|"
    r"(?P<hour>\d{1,2})(?=:| ?[ap]m)(?::(?P<minute>\d\d))?(?: ?(?P<half>am|pm))?)"
)
_OFFSET = r"(?P<offset>z|[+-]\d\d(?::?\d\d)?)?"
_FORMS = (
    rf"(?:at )?{_CLOCK}",
    rf"(?P<day>.+?)(?: at)? {_CLOCK}",
    # ISO 8601, the extended format. A space for the T is from RFC 3339, section 5.6.
    r"(?P<day>\d{4}-(?:\d\d-\d\d|w\d\d-\d))[ t]"
    r"(?P<clock>(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)" + _OFFSET,
    # ISO 8601, the basic format.
    r"(?P<day>\d{8}|\d{4}w\d{3})t"
    r"(?P<clock>(?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,]\d+)?)?)" + _OFFSET,
)


def _of_a_day(words: str, now: datetime, past: bool) -> datetime | None:
    """Give the instant of a time on the clock, with a day before it or not; or None."""
    today = now.date()
    if words == "tonight":
        return _tonight(now, past)
    for form in _FORMS:
        found = re.fullmatch(form, words)
        if found is None:
            continue
        parts = found.groupdict()
        if parts.get("day") is None:
            return _alone(found, now, past)
        if days := day_forms.read(found["day"], today, past=past):
            zone = _fixed_zone(offset) if (offset := parts.get("offset")) else now.tzinfo
            instants = [_on(day, found, zone) for day in days]
            return next((each for each in instants if each <= now), instants[0])
    return None


def _tonight(now: datetime, past: bool) -> datetime:
    tonight = instant(now.date(), _TONIGHT, now.tzinfo)
    if tonight < now and not past:
        sentence = f"tonight is {_TONIGHT:%H:%M}, which is over"
        raise UsageError(sentence, "a time alone is the next one: 23:00")
    return tonight


def _alone(found: re.Match[str], now: datetime, past: bool) -> datetime:
    """Give the next time when the clock shows this, or with ``past`` the latest one."""
    if _ends_a_day(found):
        raise refused(f"{found['clock']} ends a day: write which one, as in fri 24:00")
    clock = time(0) if found["name"] == "midnight" else _clock(found)
    instants = []
    for days in range(-2, 2):  # a clock that is set may leave out a whole day
        day = now.date() + days * DAY
        first, again = (instant(day, clock.replace(fold=fold), now.tzinfo) for fold in (0, 1))
        instants += [first, again] if again > first else [first]
    if past:
        return max(each for each in instants if each <= now)
    return min(each for each in instants if each > now)


def _on(day: date, found: re.Match[str], zone: tzinfo | None) -> datetime:
    """Give the instant of a time on a day, which may be 24:00, its end."""
    if found.groupdict().get("name") == "midnight":
        hint = f"write {found['day']} 00:00, or {found['day']} 24:00"
        raise UsageError("midnight begins a day, and ends one", hint)
    if _ends_a_day(found):
        return instant(day + DAY, time(0), zone)
    return instant(day, _clock(found), zone)


def _ends_a_day(found: re.Match[str]) -> bool:
    """Tell whether a form is 24:00, in whichever way."""
    parts = found.groupdict()
    later = int(parts["minute"] or 0) or int(parts.get("second") or 0)
    return parts["hour"] == "24" and not parts.get("half") and not later


def _clock(found: re.Match[str]) -> time:
    """Give the time of day of a form, without the fraction of a second."""
    parts = found.groupdict()
    if parts.get("name") == "noon":
        return time(12)
    hour, minute, second = (int(parts.get(part) or 0) for part in ("hour", "minute", "second"))
    half = parts.get("half")
    if half and not 1 <= hour <= 12:
        raise refused(f"there is no time {found['clock']}")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise refused(f"there is no time {found['clock']}") from None


def _fixed_zone(offset: str) -> tzinfo:
    """Read ``z``, ``+02``, ``+0200`` or ``+02:00``."""
    if offset == "z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[3:].removeprefix(":") or 0)
    if hours > 23 or minutes > 59:
        raise refused(f"there is no time zone {offset}")
    east = timedelta(hours=hours, minutes=minutes)
    return timezone(-east if offset.startswith("-") else east)
