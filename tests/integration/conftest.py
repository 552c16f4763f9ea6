"""Every server and every kind of owner, for the tests of what the database itself guarantees."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests import servers
from tests.conftest import Database, Person

# Both kinds of owner on the newest server, and one of them on each of the others: what a server's
# version changes hangs on no kind of owner.
_SERVERS = [
    pytest.param((name, bypassrls), id=f"{name}-{'bypassrls' if bypassrls else 'plain'}")
    for name, bypassrls in (("18", False), ("18", True), ("16", True), ("debian", False))
]


@pytest.fixture(scope="session")
def _databases() -> Iterator[Callable[[str, bool], Database]]:
    """Give what starts each server when a test first needs it, and keeps it for the others."""
    with ExitStack() as stack:

        @cache
        def start(name: str, bypassrls: bool) -> Database:
            made = servers.database_on(servers.binaries(name), bypassrls=bypassrls)
            return stack.enter_context(made)

        yield start


@pytest.fixture(scope="session", params=_SERVERS)
def each_database(
    request: pytest.FixtureRequest, _databases: Callable[[str, bool], Database]
) -> Database:
    """Give the database on each server in turn, by an owner without and with BYPASSRLS."""
    return _databases(*request.param)


@pytest.fixture
def alice(each_database: Database) -> Iterator[Person]:
    """Give a member who may make temporary objects too, though we take that away from all."""
    made = each_database.new_person()
    servers.as_owner(each_database, f"GRANT TEMPORARY ON DATABASE todo TO {made.role}")
    yield made
    made.forget()


@pytest.fixture
def bob(each_database: Database) -> Iterator[Person]:
    """Give another member."""
    made = each_database.new_person()
    yield made
    made.forget()


@pytest.fixture
def auditor(each_database: Database) -> Iterator[Person]:
    """Give an auditor."""
    made = each_database.new_person("todo_auditor")
    yield made
    made.forget()
