"""The forms of a day that name a place in a week, month or year, and so many of them."""

import re

import pytest

from tests.unit.moments import NOW, on, shown
from todo_cli.domain.time.dates import parse
from todo_cli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 days", "2026-11-21"),
        ("1 day", "2026-11-19"),
        ("2 weeks", "2026-12-02"),
        ("1 month", "2026-12-18"),
        ("1 year", "2027-11-18"),
        ("-7d", "2026-11-11"),
        ("-0d", "2026-11-18"),
        ("-2w", "2026-11-04"),
        ("-1mo", "2026-10-18"),
        ("-1y", "2025-11-18"),
        ("3 days ago", "2026-11-15"),
        ("1 Day Ago", "2026-11-17"),
        ("2 weeks ago", "2026-11-04"),
        ("9 months ago", "2026-02-18"),
        ("1 year ago", "2025-11-18"),
        ("next week", "2026-11-23"),
        ("next month", "2026-12-01"),
        ("next quarter", "2027-01-01"),
        ("next year", "2027-01-01"),
        ("end of day", "2026-11-18"),
        ("end of week", "2026-11-22"),
        ("end of month", "2026-11-30"),
        ("end of the month", "2026-11-30"),
        ("end of quarter", "2026-12-31"),
        ("end of year", "2026-12-31"),
        ("this wed", "2026-11-18"),
        ("this friday", "2026-11-20"),
        ("this sun", "2026-11-22"),
        ("18th", "2026-11-18"),
        ("25th", "2026-11-25"),
        ("1st", "2026-12-01"),
        ("17th", "2026-12-17"),
        ("31st", "2026-12-31"),
        ("25th dec", "2026-12-25"),
        ("dec 25th", "2026-12-25"),
        ("December 25th 2027", "2027-12-25"),
        ("25th of december", "2026-12-25"),
        ("25 of dec 2027", "2027-12-25"),
        ("3rd dec", "2026-12-03"),
    ],
)
def test_a_day_is_read_as_people_mean_it(text: str, expected: str) -> None:
    assert shown(parse(text, NOW)) == expected


@pytest.mark.parametrize(
    ("today", "text", "expected"),
    [
        ("2026-11-25", "25th", "2026-11-25"),
        ("2026-11-26", "25th", "2026-12-25"),
        ("2026-12-31", "30th", "2027-01-30"),
        ("2027-01-31", "30th", "2027-03-30"),
        ("2028-01-30", "29th", "2028-02-29"),
        ("2027-01-30", "29th", "2027-03-29"),
        ("2027-02-01", "31st", "2027-03-31"),
        ("2027-04-01", "31st", "2027-05-31"),
        ("2026-12-31", "next year", "2027-01-01"),
        ("2026-12-31", "next month", "2027-01-01"),
        ("2026-11-22", "this mon", "2026-11-16"),
        ("2028-02-29", "-1y", "2027-02-28"),
        ("2026-03-31", "1 month ago", "2026-02-28"),
    ],
)
def test_months_that_are_short_and_the_edges_of_a_period(
    today: str, text: str, expected: str
) -> None:
    past = text == "this mon"
    assert shown(parse(text, on(today), past=past)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("1th", "2th", "3th", "11st", "12nd", "13rd", "21th", "22th", "23th", "31th", "1nd"),
        *(
            "0th",
            "32nd",
            "99th",
            "22th dec",
            "dec 1nd",
            "11st of december 2027",
            "31st nov",
            "0th dec",
        ),
        *("th", "first", "25th 2027", "the 25th", "25th fri", "end of time", "end of", "end month"),
        *("next", "this", "this fri fri", "ago", "3 ago", "3d ago", "this month", "next weeks"),
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text, NOW)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("22th", "22th is no day: it is written 22nd"),
        ("dec 1nd", "1nd is no day: it is written 1st"),
        ("112th", "'112th' is not a date I understand"),
        ("32nd", "there is no 32nd in any month"),
        ("31st nov", "there is no 31 November"),
        ("this mon", "Monday of this week is over"),
        ("this mon 17:00", "Monday of this week is over"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(sentence)}$") as caught:
        parse(text, NOW)
    assert caught.value.hint
