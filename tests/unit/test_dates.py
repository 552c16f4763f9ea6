"""Dates as people write them."""

import re
from datetime import UTC, date, datetime

import pytest

from tests.unit.moments import (
    BERLIN,
    NEW_YORK,
    NOW,
    ZONES,
    instant,
    on,
    shown,
    utc,
)
from todo_cli.domain.time.dates import parse
from todo_cli.errors import UsageError

# --- All-day dates ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", "2026-11-18"),
        ("tomorrow", "2026-11-19"),
        ("yesterday", "2026-11-17"),
        ("TODAY", "2026-11-18"),
        ("  \t tomorrow\n", "2026-11-19"),
        ("eod", "2026-11-18"),
        ("eow", "2026-11-22"),
        ("eom", "2026-11-30"),
        ("eoq", "2026-12-31"),
        ("eoy", "2026-12-31"),
        ("sow", "2026-11-23"),
        ("som", "2026-12-01"),
        ("soq", "2027-01-01"),
        ("soy", "2027-01-01"),
        ("0d", "2026-11-18"),
        ("3d", "2026-11-21"),
        ("2w", "2026-12-02"),
        ("1mo", "2026-12-18"),
        ("1y", "2027-11-18"),
        ("in 1 day", "2026-11-19"),
        ("in 3 days", "2026-11-21"),
        ("In  2  Weeks", "2026-12-02"),
        ("in 1 month", "2026-12-18"),
        ("in 14 months", "2028-01-18"),
        ("in 1 year", "2027-11-18"),
        ("25 dec", "2026-12-25"),
        ("25 December", "2026-12-25"),
        ("dec 25", "2026-12-25"),
        ("december 25", "2026-12-25"),
        ("25 dec 2027", "2027-12-25"),
        ("dec 25 2027", "2027-12-25"),
        ("1 sept", "2027-09-01"),
        ("may 5", "2027-05-05"),
        ("17 nov", "2027-11-17"),
        ("18 nov", "2026-11-18"),
        ("25 dec 2020", "2020-12-25"),
        ("29 feb", "2028-02-29"),
        ("2026-11-25", "2026-11-25"),
        ("20261125", "2026-11-25"),
        ("2026-W48-5", "2026-11-27"),
        ("2026W485", "2026-11-27"),
        ("2026-w48", "2026-11-23"),
        ("2026-W53-7", "2027-01-03"),
        ("2024-02-29", "2024-02-29"),
        ("1900-01-01", "1900-01-01"),
        ("9998-12-31", "9998-12-31"),
    ],
)
def test_a_day_is_read_as_people_mean_it(text: str, expected: str) -> None:
    assert shown(parse(text, NOW)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("thu thur thurs thursday", "2026-11-19"),
        ("fri friday", "2026-11-20"),
        ("sat saturday", "2026-11-21"),
        ("sun sunday", "2026-11-22"),
        ("mon monday", "2026-11-23"),
        ("tue tues tuesday", "2026-11-24"),
        ("wed wednesday", "2026-11-25"),
    ],
)
def test_a_weekday_is_the_first_one_after_today(names: str, expected: str) -> None:
    assert {shown(parse(name, NOW)) for name in names.split()} == {expected}


@pytest.mark.parametrize("today", ["2026-11-16", "2026-11-18", "2026-11-20", "2026-11-22"])
def test_next_friday_is_the_friday_of_next_week(today: str) -> None:
    assert parse("next friday", on(today)) == date(2026, 11, 27)


def test_next_monday_on_a_sunday_is_tomorrow() -> None:
    assert parse("next mon", on("2026-11-22")) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("today", "text", "expected"),
    [
        ("2026-01-31", "1mo", "2026-02-28"),
        ("2028-01-31", "1mo", "2028-02-29"),
        ("2026-10-31", "in 1 month", "2026-11-30"),
        ("2028-02-29", "1y", "2029-02-28"),
        ("2028-02-29", "4y", "2032-02-29"),
        ("2026-12-31", "1mo", "2027-01-31"),
    ],
)
def test_a_month_later_keeps_the_day_or_takes_the_last(
    today: str, text: str, expected: str
) -> None:
    assert shown(parse(text, on(today))) == expected


@pytest.mark.parametrize(
    ("today", "text", "expected"),
    [
        ("2026-12-31", "tomorrow", "2027-01-01"),
        ("2026-01-01", "yesterday", "2025-12-31"),
        ("2026-12-31", "eoy", "2026-12-31"),
        ("2026-12-31", "soy", "2027-01-01"),
        ("2026-12-31", "soq", "2027-01-01"),
        ("2026-12-31", "som", "2027-01-01"),
        ("2026-01-01", "eoy", "2026-12-31"),
        ("2026-03-31", "eoq", "2026-03-31"),
        ("2026-03-31", "soq", "2026-04-01"),
        ("2026-04-01", "eoq", "2026-06-30"),
        ("2026-07-15", "eoq", "2026-09-30"),
        ("2026-09-30", "soq", "2026-10-01"),
        ("2028-02-10", "eom", "2028-02-29"),
        ("2026-11-22", "eow", "2026-11-22"),
        ("2026-11-22", "sow", "2026-11-23"),
        ("2026-11-23", "eow", "2026-11-29"),
        ("2026-11-23", "sow", "2026-11-30"),
        ("2026-12-30", "eow", "2027-01-03"),  # in ISO week 53
        ("2026-12-30", "next fri", "2027-01-08"),
        ("2026-12-30", "fri", "2027-01-01"),
        ("2026-12-26", "25 dec", "2027-12-25"),
        ("2026-12-25", "25 dec", "2026-12-25"),
        ("2028-02-29", "29 feb", "2028-02-29"),
        ("2096-03-01", "29 feb", "2104-02-29"),
    ],
)
def test_the_edges_of_a_period_fall_on_the_right_day(today: str, text: str, expected: str) -> None:
    assert shown(parse(text, on(today))) == expected


def test_today_is_the_day_in_the_zone_of_the_person() -> None:
    moment = utc("2026-11-18T23:30")
    assert parse("today", moment.astimezone(BERLIN)) == date(2026, 11, 19)
    assert parse("today", moment.astimezone(NEW_YORK)) == date(2026, 11, 18)


@pytest.mark.parametrize("text", ["none", "None", " NONE "])
def test_none_clears_the_date(text: str) -> None:
    assert parse(text, NOW) is None


# --- Instants -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fri 17:00", "2026-11-20T17:00:00"),
        ("next fri 17:00", "2026-11-27T17:00:00"),
        ("today 9:05", "2026-11-18T09:05:00"),
        ("today 09:05", "2026-11-18T09:05:00"),
        ("today 00:00", "2026-11-18T00:00:00"),
        ("tomorrow 9am", "2026-11-19T09:00:00"),
        ("Tomorrow 9:30PM", "2026-11-19T21:30:00"),
        ("tomorrow 12am", "2026-11-19T00:00:00"),
        ("tomorrow 12pm", "2026-11-19T12:00:00"),
        ("tomorrow 12:30am", "2026-11-19T00:30:00"),
        ("25 dec 9am", "2026-12-25T09:00:00"),
        ("dec 25 2027 17:00", "2027-12-25T17:00:00"),
        ("eom 17:00", "2026-11-30T17:00:00"),
        ("3d 9am", "2026-11-21T09:00:00"),
        ("in 3 days 9am", "2026-11-21T09:00:00"),
        ("2026-11-25 9am", "2026-11-25T09:00:00"),
        ("20261125 17:00", "2026-11-25T17:00:00"),
        ("2026-W48 17:00", "2026-11-23T17:00:00"),
        ("2026-11-25T17:00", "2026-11-25T17:00:00"),
        ("2026-11-25t17:00", "2026-11-25T17:00:00"),
        ("2026-11-25 17:00", "2026-11-25T17:00:00"),
        ("2026-11-25 17:00:59", "2026-11-25T17:00:59"),
        ("2026-11-25T17:00:59.999999999", "2026-11-25T17:00:59"),
        ("2026-11-25T17:00:59,5", "2026-11-25T17:00:59"),
        ("2026-W48-5T17:00", "2026-11-27T17:00:00"),
        ("20261125T1700", "2026-11-25T17:00:00"),
        ("20261125T170059", "2026-11-25T17:00:59"),
        ("2026W485T1700", "2026-11-27T17:00:00"),
    ],
)
def test_a_day_and_a_time_are_an_instant_in_my_zone(text: str, expected: str) -> None:
    due = parse(text, NOW)
    assert isinstance(due, datetime)
    assert due.tzinfo is BERLIN
    assert shown(due) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-25T17:00Z", "2026-11-25T17:00"),
        ("2026-11-25 17:00z", "2026-11-25T17:00"),
        ("2026-11-25T17:00+02:00", "2026-11-25T15:00"),
        ("2026-11-25T17:00+0200", "2026-11-25T15:00"),
        ("2026-11-25T17:00+02", "2026-11-25T15:00"),
        ("2026-11-25T17:00:30.5-05:30", "2026-11-25T22:30:30"),
        ("20261125T1700-0530", "2026-11-25T22:30"),
        ("2026-11-25T17:00-00:00", "2026-11-25T17:00"),
    ],
)
def test_an_offset_is_obeyed_wherever_i_am(text: str, expected: str) -> None:
    assert {instant(text, NOW.astimezone(zone)) for zone in ZONES} == {utc(expected)}


def test_an_instant_comes_back_in_my_zone() -> None:
    due = parse("2026-11-25T17:00Z", NOW)
    assert shown(due) == "2026-11-25T18:00:00"


# --- Nonsense -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\0", "today\0", "now7", "fri 17", "9am fri", "fri fri", "17", "at fri"),
        *("31 feb", "30 feb 2028", "29 feb 2027", "0 dec", "32 dec", "25 dec 27", "of dec"),
        *("--1d", "- 1d", "+1d", "3 d", "٣d", "\uff13d", "²d", "0x3d", "1.5d", "1e3d", "3m", "d"),
        *(
            "in 3d",
            "in 3 mo",
            "in a week",
            "in -1 days",
            "in three days",
            "in 3 days ago",
            "-3d ago",
            "days ago",
        ),
        *("next", "next day", "this week", "next next fri", "last fri", "nextfri", "fri next"),
        *("2026-13-45", "2026-02-30", "2026-00-10", "20260230", "0000-01-01", "2026-W54-1"),
        *("2025-W53-1", "2026-W00-1", "2026-W48-8", "2026-W48-0", "2026-11", "2026", "2026-329"),
        *("2026-1-5", "26-11-25", "2026/11/25", "25.12.2026", "+2026-11-25", "2026W48"),
        *(
            "25:00",
            "fri 25:00",
            "24:00",
            "fri 24:01",
            "fri 17:60",
            "fri 9:5",
            "fri 1700",
            "fri 17:00:00",
        ),
        *("tomorrow 13pm", "tomorrow 0am", "tomorrow 24pm", "tomorrow at", "tomorrow 9a"),
        *("fri 17:00 17:00", "fri 9am 9am", "fri 17:00Z", "none 17:00", "now 17:00", "todayT17:00"),
        *("2026-11-25T24:01", "2026-11-25T25:00", "2026-11-25T17:00:60", "2026-11-25T9am"),
        *("2026-11-25x17:00", "2026-11-25T1700", "20261125T17:00", "2026-11-25T17", "2026-11-25T"),
        *("2026-11-25T17:00 +02:00", "2026-11-25T17:00+24:00", "2026-11-25T17:00+02:60"),
        *("2026-11-25T17:00+2", "2026-11-25T17:00ZZ", "2026-11-25T17:00:00.", "2026-W48T17:00"),
        *("to day", "tod", "tomorow", "frid", "decem 25", "dec", "25 fri", "fri, 17:00", "\ud800"),
        *("🎄", "2wee\u212as", "in 2 wee\u212as", "toda\u0443", "x" * 101, "today" + " " * 100),
    ],
)
def test_what_is_not_a_date_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, NOW)
    assert caught.value.hint == "try tomorrow, fri 17:00, 3d, 25 dec, eom or 2026-11-25"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("now7", "'now7' is not a date I understand"),
        ("31 feb", "there is no 31 February"),
        ("feb 29 2027", "there is no 29 February in 2027"),
        ("31 feb 17:00", "there is no 31 February"),
        ("2026-02-30", "there is no 2026-02-30 in the calendar"),
        ("2026-w54-1", "there is no 2026-W54-1 in the calendar"),
        ("fri 25:00", "there is no time 25:00"),
        ("tomorrow 13pm", "there is no time 13pm"),
        ("2026-11-25T17:00+24:00", "there is no time zone +24:00"),
        ("3000000d", "only dates in the years 1900 to 9998 can be used"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(sentence)}$"):
        parse(text, NOW)


@pytest.mark.parametrize("unit", ["d", "w", "mo", "y"])
@pytest.mark.parametrize("count", ["9999", "99999999999", "9" * 90])
def test_a_date_too_far_away_is_refused(count: str, unit: str) -> None:
    now = on("9998-12-01")
    with pytest.raises(UsageError, match="only dates in the years 1900 to 9998"):
        parse(count + unit, now)


@pytest.mark.parametrize(
    "text",
    [
        *("1899-12-31", "9999-01-01", "9999-12-31T23:59-12:00", "0001-01-01T00:00+14:00"),
        *("25 dec 1800", "25 dec 9999", "1899-12-31 17:00", "9999-01-01 9am"),
        "1900-01-01 00:30",  # 1899 in UTC
        "1900-01-01T00:00+02:00",  # 1899 in UTC and in Berlin
        "9998-12-31T23:30Z",  # 9999 in Berlin
    ],
)
def test_a_year_that_some_zone_could_not_show_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="only dates in the years 1900 to 9998"):
        parse(text, NOW)


@pytest.mark.parametrize("text", ["tomorrow", "fri", "next fri", "soy", "som", "1d", "1y", "1mo"])
def test_the_end_of_time_is_a_refusal_and_not_a_crash(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, datetime(9999, 12, 31, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "a\0b", "\ud800", "\u202edate", "x\r\ny", "\x9b1m"]
)
def test_what_is_quoted_back_cannot_harm_a_terminal(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, NOW)
    assert caught.value.message.isprintable()
    assert caught.value.message.encode()


def test_a_very_long_text_is_shortened_when_quoted_back() -> None:
    with pytest.raises(UsageError) as caught:
        parse("1" * 10_000_000, NOW)
    assert len(caught.value.message) < 100
