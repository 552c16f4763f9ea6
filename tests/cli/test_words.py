"""Words on the command line: what is title, what is an option, what is an attribute."""

import json
from typing import Any

import pytest

from tests.conftest import Answer, Command


def added(answer: Answer) -> dict[str, Any]:
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert isinstance(found, dict)
    return {name: found[name] for name in ("title", "project", "tags", "priority", "due")}


def listed(todo: Command, *arguments: str) -> list[str]:
    answer = todo("list", "--json", *arguments)
    assert (answer.code, answer.err) == (0, "")
    return [task["title"] for task in json.loads(answer.out)]


def test_inline_words_mean_the_same_as_options(todo: Command) -> None:
    inline = added(
        todo("add", "Buy", "milk", "+errand", "project:home", "due:fri", "priority:high", "--json")
    )
    options = added(
        todo(
            *("add", "Buy", "milk", "--tag", "errand", "--project", "home", "--due", "fri"),
            *("--priority", "high", "--json"),
        )
    )

    assert inline == options
    assert inline == {
        "title": "Buy milk",
        "project": "home",
        "tags": ["errand"],
        "priority": "high",
        "due": "2026-11-20",
    }


@pytest.mark.parametrize(
    "words",
    [
        ["-home", "-Wall", "-"],
        ["it", "is", "-5", "degrees"],
        ["call", "+49", "170"],
        ["+", "1"],
        ["see", "http://example.com", "note:this"],
        ["due: fri 17:00", "+a b", "project:\u00a0y"],
        [":", "due"],
        ["Buy", "40th", "birthday", "gift"],
        ["untag:x", "title:x", "description:x", "search:x", "json:x", "due.before:fri"],
        ["two  spaces", " inside"],
        ["a", "", "b"],
        ["\u2212x", "\u2013x", "\uff0bx"],
    ],
)
def test_words_that_are_no_attributes_stay_in_the_title_unchanged(
    todo: Command, words: list[str]
) -> None:
    assert added(todo("add", *words, "--json")) == {
        "title": " ".join(words),
        "project": None,
        "tags": [],
        "priority": "medium",
        "due": None,
    }


def test_after_two_dashes_everything_is_title(todo: Command) -> None:
    words = ["--due", "fri", "due:fri", "+tag", "-q", "--", "--json", "-"]

    assert added(todo("add", "--json", "--", *words))["title"] == " ".join(words)


def test_a_title_can_be_a_single_dash_after_two(todo: Command) -> None:
    assert todo("add", "--", "-").err == "Added 1 -\n"


def test_options_may_stand_anywhere_among_the_words(todo: Command) -> None:
    task = added(todo("add", "Buy", "--due", "fri", "fresh", "--tag=x", "milk", "--json"))

    assert (task["title"], task["due"], task["tags"]) == ("Buy fresh milk", "2026-11-20", ["x"])


def test_of_a_word_and_an_option_that_exclude_each_other_the_later_one_wins(todo: Command) -> None:
    assert added(todo("add", "x", "due:fri", "--due", "sat", "--json"))["due"] == "2026-11-21"
    assert added(todo("add", "x", "--due", "sat", "due:fri", "--json"))["due"] == "2026-11-20"


def test_tags_from_words_and_options_come_together_in_their_order(todo: Command) -> None:
    assert added(todo("add", "x", "+b", "--tag", "a", "tag:c", "+b", "--json"))["tags"] == [
        "b",
        "a",
        "c",
    ]


def test_none_means_no_value(todo: Command) -> None:
    task = added(
        todo("add", "x", "due:none", "project:none", "priority:none", "tag:none", "--json")
    )

    assert task == {"title": "x", "project": None, "tags": [], "priority": "medium", "due": None}


@pytest.mark.parametrize("word", ["due:foo", "due:", "priority:vital", "project:", "tag:", "due::"])
def test_a_bad_value_of_a_known_key_is_refused_and_two_dashes_are_named(
    todo: Command, word: str
) -> None:
    answer = todo("add", "x", word)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[1].startswith("hint: ")
    assert answer.err.endswith("what comes after -- is taken as it is\n")
    assert listed(todo) == []


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["add", "x", "--prority", "high"], "--priority"),
        (["add", "x", "--prority=high"], "--priority"),
        (["list", "--stauts", "any"], "--status"),
        (["modify", "1", "--titel", "x"], "--title"),
        (["done", "1", "--quite"], "--quiet"),
        (["lst"], "list"),
        (["mdify", "1"], "modify"),
        (["db", "upgarde"], "upgrade"),
        (["profile", "lst"], "list"),
    ],
)
def test_a_mistyped_option_or_command_gets_a_suggestion_and_is_never_title(
    todo: Command, arguments: list[str], suggestion: str
) -> None:
    answer = todo(*arguments)

    assert answer.code == 2
    assert suggestion in answer.err.splitlines()[0]
    assert listed(todo, "--status", "any") == []


def test_an_option_without_its_value_is_named(todo: Command) -> None:
    for arguments in (["add", "x", "--due"], ["modify", "1", "+x", "--title"], ["list", "-P"]):
        answer = todo(*arguments)

        assert answer.code == 2
        assert "requires an argument" in answer.err
        assert "--help" in answer.err


def test_a_dash_with_one_letter_is_an_option(todo: Command) -> None:
    assert todo("add", "x", "-q").out == "1\n"
    assert todo("add", "x", "-x").code == 2
    assert todo("add", "x", "-P", "nowhere").code == 3


def test_a_word_can_be_an_options_value_and_an_option_only_behind_an_equals_sign(
    todo: Command,
) -> None:
    answer = todo("add", "x", "--description=--json", "--project", "-home", "--tag", "+a")

    assert answer.err == "Added 1 x (project -home, +a)\n"


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["add", "x", "--project", "--all"], "--project"),
        (["add", "x", "--tag", "--due", "fri"], "--tag"),
        (["add", "x", "--tag", "-q"], "--tag"),
        (["add", "--project", "--", "x"], "--project"),
        (["modify", "1", "--title", "--", "x"], "--title"),
    ],
)
def test_a_forgotten_value_takes_no_option_for_one(
    todo: Command, arguments: list[str], option: str
) -> None:
    answer = todo(*arguments)

    assert answer.code == 2
    assert answer.err == (
        f"todo: option {option} requires an argument\nhint: run: todo {arguments[0]} --help\n"
    )
    assert listed(todo) == []


def test_a_single_letter_that_may_be_a_tag_names_the_option_for_it(todo: Command) -> None:
    for command in (["modify", "1"], ["list"]):
        answer = todo(*command, "-a")

        assert answer.err == "todo: no such option: -a\nhint: for the tag: --untag a\n"


def test_none_is_no_tag(todo: Command) -> None:
    todo("add", "x", "+a")

    assert todo("add", "y", "+none", "-none").err == "Added 2 y +none -none\n"
    assert todo("modify", "1", "+none").code == 2
    assert todo("modify", "1", "-none").code == 2
    assert todo("modify", "1", "--untag", "none").code == 2
    assert todo("list", "--untag", "none").code == 2
    assert json.loads(todo("show", "1", "--json").out)["tags"] == ["a"]


@pytest.fixture
def some(todo: Command) -> Command:
    """Give `todo` with five tasks."""
    todo("add", "Buy", "milk", "+errand", "+food", "project:home", "due:fri")
    todo("add", "Buy", "bread", "+errand", "project:home", "due:sat", "priority:high")
    todo("add", "Write report", "project:work", "due:fri 17:00")
    todo("add", "Write report", "project:work", "--due", "fri 17:00")
    todo("add", "100% cotton", "--description", "milk white")
    return todo


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["milk"], ["Buy milk", "100% cotton"]),
        (["MILK", "buy"], ["Buy milk"]),
        (["y m"], ["Buy milk"]),
        (["--search", "milk", "white"], ["100% cotton"]),
        (["+errand"], ["Buy milk", "Buy bread"]),
        (["+errand", "+food"], ["Buy milk"]),
        (["+errand", "-food"], ["Buy bread"]),
        (["-errand", "-food", "milk", "due:none"], ["100% cotton"]),
        (["project:home", "priority:high"], ["Buy bread"]),
        (["project:none"], ["100% cotton"]),
        (["tag:none", "project:work", "due:fri"], ["Write report", "Write report"]),
        (["due:sat"], ["Buy bread"]),
        (["due.before:sat", "due.after:thu"], ["Write report", "Write report", "Buy milk"]),
        (["due.before:fri 17:01"], ["Write report", "Write report"]),
        (["--", "-food"], []),
        (["0%"], ["100% cotton"]),
        ([""], [
            "Write report", "Write report", "Buy milk", "Buy bread", "100% cotton",
        ]),
    ],
)  # fmt: skip
def test_list_takes_words_as_tags_attributes_and_search(
    some: Command, words: list[str], found: list[str]
) -> None:
    assert listed(some, *words) == found


def test_list_takes_the_status_as_a_word(some: Command) -> None:
    some("done", "1")

    assert listed(some, "status:completed") == ["Buy milk"]
    assert listed(some, "status:any", "buy") == ["Buy milk", "Buy bread"]
