"""What the tests of `todo doctor` have in common."""

import json
import os

import pytest

from tests.conftest import Answer, Command

SECRET = "hunter2"  # a password that no output may have in it


@pytest.fixture(autouse=True)
def no_settings_of_libpq(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have libpq find nothing in the environment of the tests."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


def states(answer: Answer) -> dict[str, str]:
    """Give the states by name, in their order."""
    return {each["name"]: each["state"] for each in json.loads(answer.out)["checks"]}


def trouble(answer: Answer) -> list[tuple[str, str, str | None]]:
    """Give name, finding and hint of what failed or is warned of, and see the exit code."""
    assert SECRET not in answer.out + answer.err
    found = json.loads(answer.out)
    failed = [each for each in found["checks"] if each["state"] == "failed"]
    assert (answer.code, found["ok"]) == ((1, False) if failed else (0, True))
    bad = [each for each in found["checks"] if each["state"] != "ok"]
    assert all(each["hint"] for each in bad)
    return [(each["name"], each["found"], each["hint"]) for each in bad]


def examined(todo: Command, url: str, *arguments: str) -> list[tuple[str, str, str | None]]:
    """Have a URL looked at and give what is wrong."""
    return trouble(todo("doctor", "--json", *arguments, TODO_DATABASE_URL=url))
