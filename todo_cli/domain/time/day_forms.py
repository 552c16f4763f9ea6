"""The forms of a day: ``tomorrow``, ``fri``, ``25th``, ``25 dec``, ``eom``, ``3 days``, ISO 8601.

Each is a pattern, at the end, and what it means: one day, or which days of all it may mean, of
which the nearest is taken.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from todo_cli.errors import UsageError

DAY: Final = timedelta(days=1)
# A day to spare on either side of what ``datetime`` can hold, so that any zone can show it.
_FIRST_YEAR, _LAST_YEAR = 1900, 9998
_EXAMPLES = "try tomorrow, fri 17:00, 3d, 25 dec, eom or 2026-11-25"
_LONGEST_WAIT = 8 * 366  # days: from 29 February 2096 to that of 2104

DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

Fits = Callable[[date], bool]


def _by_name(names: tuple[str, ...]) -> dict[str, int]:
    """Give each name and its first three letters, in lower case, with its place from 0."""
    places = {name.lower(): place for place, name in enumerate(names)}
    return places | {name[:3]: place for name, place in places.items()}


_WEEKDAYS = _by_name(DAY_NAMES) | {"tues": 1, "thur": 3, "thurs": 3}
_MONTHS = _by_name(MONTH_NAMES) | {"sept": 8}


def read(words: str, today: date, *, past: bool) -> tuple[date, ...]:
    """Give the day that these words mean, or nothing when no form takes them.

    Where they name a day of each week, month or year, it is the nearest one to come; with ``past``
    it is the latest, today among them, and the one before it is given too, for whoever knows a time
    of that day that has not come yet. Raises UsageError for a day that there is not.
    """
    for form, read_form in _FORMS:
        if found := re.fullmatch(form, words):
            try:
                meant = read_form(found, today, past)
                days = (meant,) if isinstance(meant, date) else _nearest(meant, today, past)
            except (OverflowError, ValueError):  # past the last day that Python can count
                raise out_of_range() from None
            check_range(days[0])
            return days
    return ()


def check_range(day: date) -> None:
    """Raise UsageError for a day that some zone might not be able to show."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise out_of_range()


def out_of_range() -> UsageError:
    """Give the error for a day that is too far away."""
    return refused(f"only dates in the years {_FIRST_YEAR} to {_LAST_YEAR} can be used")


def refused(sentence: str) -> UsageError:
    """Give the error that says why a text is no date; examples are its hint."""
    return UsageError(sentence, _EXAMPLES)


def _nearest(fits: Fits, today: date, past: bool) -> tuple[date, ...]:
    if not past:
        return (_first(fits, today, DAY),)
    latest = _first(fits, today, -DAY)
    return (latest, _first(fits, latest - DAY, -DAY))


def _first(fits: Fits, start: date, step: timedelta) -> date:
    """Give the first day that fits. Raises OverflowError where the calendar ends before."""
    return next(day for n in range(_LONGEST_WAIT + 1) if fits(day := start + n * step))


# --- What the forms mean ------------------------------------------------------------------


def _near(found: re.Match[str], today: date, _past: bool) -> date:
    """Read ``yesterday``, ``today`` or ``tomorrow``."""
    return today + {"yesterday": -1, "today": 0, "tomorrow": 1}[found[0]] * DAY


def _weekday(found: re.Match[str], today: date, past: bool) -> Fits:
    """Read ``fri``: one after today, or when the past is meant, today as well."""
    wanted = _WEEKDAYS[found["weekday"]]
    return lambda day: day.weekday() == wanted and (past or day > today)


def _weekday_of(found: re.Match[str], today: date, past: bool) -> date:
    """Read ``next fri``, the one of next week, or ``this fri``, unless it is over."""
    wanted = _WEEKDAYS[found["weekday"]]
    if found["week"] == "next":
        return _start_of_next("w", today) + wanted * DAY
    day = today + (wanted - today.weekday()) * DAY
    if day < today and not past:
        name = DAY_NAMES[wanted]
        raise UsageError(f"{name} of this week is over", f"{name.lower()} is the next one")
    return day


def _end(found: re.Match[str], today: date, _past: bool) -> date:
    """Read ``eom`` or ``end of month``, the last day of this month."""
    return _start_of_next(found["period"][0], today) - DAY


def _start(found: re.Match[str], today: date, _past: bool) -> date:
    """Read ``som`` or ``next month``, the first day of the next month."""
    return _start_of_next(found["period"][0], today)


def _start_of_next(period: str, today: date) -> date:
    """Give the first day of the next day, ISO week (from Monday), month, quarter or year."""
    if period == "d":
        return today + DAY
    if period == "w":
        return today + (7 - today.weekday()) * DAY
    months = {"m": 1, "q": 3, "y": 12}[period]
    first = ((today.month - 1) // months + 1) * months  # from 0; 12 is January of next year
    return date(today.year + first // 12, first % 12 + 1, 1)


def _later(found: re.Match[str], today: date, _past: bool) -> date:
    """Read ``3d`` or ``in 3 days``, ``-3d`` or ``3 days ago``: days, weeks, months or years."""
    count, unit = int(found["count"]), found["unit"][0]
    if found.groupdict().get("back"):
        count = -count
    if unit in "dw":
        return today + timedelta(days=count * (7 if unit == "w" else 1))
    from dateutil.relativedelta import relativedelta  # here: slow, and seldom needed

    later: date = today + relativedelta(months=count * (12 if unit == "y" else 1))
    return later


def _day_of_year(found: re.Match[str], _today: date, _past: bool) -> date | Fits:
    """Read ``25 dec 2027``; ``25 dec`` is a day of each year, and today may be one."""
    month, number = _MONTHS[found["month"]] + 1, _number(found)
    year = found["year"]
    try:
        day = date(int(year or 2000), month, number)  # 2000 has a 29 February
    except ValueError:
        which = f" in {year}" if year else ""
        raise refused(f"there is no {number} {MONTH_NAMES[month - 1]}{which}") from None
    return day if year else lambda day: (day.month, day.day) == (month, number)


def _day_of_month(found: re.Match[str], _today: date, _past: bool) -> Fits:
    """Read ``25th``, a day of each month that has it; today may be one."""
    number = _number(found)
    if not 1 <= number <= 31:
        raise refused(f"there is no {found[0]} in any month")
    return lambda day: day.day == number


def _number(found: re.Match[str]) -> int:
    """Give the number of a day. Raises UsageError for a wrong ending, as in ``22th``."""
    number, ending = int(found["number"]), found["ending"]
    teens = 11 <= number % 100 <= 13
    right = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    if ending not in (None, right):
        raise refused(f"{number}{ending} is no day: it is written {number}{right}")
    return number


def _iso_day(found: re.Match[str], _today: date, _past: bool) -> date:
    """Read a calendar date or a week date of ISO 8601; a week alone is its Monday."""
    text = found[0].upper()
    try:
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise refused(f"there is no {text} in the calendar") from None


_WEEKDAY = rf"(?P<weekday>{'|'.join(_WEEKDAYS)})"
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
_NUMBER = r"(?P<number>\d{1,2})"
_ENDING = r"(?P<ending>st|nd|rd|th)"
_YEAR = r"(?: (?P<year>\d{4}))?"
_SPAN = r"(?P<count>\d+) (?P<unit>day|week|month|year)s?"
# Kept as text: ``re`` compiles a pattern, which is slow, when it is first used.
_FORMS: tuple[tuple[str, Callable[[re.Match[str], date, bool], date | Fits]], ...] = (
    (r"yesterday|today|tomorrow", _near),
    (_WEEKDAY, _weekday),
    (rf"(?P<week>this|next) {_WEEKDAY}", _weekday_of),
    (r"eo(?P<period>[dwmqy])", _end),
    (r"end of (?:the )?(?P<period>day|week|month|quarter|year)", _end),
    (r"so(?P<period>[wmqy])", _start),
    (r"next (?P<period>week|month|quarter|year)", _start),
    (r"(?P<back>-)?(?P<count>\d+)(?P<unit>d|w|mo|y)", _later),
    (rf"(?:in )?{_SPAN}", _later),
    (rf"{_SPAN}(?P<back> ago)", _later),
    (_NUMBER + _ENDING, _day_of_month),
    (rf"{_NUMBER}{_ENDING}?(?: of)? {_MONTH}{_YEAR}", _day_of_year),
    (rf"{_MONTH} {_NUMBER}{_ENDING}?{_YEAR}", _day_of_year),
    # Checked here because fromisoformat takes more with every release of Python.
    (r"\d{4}-\d\d-\d\d|\d{8}|\d{4}-w\d\d(?:-\d)?|\d{4}w\d{3}", _iso_day),
)
