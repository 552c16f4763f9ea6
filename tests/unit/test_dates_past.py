"""Where the past is meant, what comes again and again is the latest one that has come."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.moments import NOW, ZONES, on, shown
from todo_cli.domain.time.dates import before, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wed", "2026-11-18"),
        ("tue", "2026-11-17"),
        ("thu", "2026-11-12"),
        ("10:00", "2026-11-18T10:00:00"),
        ("9am", "2026-11-18T09:00:00"),
        ("17:00", "2026-11-17T17:00:00"),
        ("noon", "2026-11-17T12:00:00"),
        ("midnight", "2026-11-18T00:00:00"),
        ("25 dec", "2025-12-25"),
        ("18 nov", "2026-11-18"),
        ("29 feb", "2024-02-29"),
        ("18th", "2026-11-18"),
        ("25th", "2026-10-25"),
        ("31st", "2026-10-31"),
        ("wed 9am", "2026-11-18T09:00:00"),
        ("wed 17:00", "2026-11-11T17:00:00"),
        ("wed 24:00", "2026-11-12T00:00:00"),
        ("tue 24:00", "2026-11-18T00:00:00"),
        ("fri at noon", "2026-11-13T12:00:00"),
        ("18th 17:00", "2026-10-18T17:00:00"),
        ("18 nov 17:00", "2025-11-18T17:00:00"),
        ("18 nov 9am", "2026-11-18T09:00:00"),
        ("tonight", "2026-11-18T20:00:00"),
        ("this mon", "2026-11-16"),
        ("today 17:00", "2026-11-18T17:00:00"),
        ("tomorrow", "2026-11-19"),
        ("yesterday 17:00", "2026-11-17T17:00:00"),
        ("next fri", "2026-11-27"),
        ("25 dec 2026", "2026-12-25"),
        ("eom", "2026-11-30"),
        ("3d", "2026-11-21"),
        ("3 days ago", "2026-11-15"),
        ("-3h", "2026-11-18T07:00:00"),
        ("2026-12-25", "2026-12-25"),
    ],
)
def test_the_latest_one_that_is_not_after_now(text: str, expected: str) -> None:
    assert shown(parse(text, NOW, past=True)) == expected


def test_the_first_years_have_no_days_before_them() -> None:
    assert shown(parse("29 feb", on("1905-01-01"), past=True)) == "1904-02-29"


@given(
    st.sampled_from(
        [
            *("fri", "sunday", "1st", "31st", "25 dec", "29 feb", "1 mar", "17:00", "2:30", "noon"),
            *("midnight", "fri 2:30", "31st 24:00", "25 dec at noon", "sun 5 pm", "29 feb 00:00"),
        ]
    ),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)),  # noqa: DTZ001 - made aware
    st.sampled_from(ZONES),
)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_the_latest_is_never_after_now(text: str, moment: datetime, zone: object) -> None:
    now = moment.replace(tzinfo=UTC).astimezone(zone)  # type: ignore[arg-type]
    latest, coming = parse(text, now, past=True), parse(text, now)
    assert latest
    assert coming
    assert before(latest, now).instant <= now.astimezone(UTC)
    assert before(latest, now).instant <= before(coming, now).instant
