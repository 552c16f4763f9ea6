"""Dates across clock changes and zones, and as they are shown and compared."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.moments import (
    APIA,
    BEIRUT,
    BERLIN,
    LORD_HOWE,
    NEW_YORK,
    NOW,
    SAO_PAULO,
    ZONES,
    instant,
    shown,
    utc,
)
from todo_cli.domain.time.dates import Due, after, before, describe, parse

# --- Clock changes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "text", "expected", "wall"),
    [
        (BERLIN, "2026-03-29 02:30", "2026-03-29T01:30", "2026-03-29T03:30:00"),
        (BERLIN, "2026-03-29 01:59", "2026-03-29T00:59", "2026-03-29T01:59:00"),
        (BERLIN, "2026-03-29 03:00", "2026-03-29T01:00", "2026-03-29T03:00:00"),
        (NEW_YORK, "2026-03-08T02:30", "2026-03-08T07:30", "2026-03-08T03:30:00"),
        (LORD_HOWE, "2026-10-04 2:15am", "2026-10-03T15:45", "2026-10-04T02:45:00"),
        (APIA, "2011-12-30 10:00", "2011-12-30T20:00", "2011-12-31T10:00:00"),
        (SAO_PAULO, "2018-11-04 00:30", "2018-11-04T03:30", "2018-11-04T01:30:00"),
    ],
)
def test_a_skipped_time_is_read_with_the_offset_before_the_gap(
    zone: ZoneInfo, text: str, expected: str, wall: str
) -> None:
    now = NOW.astimezone(zone)
    assert instant(text, now) == utc(expected)
    assert shown(parse(text, now)) == wall


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        (BERLIN, "2026-10-25 02:30", "2026-10-25T00:30"),
        (BERLIN, "2026-10-25 03:00", "2026-10-25T02:00"),
        (NEW_YORK, "2026-11-01 1:30am", "2026-11-01T05:30"),
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04T14:45"),
        (LORD_HOWE, "2026-04-05 02:00", "2026-04-04T15:30"),
    ],
)
def test_a_time_that_comes_twice_is_the_first_of_the_two(
    zone: ZoneInfo, text: str, expected: str
) -> None:
    assert instant(text, NOW.astimezone(zone)) == utc(expected)


def test_the_second_of_two_equal_times_can_be_named_by_its_offset() -> None:
    assert instant("2026-10-25T02:30+01:00") == utc("2026-10-25T01:30")


def test_a_clock_change_does_not_move_an_all_day_date() -> None:
    now = datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN)
    assert parse("2d", now) == date(2026, 10, 26)
    assert instant("2d 9am", now) == utc("2026-10-26T08:00")


# --- Describing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (date(2026, 11, 27), "Fri 27 Nov"),
        (date(2026, 12, 1), "Tue 1 Dec"),
        (date(2027, 1, 1), "Fri 1 Jan 2027"),
        (date(2025, 12, 31), "Wed 31 Dec 2025"),
        (datetime(2026, 11, 27, 17, 0, tzinfo=BERLIN), "Fri 27 Nov 17:00"),
        (datetime(2026, 11, 27, 9, 5, 59, tzinfo=BERLIN), "Fri 27 Nov 09:05"),
        (datetime(2027, 1, 1, 0, 0, tzinfo=BERLIN), "Fri 1 Jan 2027 00:00"),
        (datetime(2026, 11, 27, 23, 30, tzinfo=UTC), "Sat 28 Nov 00:30"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Fri 1 Jan 2027 00:30"),
        (datetime(2026, 11, 27, 1, 0, tzinfo=timezone(timedelta(hours=9))), "Thu 26 Nov 17:00"),
    ],
)
def test_a_due_date_is_told_in_my_zone_with_the_year_only_when_it_is_another(
    due: Due, expected: str
) -> None:
    assert describe(due, NOW) == expected


# --- Before and after ---------------------------------------------------------------------


def test_before_a_day_ends_with_the_midnight_that_begins_it() -> None:
    limit = before(date(2026, 11, 27), NOW)
    assert limit.day == date(2026, 11, 27)
    assert limit.instant == datetime(2026, 11, 27, tzinfo=BERLIN)


def test_after_a_day_begins_with_the_midnight_that_ends_it() -> None:
    limit = after(date(2026, 11, 27), NOW)
    assert limit.day == date(2026, 11, 27)
    assert limit.instant == datetime(2026, 11, 28, tzinfo=BERLIN)


def test_before_an_instant_is_every_earlier_instant_and_every_earlier_day() -> None:
    limit = before(utc("2026-11-27T23:30"), NOW)
    assert limit.day == date(2026, 11, 28)  # it is half past midnight in Berlin
    assert limit.instant == utc("2026-11-27T23:30")


def test_after_an_instant_leaves_out_the_instant_itself() -> None:
    moment = utc("2026-11-27T23:30")
    limit = after(moment, NOW)
    assert limit.day == date(2026, 11, 28)
    assert moment < limit.instant <= moment + timedelta(seconds=1)


def test_after_an_instant_is_right_in_the_hour_that_comes_twice() -> None:
    first = instant("2026-10-25T02:30:00+02:00")
    again = instant("2026-10-25T02:30:00+01:00")
    assert first < after(first.astimezone(BERLIN), NOW).instant <= again
    assert first < before(again.astimezone(BERLIN), NOW).instant


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (SAO_PAULO, date(2018, 11, 4), "2018-11-04T03:00"),
        (BEIRUT, date(2026, 3, 29), "2026-03-28T22:00"),
        (APIA, date(2011, 12, 30), "2011-12-30T10:00"),
    ],
)
def test_a_midnight_that_a_clock_change_skips_is_the_moment_of_the_change(
    zone: ZoneInfo, day: date, expected: str
) -> None:
    now = NOW.astimezone(zone)
    assert before(day, now).instant == utc(expected)
    assert after(day - timedelta(days=1), now).instant == utc(expected)


def test_bounds_are_in_utc_so_that_comparing_them_is_safe() -> None:
    for when in (date(2026, 11, 27), NOW):
        assert before(when, NOW).instant.tzinfo is UTC
        assert after(when, NOW).instant.tzinfo is UTC


@given(st.dates(date(1900, 1, 2), date(9998, 12, 30)), st.sampled_from(ZONES))
@settings(derandomize=True, deadline=None)
def test_no_instant_is_both_before_and_after_a_day(day: date, zone: ZoneInfo) -> None:
    now = NOW.astimezone(zone)
    assert before(day, now).instant <= after(day, now).instant
    assert after(day, now).instant == before(day + timedelta(days=1), now).instant


# --- Mistakes of the programmer -----------------------------------------------------------


def test_a_time_without_a_zone_is_the_mistake_of_the_programmer() -> None:
    naive = NOW.replace(tzinfo=None)
    for call in (
        lambda: parse("today", naive),
        lambda: describe(NOW, naive),
        lambda: before(NOW, naive),
        lambda: after(NOW, naive),
        lambda: describe(naive, NOW),
        lambda: before(naive, NOW),
        lambda: after(naive, NOW),
    ):
        with pytest.raises(ValueError, match="a time without a zone"):
            call()
