"""Of two that exclude each other the later one wins, however they are written."""

import json
from unicodedata import normalize

import pytest

from tests.conftest import Command


@pytest.fixture
def some(todo: Command) -> Command:
    """Give `todo` with a task that has values, one that has none, and a completed one."""
    todo("add", "1", "project:home", "due:fri", "+aa", "+bb")
    todo("add", "2")
    todo("add", "3", "+aa")
    todo("done", "3")
    return todo


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--all", "--status", "completed"], [3]),
        (["--status", "completed", "--all"], [1, 2, 3]),
        (["status:completed", "--all"], [1, 2, 3]),
        (["--all", "status:completed", "status:pending"], [1, 2]),
        (["--tag", "aa", "--untag", "aa"], [2]),
        (["--untag", "aa", "--tag", "aa"], [1]),
        (["+aa", "-aa"], [2]),
        (["-aa", "+aa"], [1]),
        (["-aa", "tag:aa"], [1]),
        (["+aa,bb", "-bb", "--all"], [3]),
        (["tag:none", "+aa"], [1]),
        (["+aa", "tag:none"], [2]),
        (["tag:none", "-tag:none"], [1]),
        (["-tag:none", "tag:none"], [2]),
        (["project:none", "project:home"], [1]),
        (["project:home", "project:none"], [2]),
        (["project:home", "-project:home"], [2]),
        (["-project:home", "--project", "home"], [1]),
        (["project:none", "-project:none"], [1]),
        (["project:x", "project:home", "-project:home"], [2]),
        (["due:none", "due:fri"], [1]),
        (["--due", "fri", "due:none"], [2]),
        (["-due:FRI", "due:fri"], [1]),
        (["-status:pending", "status:pending"], [1, 2]),
        (["priority:high", "priority:medium"], [1, 2]),
        (["+aa", "-bb"], []),
    ],
)
def test_in_a_list(some: Command, words: list[str], numbers: list[int]) -> None:
    answer = some("list", "--fields", "number", "--sort", "number", *words)

    assert [each["number"] for each in json.loads(answer.out)] == numbers


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        (["+aa", "tag:none"], []),
        (["tag:none", "+aa"], ["aa"]),
        (["+aa", "--tag", "none", "+bb"], ["bb"]),
    ],
)
def test_when_adding(todo: Command, words: list[str], tags: list[str]) -> None:
    assert json.loads(todo("add", "x", *words, "--json").out)["tags"] == tags


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["+cc", "-cc"], {"tags": ["aa", "bb"]}),
        (["-aa", "+aa"], {"tags": ["aa", "bb"]}),
        (["+aa", "--untag", "aa"], {"tags": ["bb"]}),
        (["+cc", "tag:none"], {"tags": []}),
        (["tag:none", "+cc"], {"tags": ["cc"]}),
        (["-aa", "tag:none", "+aa"], {"tags": ["aa"]}),
        (["tag:none", "+cc", "-cc"], {"tags": []}),
        (["project:none", "project:x"], {"project": "x"}),
        (["project:x", "project:none"], {"project": None}),
        (["due:none", "due:sat"], {"due": "2026-11-21"}),
        (["due:sat", "--due", "none"], {"due": None}),
    ],
)
def test_when_changing(some: Command, words: list[str], changed: dict[str, object]) -> None:
    before = json.loads(some("show", "1", "--json").out)

    [after] = json.loads(some("modify", "1", *words, "--json").out)

    assert after == {**before, **changed, "updated_at": after["updated_at"]}


def test_the_later_one_wins_however_its_accents_and_blanks_are_written(todo: Command) -> None:
    cafe, apart = normalize("NFC", "café"), normalize("NFD", "café")
    todo("add", "x", f"+{cafe}", f"project:{cafe}")

    assert todo("modify", "1", f"-{apart}", f"+{cafe}").code == 0
    for words in ([f"-{apart}", f"+{cafe}"], [f"-project:{apart}", f"project:{cafe}"]):
        assert len(json.loads(todo("list", *words, "--json").out)) == 1
    found = todo("list", f"-project:{cafe} ", f"project:{cafe}", "--json")
    assert len(json.loads(found.out)) == 1
