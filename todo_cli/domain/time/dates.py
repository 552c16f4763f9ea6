"""Dates as people write and read them: ``fri 17:00``, ``eom``, ``25 dec``, ISO 8601.

A due date is one of two things. A plain ``date`` is an all-day date: the calendar day of
whoever reads it. A ``datetime`` is an instant, and is always aware.

Nothing here reads the clock or the system's time zone. Every function takes ``now``, an
aware ``datetime`` in the person's own zone, and raises ``ValueError`` when it is naive.

What a day may be written as is in `day_forms`, what an instant in `time_forms`. What no form takes
is refused: a wrong guess at a deadline is worse than a question.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from todo_cli.domain.text import readable
from todo_cli.domain.time import day_forms, time_forms
from todo_cli.domain.time.day_forms import DAY, DAY_NAMES, MONTH_NAMES, refused
from todo_cli.domain.time.time_forms import instant
from todo_cli.errors import UsageError

Due = date | datetime

# What is offered where a date may stand: a word of most forms.
WORDS: Final = (
    *("today", "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
    *("sunday", "eow", "eom", "eoq", "eoy", "som", "3d", "2w", "1mo", "3h", "noon", "midnight"),
)

_LONGEST = 100  # characters in a text worth reading


@dataclass(frozen=True)
class Limit:
    """The two bounds of one comparison: ``day`` for all-day dates, ``instant`` (UTC) for instants.

    UTC on purpose: Python compares two times of the same zone by their wall clocks, which is
    wrong in the hour that a clock change repeats.
    """

    day: date
    instant: datetime


def parse(text: str, now: datetime, *, past: bool = False) -> Due | None:
    """Read a due date.

    Takes what a person typed. Case and the amount of white space do not matter. Gives a ``date``
    for an all-day date, an aware ``datetime`` in the zone of ``now``, in whole seconds, for an
    instant, and ``None`` for ``none`` alone.

    What comes again and again (a time, a weekday, a day without its year) is the next one. Where
    the ``past`` is meant, as in what has been done since then, it is the latest that is not after
    ``now``.

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
    if moment := time_forms.read(words, now, past=past):
        return moment
    if days := day_forms.read(words, now.date(), past=past):
        return days[0]
    raise _not_understood(text)


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
    weekday, month = DAY_NAMES[due.weekday()][:3], MONTH_NAMES[due.month - 1][:3]
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
    return Limit(when, instant(when, time(0), now.tzinfo))


def after(when: Due, now: datetime) -> Limit:
    """Give the bounds of everything due after ``when``: ``> day``, but ``>= instant``.

    All day, that is every later day, and every instant once the day is over in the zone of
    ``now``. For an instant, it is every later instant, and every day after its local day.
    """
    limit = before(when, now)
    if isinstance(when, datetime):
        return Limit(limit.day, limit.instant + timedelta(microseconds=1))
    return Limit(when, instant(when + DAY, time(0), now.tzinfo))


def _check_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"a time without a zone: {moment!r}")


def _not_understood(text: str) -> UsageError:
    return refused(f"{readable(text)} is not a date I understand")
