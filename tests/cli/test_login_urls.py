"""How often libpq takes a URL apart in one command: each that was given or made of it, once."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg2.extensions
import pytest

from tests.conftest import Command, Database

ALONE = pytest.mark.alone("libpq is listened to in this process")

Parses = Callable[[], Counter[str]]


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Parses:
    """Give what tells how often each URL has been parsed since it was asked last."""
    parse, counts = psycopg2.extensions.parse_dsn, Counter[str]()

    def counted(text: str) -> Any:
        counts[text] += text.startswith("postgres")
        return parse(text)

    def since() -> Counter[str]:
        found = +counts
        counts.clear()
        return found

    monkeypatch.setattr(psycopg2.extensions, "parse_dsn", counted)
    return since


@ALONE
def test_no_url_is_parsed_twice_in_one_login(
    alice: Command, boss: Command, database: Database, invitation: str, parses: Parses
) -> None:
    owner = database.url(database.owner)
    parses()
    for todo, given in ((boss, owner), (alice, invitation)):
        assert todo("login", "--stdin", "--store", "file", stdin=given).code == 0
        found = parses()
        assert found[given] == 1
        assert set(found.values()) == {1}


@ALONE
def test_no_url_is_parsed_twice_in_a_command_of_somebody_who_has_logged_in(
    alice: Command, invitation: str, parses: Parses
) -> None:
    assert alice("login", "--stdin", "--store", "file", stdin=invitation).code == 0
    parses()

    for command in ("add x", "list", "whoami", "doctor", "profile list"):
        assert alice(*command.split()).code == 0
        assert set(parses().values()) == {1}, command
