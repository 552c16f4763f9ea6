"""`-key:value`: a list leaves out, and nothing else takes it for a tag."""

import json

import pytest

from tests.conftest import Command


@pytest.fixture
def some(todo: Command) -> Command:
    """Give `todo` with tasks that have a value, another one, and none."""
    todo("add", "1", "project:kitchen", "due:today", "priority:low", "+aa")
    todo("add", "2", "project:Bath room", "due:fri 17:00", "priority:high", "+bb")
    todo("add", "3")
    todo("add", "4", "project:kitchen", "due:sat", "+aa", "+bb")
    todo("done", "4")
    return todo


def found(todo: Command, *words: str) -> list[int]:
    answer = todo("list", "--sort", "number", "--fields", "number", *words)
    assert (answer.code, answer.err) == (0, "")
    return [each["number"] for each in json.loads(answer.out)]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["-project:kitchen"], [2, 3]),
        (["-Project:kitchen"], [2, 3]),
        (["-project:Bath room"], [1, 3]),
        (["-project:kitchen", "-project:Bath room"], [3]),
        (["-project:none"], [1, 2]),
        (["-project:none", "-project:kitchen"], [2]),
        (["-priority:low"], [2, 3]),
        (["-priority:LOW", "-priority:medium"], [2]),
        (["-due:today"], [2, 3]),
        (["-due:fri"], [1, 3]),
        (["-due:fri", "-due:today"], [3]),
        (["-due:none"], [1, 2]),
        (["-due.before:fri"], [2, 3]),
        (["-due.before:fri 17:00"], [2, 3]),
        (["-due.after:thu"], [1, 3]),
        (["-due.after:fri 16:59"], [1, 3]),
        (["-tag:aa"], [2, 3]),
        (["-tag:aa,bb"], [3]),
        (["-tag:none"], [1, 2]),
        (["-tag:none", "-bb"], [1]),
        (["-status:completed"], [1, 2, 3]),
        (["-status:pending"], [4]),
        (["-status:deleted"], [1, 2, 3, 4]),
        (["status:any", "-status:pending"], [4]),
        (["--all", "-status:completed"], [1, 2, 3]),
        (["-project:kitchen", "--all", "due.before:eom"], [2]),
        (["--", "-project:kitchen"], []),
    ],
)
def test_a_list_leaves_out_what_has_the_value_and_keeps_what_has_none(
    some: Command, words: list[str], numbers: list[int]
) -> None:
    assert found(some, *words) == numbers


@pytest.mark.parametrize(
    "word",
    [
        "-project:",
        "-priority:vital",
        "-priority:none",
        "-due:soon",
        "-due:fri 17:00",
        "-due.before:none",
        "-status:open",
        "-status:any",
        "-limit:3",
        "-sort:due",
        "-projct:kitchen",
        "-pro:kitchen",
    ],
)
def test_what_leaves_nothing_out_is_refused(some: Command, word: str) -> None:
    answer = some("list", word)

    assert (answer.code, answer.out) == (2, "")
    assert "what comes after -- is taken as it is" in answer.err


@pytest.mark.parametrize("key", ["project", "priority", "due"])
def test_add_and_modify_refuse_it_and_name_what_clears(some: Command, key: str) -> None:
    before = some("list", "--status", "any", "--json").out

    for command in (["add", "x"], ["modify", "1"]):
        answer = some(*command, f"-{key}:kitchen")

        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith(f"todo: only a list leaves out '-{key}:kitchen'\nhint: ")
        assert f"{key}:none" in answer.err
    assert some("list", "--status", "any", "--json").out == before


def test_a_tag_is_taken_away_without_its_key(some: Command) -> None:
    assert some("modify", "1", "-tag:aa").err == (
        "todo: only a list leaves out '-tag:aa'\nhint: to take a tag away: --untag aa\n"
    )
    assert some("modify", "1", "-status:pending").code == 2
    assert some("modify", "1", "-limit:3").code == 2
    assert some("add", "x", "-tag:aa").code == 2


def test_a_dash_before_any_other_word_is_what_it_was(some: Command) -> None:
    assert some("add", "x", "-note:this", "-home").err == ("Added 5 x -note:this -home\n")
    assert found(some, "-note:this") == [1, 2, 3, 5]
