"""`todo db check` names whatever differs from what the migrations make, and --repair puts it back.

On each server: they print definitions differently, and refuse different things.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests import servers
from tests.conftest import Database
from tests.integration import sabotage
from tests.integration.test_restore import objects
from tests.servers import SUPERUSER, as_owner, query
from todo_cli.domain.database import SchemaCheck, SchemaRepair
from todo_cli.link import engine
from todo_cli.store.schema import soundness

_SERVERS = [
    pytest.param(("18", False), id="18-plain"),
    pytest.param(("16", True), id="16-bypassrls"),
    pytest.param(("debian", False), id="debian-plain"),
]


Running = Callable[..., Database]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """Give what starts each server once: tests beside one another come on other ones."""
    with ExitStack() as stack:

        @cache
        def run(name: str, bypassrls: bool, purpose: str = "to be spoilt") -> Database:
            program = servers.binaries(name)
            database = stack.enter_context(servers.database_on(program, bypassrls=bypassrls))
            servers.add_task(database.new_person(), "kept")
            return database

        yield run


@pytest.fixture(params=_SERVERS)
def spoilt(request: pytest.FixtureRequest, running: Running) -> Database:
    """Give a database that is spoilt and put back, over and over, with a member's task in it."""
    database = running(*request.param)
    query(database, SUPERUSER, "VACUUM")  # else each test reads what all before it have left
    return database


def check(database: Database) -> SchemaCheck:
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    with engine.disposed(made) as owner:
        return soundness.check(owner)


def repair(database: Database) -> SchemaRepair:
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    with engine.disposed(made) as owner:
        return soundness.repair(owner)


def said(lines: tuple[str, ...], wanted: list[str]) -> bool:
    """Tell whether these are the lines, each of which may say more than what is wanted of it."""
    pairs = zip(sorted(lines), sorted(wanted), strict=False)
    return len(lines) == len(wanted) and all(line.startswith(each) for line, each in pairs)


_TOGETHER = {statement: [line] for line, statement in sabotage.MENDED.items()}
_TOGETHER |= sabotage.MENDED_TOGETHER
# On the newest server all of it, on each of the older ones every other: it takes minutes.
_PAIRS = [
    pytest.param(server.values[0], statement, id=f"{server.id}-{lines[0]}")
    for place, (statement, lines) in enumerate(_TOGETHER.items())
    for server in (_SERVERS[0], _SERVERS[1 + place % 2])
]


@pytest.mark.parametrize(("spoilt", "statement"), _PAIRS, indirect=["spoilt"])
def test_what_was_done_to_the_schema_is_named_and_put_back(
    spoilt: Database, statement: str
) -> None:
    before = objects(spoilt)
    as_owner(spoilt, statement)

    repaired = repair(spoilt)

    assert said(repaired.repaired, _TOGETHER[statement]), repaired.repaired
    assert (repaired.differences, repaired.added) == ((), ())
    assert objects(spoilt) == before


@pytest.mark.parametrize("difference", sabotage.LEFT)
def test_what_cannot_be_put_back_stays_named_and_as_it_was(
    spoilt: Database, difference: str
) -> None:
    statement, way_out = sabotage.LEFT[difference]
    before = objects(spoilt)
    member = spoilt.new_person()
    for each in statement.split(";"):
        query(spoilt, member.role if each.startswith("INSERT") else spoilt.owner, each)
    broken = objects(spoilt)

    found, repaired = check(spoilt), repair(spoilt)
    assert said(found.differences, [difference]), found.differences
    assert (repaired.repaired, repaired.differences) == ((), found.differences)
    assert objects(spoilt) == broken

    as_owner(spoilt, way_out)
    assert repair(spoilt).differences == ()
    assert objects(spoilt) == before


def test_a_login_that_no_policy_binds_is_named(spoilt: Database) -> None:
    person = spoilt.new_person()
    query(spoilt, SUPERUSER, f"ALTER ROLE {person.role} BYPASSRLS")

    assert check(spoilt).differences == (f"the login of {person.email} has BYPASSRLS",)
    query(spoilt, SUPERUSER, f"ALTER ROLE {person.role} NOBYPASSRLS")
    assert check(spoilt).differences == ()


@pytest.fixture(params=_SERVERS)
def adorned(request: pytest.FixtureRequest, running: Running) -> Database:
    """Give a database whose owner adds what an owner may."""
    return running(*request.param, "to be adorned")


def adorn(database: Database) -> set[str]:
    """Have an owner add what an owner may; give how it is to be listed."""
    role = f"reports_{database.name}"
    as_owner(database, f"CREATE ROLE {role}")
    for line, statement in sabotage.ADDED.items():
        as_owner(database, (statement or line).format(role=role))
    for statement in sabotage.ADDED_BY_SUPERUSER.values():
        query(database, SUPERUSER, statement)
    for statement in sabotage.NO_MATTER:
        as_owner(database, statement)
    return {line.format(role=role) for line in [*sabotage.ADDED, *sabotage.ADDED_BY_SUPERUSER]}


def test_what_an_owner_added_is_listed_and_no_difference(
    adorned: Database,
) -> None:
    added = adorn(adorned)

    found = check(adorned)
    assert (found.differences, set(found.added)) == ((), added)
    before = objects(adorned)
    repaired = repair(adorned)
    assert (repaired.repaired, repaired.differences, set(repaired.added)) == ((), (), added)
    assert objects(adorned) == before
