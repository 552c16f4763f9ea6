"""Words for tags: several in one, with a sign or without; and tags that a former release made."""

import json

import pytest

from tests.conftest import Command, Person


def tags(todo: Command, *words: str) -> list[str]:
    answer = todo("add", "x", *words, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)["tags"]
    assert isinstance(found, list)
    return found


def numbers(todo: Command, *words: str) -> list[int]:
    answer = todo("list", *words, "--fields", "number")
    assert (answer.code, answer.err) == (0, "")
    return [each["number"] for each in json.loads(answer.out)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["+a,b"], ["a", "b"]),
        (["+errand,"], ["errand"]),
        (["+a,+b"], ["a", "b"]),
        (["--tag", "a,b"], ["a", "b"]),
        (["--tag=a,,b"], ["a", "b"]),
        (["tag:a,b"], ["a", "b"]),
        (["--tag", "+home"], ["home"]),
        (["tag:+home"], ["home"]),
        (["tag:a, +b"], ["a", "b"]),
        (["--tag", "c++"], ["c++"]),
    ],
)
def test_commas_part_tags_and_a_plus_sign_is_none_of_theirs(
    todo: Command, words: list[str], found: list[str]
) -> None:
    assert tags(todo, *words) == found


@pytest.mark.parametrize(
    "words",
    [
        ["+project:home"],
        ["+Due:fri"],
        ["--tag", "project:home"],
        ["--tag=status:any"],
        ["tag:limit:3"],
        ["+a,sort:due"],
        ["+due.before:fri"],
        ["--tag", ","],
        ["--tag", "+"],
        ["+a,none"],
    ],
)
def test_no_tag_holds_a_known_key_or_nothing(todo: Command, words: list[str]) -> None:
    todo("add", "there")

    for command in (["add", "x"], ["modify", "1"]):
        answer = todo(*command, *words)

        assert (answer.code, answer.out) == (2, "")
        assert "\nhint: " in answer.err or "blank" in answer.err
    assert numbers(todo, "--status", "any", "-tag:none") == []


def test_a_tag_may_hold_a_colon_behind_another_word(todo: Command) -> None:
    assert tags(todo, "+note:this", "+a:b") == ["note:this", "a:b"]


def test_several_tags_can_be_asked_for_and_taken_away_in_one_word(todo: Command) -> None:
    tags(todo, "+aa,bb,cc")
    tags(todo, "+aa")

    assert numbers(todo, "+aa,bb") == [1]
    assert numbers(todo, "-bb,cc") == [2]
    assert todo("modify", "1", "-aa,bb").err == "Modified 1 x (-aa, -bb)\n"
    assert todo("modify", "1", "--untag", "cc, dd").err == "Modified 1 x (-cc, -dd)\n"
    assert todo("modify", "1", "+bb,cc,dd").err == "Modified 1 x (+bb, +cc, +dd)\n"


@pytest.fixture
def old(todo: Command, person: Person) -> Command:
    """Give `todo` with three tasks that have a tag of a former release, and a new one."""
    for tag in ("project:home", "a,b", "+home"):
        person.query("INSERT INTO todo.tasks (title, tags) VALUES ('old', %s)", [[tag]])
    todo("add", "new", "+a,b", "+home", "project:home")
    return todo


def test_what_a_former_release_made_of_tags_is_found(old: Command) -> None:
    assert numbers(old, "--tag", "project:home") == [1]
    assert numbers(old, "+project:home") == [1]
    assert numbers(old, "+a,b") == [2, 4]
    assert numbers(old, "--tag", "+home") == [3, 4]
    assert numbers(old, "--untag", "project:home") == [2, 3, 4]
    assert numbers(old, "-a,b") == [1, 3]
    assert numbers(old, "--untag", "+home") == [1, 2]
    assert old("list", "--status", "any").out.count("old") == 3


def test_what_a_former_release_made_of_tags_can_be_taken_away_and_stays_otherwise(
    old: Command,
) -> None:
    assert old("modify", "1", "+x").err == "Modified 1 old (+x)\n"
    assert old("modify", "1", "--untag", "project:home").err == "Modified 1 old (-project:home)\n"
    assert old("modify", "2", "-a,b").err == "Modified 2 old (-a, -b)\n"
    assert old("modify", "3", "--untag", "+home").err == "Modified 3 old (-home)\n"
    assert numbers(old, "tag:none") == [2, 3]
