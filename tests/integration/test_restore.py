"""A team's database, dumped and restored by its owner: what is lost is found, and put back.

On each server, by an owner without and with BYPASSRLS, onto the same server and onto another one,
where neither the groups nor anybody's login exist.
"""

import inspect
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests import servers
from tests.conftest import Database, Person, temporary_home
from tests.integration import test_matrix, test_policy_list
from tests.integration.test_matrix import roles as roles  # the fixture, for the facts
from tests.integration.test_migrations import REVISIONS, shape
from tests.integration.test_repair import maintainer_of
from tests.people import office_of
from tests.servers import DATABASE, OWNER, SUPERUSER, add_task, as_owner, query, refused
from todo_cli.link import engine
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.services.people import users
from todo_cli.store.people.roles import create_database

BEFORE: Final = "todo_before"  # what the dumped database is called once it was dumped
OF_ANOTHER_SERVER: Final = 10**12  # a transaction that no server of a test comes to
FACTS: Final = [
    each
    for module in (test_matrix, test_policy_list)
    for name, each in vars(module).items()
    if name.startswith("test_")
]

_SERVERS: Final = [
    pytest.param(("18", False), id="18-plain"),
    pytest.param(("16", True), id="16-bypassrls"),
    pytest.param(("debian", False), id="debian-plain"),
    pytest.param(("debian", True), id="debian-bypassrls"),
]
_PAGE: Final = Path(__file__).parents[2] / "docs" / "shared.md"


def of_page(program: str) -> list[str]:
    """Give the options that the command in docs/shared.md has, but for where from and where to."""
    [line] = [line for line in _PAGE.read_text().splitlines() if line.startswith(f"    {program} ")]
    places = ("--file", "--dbname", "$", "team.dump")
    return [each for each in shlex.split(line)[1:] if not each.startswith(places)]


# Without any option psql and pg_restore do the same. The other way is the page's, and loses most.
_DUMPS: Final[dict[str, list[str]]] = {"sql": [], "custom": of_page("pg_restore")}
_WAYS: Final = [
    pytest.param((here, dump), id=f"{'same' if here else 'other'}-server-{dump}")
    for here in (True, False)
    for dump in _DUMPS
]


@dataclass(frozen=True)
class Team:
    """A database that was dumped, with the two members and the auditor in it."""

    database: Database
    programs: Path
    dumps: Path
    elsewhere: Path
    alice: Person
    bob: Person
    auditor: Person
    shape: list[tuple[object, ...]]

    def run(self, program: str, socket: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the owner."""
        to_whom = ["-h", str(socket), "-U", OWNER, "-d"]
        command = [str(self.programs / program), *to_whom, *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )


@dataclass(frozen=True)
class Restored:
    """The database that the dump became, and what `todo db check` said before its repair."""

    team: Team
    database: Database
    here: bool
    lost: dict[str, Any]
    repaired: dict[str, Any]


@pytest.fixture(scope="session", params=_SERVERS)
def team(request: pytest.FixtureRequest) -> Iterator[Team]:
    """Give a team's database and its dumps. Skips where there is no pg_dump."""
    name, bypassrls = request.param
    programs = servers.binaries(name)
    for program in ("pg_dump", "pg_restore"):
        if not (programs / program).exists():
            pytest.skip(f"{programs} has no {program}")
    with (
        servers.database_on(programs, bypassrls=bypassrls) as database,
        servers.running(programs) as elsewhere,
        temporary_home() as dumps,
    ):
        alice, bob = database.new_person(), database.new_person()
        auditor = database.new_person("todo_auditor")
        for title in ("one", "two", "three"):
            add_task(alice, title)
        add_task(bob, "bob's")
        alice.query("SELECT todo.purge('{3}', '{}', NULL)")
        leave_behind(database, alice)
        query(
            database,
            SUPERUSER,
            "UPDATE todo.users SET reserved_by = %s WHERE role_name = %s",
            [OF_ANOTHER_SERVER, bob.role],
        )
        made = Team(database, programs, dumps, elsewhere, alice, bob, auditor, objects(database))
        for form, file in (("custom", "custom"), ("plain", "sql")):
            options = [*of_page("pg_dump"), f"--format={form}", f"--file={dumps / file}"]
            dumped = made.run("pg_dump", database.socket, DATABASE, *options)
            assert (dumped.returncode, dumped.stderr) == (0, "")
        if not bypassrls:
            refusal = made.run("pg_dump", database.socket, DATABASE, "-B").stderr
            assert "would be affected by row-level security policy" in refusal
        with as_superuser(database.open) as cursor:
            cursor.execute(f"ALTER DATABASE {DATABASE} RENAME TO {BEFORE}")
        database.name = BEFORE
        yield made


@pytest.fixture(scope="module", params=_WAYS)
def restored(request: pytest.FixtureRequest, team: Team) -> Iterator[Restored]:
    """Restore a dump into a new database, as a maintainer would, and repair it."""
    here, dump = request.param
    socket = team.database.socket if here else team.elsewhere

    def connect(name: str, role: str) -> DriverConnection:
        return open_connection(host=str(socket), dbname=name, user=role)

    with as_superuser(connect) as cursor:
        create_database(cursor, OWNER, DATABASE)
    file = str(team.dumps / dump)
    if dump == "sql":
        team.run("psql", socket, DATABASE, "--no-psqlrc", "--quiet", "--file", file)
    else:
        team.run("pg_restore", socket, DATABASE, *_DUMPS[dump], file)
    database = Database(DATABASE, OWNER, socket, connect)
    if here and dump == "custom":  # where everybody has their login, and no right yet
        with refused("42501"):
            Person(database, team.alice.role, "").query("SELECT FROM todo.tasks")
    with maintainer_of(database) as todo:
        lost, repaired = todo("db", "check", "--json"), todo("db", "check", "--repair", "--json")
    assert (lost.code, repaired.code) == (7, 0), repaired.err
    yield Restored(team, database, here, json.loads(lost.out), json.loads(repaired.out))
    with as_superuser(connect) as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        if not here:  # the next one finds a server without groups again
            for (role,) in query(
                Database("postgres", SUPERUSER, socket, connect),
                SUPERUSER,
                "SELECT rolname FROM pg_roles WHERE rolname ~ '^(todo|person)_' AND rolname <> %s",
                [OWNER],
            ):
                cursor.execute(f"DROP ROLE {role}")


@pytest.fixture
def each_database(restored: Restored) -> Database:
    """Give the restored database to whatever asks for a database with the schema in it."""
    return restored.database


def leave_behind(database: Database, member: Person) -> None:
    """Leave what a member can, and somebody invited: the owner may not read any of it."""
    invited = f"{member.role}_invitation"
    as_owner(database, f"CREATE ROLE {invited} LOGIN IN ROLE todo_invited")
    for role, before in ((member.role, ""), (member.role, "SET ROLE todo_member; "), (invited, "")):
        query(database, role, f"{before}SELECT lo_from_bytea(0, 'x')")
    member.query(
        "SET ROLE todo_member;"
        "SELECT lo_create(4711);"
        "COMMENT ON LARGE OBJECT 4711 IS 'mine';"
        "GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;"
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC"
    )


@contextmanager
def as_superuser(connect: Callable[[str, str], DriverConnection]) -> Iterator[Any]:
    """Give the superuser's cursor, outside a transaction."""
    with engine.work_on(connect("postgres", SUPERUSER), autocommit=True) as cursor:
        yield cursor


def objects(database: Database) -> list[tuple[object, ...]]:
    """Give what is in the schema, but for constraints, whose parentheses a restore may change.

    Lists of rights and of roles have no order, and without a list the owner alone has rights.
    """
    rows = [row for row in shape(database) if row[0] != "constraint"]
    return sorted((tuple(map(in_order, row)) for row in rows), key=str)


def in_order(value: object) -> object:
    """Give an array in order, without the rights of the owner's own."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value or ""
    return ",".join(sorted(each for each in value[1:-1].split(",") if not each.startswith(OWNER)))


def rows_of(database: Database) -> list[tuple[str, str]]:
    """Give every row of every table, without the transactions that were the old server's."""
    tables = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'todo'::regnamespace"
    )
    rows = []
    for (table,) in query(database, SUPERUSER, tables):
        content = f"SELECT (to_jsonb(t) - 'reserved_by')::text FROM todo.{table} t"
        rows += [(table, text) for (text,) in query(database, SUPERUSER, content)]
    return sorted(rows)


def test_a_check_names_each_thing_that_a_restore_lost(restored: Restored) -> None:
    lost = restored.lost["differences"]

    assert "ALTER FUNCTION todo.me() OWNER TO todo_definer" in lost
    assert "REVOKE TEMPORARY ON DATABASE todo FROM PUBLIC" in lost
    assert "GRANT CONNECT ON DATABASE todo TO todo_invited" in lost
    assert "numbers of 1 people are reserved for transactions of another server" in lost
    assert ("CREATE ROLE todo_member NOLOGIN" in lost) is not restored.here
    assert ("policy own of todo.tasks: missing" in lost) is not restored.here
    assert set(lost) <= set(restored.repaired["repaired"])


def test_every_row_is_there(restored: Restored) -> None:
    assert rows_of(restored.database) == rows_of(restored.team.database)


def test_the_schema_is_what_it_was(restored: Restored) -> None:
    assert objects(restored.database) == restored.team.shape


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__.removeprefix("test_"))
def test_a_restored_database_is_as_safe_as_a_new_one(
    fact: Callable[..., None], request: pytest.FixtureRequest, each_database: Database
) -> None:
    fact(**{name: request.getfixturevalue(name) for name in inspect.signature(fact).parameters})


def test_nothing_is_repaired_twice(restored: Restored) -> None:
    with maintainer_of(restored.database) as todo:
        assert todo("db", "check").code == 0
        again = json.loads(todo("db", "check", "--repair", "--json").out)
    assert again["repaired"] == again["differences"] == []


def test_numbers_of_the_old_server_cannot_be_chosen(restored: Restored) -> None:
    reserved = query(
        restored.database,
        SUPERUSER,
        "SELECT count(*) FROM todo.users WHERE reserved_by = %s",
        [OF_ANOTHER_SERVER],
    )
    assert reserved == [(0,)]


@contextmanager
def members_of(restored: Restored) -> Iterator[tuple[Person, Person]]:
    """Give the two members: with the logins they had, or invited again where these do not exist."""
    database, before = restored.database, (restored.team.alice, restored.team.bob)
    if restored.here:
        alice, bob = (Person(database, each.role, each.email) for each in before)
        yield alice, bob
        return
    with temporary_home() as home, office_of(database, home) as office:
        alice, bob = (office.accept(office.reset(each.email)) for each in before)
        yield alice, bob
        for each in before:
            users.remove(office.owner, each.email)


def test_people_go_on_where_they_were(restored: Restored) -> None:
    mine = "SELECT number, title FROM todo.tasks ORDER BY number"
    with members_of(restored) as (alice, bob):
        assert alice.query(mine) == [(1, "one"), (2, "two")]
        assert add_task(alice, "after the purged one")[1] == 4
        assert bob.query(mine) == [(1, "bob's")]
        assert bob.query("UPDATE todo.tasks SET title = 'x' WHERE number = 4 RETURNING 1") == []
        assert bob.query("SELECT count(*) FROM todo.task_events") == [(1,)]
        with refused("42501"):
            bob.query("DELETE FROM todo.tasks")


def test_those_without_a_login_on_this_server_are_named(restored: Restored) -> None:
    team = restored.team
    everybody = sorted(each.email for each in (team.alice, team.bob, team.auditor))
    assert restored.repaired["stranded"] == ([] if restored.here else everybody)


def test_a_restored_schema_goes_down_and_up(restored: Restored) -> None:
    assert servers.upgrade(restored.database) == []
    assert servers.downgrade(restored.database, "0002") == ["0005", "0004", "0003"]
    assert servers.upgrade(restored.database) == ["0003", "0004", "0005"]
    assert servers.differences(restored.database) == []
    assert servers.downgrade(restored.database, "base") == REVISIONS[::-1]
