"""In what order a list comes, and in whose time zone."""

import json
from unicodedata import normalize

import pytest

from tests.conftest import Answer, Command
from todo_cli.services.completion import suggestions

WEST = {"TZ": "America/Los_Angeles", "TODO_NOW": "2026-12-01T04:00:00Z"}  # 30 November, 20:00


def titles(answer: Answer) -> list[str]:
    assert (answer.code, answer.err) == (0, "")
    return [task["title"] for task in json.loads(answer.out)]


@pytest.mark.alone("Tab asks no agent")
def test_tab_offers_tasks_in_the_order_of_the_list(
    west: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suggestions, "DEADLINE", 1e6)  # this process has been working for long
    environ = {**west.environment, **WEST}
    found = suggestions.Suggestions(environ).tasks(("pending",), "", ())
    assert [title for _, title in found[:4]] == ["late", "tonight", "today", "tomorrow"]


@pytest.fixture
def west(todo: Command) -> Command:
    """Give `todo` of somebody in California, with two tasks for this evening."""
    here = todo.with_variables(**WEST)
    here("add", "-", "--due", "tomorrow", stdin="tomorrow\n" * 3)
    here("add", "today", "--due", "today")
    here("add", "tonight", "--due", "today 21:00")
    here("add", "late", "--due", "today 16:00")
    here("add", "whenever")
    return here


def test_west_of_utc_what_is_due_tonight_stands_above_tomorrow(west: Command) -> None:
    order = ["late", "tonight", "today", "tomorrow", "tomorrow", "tomorrow", "whenever"]

    assert titles(west("list", "--json")) == order
    assert titles(west("list", "--sort", "due", "--json")) == order
    for limit in range(1, 8):
        assert titles(west("list", "--limit", str(limit), "--json")) == order[:limit]
    assert [line.split("\t")[-1] for line in west("list").out.splitlines()] == order


def test_the_latest_due_date_comes_first_when_asked_for_by_ones_own_days(west: Command) -> None:
    assert titles(west("list", "--sort", "due-", "--json")) == [
        *("tomorrow", "tomorrow", "tomorrow", "today", "tonight", "late", "whenever")
    ]


def test_completed_tasks_alone_come_with_the_latest_completion_first(todo: Command) -> None:
    todo("add", "-", stdin="first\nsecond\nthird\n")
    todo("done", "2")
    todo("done", "3")
    todo("done", "1")

    assert titles(todo("list", "status:completed", "--json")) == ["first", "third", "second"]
    assert titles(todo("list", "--status", "completed", "--limit", "1", "--json")) == ["first"]
    assert titles(todo("list", "--all", "--json")) == ["first", "second", "third"]


def test_a_word_is_found_however_its_accents_are_written(todo: Command) -> None:
    together, apart = normalize("NFC", "Café"), normalize("NFD", "Café")
    for form in (together, apart):
        todo("add", f"{form} crème", "--description", form, "--project", form, "--tag", form)

    for form in (together, apart):
        assert titles(todo("list", form, "--json")) == [f"{together} crème"] * 2
        assert len(titles(todo("list", "--search", form, "--json"))) == 2
        assert len(titles(todo("list", f"project:{form}", f"+{form}", "--json"))) == 2
    found = json.loads(todo("list", "--json").out)
    assert [task["description"] for task in found] == [together] * 2


def test_a_title_of_the_longest_kind_fits_with_its_accents_apart_too(todo: Command) -> None:
    answer = todo("add", normalize("NFD", "é" * 255), "--json")

    assert json.loads(answer.out)["title"] == "é" * 255


def test_titles_with_and_without_accents_stand_together(todo: Command) -> None:
    todo("add", "-", stdin="Zebra\näpfel\nApfel\nbirne\n")

    found = titles(todo("list", "--sort", "title", "--json"))
    assert found == ["äpfel", "Apfel", "birne", "Zebra"]
