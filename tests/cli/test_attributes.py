"""One argument is one attribute, unless a blank follows its colon; and no word is dropped."""

import json

import pytest

from tests.conftest import Command


def task(todo: Command, *words: str) -> dict[str, object]:
    answer = todo("--json", "add", *words)
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("word", "field", "value"),
    [
        ("due:fri 17:00", "due", "2026-11-20T16:00:00Z"),
        ("due:in 3 days", "due", "2026-11-21"),
        ("due:fri ", "due", "2026-11-20"),
        ("project:Kitchen floor", "project", "Kitchen floor"),
        ("project:Kitchen floor ", "project", "Kitchen floor"),
        ("project:a: b", "project", "a: b"),
        ("DUE:fri", "due", "2026-11-20"),
        ("Project:Home", "project", "Home"),
        ("priority:HIGH", "priority", "high"),
        ("TAG:a", "tags", ["a"]),
    ],
)
def test_a_key_a_colon_and_no_blank_make_an_attribute_whatever_the_value_holds(
    todo: Command, word: str, field: str, value: object
) -> None:
    found = task(todo, "x", word)

    assert (found["title"], found[field]) == ("x", value)


@pytest.mark.parametrize(
    "word",
    [
        "Due: pay rent",
        "Project: Apollo",
        "project:\u00a0y",
        "due:\u3000fri",
        "tag: x",
        " due:fri 9am",
    ],
)
def test_a_blank_behind_the_colon_or_before_the_key_makes_it_title(
    todo: Command, word: str
) -> None:
    found = task(todo, word)

    assert found["title"] == word.strip()
    assert (found["due"], found["project"], found["tags"]) == (None, None, [])


@pytest.mark.parametrize("word", ["due:next to nothing", "priority:very high", "tag:two words"])
@pytest.mark.parametrize("command", [["add", "x"], ["list"], ["modify", "1"]])
def test_a_bad_value_with_blanks_is_refused_and_the_hint_says_how_to_keep_words(
    todo: Command, command: list[str], word: str
) -> None:
    todo("add", "there")

    answer = todo(*command, word)

    assert (answer.code, answer.out) == (2, "")
    way = "--title" if command[0] == "modify" else "what comes after -- is taken as it is"
    assert way in answer.err.splitlines()[1]


@pytest.mark.parametrize("word", ["due:", "project:", "tag:", "Priority:"])
def test_a_value_that_was_parted_from_its_key_is_asked_for(todo: Command, word: str) -> None:
    for command in (["add", "rent", word, "fri"], ["modify", "1", word], ["list", word, "fri"]):
        answer = todo(*command)

        assert answer.code == 2
        assert "a value, or none, follows the colon without a blank" in answer.err


def test_list_and_modify_take_values_with_blanks_too(todo: Command) -> None:
    todo("add", "tiles", "project:Kitchen floor", "due:fri 17:00")
    todo("add", "paint", "project:Kitchen wall")

    assert todo("list", "project:Kitchen floor", "--fields", "number").out == '[{"number":1}]\n'
    assert todo("list", "due.before:fri 17:01", "--fields", "number").out == '[{"number":1}]\n'
    assert todo("modify", "2", "project:Kitchen floor", "due:sat 9:00").err == (
        "Modified 2 paint (due Sat 21 Nov 09:00, project Kitchen floor)\n"
    )


def test_titles_and_projects_have_no_blanks_around_them(todo: Command) -> None:
    assert task(todo, "  Buy  milk \u3000")["title"] == "Buy  milk"
    assert task(todo, "--project", "\u00a0home ", "x")["project"] == "home"
    assert task(todo, "--", " x ", "")["title"] == "x"
    assert task(todo, " " * 300 + "x" * 255)["title"] == "x" * 255
    todo("modify", "1", "--title", "\tBuy bread ")
    assert json.loads(todo("show", "1", "--json").out)["title"] == "Buy bread"
    assert todo("add", "x\n").code == 2


def test_a_dash_with_words_behind_two_dashes_is_a_word_and_none_is_lost(todo: Command) -> None:
    for words in (["-", "--", "foo"], ["--", "-", "foo"]):
        assert task(todo, *words)["title"] == "- foo"
    assert task(todo, "--", "-")["title"] == "-"
    assert todo("add", "-", "--", stdin="from stdin\n").err == "Added 4 from stdin\n"


@pytest.mark.parametrize(
    "arguments", [["add", "x", "--foo"], ["list", "--foo"], ["add", "x", "-z"]]
)
def test_what_is_no_option_may_be_meant_as_a_word_and_the_hint_says_how(
    todo: Command, arguments: list[str]
) -> None:
    answer = todo(*arguments)

    assert answer.code == 2
    assert answer.err.endswith("; what comes after -- is taken as it is\n")


@pytest.mark.parametrize("word", ["foo", "projct:home", "http://x"])
def test_a_dash_for_stdin_takes_no_other_word_beside_it(todo: Command, word: str) -> None:
    answer = todo("add", "-", word, stdin="lost\n")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("todo: beside -, which is stdin, there is '")
    assert todo("list", "--json").out == "[]\n"


@pytest.mark.parametrize("word", ["status:completed", "limit:3", "sort:due"])
def test_add_says_that_what_only_a_list_knows_is_title(todo: Command, word: str) -> None:
    answer = todo("add", "x", word)

    assert answer.err == f"Added 1 x {word}\nPart of the title: '{word}'\n"


def test_no_task_gets_a_tag_that_means_no_tags(todo: Command) -> None:
    answer = todo("add", "x", "--tag", "a,None")

    assert answer.code == 2
    assert todo("modify", "1", "-tag:none").err.endswith("to take all tags away: tag:none\n")
