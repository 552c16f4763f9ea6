"""Time zones as POSIX writes them into TZ: ``UTC0``, ``CET-1CEST,M3.5.0,M10.5.0/3``.

The form is that of POSIX, XBD 8.3, with the hours of RFC 9636, section 3.3.1. The standard library
reads it only inside of zone files, and takes ``n``, a day counted from 0, for the one before it.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final

_DAY: Final = 86400  # seconds
_NAME: Final = r"[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>"
_TIME: Final = r"[+-]?\d{1,3}(?::[0-5]?\d(?::[0-5]?\d)?)?"
_RULE: Final = rf"(?:J?\d{{1,3}}|M\d{{1,2}}\.[1-5]\.[0-6])(?:/{_TIME})?"
_FORM: Final = (
    rf"(?P<name>{_NAME})(?P<offset>{_TIME})"
    rf"(?:(?P<summer>{_NAME})(?P<summer_offset>{_TIME})?(?:,(?P<start>{_RULE}),(?P<end>{_RULE}))?)?"
)
_DEFAULT_RULES: Final = ("M3.2.0", "M11.1.0")  # what libc takes where none are given
_MOST_HOURS: Final = 167  # in a rule


def read(text: str) -> tzinfo:
    """Give the zone that a POSIX string describes. Raises ValueError for anything else."""
    found = re.fullmatch(_FORM, text, re.ASCII)
    if found is None:
        raise ValueError("no POSIX time zone")
    name, offset = found["name"].strip("<>"), _offset(found["offset"])
    if found["summer"] is None:
        return timezone(timedelta(seconds=offset), name)
    given = found["summer_offset"]
    rules = (found["start"], found["end"]) if found["start"] else _DEFAULT_RULES
    return _Zone(
        name=name,
        offset=offset,
        summer_name=found["summer"].strip("<>"),
        summer_offset=offset + 3600 if given is None else _offset(given),
        start=_rule(rules[0]),
        end=_rule(rules[1]),
    )


@dataclass(frozen=True)
class _Zone(tzinfo):
    """Two offsets, in seconds east of UTC, and for each year the time when one begins.

    ``start`` and ``end`` give it in seconds since 1 January of year 1, by the clock until then.
    """

    name: str
    offset: int
    summer_name: str
    summer_offset: int
    start: Callable[[int], int]
    end: Callable[[int], int]

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """Give the offset; a time that is skipped or comes twice is told by ``fold`` (PEP 495)."""
        return None if moment is None else timedelta(seconds=self._offset_of(moment))

    def dst(self, moment: datetime | None) -> timedelta | None:
        """Give how far the clock is from standard time."""
        if moment is None:
            return None
        return timedelta(seconds=self._offset_of(moment) - self.offset)

    def tzname(self, moment: datetime | None) -> str | None:
        """Give the abbreviation."""
        if moment is None:
            return None
        is_standard = self._offset_of(moment) == self.offset
        return self.name if is_standard else self.summer_name

    def fromutc(self, moment: datetime) -> datetime:
        """Give the local time. Raises OverflowError where the calendar ends."""
        instant = _seconds(moment)
        offset = self._offset_at(instant)
        same = self._instants(instant + offset)
        local = moment + timedelta(seconds=offset)
        return local.replace(fold=int(instant > min(same)))

    def _offset_of(self, moment: datetime) -> int:
        local = _seconds(moment)
        instants = self._instants(local)
        if not instants:  # skipped: fold=0 has the offset from before
            offsets = (self.offset, self.summer_offset)
            return max(offsets) if moment.fold else min(offsets)
        return local - (max(instants) if moment.fold else min(instants))

    def _instants(self, local: int) -> list[int]:
        """Give the instants, in seconds UTC, when the clocks show ``local``."""
        instants = (local - offset for offset in (self.offset, self.summer_offset))
        return [each for each in instants if self._offset_at(each) == local - each]

    def _offset_at(self, instant: int) -> int:
        year = date.fromordinal(min(max(instant // _DAY, 0) + 1, date.max.toordinal())).year
        start = self.start(year) - self.offset
        end = self.end(year) - self.summer_offset
        is_north = start <= end
        is_summer = start <= instant < end if is_north else not end <= instant < start
        return self.summer_offset if is_summer else self.offset


def _seconds(moment: datetime) -> int:
    """Give the seconds since 1 January of year 1, as if there were no zone."""
    since = moment.replace(tzinfo=None) - datetime.min  # noqa: DTZ901 - without a zone, as said
    return since.days * _DAY + since.seconds


def _rule(text: str) -> Callable[[int], int]:
    """Read when a change comes: ``J60``, ``59`` or ``M3.5.0``, with ``/3`` behind it or not.

    Raises ValueError when there is no such day.
    """
    day, _, clock = text.partition("/")
    seconds = _in_seconds(clock, _MOST_HOURS) if clock else 2 * 3600
    day_in = _day_rule(day)
    return lambda year: (date(year, 1, 1).toordinal() - 1 + day_in(year)) * _DAY + seconds


def _day_rule(text: str) -> Callable[[int], int]:
    """Give what counts the days from 1 January to that of the rule. Raises ValueError."""
    if text.startswith("M"):
        month, week, weekday = map(int, text[1:].split("."))
        date(1, month, 1)  # raises for a month that is none
        return lambda year: _nth_weekday(year, month, week, weekday)
    counted = int(text.removeprefix("J"))
    if text.startswith("J"):  # from 1, and 29 February is never counted
        if not 1 <= counted <= 365:
            raise ValueError("no day of a year")
        return lambda year: counted - 1 + (counted >= 60 and calendar.isleap(year))
    if counted > 365:
        raise ValueError("no day of a year")
    return lambda _year: counted


def _nth_weekday(year: int, month: int, week: int, weekday: int) -> int:
    """Give the day, from 0, of the nth weekday of a month; Sunday is 0, and the 5th the last."""
    first, length = calendar.monthrange(year, month)  # Monday is 0
    day = (weekday - first - 1) % 7 + 7 * (week - 1)
    if day >= length:
        day -= 7
    return date(year, month, day + 1).timetuple().tm_yday - 1


def _offset(text: str) -> int:
    """Give the seconds east of UTC: POSIX counts to the west. Raises ValueError beyond a day."""
    seconds = _in_seconds(text, 24)
    if abs(seconds) >= _DAY:  # POSIX has this one, Python has not
        raise ValueError("no offset from UTC")
    return -seconds


def _in_seconds(text: str, most_hours: int) -> int:
    hours, minutes, seconds = (int(part) for part in [*text.lstrip("+-").split(":"), "0", "0"][:3])
    if hours > most_hours:
        raise ValueError("too many hours")
    total = hours * 3600 + minutes * 60 + seconds
    return -total if text.startswith("-") else total
