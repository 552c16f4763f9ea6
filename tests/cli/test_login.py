"""Logging in: with an invitation, with one's own URL, as the owner of the database."""

import itertools
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command, Database, Person
from tests.faults import Cut, Delay, fault_proxy
from tests.shared_agent import COLD
from todo_cli.link import engine
from todo_cli.link.url import ConnectionUrl

FILE = ("--store", "file")
_numbers = itertools.count(1)


def log_in(todo: Command, given: str, *arguments: str) -> dict[str, Any]:
    answer = todo("login", "--stdin", *FILE, "--json", *arguments, stdin=f"{given}\n")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert isinstance(found, dict)
    return found


def written(todo: Command) -> dict[Path, str]:
    """Give every file below somebody's home with its text."""
    files = (path for path in Path(todo.environment["TODO_HOME"]).rglob("*") if path.is_file())
    return {path: path.read_text() for path in files}


def test_an_invitation_becomes_a_login_of_ones_own(alice: Command, invitation: str) -> None:
    found = log_in(alice, invitation)

    assert (found["role"], found["profile"], found["store"]) == ("member", "todo", "file")
    assert alice("add", "Review the plan").err == "Added 1 Review the plan\n"
    who = json.loads(alice("whoami", "--json").out)
    assert list(who) == ["email", "role", "profile", "host", "database", "store"]
    assert {**found, **who} == found
    assert alice("list").out.endswith("\tReview the plan\n")


@COLD
def test_an_invitation_works_once(alice: Command, boss: Command, invitation: str) -> None:
    log_in(alice, invitation)

    again = boss("login", "--stdin", *FILE, stdin=f"{invitation}\n")

    assert again.code == 4
    assert boss("profile", "list", "--json").out.count('"name"') == 1


@COLD
def test_the_password_is_kept_in_a_file_that_only_its_owner_reads_and_nowhere_else(
    alice: Command, invitation: str
) -> None:
    log_in(alice, invitation)

    [(path, text)] = [each for each in written(alice).items() if each[0].name == "passwords.json"]
    [password] = json.loads(text).values()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    others = [text for name, text in written(alice).items() if name != path]
    assert not [text for text in others if password in text]
    assert str(ConnectionUrl(invitation).reveal_password()) not in "".join(written(alice).values())


@COLD
def test_logging_out_leaves_no_trace(alice: Command, invitation: str) -> None:
    before = set(written(alice))
    log_in(alice, invitation)

    assert alice("logout").err == "Logged out of todo.\n"
    assert alice("logout").code == 4
    assert alice("profile", "list", "--json").out.count('"name"') == 1
    left = written(alice)
    assert "todo" not in "".join(left.values()).replace("todo_cli", "")
    assert before <= set(left)


def test_logging_in_again_replaces_the_login(
    alice: Command, invitation: str, database: Database
) -> None:
    first = log_in(alice, invitation)
    owner = database.url(database.owner)
    reset = alice("user", "reset", first["email"], "--json", TODO_ADMIN_DATABASE_URL=owner)

    assert alice("list").code == 4
    again = log_in(alice, json.loads(reset.out)["invitation"])

    assert again["email"] == first["email"]
    assert alice("list").code == 0
    assert alice("profile", "list", "--json").out.count('"name"') == 2


@COLD
def test_a_login_that_is_replaced_leaves_no_password_behind(
    alice: Command, invitation: str, person: Person
) -> None:
    log_in(alice, invitation)
    log_in(alice, person.url)

    [kept] = [text for path, text in written(alice).items() if path.name == "passwords.json"]
    assert json.loads(kept) == {}
    assert json.loads(alice("whoami", "--json").out)["email"] == person.email


def test_ones_own_url_is_a_login_too_and_the_profile_can_be_named(
    alice: Command, person: Person
) -> None:
    found = log_in(alice, person.url, "--profile", "work")

    assert (found["email"], found["profile"], found["store"]) == (person.email, "work", "none")
    assert alice("add", "x").code == 0
    assert alice("-P", "local", "profile", "list").code == 0


@COLD
def test_login_refuses_to_store_while_the_environment_has_a_url(
    alice: Command, invitation: str, person: Person
) -> None:
    answer = alice("login", "--stdin", *FILE, stdin=invitation, TODO_DATABASE_URL=person.url)

    assert answer.code == 2
    assert answer.err.startswith("todo: TODO_DATABASE_URL is set, and wins over")
    assert log_in(alice, invitation)["role"] == "member"  # it was not used up


@COLD
def test_nobodys_role_cannot_log_in(alice: Command, database: Database) -> None:
    with engine.work_on(database.open("postgres", "postgres"), autocommit=True) as cursor:
        cursor.execute("CREATE ROLE nobodys_role LOGIN IN ROLE todo_member")
    try:
        answer = alice("login", "--stdin", *FILE, stdin=database.url("nobodys_role"))
    finally:
        with engine.work_on(database.open("postgres", "postgres"), autocommit=True) as cursor:
            cursor.execute("DROP ROLE nobodys_role")

    assert answer.code == 4
    assert answer.err.startswith("todo: this login belongs to no active person\n")
    assert alice("profile", "list", "--json").out.count('"name"') == 1


def test_the_owner_gets_a_login_of_their_own_and_keeps_both(
    boss: Command, database: Database
) -> None:
    found = log_in(boss, database.url(database.owner))
    again = log_in(boss, database.url(database.owner))

    assert (found["role"], found["owner"]) == ("member", True)
    assert again["email"] == found["email"]
    assert boss("add", "x", "-q").out == "1\n"
    assert boss("db", "check").code == 0
    assert found["email"] in boss("user", "list").out


def test_an_owner_whom_a_former_program_knew_by_the_sockets_folder_stays_that_person(
    boss: Command, empty_database: str, database: Database
) -> None:
    log_in(boss, empty_database)
    assert boss("db", "upgrade").code == 0
    log_in(boss, empty_database)
    former = f"{database.owner}@{database.socket}"
    name = empty_database.rpartition("/empty_")[2].partition("?")[0]
    with engine.work_on(database.open(f"empty_{name}", database.owner)) as cursor:
        cursor.execute("UPDATE todo.users SET email = %s", [former])

    assert log_in(boss, empty_database)["email"] == former
    assert len(json.loads(boss("user", "list", "--json").out)) == 1


def test_an_empty_database_is_set_up_with_the_stored_login_of_its_owner(
    boss: Command, empty_database: str
) -> None:
    found = log_in(boss, empty_database)
    assert (found["role"], found["email"]) == ("owner", "")
    assert found["profile"] == found["database"] != "todo"
    assert boss("list").code == 4
    assert boss("db", "upgrade").code == 0
    assert boss("user", "add", "bob@example.com").out.startswith("postgresql://")
    assert log_in(boss, empty_database)["role"] == "member"
    assert boss("list").code == 0


@COLD
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", 2),
        ("nonsense", 2),
        ("mysql://me:secret@host/db", 2),
        ("postgresql://me:secret@127.0.0.1:1/db", 6),
        ("postgresql://me:secret@db.example.com/db?sslmode=disable", 2),
    ],
)
def test_a_url_that_is_none_or_leads_nowhere_stores_nothing_and_is_never_repeated(
    alice: Command, given: str, code: int
) -> None:
    answer = alice("login", "--stdin", *FILE, stdin=given, TODO_DEBUG="1")

    assert answer.code == code
    assert "secret" not in answer.err
    assert not [path for path in written(alice) if path.name == "config.toml"]


@COLD
def test_without_a_terminal_login_asks_nothing(alice: Command, person: Person) -> None:
    assert alice("login").code == 2
    assert alice("login", person.url, *FILE).code == 0
    assert alice("whoami").code == 0


@COLD
def test_an_unknown_store_and_a_name_no_profile_can_have_are_refused(
    alice: Command, person: Person
) -> None:
    for arguments in (["--store", "paper"], [*FILE, "-P", "local"], [*FILE, "-P", "a b"]):
        assert alice("login", "--stdin", *arguments, stdin=person.url).code == 2


def test_an_owner_without_a_login_of_their_own_is_told_so(
    boss: Command, database: Database
) -> None:
    answer = boss("whoami", TODO_DATABASE_URL=database.url(database.owner))

    assert answer.code == 4
    assert answer.err.startswith("todo: this is the login of the database's owner, who has no ")


@COLD
def test_whoami_tells_where_the_url_came_from(alice: Command, person: Person) -> None:
    found = json.loads(alice("whoami", "--json", TODO_DATABASE_URL=person.url).out)

    assert (found["email"], found["store"]) == (person.email, "environment")


@COLD
def test_a_login_whose_last_look_round_is_cut_off_is_kept_and_says_so(
    database: Database, alice: Command, invitation: str
) -> None:
    with fault_proxy(database.socket / ".s.PGSQL.5432") as proxy:
        # The connections that look who it is and that accept; then that which looks round.
        proxy.next(Delay(0), Delay(0), Cut(turn=2))
        given = proxy.url(invitation)
        answer = alice("login", "--stdin", "--store", "file", stdin=given, PGSSLMODE="disable")
        assert (answer.code, len(proxy.connections)) == (6, 3), answer.err
        assert "hint: the login is made and kept: todo whoami\n" in answer.err
        assert alice("whoami", PGSSLMODE="disable").code == 0
