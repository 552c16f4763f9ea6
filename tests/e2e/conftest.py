"""Homes that are there already: a first start takes a second, a copy of one a tenth."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Database, Person, stop, temporary_home
from tests.e2e.agents import Agent, agent_home
from tests.e2e.package import PATIENT, QUIET, package
from tests.e2e.program import Program, add, copy, server
from tests.e2e.twice import Twice, quiet_agent
from tests.faults import FaultProxy
from todo_cli.server.private_server import SUPERUSER


@pytest.fixture(scope="session")
def first_home() -> Iterator[Path]:
    """Give a home to be copied, with the task "task one" in it; its server is stopped."""
    with temporary_home() as folder:
        try:
            add(folder, "task one")
        finally:
            stop(folder)
        yield folder


@pytest.fixture
def stopped_home(first_home: Path, home: Path) -> Path:
    """Give a home with the task "task one" in it, whose server is stopped."""
    copy(first_home, home)
    return home


@pytest.fixture
def old_home(stopped_home: Path) -> Path:
    """Give a home with the task "task one" in it, whose server runs."""
    with server(stopped_home).in_use():
        server(stopped_home).connect("postgres", SUPERUSER).close()
    return stopped_home


@pytest.fixture
def hasty_package() -> str:
    """Give the PYTHONPATH of a copy whose commands soon run without an agent that is busy."""
    return package(**QUIET)


@pytest.fixture
def patient_package() -> str:
    """Give the PYTHONPATH of a copy whose commands wait for a busy agent."""
    return package(**PATIENT)


@pytest.fixture
def agent(patient_package: str, person: Person) -> Iterator[Agent]:
    """Give `todo` for a fresh member of the shared database, with an agent that has not begun."""
    with agent_home() as folder:
        yield Agent(Program(folder, path=patient_package), {"TODO_DATABASE_URL": person.url})


@pytest.fixture
def through(agent: Agent, person: Person, proxy: FaultProxy) -> Agent:
    """Give `todo` with an agent whose connections go through the proxy."""
    url = f"postgresql://{person.role}@127.0.0.1:{proxy.port}/{person.database.name}"
    return replace(agent, variables={"TODO_DATABASE_URL": url})


@pytest.fixture
def hasty(agent: Agent, hasty_package: str) -> Agent:
    """Give the same whose commands run without an agent that does not answer in a moment."""
    return replace(agent, program=replace(agent.program, path=hasty_package))


@pytest.fixture
def own_agent(patient_package: str, first_home: Path) -> Iterator[Agent]:
    """Give `todo` on a private server, with "task one", that is stopped; without an agent yet."""
    with agent_home() as folder:
        copy(first_home, folder)
        yield Agent(Program(folder, path=patient_package))


@pytest.fixture(scope="session")
def quiet(database: Database) -> Iterator[Agent]:
    """Give the one warm agent of this process, which no test ends."""
    with quiet_agent(database.new_person().url) as made:
        yield made


@pytest.fixture
def twice(quiet: Agent, person: Person, other: Person) -> Twice:
    """Give what runs a line of bash with the agent and alone, for two fresh members."""
    return Twice(quiet, (person, other))
