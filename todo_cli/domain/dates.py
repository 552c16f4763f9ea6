"""Dates as people write and read them: ``fri 17:00``, ``eom``, ``25 dec``, ISO 8601.

A due date is one of two things. A plain ``date`` is an all-day date: the calendar day of
whoever reads it. A ``datetime`` is an instant, and is always aware.

Nothing here reads the clock or the system's time zone. Every function takes ``now``, an
aware ``datetime`` in the person's own zone, and raises ``ValueError`` when it is naive.

A day form and a moment form is each a pattern (below) and what it means. What no pattern
takes is refused: a wrong guess at a deadline is worse than a question.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

Due = date | datetime

_DAY = timedelta(days=1)
_LONGEST = 100  # characters in a text worth reading
# A day to spare on either side of what ``datetime`` can hold, so that any zone can show it.
_FIRST_YEAR, _LAST_YEAR = 1900, 9998
_OUT_OF_RANGE = f"only dates in the years {_FIRST_YEAR} to {_LAST_YEAR} can be used"
_EXAMPLES = "try tomorrow, fri 17:00, 3d, 25 dec, eom or 2026-11-25"

_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _by_name(names: tuple[str, ...]) -> dict[str, int]:
    """Each name, and its first three letters, in lower case, with its place from 0."""
    places = {name.lower(): place for place, name in enumerate(names)}
    return places | {name[:3]: place for name, place in places.items()}


_WEEKDAYS = _by_name(_DAY_NAMES) | {"tues": 1, "thur": 3, "thurs": 3}
_MONTHS = _by_name(_MONTH_NAMES) | {"sept": 8}


@dataclass(frozen=True)
class Limit:
    """The two bounds of one comparison: ``day`` for all-day dates, ``instant`` (UTC) for instants.

    UTC on purpose: Python compares two times of the same zone by their wall clocks, which is
    wrong in the hour that a clock change repeats.
    """

    day: date
    instant: datetime


def parse(text: str, now: datetime) -> Due | None:
    """Read a due date.

    Takes what a person typed: a day form, alone or followed by a time. Case and the amount of
    white space do not matter. Gives a ``date`` for an all-day date, an aware ``datetime`` in
    the zone of ``now``, in whole seconds, for an instant, and ``None`` for ``none`` alone.

    Raises ``UsageError`` for anything else.

    A local time that a clock change skips or repeats is read as RFC 5545, section 3.3.5, says.
    """
    _check_aware(now)
    if len(text) > _LONGEST:
        raise _not_understood(text)
    words = " ".join(text.split())
    if not words.isascii():  # before lower(), which turns a few other letters into ASCII ones
        raise _not_understood(text)
    words = words.lower()
    if words == "none":
        return None
    due = _read_moment(words, now) or _read_day(words, now.date())
    if due is None:
        raise _not_understood(text)
    return due


def describe(due: Due, now: datetime) -> str:
    """Say a due date in English: ``Fri 27 Nov``, or ``Fri 27 Nov 17:00`` for an instant.

    An instant is shown in the zone of ``now``. The year is told when it is not this year.
    """
    _check_aware(now)
    clock = ""
    if isinstance(due, datetime):
        _check_aware(due)
        due = due.astimezone(now.tzinfo)
        clock = f" {due.hour:02}:{due.minute:02}"
    year = "" if due.year == now.year else f" {due.year}"
    weekday, month = _DAY_NAMES[due.weekday()][:3], _MONTH_NAMES[due.month - 1][:3]
    return f"{weekday} {due.day} {month}{year}{clock}"


def before(when: Due, now: datetime) -> Limit:
    """Give the bounds of everything due before ``when``: strictly less than them.

    All day, that is every earlier day, and every instant before the day begins in the zone of
    ``now``. For an instant, it is every earlier instant, and every day before its local day.
    """
    _check_aware(now)
    if isinstance(when, datetime):
        _check_aware(when)
        return Limit(when.astimezone(now.tzinfo).date(), when.astimezone(UTC))
    return Limit(when, _instant(when, time(0), now.tzinfo))


def after(when: Due, now: datetime) -> Limit:
    """Give the bounds of everything due after ``when``: ``> day``, but ``>= instant``.

    All day, that is every later day, and every instant once the day is over in the zone of
    ``now``. For an instant, it is every later instant, and every day after its local day.
    """
    limit = before(when, now)
    if isinstance(when, datetime):
        return Limit(limit.day, limit.instant + timedelta(microseconds=1))
    return Limit(when, _instant(when + _DAY, time(0), now.tzinfo))


# --- Moments: a day and a time ------------------------------------------------------------

_OFFSET = r"(?P<offset>z|[+-]\d\d(?::?\d\d)?)?"
_MOMENT_FORMS = (
    # Any day form, a space, and 17:00, 9:05, 9am or 9:30pm. A bare hour is not enough.
    r"(?P<day>.+) "
    r"(?P<clock>(?P<hour>\d{1,2})(?=:|am|pm)(?::(?P<minute>\d\d))?(?P<half>am|pm)?)",
    # ISO 8601, the extended format. A space for the T is from RFC 3339, section 5.6.
    r"(?P<day>\d{4}-(?:\d\d-\d\d|w\d\d-\d))[ t]"
    r"(?P<clock>(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)" + _OFFSET,
    # ISO 8601, the basic format.
    r"(?P<day>\d{8}|\d{4}w\d{3})t"
    r"(?P<clock>(?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,]\d+)?)?)" + _OFFSET,
)


def _read_moment(words: str, now: datetime) -> datetime | None:
    """Give the instant, in the zone of ``now``, or ``None`` when this is no day and time."""
    for form in _MOMENT_FORMS:
        found = re.fullmatch(form, words)
        if found and (day := _read_day(found["day"], now.date())):
            offset = found.groupdict().get("offset")
            zone = _fixed_zone(offset) if offset else now.tzinfo
            instant = _instant(day, _clock(found), zone)
            _check_range(instant)
            local = instant.astimezone(now.tzinfo)
            _check_range(local)
            return local
    return None


def _clock(found: re.Match[str]) -> time:
    """Give the time of day of a moment form, without the fraction of a second."""
    parts = found.groupdict()
    hour, minute, second = (int(parts.get(part) or 0) for part in ("hour", "minute", "second"))
    half = parts.get("half")
    if half and not 1 <= hour <= 12:
        raise _refused(f"there is no time {found['clock']}")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise _refused(f"there is no time {found['clock']}") from None


def _fixed_zone(offset: str) -> tzinfo:
    """Read ``z``, ``+02``, ``+0200`` or ``+02:00``."""
    if offset == "z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[3:].removeprefix(":") or 0)
    if hours > 23 or minutes > 59:
        raise _refused(f"there is no time zone {offset}")
    east = timedelta(hours=hours, minutes=minutes)
    return timezone(-east if offset.startswith("-") else east)


def _instant(day: date, clock: time, zone: tzinfo | None) -> datetime:
    """Give the instant, in UTC, when the clocks of a zone show this.

    RFC 5545, section 3.3.5: a time that is skipped has the offset from before the gap, and a
    time that comes twice is the first of the two. This is what ``fold=0``, the default, means.
    """
    return datetime.combine(day, clock, zone).astimezone(UTC)


# --- Days ---------------------------------------------------------------------------------


def _near(found: re.Match[str], today: date) -> date:
    """Read ``yesterday``, ``today`` or ``tomorrow``."""
    return today + {"yesterday": -1, "today": 0, "tomorrow": 1}[found[0]] * _DAY


def _weekday(found: re.Match[str], today: date) -> date:
    """Read ``fri``, the first one after today, or ``next fri``, the one of next week."""
    wanted = _WEEKDAYS[found["weekday"]]
    if found["next"]:
        return _start_of_next("w", today) + wanted * _DAY
    return today + ((wanted - today.weekday() - 1) % 7 + 1) * _DAY


def _edge(found: re.Match[str], today: date) -> date:
    """Read ``eom``, the last day of this month, or ``som``, the first of the next one."""
    start = _start_of_next(found["period"], today)
    return start - _DAY if found["edge"] == "e" else start


def _start_of_next(period: str, today: date) -> date:
    """Give the first day of the next day, ISO week (from Monday), month, quarter or year."""
    if period == "d":
        return today + _DAY
    if period == "w":
        return today + (7 - today.weekday()) * _DAY
    months = {"m": 1, "q": 3, "y": 12}[period]
    first = ((today.month - 1) // months + 1) * months  # from 0; 12 is January of next year
    return date(today.year + first // 12, first % 12 + 1, 1)


def _later(found: re.Match[str], today: date) -> date:
    """Read ``3d`` or ``in 3 days``: days, weeks, months or years after today."""
    count, unit = int(found["count"]), found["unit"][0]
    if unit in "dw":
        return today + timedelta(days=count * (7 if unit == "w" else 1))
    from dateutil.relativedelta import relativedelta  # here: slow, and seldom needed

    later: date = today + relativedelta(months=count * (12 if unit == "y" else 1))
    return later


def _day_of_month(found: re.Match[str], today: date) -> date:
    """Read ``25 dec 2027``, or ``25 dec``, the first one from today on."""
    number, month = int(found["number"]), _MONTHS[found["month"]] + 1
    if found["year"]:
        years, which = range(int(found["year"]), int(found["year"]) + 1), f" in {found['year']}"
    else:
        # Eight years at most lie between two 29 February: 2096 and 2104.
        years, which = range(today.year, today.year + 9), ""
    for year in years:
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if found["year"] or day >= today:
            return day
    raise _refused(f"there is no {number} {_MONTH_NAMES[month - 1]}{which}")


def _iso_day(found: re.Match[str], _today: date) -> date:
    """Read a calendar date or a week date of ISO 8601; a week alone is its Monday."""
    text = found[0].upper()
    try:
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise _refused(f"there is no {text} in the calendar") from None


_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_NUMBER = r"(?P<number>\d{1,2})"
_YEAR = r"(?: (?P<year>\d{4}))?"
# Kept as text: ``re`` compiles a pattern, which is slow, when it is first used.
_DAY_FORMS: tuple[tuple[str, Callable[[re.Match[str], date], date]], ...] = (
    (r"yesterday|today|tomorrow", _near),
    (rf"(?P<next>next )?(?P<weekday>{'|'.join(_WEEKDAYS)})", _weekday),
    (r"(?P<edge>e)o(?P<period>[dwmqy])", _edge),
    (r"(?P<edge>s)o(?P<period>[wmqy])", _edge),
    (r"(?P<count>\d+)(?P<unit>d|w|mo|y)", _later),
    (r"in (?P<count>\d+) (?P<unit>day|week|month|year)s?", _later),
    (rf"{_NUMBER} {_MONTH}{_YEAR}", _day_of_month),
    (rf"{_MONTH} {_NUMBER}{_YEAR}", _day_of_month),
    # Checked here because fromisoformat takes more with every release of Python.
    (r"\d{4}-\d\d-\d\d|\d{8}|\d{4}-w\d\d(?:-\d)?|\d{4}w\d{3}", _iso_day),
)


def _read_day(words: str, today: date) -> date | None:
    """Give the day, or ``None`` when no day form takes these words."""
    for form, read in _DAY_FORMS:
        if found := re.fullmatch(form, words):
            try:
                day = read(found, today)
            except (OverflowError, ValueError):  # past the last day that Python can count
                raise _refused(_OUT_OF_RANGE) from None
            _check_range(day)
            return day
    return None


# --- Checks and refusals ------------------------------------------------------------------


def _check_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"a time without a zone: {moment!r}")


def _check_range(day: date) -> None:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise _refused(_OUT_OF_RANGE)


def _not_understood(text: str) -> UsageError:
    return _refused(f"{readable(text)} is not a date I understand")


def _refused(sentence: str) -> UsageError:
    return UsageError(sentence, _EXAMPLES)
