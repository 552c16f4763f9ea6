"""Times: the next one, one of a day, and so many hours from now."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.moments import APIA, BERLIN, LORD_HOWE, NOW, instant, on, shown, utc
from todo_cli.domain.time.dates import parse
from todo_cli.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17:00", "2026-11-18T17:00:00"),
        ("5pm", "2026-11-18T17:00:00"),
        ("5 PM", "2026-11-18T17:00:00"),
        ("5:30 pm", "2026-11-18T17:30:00"),
        ("at 5pm", "2026-11-18T17:00:00"),
        ("10:01", "2026-11-18T10:01:00"),
        ("10:00", "2026-11-19T10:00:00"),
        ("9:59", "2026-11-19T09:59:00"),
        ("9am", "2026-11-19T09:00:00"),
        ("noon", "2026-11-18T12:00:00"),
        ("midnight", "2026-11-19T00:00:00"),
        ("00:00", "2026-11-19T00:00:00"),
        ("12am", "2026-11-19T00:00:00"),
        ("tonight", "2026-11-18T20:00:00"),
        ("today at 5pm", "2026-11-18T17:00:00"),
        ("fri at 17:00", "2026-11-20T17:00:00"),
        ("fri 5 pm", "2026-11-20T17:00:00"),
        ("tomorrow noon", "2026-11-19T12:00:00"),
        ("25 dec at 9 am", "2026-12-25T09:00:00"),
        ("dec 25 2027 9 am", "2027-12-25T09:00:00"),
        ("25th 9am", "2026-11-25T09:00:00"),
        ("3 days 9am", "2026-11-21T09:00:00"),
        ("in 3 days at 9:30 am", "2026-11-21T09:30:00"),
        ("next week 9am", "2026-11-23T09:00:00"),
        ("end of month at 17:00", "2026-11-30T17:00:00"),
        ("this fri noon", "2026-11-20T12:00:00"),
        ("3 days ago 9am", "2026-11-15T09:00:00"),
        ("fri 24:00", "2026-11-21T00:00:00"),
        ("today 24:00", "2026-11-19T00:00:00"),
        ("eom at 24:00", "2026-12-01T00:00:00"),
        ("2026-11-25 24:00", "2026-11-26T00:00:00"),
        ("2026-11-25T24:00", "2026-11-26T00:00:00"),
        ("2026-11-25T24:00:00Z", "2026-11-26T01:00:00"),
        ("20261125T2400", "2026-11-26T00:00:00"),
        ("now", "2026-11-18T10:00:00"),
        ("3h", "2026-11-18T13:00:00"),
        ("0h", "2026-11-18T10:00:00"),
        ("30min", "2026-11-18T10:30:00"),
        ("in 3 hours", "2026-11-18T13:00:00"),
        ("in 1 hour", "2026-11-18T11:00:00"),
        ("in 90 minutes", "2026-11-18T11:30:00"),
        ("in 30 min", "2026-11-18T10:30:00"),
        ("48 hours", "2026-11-20T10:00:00"),
        ("-3h", "2026-11-18T07:00:00"),
        ("-30min", "2026-11-18T09:30:00"),
        ("2 hours ago", "2026-11-18T08:00:00"),
        ("15 minutes ago", "2026-11-18T09:45:00"),
    ],
)
def test_a_time_is_read_as_people_mean_it(text: str, expected: str) -> None:
    due = parse(text, NOW)
    assert isinstance(due, datetime)
    assert due.tzinfo is BERLIN
    assert shown(due) == expected


def test_midnight_is_the_one_that_ends_today_at_its_very_beginning_too() -> None:
    now = datetime(2026, 11, 18, tzinfo=BERLIN)
    assert shown(parse("midnight", now)) == "2026-11-19T00:00:00"


def test_now_is_a_whole_second() -> None:
    now = NOW.replace(second=59, microsecond=999_999)
    assert shown(parse("now", now)) == "2026-11-18T10:00:59"
    assert shown(parse("1h", now)) == "2026-11-18T11:00:59"


def test_tonight_is_refused_when_it_is_over() -> None:
    at_eight = datetime(2026, 11, 18, 20, tzinfo=BERLIN)
    assert parse("tonight", at_eight) == at_eight
    with pytest.raises(UsageError, match="tonight is 20:00, which is over"):
        parse("tonight", at_eight + timedelta(seconds=1))


# --- Clock changes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        ("2026-10-24T22:30", "in 3 hours", "2026-10-25T01:30"),  # 00:30 to 02:30, the second
        ("2026-10-24T22:30", "now", "2026-10-24T22:30"),
        ("2026-10-25T01:30", "-60min", "2026-10-25T00:30"),
        ("2026-10-25T00:45", "2:30", "2026-10-25T01:30"),  # the first has been
        ("2026-10-24T23:45", "2:30", "2026-10-25T00:30"),
        ("2026-10-25T00:15", "at 2:30am", "2026-10-25T00:30"),
        ("2026-10-25T01:45", "2:30", "2026-10-26T01:30"),
        ("2026-03-29T00:30", "in 1 hour", "2026-03-29T01:30"),  # 01:30 to 03:30
        ("2026-03-28T20:00", "2:30", "2026-03-29T01:30"),  # which is 03:30
        ("2026-03-29T00:45", "2:30", "2026-03-29T01:30"),
    ],
)
def test_hours_are_real_and_a_time_is_the_next_that_the_clock_shows(
    now: str, text: str, expected: str
) -> None:
    assert instant(text, utc(now).astimezone(BERLIN)) == utc(expected)


def test_half_an_hour_that_comes_twice_is_told_apart() -> None:
    now = utc("2026-04-04T14:50").astimezone(LORD_HOWE)  # 01:50, and again half an hour later
    assert instant("1:45", now) == utc("2026-04-04T15:15")


def test_a_day_that_was_left_out_has_no_time_of_its_own() -> None:
    before, after = (utc(f"2011-12-{day}").astimezone(APIA) for day in ("30T08:00", "30T12:00"))
    assert instant("21:00", before) == utc("2011-12-31T07:00")
    assert instant("1:00", before) == utc("2011-12-30T11:00")
    due = parse("23:00", after, past=True)
    assert isinstance(due, datetime)
    assert due.astimezone(UTC) == utc("2011-12-30T09:00")


# --- Nonsense -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("24:00", "24:00 ends a day: write which one, as in fri 24:00"),
        ("at 24:00", "24:00 ends a day: write which one, as in fri 24:00"),
        ("24:01", "there is no time 24:01"),
        ("25:00", "there is no time 25:00"),
        ("13 pm", "there is no time 13 pm"),
        ("24:00pm", "there is no time 24:00pm"),
        ("fri 24:01", "there is no time 24:01"),
        ("2026-11-25T24:00:01", "there is no time 24:00:01"),
        ("fri midnight", "midnight begins a day, and ends one"),
        ("31 feb at noon", "there is no 31 February"),
        ("17:0", "'17:0' is not a date I understand"),
        ("17", "'17' is not a date I understand"),
        ("at", "'at' is not a date I understand"),
        ("at fri", "'at fri' is not a date I understand"),
        ("fri at", "'fri at' is not a date I understand"),
        ("fri at at 5pm", "'fri at at 5pm' is not a date I understand"),
        ("dec 5 pm", "'dec 5 pm' is not a date I understand"),
        ("5  p m", "'5  p m' is not a date I understand"),
        ("now 17:00", "'now 17:00' is not a date I understand"),
        ("tonight 21:00", "'tonight 21:00' is not a date I understand"),
        ("in 3h", "'in 3h' is not a date I understand"),
        ("in 3 hours ago", "'in 3 hours ago' is not a date I understand"),
        ("-3 hours", "'-3 hours' is not a date I understand"),
        ("3 h", "'3 h' is not a date I understand"),
        ("3m", "'3m' is not a date I understand"),
        ("9998-12-31 24:00", "only dates in the years 1900 to 9998 can be used"),
        ("99999999999h", "only dates in the years 1900 to 9998 can be used"),
        (f"{'9' * 80} hours ago", "only dates in the years 1900 to 9998 can be used"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(sentence)}$") as caught:
        parse(text, NOW)
    assert caught.value.hint


def test_the_end_of_time_is_a_refusal_and_not_a_crash() -> None:
    for text in ("17:00", "1h", "tonight", "today 24:00", "midnight"):
        for now in (datetime(9999, 12, 31, 10, tzinfo=UTC), datetime(1, 1, 1, 10, tzinfo=UTC)):
            with pytest.raises(UsageError, match="only dates in the years 1900 to 9998"):
                parse(text, now)
    assert instant("17:00", on("1900-01-05")) == utc("1900-01-05T16:00")


# --- The reference ------------------------------------------------------------------------


def test_each_form_that_the_reference_names_is_understood() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()
    table = [line for line in page.partition("\n## Dates\n")[2].splitlines() if "|" in line]
    rows = table[2 : table.index("| `none` | no date |") + 1]
    forms = [form for row in rows for form in re.findall(r"`([^`]+)`", row)]

    assert len(forms) > 40
    for form in forms:
        assert parse(form, NOW) or form == "none"
