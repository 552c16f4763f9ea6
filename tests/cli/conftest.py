"""Every command twice, with the agent and alone; people who log in, and an invitation."""

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, Database, temporary_home
from tests.shared_agent import SharedAgent
from todo_cli.link import engine
from todo_cli.store.people import roles

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "alone(reason): runs commands without the agent only, for this reason"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "shared_agent" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("alone")
        ways = ["alone"] if alone else ["alone", "agent"]
        metafunc.parametrize("shared_agent", ways, indirect=True)


@pytest.fixture(scope="session")
def only_agent(database: Database) -> Iterator[SharedAgent]:
    """Give the one agent of this process; it starts with the first command."""
    with temporary_home() as home:
        agent = SharedAgent(home, database.new_person().url)
        try:
            yield agent
        finally:
            agent.stop()


@pytest.fixture
def shared_agent(request: pytest.FixtureRequest) -> Iterator[SharedAgent | None]:
    """Give the agent that hot commands go to, or none."""
    if request.param == "alone":
        yield None
        return
    found = request.getfixturevalue("only_agent")
    assert isinstance(found, SharedAgent)
    before = found.commands
    yield found
    assert found.commands > before, "nothing of this test goes to the agent: mark it as alone"


@pytest.fixture
def alice(tmp_path: Path, shared_agent: SharedAgent | None) -> Command:
    """Give `todo` of somebody who has not logged in anywhere."""
    return Command({"TODO_HOME": str(tmp_path / "alice"), "TODO_AGENT": "off"}, shared_agent)


@pytest.fixture
def boss(tmp_path: Path) -> Command:
    """Give `todo` of the maintainer, who has not logged in either."""
    return Command({"TODO_HOME": str(tmp_path / "boss"), "TODO_AGENT": "off"})


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
