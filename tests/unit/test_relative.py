"""Due dates as a list says them: how near they are, as seen from now."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.moments import APIA, BERLIN, NEW_YORK, NOW, ZONES, on, utc
from todo_cli.domain.time.dates import describe, parse
from todo_cli.domain.time.relative import in_full, is_late, relative


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-18", "today"),
        ("2026-11-19", "tomorrow"),
        ("2026-11-20", "Fri"),
        ("2026-11-24", "Tue"),
        ("2026-11-25", "Wed 25 Nov"),
        ("2027-01-01", "Fri 1 Jan 2027"),
        ("2026-11-17", "1 day late"),
        ("2026-11-15", "3 days late"),
        ("2026-11-05", "13 days late"),
        ("2026-11-04", "2 weeks late"),
        ("2026-10-29", "2 weeks late"),
        ("2026-10-28", "3 weeks late"),
        ("2026-09-19", "8 weeks late"),
        ("2026-09-18", "2 months late"),
        ("2025-11-19", "12 months late"),
        ("2025-11-18", "1 year late"),
        ("2024-11-18", "2 years late"),
        ("1900-01-01", "126 years late"),
    ],
)
def test_a_day_is_told_by_how_near_it_is(due: str, words: str) -> None:
    assert relative(date.fromisoformat(due), NOW) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-18T10:00", "today 10:00"),
        ("2026-11-18T17:00", "today 17:00"),
        ("2026-11-18T23:59", "today 23:59"),
        ("2026-11-19T00:00", "tomorrow 00:00"),
        ("2026-11-20T17:00", "Fri 17:00"),
        ("2026-11-24T23:59", "Tue 23:59"),
        ("2026-11-25T00:00", "Wed 25 Nov 00:00"),
        ("2027-01-01T17:00", "Fri 1 Jan 2027 17:00"),
        ("2026-11-18T09:59:59", "1 minute late"),
        ("2026-11-18T09:58", "2 minutes late"),
        ("2026-11-18T09:00:01", "59 minutes late"),
        ("2026-11-18T09:00", "1 hour late"),
        ("2026-11-18T08:00", "2 hours late"),
        ("2026-11-18T00:00", "10 hours late"),
        ("2026-11-17T23:50", "10 hours late"),
        ("2026-11-17T10:01", "23 hours late"),
        ("2026-11-17T10:00", "1 day late"),
        ("2026-11-16T23:00", "2 days late"),  # as many as an all-day date of that Monday
        ("2026-11-01T23:00", "2 weeks late"),
    ],
)
def test_a_time_is_told_by_how_near_it_is(due: str, words: str) -> None:
    assert relative(local(due), NOW) == words


def test_a_time_of_yesterday_evening_is_minutes_late_after_midnight() -> None:
    assert relative(local("2026-11-17T23:50"), local("2026-11-18T00:10")) == "20 minutes late"


def test_the_last_day_of_a_year_is_near_the_first_of_the_next() -> None:
    assert relative(date(2027, 1, 1), on("2026-12-31")) == "tomorrow"
    assert relative(date(2027, 1, 6), on("2026-12-31")) == "Wed"
    assert relative(date(2026, 12, 31), on("2027-01-01")) == "1 day late"


def test_a_time_is_told_in_the_zone_of_whoever_reads_it() -> None:
    due, now = utc("2026-11-19T03:00"), utc("2026-11-18T20:00")

    assert relative(due, now.astimezone(NEW_YORK)) == "today 22:00"
    assert relative(due, now.astimezone(BERLIN)) == "tomorrow 04:00"


def test_a_day_lasts_until_midnight_where_it_is_read() -> None:
    now = utc("2026-11-18T23:30")

    assert relative(date(2026, 11, 18), now.astimezone(NEW_YORK)) == "today"
    assert relative(date(2026, 11, 18), now.astimezone(BERLIN)) == "1 day late"


def test_hours_are_those_that_have_passed_when_clocks_change() -> None:
    # Berlin: 02:00 became 03:00 on 29 March 2026; on 25 October 03:00 became 02:00.
    assert relative(local("2026-03-29T01:30"), local("2026-03-29T03:30")) == "1 hour late"
    assert relative(local("2026-10-25T01:30"), local("2026-10-25T03:30")) == "3 hours late"
    assert relative(local("2026-10-25T00:00"), local("2026-10-25T23:59")) == "24 hours late"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = local("2026-10-25T02:30"), local("2026-10-25T02:30", fold=1)

    assert relative(first, second) == "1 hour late"
    assert relative(second, first) == "today 02:30"


def test_clocks_that_go_back_over_midnight_confuse_nobody() -> None:
    # St. John's: at 00:01 on 1 November 2009 it became 23:01 of the day before.
    zone = ZoneInfo("America/St_Johns")
    before = datetime(2009, 11, 1, 2, 30, tzinfo=UTC).astimezone(zone)
    after = datetime(2009, 11, 1, 2, 45, tzinfo=UTC).astimezone(zone)
    assert (before.day, after.day) == (1, 31)

    assert relative(before, after) == "15 minutes late"
    assert relative(after, before) == describe(after, before)


def test_a_day_that_a_zone_left_out_still_counts_in_the_calendar() -> None:
    # Samoa went from Thursday 29 to Saturday 31 December 2011.
    now = local("2011-12-31T09:00", APIA)

    assert relative(date(2011, 12, 29), now) == "2 days late"
    assert relative(local("2011-12-29T23:00", APIA), now) == "10 hours late"


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2026, 11, 18), "today (Wed 18 Nov)"),
        (date(2026, 11, 19), "tomorrow (Thu 19 Nov)"),
        (date(2026, 11, 20), "Fri 20 Nov"),
        (date(2027, 1, 1), "Fri 1 Jan 2027"),
        (date(2026, 11, 15), "3 days late (Sun 15 Nov)"),
        (date(2025, 11, 18), "1 year late (Tue 18 Nov 2025)"),
        (local("2026-11-18T17:00"), "today (Wed 18 Nov 17:00)"),
        (local("2026-11-20T17:00"), "Fri 20 Nov 17:00"),
        (local("2026-11-18T08:00"), "2 hours late (Wed 18 Nov 08:00)"),
    ],
)
def test_in_full_a_date_is_told_with_how_near_it_is(due: date, words: str) -> None:
    assert in_full(due, NOW) == words


def test_a_due_time_is_late_once_it_has_passed_and_a_day_once_it_has_ended() -> None:
    assert not is_late(NOW, NOW)
    assert is_late(NOW - timedelta(seconds=1), NOW)
    assert not is_late(NOW.date(), NOW)
    assert is_late(NOW.date() - timedelta(days=1), NOW)


@pytest.mark.parametrize(
    ("due", "now"),
    [
        (datetime(2026, 11, 18), NOW),  # noqa: DTZ001 - it is what must be refused
        (date(2026, 11, 18), datetime(2026, 11, 18)),  # noqa: DTZ001
    ],
)
def test_a_time_without_a_zone_is_refused(due: date, now: datetime) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        relative(due, now)


_FIRST, _LAST = (datetime(year, 6, 1) for year in (1900, 9998))  # noqa: DTZ001 - get zones below
_MOMENTS = st.datetimes(_FIRST, _LAST, timezones=st.sampled_from(ZONES))


@given(now=_MOMENTS, due=_MOMENTS | st.dates(date(1900, 1, 1), date(9998, 12, 31)))
def test_late_is_said_exactly_of_what_is_late(now: datetime, due: date) -> None:
    assert relative(due, now).endswith(" late") == is_late(due, now)


@given(now=_MOMENTS, days=st.integers(0, 6))
def test_the_near_days_are_said_in_words_that_can_be_typed(now: datetime, days: int) -> None:
    due = now.date() + timedelta(days=days)

    assert parse(relative(due, now), now) == due
