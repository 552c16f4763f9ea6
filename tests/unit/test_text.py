"""What may be shown on a terminal: one table for all policies."""

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import CONTROLS, harm
from todo_cli.domain import text

SAME = [
    "",
    "Buy milk",
    "C:\\new",
    "caf\u0301e",
    "👩\u200d👩\u200d👧 ❤\ufe0f",
    "שלום עולם",
    "نه\u200cخواهم",
    "a\u00a0b\u3000c",
    "\u200fright-to-left mark",
    "日本語",
]
# A text, and how it looks as a line, among several lines, in a table, in a form, and of a server.
TABLE = [
    ("a\x1b[31mb", r"a\x1b[31mb", r"a\x1b[31mb", r"a\x1b[31mb", r"a\x1b[31mb", r"a\x1b[31mb"),
    ("a\x9bb", r"a\x9bb", r"a\x9bb", r"a\x9bb", r"a\x9bb", r"a\x9bb"),
    ("a\x7fb", r"a\x7fb", r"a\x7fb", r"a\x7fb", r"a\x7fb", r"a\x7fb"),
    ("a\tb", r"a\tb", "a\tb", r"a\tb", r"a\tb", "a b"),
    ("a\nb", r"a\nb", "a\nb", r"a\nb", r"a\nb", "a b"),
    ("a\r\nb", r"a\r\nb", "a\nb", r"a\r\nb", r"a\r\nb", "a b"),
    ("a\rb", r"a\rb", "a\nb", r"a\rb", r"a\rb", "a b"),
    ("a\x0bb", r"a\x0bb", r"a\x0bb", r"a\x0bb", r"a\x0bb", "a b"),
    ("a\x0cb", r"a\x0cb", r"a\x0cb", r"a\x0cb", r"a\x0cb", "a b"),
    ("a\x85b", r"a\x85b", r"a\x85b", r"a\x85b", r"a\x85b", "a b"),
    ("a\u2028b", r"a\u2028b", "a\nb", r"a\u2028b", r"a\u2028b", "a b"),
    ("a\u2029b", r"a\u2029b", "a\nb", r"a\u2029b", r"a\u2029b", "a b"),
    ("a\u202eb", r"a\u202eb", r"a\u202eb", "ab", "a\u202eb", r"a\u202eb"),
    (
        "a\u2067b\u2069",
        r"a\u2067b\u2069",
        r"a\u2067b\u2069",
        "ab",
        "a\u2067b\u2069",
        r"a\u2067b\u2069",
    ),
    ("a\udcffb", r"a\udcffb", r"a\udcffb", r"a\udcffb", "a\udcffb", r"a\udcffb"),
]


@pytest.mark.parametrize("given", SAME)
def test_text_that_moves_no_cursor_stays_as_it_is(given: str) -> None:
    assert text.line(given) == text.settled(given) == text.editable(given) == given
    assert "\n".join(text.lines(given)) == text.in_json(given) == given
    assert text.is_safe(given)
    assert not text.breaks_line(given)


@pytest.mark.parametrize(("given", "line", "lines", "settled", "editable", "said"), TABLE)
def test_what_moves_a_cursor_is_shown(
    given: str, line: str, lines: str, settled: str, editable: str, said: str
) -> None:
    assert text.line(given) == line
    assert "\n".join(text.lines(given)) == lines
    assert text.settled(given) == settled
    assert text.editable(given) == editable
    assert text.said(given) == text.flat(given) == said
    assert not text.is_safe(given)


@pytest.mark.parametrize("char", CONTROLS)
def test_no_policy_lets_a_control_through(char: str) -> None:
    for shown in (
        text.line(char),
        text.settled(f"a{char}"),
        text.said(char),
        text.readable(char),
        text.visible(char),
        text.without_invisible(char),
        text.one_word(char),
        text.glance(f"a{char}b", 9),
        text.in_json(json.dumps(char, ensure_ascii=False)),
    ):
        assert harm(shown) == set()
    assert harm("\n".join(text.lines(f"a{char}b")), "\n\t") == set()


# A text, all that is invisible in it seen, without that, and as one word.
INVISIBLE = [
    ("box-7", "box-7", "box-7", "box-7"),
    ("Zoë's box", "Zoë's box", "Zoë's box", "Zoë's-box"),
    ("two\nlines", r"two\nlines", "twolines", "two-lines"),
    ("a\x1b[2Jb", r"a\x1b[2Jb", "a[2Jb", "a-[2Jb"),
    ("a\u00a0b\u200b", r"a\xa0b\u200b", "ab", "a-b-"),
    ("a\u202eb", r"a\u202eb", "ab", "a-b"),
    ("a\udcff", r"a\udcff", "a", "a-"),
    ("", "", "", ""),
]


@pytest.mark.parametrize(("given", "visible", "without", "word"), INVISIBLE)
def test_what_is_invisible_is_seen_left_out_or_a_dash(
    given: str, visible: str, without: str, word: str
) -> None:
    assert text.visible(given) == visible
    assert text.without_invisible(given) == without
    assert text.one_word(given) == word


@pytest.mark.parametrize("given", ["milk", "Buy milk", "it's", "-x", "", "$(rm)", "~/a b"])
def test_what_people_are_told_to_run_is_read_by_a_shell_as_it_was_meant(given: str) -> None:
    assert shlex.split(text.typed("todo", given)) == ["todo", given]


def test_a_text_is_shortened_where_it_is_longer_alone() -> None:
    assert text.shortened("abc", 3) == "abc"
    assert text.shortened("abcd", 3) == "abc..."


@given(st.text())
def test_what_is_shown_is_shown_the_same_again(given: str) -> None:
    assert text.line(text.line(given)) == text.line(given)
    assert "\n" not in text.line(given)
    assert harm("\n".join(text.lines(given)), "\n\t") == set()


@given(st.text())
def test_json_means_the_same_and_holds_nothing_that_moves_a_cursor(given: str) -> None:
    written = text.in_json(json.dumps(given, ensure_ascii=False))

    assert json.loads(written) == given
    assert harm(written) == set()


def test_the_end_of_the_last_line_is_no_line_more() -> None:
    assert text.lines("a\n\nb\n") == ["a", "", "b"]


def test_what_a_server_says_is_short() -> None:
    assert text.said("x" * 301) == "x" * 300 + "..."
    assert text.said("x" * 300) == "x" * 300


def test_what_somebody_typed_is_quoted_short_and_with_all_that_is_invisible() -> None:
    assert text.readable("a\u00a0b\u200b\x1b") == r"'a\xa0b\u200b\x1b'"
    assert text.readable("x" * 61) == f"'{'x' * 60}...'"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ab\u202ecd\u2066\u200fe", "abcde"),
        ("a\t\nb\x1b", "a b"),
        ("日本語", "日本…"),
        ("👩\u200d👩 x", "👩\u200d👩 …"),
        ("12345", "12345"),
        ("123456", "12345…"),
    ],
)
def test_a_glance_is_cut_to_its_cells(given: str, shown: str) -> None:
    assert text.glance(given, 5) == shown
