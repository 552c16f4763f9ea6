"""Dates on the command line: what was understood is shown back, and nothing is guessed."""

import json

import pytest

from tests.conftest import Command


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("17:00", "Wed 18 Nov 17:00"),
        ("9am", "Thu 19 Nov 09:00"),
        ("noon", "Wed 18 Nov 12:00"),
        ("midnight", "Thu 19 Nov 00:00"),
        ("tonight", "Wed 18 Nov 20:00"),
        ("now", "Wed 18 Nov 10:00"),
        ("3h", "Wed 18 Nov 13:00"),
        ("30min", "Wed 18 Nov 10:30"),
        ("25th", "Wed 25 Nov"),
        ("-7d", "Wed 11 Nov"),
        ("2026-11-25T24:00", "Thu 26 Nov 00:00"),
    ],
)
def test_a_word_that_is_a_date_is_shown_back(todo: Command, word: str, shown: str) -> None:
    assert todo("add", "x", f"due:{word}").err == f"Added 1 x (due {shown})\n"
    todo("modify", "1", "due:none")
    assert todo("modify", "1", f"due:{word}").err == f"Modified 1 x (due {shown})\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("5 pm", "Wed 18 Nov 17:00"),
        ("today at 5pm", "Wed 18 Nov 17:00"),
        ("in 3 hours", "Wed 18 Nov 13:00"),
        ("3 days", "Sat 21 Nov"),
        ("next month", "Tue 1 Dec"),
        ("this friday", "Fri 20 Nov"),
        ("dec 25th", "Fri 25 Dec"),
        ("end of month", "Mon 30 Nov"),
        ("fri 24:00", "Sat 21 Nov 00:00"),
        ("3 days ago", "Sun 15 Nov"),
        ("-2w", "Wed 4 Nov"),
    ],
)
def test_several_words_that_are_a_date_are_shown_back(todo: Command, text: str, shown: str) -> None:
    assert todo("add", "x", "--due", text).err == f"Added 1 x (due {shown})\n"


@pytest.mark.parametrize(
    ("now", "word", "sentence"),
    [
        ("2026-11-18T21:00+01:00", "tonight", "tonight is 20:00, which is over"),
        ("2026-11-18T10:00+01:00", "24:00", "24:00 ends a day"),
        ("2026-11-18T10:00+01:00", "22th", "22th is no day: it is written 22nd"),
        ("2026-11-18T10:00+01:00", "3m", "'3m' is not a date I understand"),
    ],
)
def test_what_might_be_meant_otherwise_is_refused_and_nothing_is_added(
    todo: Command, now: str, word: str, sentence: str
) -> None:
    answer = todo("add", "x", f"due:{word}", TODO_NOW=now)

    assert answer.code == 2
    assert answer.err.startswith(f"todo: {sentence}")
    assert "\nhint: " in answer.err
    assert todo("list", "--json").out == "[]\n"


def test_a_title_is_no_date(todo: Command) -> None:
    added = todo("add", "Call", "Ann", "at", "5pm", "tomorrow", "--json")

    assert json.loads(added.out)["title"] == "Call Ann at 5pm tomorrow"
    assert json.loads(added.out)["due"] is None


def test_a_list_is_bounded_by_what_has_been(todo: Command) -> None:
    for due in ("2026-11-01", "2026-11-14", "2026-11-17T23:00", "2026-11-18T09:30", "11:00"):
        todo("add", due, "--due", due)

    def titles(*words: str) -> list[str]:
        return [task["title"] for task in json.loads(todo("list", "--json", *words).out)]

    for words in (["due.before:-7d"], ["--due-before", "-7d"], ["--due-before", "1 week ago"]):
        assert titles(*words) == ["2026-11-01"]
    assert titles("--due-after", "5 days ago", "due.before:now") == [
        *("2026-11-14", "2026-11-17T23:00", "2026-11-18T09:30"),
    ]
    assert titles("due.after:-1h") == ["2026-11-18T09:30", "11:00"]
    assert titles("due.after:now", "due.before:2h") == ["11:00"]
