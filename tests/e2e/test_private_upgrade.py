"""The private database upgrades itself, whatever state its schema is in."""

import json
from pathlib import Path

import pytest

from tests.conftest import Command


@pytest.fixture
def private(home: Path) -> Command:
    """Give `todo` on a private database of its own."""
    return Command({"TODO_HOME": str(home)})


def test_a_private_database_that_is_behind_upgrades_itself(private: Command) -> None:
    private("add", "Buy milk")
    down = private("db", "downgrade", "0002", "--yes")
    assert (down.code, down.err) == (0, "Undid 0004, 0003. The schema is at 0002.\n")

    found = json.loads(private("list", "--json").out)

    assert [task["title"] for task in found] == ["Buy milk"]
    assert private("db", "check").code == 0


def test_a_private_database_without_a_schema_is_set_up_again(private: Command) -> None:
    private("add", "Buy milk")
    private("db", "downgrade", "base", "--yes")

    assert private("list", "--json").out == "[]\n"
    assert private("add", "Buy bread").err == "Added 1 Buy bread\n"
    assert json.loads(private("show", "1", "--json").out)["owner"].endswith("@localhost")
