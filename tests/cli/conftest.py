"""People who log in, and an invitation for one of them."""

import itertools
import json
import os
from pathlib import Path

import pytest

from tests.conftest import Command, Database
from todo_cli.store import engine, roles

_numbers = itertools.count(1)


@pytest.fixture
def alice(tmp_path: Path) -> Command:
    """Give `todo` of somebody who has not logged in anywhere."""
    return Command({"TODO_HOME": str(tmp_path / "alice")})


@pytest.fixture
def boss(tmp_path: Path) -> Command:
    """Give `todo` of the maintainer, who has not logged in either."""
    return Command({"TODO_HOME": str(tmp_path / "boss")})


@pytest.fixture
def empty_database(database: Database) -> str:
    """Give the URL of the owner of a database without anything in it."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    with engine.work_on(database.open("postgres", "postgres"), autocommit=True) as cursor:
        roles.create_database(cursor, database.owner, name)
    return database.url(database.owner).replace("/todo?", f"/{name}?")


@pytest.fixture
def invitation(database: Database, boss: Command) -> str:
    """Give the invitation of somebody new."""
    email = f"alice{os.getpid()}_{next(_numbers)}@example.com"
    owner = database.url(database.owner)
    answer = boss("user", "add", email, "--json", TODO_ADMIN_DATABASE_URL=owner)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)["invitation"]
    assert isinstance(found, str)
    return found
