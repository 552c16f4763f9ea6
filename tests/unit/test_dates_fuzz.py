"""Anything at all is a date, nothing, or a refusal."""

from datetime import UTC, date, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.moments import (
    NEW_YORK,
    NOW,
    ZONES,
)
from todo_cli.domain.time.dates import Due, after, before, describe, parse
from todo_cli.errors import UsageError

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=120)
TOKENS = st.sampled_from(
    [
        *("today", "tomorrow", "yesterday", "none", "now", "next", "in", "fri", "tues", "sunday"),
        *("eod", "eow", "eom", "eoq", "eoy", "sow", "som", "soq", "soy", "feb", "dec", "december"),
        *("0d", "3d", "2w", "1mo", "1y", "9999y", "99999999999d", "d", "w", "mo", "y"),
        *("day", "days", "weeks", "month", "years", "0", "1", "3", "25", "29", "31", "99"),
        *("0000", "2027", "9999", "2026-11-25", "20261125", "2026-02-30", "9999-12-31"),
        *("0001-01-01", "2026-W53-7", "2026W485", "2026-W48", "9am", "12pm", "13pm", "17:00"),
        *("9:05", "24:00", "25:00", "1700", "170059", "17:00:59", "17:00:59.5", "T", "t", "Z"),
        *("+02:00", "-0530", "+14", "-23:59", "+24:00", "+", "-", ":", ".", ",", "/"),
        *(
            "noon",
            "midnight",
            "tonight",
            "at",
            "pm",
            "5",
            "ago",
            "end",
            "of",
            "month",
            "this",
            "25th",
        ),
        *("31st", "22th", "-7d", "3h", "30min", "hours", "minutes", "99999999h"),
        *("\0", "\ud800", "٣", "🎄", "\u212a", "\u00a0"),
    ]
)
FROM_TOKENS = st.lists(st.tuples(TOKENS, st.sampled_from(["", " "])), max_size=6).map(
    lambda pairs: "".join(token + gap for token, gap in pairs)
)
COUNTS = st.integers(0, 40) | st.integers(0, 10**12)
MONTHS = st.sampled_from(["jan", "feb", "april", "sept", "december"])
DAYS = st.one_of(
    TOKENS,
    st.builds("{}{}".format, COUNTS, st.sampled_from(["d", "w", "mo", "y"])),
    st.builds("-{}{}".format, COUNTS, st.sampled_from(["d", "w", "mo", "y", "h", "min"])),
    st.builds("{}{}".format, st.integers(0, 40), st.sampled_from(["st", "nd", "rd", "th"])),
    st.builds(
        "{} {}{}".format, COUNTS, st.sampled_from(["day", "hours"]), st.sampled_from(["", " ago"])
    ),
    st.builds("in {} {}".format, COUNTS, st.sampled_from(["day", "weeks", "months", "year"])),
    st.builds("{} {}".format, st.integers(0, 32), MONTHS),
    st.builds("{} {} {}".format, MONTHS, st.integers(0, 32), st.integers(1890, 2100)),
    st.builds("{:04}-{:02}-{:02}".format, *map(st.integers, (0, 0, 0), (9999, 13, 32))),
    st.builds("{:04}-W{:02}-{}".format, *map(st.integers, (0, 0, 0), (9999, 54, 8))),
    st.dates(date(1890, 1, 1)).map(date.isoformat),
    st.sampled_from(["1900-01-01", "9998-12-31", "2011-12-30", "2026-03-29", "2026-10-25"]),
    st.sampled_from(["today", "fri", "next mon", "eom", "soq", "29 feb", "25 dec", "2026-W53"]),
)
CLOCKS = st.one_of(
    st.sampled_from(["noon", "midnight", "5 pm", "at 5pm", "24:00", "at 24:00"]),
    st.builds("{}{}".format, st.integers(0, 13), st.sampled_from(["am", "pm", ":30pm"])),
    st.times().map(lambda clock: clock.isoformat("minutes")),
    st.times().map(lambda clock: clock.isoformat("milliseconds")),
    st.builds("{:02}:{:02}:{:02}".format, *map(st.integers, (0, 0, 0), (24, 60, 60))),
)
OFFSETS = st.just("") | st.sampled_from(["Z", "+02", "-0530", "+14:00", "-23:59", "+24:00"])
SENTENCES = st.builds("{}{}{}{}".format, DAYS, st.sampled_from("  T"), CLOCKS, OFFSETS)
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(9998, 12, 30))  # noqa: DTZ001 - made aware
NOWS = st.builds(
    lambda moment, zone: moment.replace(tzinfo=UTC).astimezone(zone),
    MOMENTS | st.just(NOW.replace(tzinfo=None)),
    st.sampled_from(ZONES),
)


@given(ANY_TEXT | FROM_TOKENS, NOWS)
@settings(derandomize=True, deadline=None, max_examples=1000)
def test_any_text_is_a_date_or_nothing_or_a_refusal(text: str, now: datetime) -> None:
    check_parse(text, now)


@given(DAYS, NOWS)
@settings(derandomize=True, deadline=None, max_examples=1000)
def test_any_day_is_a_date_or_a_refusal(text: str, now: datetime) -> None:
    check_parse(text, now)


@given(SENTENCES, NOWS)
@example("9998-12-31 23:30", datetime(2026, 11, 18, 10, 0, tzinfo=NEW_YORK))
@example("9998-12-31T23:59+14", NOW)
@example("1900-01-01T10:00-02", NOW)
@settings(derandomize=True, deadline=None, max_examples=1000)
def test_any_day_and_time_is_an_instant_or_a_refusal(text: str, now: datetime) -> None:
    check_parse(text, now)


def check_parse(text: str, now: datetime) -> None:
    """Check that parsing gives something of use, or says in harmless words why not."""
    for past in (False, True):
        try:
            due = parse(text, now, past=past)
        except UsageError as error:
            refusal = error
        else:
            check_use(due, text, now)
            continue
        assert refusal.hint
        assert refusal.message.isprintable()
        assert refusal.message.encode()


def check_use(due: Due | None, text: str, now: datetime) -> None:
    """Check that what was parsed can be shown, compared and read again, wherever one is."""
    if due is None:
        assert text.strip().lower() == "none"
        return
    assert 1900 <= due.year <= 9998
    for zone in ZONES:
        assert describe(due, now.astimezone(zone)).isprintable()
        before(due, now.astimezone(zone))
        after(due, now.astimezone(zone))
    if isinstance(due, datetime):
        assert due.tzinfo is now.tzinfo
        assert due.microsecond == 0
        assert 1900 <= due.astimezone(UTC).year <= 9998
        # In UTC, because some offsets of long ago had seconds, which parse does not take.
        due = due.astimezone(UTC)
    assert parse(due.isoformat(), now) == due


@given(st.dates(date(1900, 1, 1), date(9998, 12, 31)), NOWS)
@settings(derandomize=True, deadline=None)
def test_a_day_round_trips_through_its_iso_form(day: date, now: datetime) -> None:
    assert parse(day.isoformat(), now) == day
    year, week, weekday = day.isocalendar()
    assert parse(f"{year}-W{week:02}-{weekday}", now) == day
    assert parse(f"{day.day} {day:%B} {day.year}", now) == day
