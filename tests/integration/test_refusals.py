"""What the database refuses in SQLSTATEs of our own, the program has words for."""

import re
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from tests.conftest import Person
from todo_cli.errors import TodoError

MIGRATIONS: Final = Path(__file__).parents[2] / "migrations"
STATES: Final = sorted(
    {
        state
        for path in MIGRATIONS.rglob("*")
        if path.suffix in (".py", ".sql")
        for state in re.findall(r"\bTD\d{3}\b", path.read_text())
    }
)


@pytest.mark.parametrize("state", [*STATES, "TD999"])
def test_every_sqlstate_of_our_own_has_words(person: Person, state: str) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', DETAIL = '3'; END $$"

    with person.session() as session, pytest.raises(TodoError) as caught:
        session.execute(text(statement))

    without_words = caught.value.message == f"the database refused it: {state}"
    assert without_words == (state == "TD999"), caught.value.message
    assert len(STATES) >= 5
