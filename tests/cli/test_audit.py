"""The change log, as those who may read all of it see it; and nobody else."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Answer, Command, Database, Person
from tests.people import Office, office_of, somebody
from tests.servers import as_owner, id_of
from tests.terminal import at_a_terminal
from todo_cli.domain.roles import Role

FIELDS = [
    "at", "action", "task", "task_id", "title", "user", "user_id", "actor", "actor_id",
    "actor_role", "command_id", "before", "after", "revision", "via", "undoes",
    "entity", "entity_id",
]  # fmt: skip
REFUSAL = Answer(
    4,
    "",
    "todo: only an auditor or the owner reads the change log\n"
    "hint: the owner makes an auditor: todo user add EMAIL --role auditor\n",
)


@pytest.fixture
def owner(database: Database, tmp_path: Path) -> Command:
    """Give `todo` with the owner's URL."""
    home = str(tmp_path / "owner")
    return Command({"TODO_ADMIN_DATABASE_URL": database.url(database.owner), "TODO_HOME": home})


@pytest.fixture
def auditor(database: Database, tmp_path: Path) -> Iterator[Command]:
    """Give `todo` of an auditor."""
    made = database.new_person("todo_auditor")
    yield Command({"TODO_DATABASE_URL": made.url, "TODO_HOME": str(tmp_path / "auditor")})
    made.forget()


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    with office_of(database, tmp_path / "office") as made:
        yield made


@pytest.fixture
def busy(todo: Command, person: Person) -> Person:
    """Give somebody who has added a task, changed it and completed it."""
    todo("add", "Buy milk", "+errand", "due:2026-11-25")
    todo("modify", "1", "priority:high", "due:none", "+shop", "-errand", "project:home")
    todo("done", "1")
    return person


def events(answer: Answer) -> list[dict[str, Any]]:
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)["events"]
    assert isinstance(found, list)
    return found


def log_event(person: Person, at: str) -> None:
    """Have the owner write an event, who alone can choose its time."""
    as_owner(
        person.database,
        "INSERT INTO todo.task_events (at, task_id, user_id, actor_id, action, after) "
        "VALUES (%s, gen_random_uuid(), %s, %s, 'added', %s)",
        [at, id_of(person), id_of(person), json.dumps({"number": 7, "title": at})],
    )


def test_an_auditor_reads_what_somebody_did_the_newest_last(auditor: Command, busy: Person) -> None:
    found = events(auditor("db", "audit", "--user", busy.email, "--json"))

    assert [list(each) for each in found] == [FIELDS] * 3
    assert [each["action"] for each in found] == ["added", "modified", "completed"]
    assert [each["title"] for each in found] == ["Buy milk", None, None]
    assert {each["task"] for each in found} == {1}
    assert {(each["user"], each["actor"]) for each in found} == {(busy.email, busy.email)}
    assert {each["actor_role"] for each in found} == {busy.role}
    assert all(each["at"].endswith("Z") and uuid.UUID(each["command_id"]) for each in found)
    assert found[0]["before"] is None
    assert found[1]["before"] == {
        "priority": "medium",
        "tags": ["errand"],
        "project": None,
        "due_date": "2026-11-25T00:00:00+00:00",
        "due_all_day": True,
    }
    assert found[2]["after"]["status"] == "completed"


def test_in_a_pipe_an_event_is_a_line(auditor: Command, busy: Person) -> None:
    answer = auditor("db", "audit", "--user", busy.email)

    assert (answer.code, answer.err) == (0, "")
    assert [line.split("\t")[1:] for line in answer.out.splitlines()] == [
        [busy.email, "added", busy.email, "1", "Buy milk", "+errand, due 2026-11-25"],
        [busy.email, "modified", busy.email, "1", "",
         "+shop -errand, project none -> home, priority medium -> high, due 2026-11-25 -> none"],
        [busy.email, "completed", busy.email, "1", "", ""],
    ]  # fmt: skip


def test_the_owner_reads_the_same_as_an_auditor(
    owner: Command, auditor: Command, busy: Person
) -> None:
    asked = ("db", "audit", "--user", busy.email, "--json")

    assert owner(*asked) == auditor(*asked)


def test_without_a_user_the_log_is_everybodys(
    auditor: Command, busy: Person, other: Person
) -> None:
    log_event(other, "2026-12-01 10:00Z")
    found = events(auditor("db", "audit", "--json"))

    assert {busy.email, other.email} <= {each["user"] for each in found}
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)


def test_the_fields_of_events_are_chosen(auditor: Command, busy: Person) -> None:
    asked = ("db", "audit", "--user", busy.email, "--limit", "1", "--fields")

    assert auditor(*asked, "action,task").out == '{"events":[{"action":"completed","task":1}]}\n'
    assert auditor(*asked, "id").code == 2


# --- Who may ---------------------------------------------------------------------------------


def test_a_member_is_refused_rather_than_shown_a_part(todo: Command, busy: Person) -> None:
    assert todo("db", "audit") == REFUSAL
    assert todo("db", "audit", "--user", busy.email) == REFUSAL


def test_a_members_login_in_place_of_the_owners_is_refused(owner: Command, person: Person) -> None:
    assert owner("db", "audit", TODO_ADMIN_DATABASE_URL=person.url) == REFUSAL


def test_a_stranger_is_refused(auditor: Command, database: Database) -> None:
    answer = auditor("db", "audit", TODO_DATABASE_URL=database.url("nobodys_role"))

    assert (answer.code, answer.out) == (4, "")


def test_a_deactivated_auditor_is_refused(office: Office, auditor: Command) -> None:
    email = somebody()
    login = office.accept(office.invite(email, Role.AUDITOR))
    asked = ("db", "audit", "--limit", "1")
    assert auditor(*asked, TODO_DATABASE_URL=login.url).code == 0

    # What stops somebody whom a connection pooler still lets in.
    as_owner(office.database, "UPDATE todo.users SET is_active = false WHERE email = %s", [email])
    assert auditor(*asked, TODO_DATABASE_URL=login.url) == REFUSAL

    url, home = office.database.url(office.database.owner), auditor.environment["TODO_HOME"]
    boss = Command({"TODO_ADMIN_DATABASE_URL": url, "TODO_HOME": home})
    assert boss("user", "deactivate", email).code == 0
    answer = auditor(*asked, TODO_DATABASE_URL=login.url)
    assert (answer.code, answer.out) == (4, "")


def test_a_stored_login_of_the_owner_is_used_before_ones_own(
    database: Database, tmp_path: Path, busy: Person
) -> None:
    boss = Command({"TODO_HOME": str(tmp_path / "boss")})
    url = database.url(database.owner)
    assert boss("login", "--stdin", "--store", "file", stdin=f"{url}\n").code == 0
    assert json.loads(boss("whoami", "--json").out)["role"] == "member"

    assert len(events(boss("db", "audit", "--user", busy.email, "--json"))) == 3


# --- Which events ----------------------------------------------------------------------------


def test_since_a_day_is_since_its_start_where_one_is(auditor: Command, person: Person) -> None:
    for at in ("2026-12-01 22:59:59Z", "2026-12-01 23:00Z", "2026-12-02 09:00Z"):
        log_event(person, at)
    asked = ("db", "audit", "--user", person.email, "--fields", "title", "--since")

    def titles(since: str, **variables: str) -> list[str]:
        return [each["title"] for each in events(auditor(*asked, since, **variables))]

    assert titles("2026-12-02") == ["2026-12-01 23:00Z", "2026-12-02 09:00Z"]
    assert titles("2026-12-02", TZ="UTC") == ["2026-12-02 09:00Z"]
    assert titles("2026-12-02 10:00") == ["2026-12-02 09:00Z"]
    assert len(titles("yesterday")) == 3
    assert titles("1y") == []


def test_since_is_of_the_past(auditor: Command, person: Person) -> None:
    for at in ("2026-11-09 08:00Z", "2026-11-13 08:00Z", "2026-11-17 17:00Z", "2026-11-18 08:00Z"):
        log_event(person, at)
    asked = ("db", "audit", "--user", person.email, "--fields", "title")

    def days(*since: str) -> list[str]:
        return [each["title"][8:10] for each in events(auditor(*asked, *since))]

    assert days("--since", "wed") == ["18"]
    assert days("--since", "fri") == ["13", "17", "18"]
    assert days("--since", "17:00") == ["17", "18"]
    assert days("--since", "9am") == ["18"]
    assert days("--since", "10th") == ["13", "17", "18"]
    assert days("--since", "-7d") == days("--since=-7d") == ["13", "17", "18"]
    assert days("--since", "30 hours ago") == ["17", "18"]
    assert days("--since", "25 dec") == ["09", "13", "17", "18"]


@pytest.mark.parametrize("since", ["none", "whenever"])
def test_since_takes_a_date(auditor: Command, since: str) -> None:
    assert auditor("db", "audit", "--since", since).code == 2


def test_a_user_is_found_in_whatever_case(auditor: Command, busy: Person) -> None:
    assert len(events(auditor("db", "audit", "--user", busy.email.upper(), "--json"))) == 3


def test_an_unknown_user_is_not_found(auditor: Command, owner: Command) -> None:
    for reader in (auditor, owner):
        answer = reader("db", "audit", "--user", "nobody@example.com")
        assert (answer.code, answer.out) == (3, "")
        assert answer.err.startswith("todo: no user 'nobody@example.com'\nhint: ")


def test_a_limit_keeps_the_newest(auditor: Command, busy: Person) -> None:
    found = events(auditor("db", "audit", "--user", busy.email, "--limit", "2", "--json"))

    assert [each["action"] for each in found] == ["modified", "completed"]


def test_a_terminal_shows_the_last_50(auditor: Command, person: Person) -> None:
    person.query(
        "INSERT INTO todo.tasks (id, title) "
        "SELECT gen_random_uuid(), n FROM generate_series(1, 51) n"
    )
    with at_a_terminal(auditor, "db", "audit", "--user", person.email) as (terminal, running):
        terminal.wait_for("1 more; --limit 51 shows all")
        running.wait()

    assert terminal.seen.count("added ") == 50


@pytest.mark.parametrize("limit", ["0", "-1", "1000000001", "x"])
def test_a_limit_is_a_number_above_zero(auditor: Command, limit: str) -> None:
    assert auditor("db", "audit", f"--limit={limit}").code == 2


def test_somebody_without_tasks_has_no_events(auditor: Command, person: Person) -> None:
    asked = ("db", "audit", "--user", person.email)
    assert auditor(*asked) == Answer(0, "", "")
    assert auditor(*asked, "--json") == Answer(0, '{"events":[]}\n', "")


def test_what_was_purged_keeps_number_and_title(
    todo: Command, auditor: Command, person: Person
) -> None:
    todo("add", "Secret plan")
    todo("rm", "1", "--purge", "--yes")
    [added, purged] = events(auditor("db", "audit", "--user", person.email, "--json"))

    assert (purged["action"], purged["task"], purged["title"]) == ("purged", 1, "Secret plan")
    assert (purged["after"], added["before"]) == (None, None)


def test_somebody_removed_stays_in_the_log_by_id_and_role(
    office: Office, owner: Command, auditor: Command
) -> None:
    email = somebody()
    gone = office.member(email)
    gone.query("INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'Mine')")
    gone_id = id_of(gone)
    assert owner("user", "remove", email, "--yes").code == 0

    found = events(auditor("db", "audit", "--json"))
    told = [
        (each["action"], each["task"], each["user"], each["actor"], each["actor_role"])
        for each in found
        if each["user_id"] == gone_id
    ]
    assert told == [
        ("added", 1, None, None, gone.role),
        ("purged", 1, None, None, office.database.owner),
    ]
    assert f"\t{gone.role}\tadded\t{gone_id}\t1\tMine\t\n" in auditor("db", "audit").out
    assert auditor("db", "audit", "--user", email).code == 3


# --- The private database --------------------------------------------------------------------


def test_the_private_database_shows_its_one_person_the_whole_log(home: Path) -> None:
    todo = Command({"TODO_HOME": str(home)})
    answer = todo("db", "audit", "--quiet")
    assert answer == Answer(0, "", "")

    todo("add", "x")
    todo("done", "1")
    assert [each["action"] for each in events(todo("db", "audit", "--json"))] == [
        "added",
        "completed",
    ]


def test_a_row_of_the_log_that_no_program_wrote_hides_no_other(
    owner: Command, busy: Person, database: Database
) -> None:
    strange = (("[1]", '"x"'), ('{"number": "x", "title": 3}', "null"), ("7", '{"number": 1.5}'))
    for before, after in strange:
        as_owner(
            database,
            "INSERT INTO todo.task_events (task_id, user_id, action, before, after)"
            " SELECT t.id, user_id, 'strange', %s, %s FROM todo.tasks t JOIN todo.users u"
            " ON u.id = user_id WHERE u.email = %s",
            [before, after, busy.email],
        )

    answer = owner("db", "audit", "--user", busy.email, "--json")
    found = [event for event in events(answer) if event["action"] == "strange"]
    assert [(event["before"], event["after"]) for event in found] == [
        ({"": [1]}, {"": "x"}),
        ({"number": "x", "title": 3}, None),
        ({"": 7}, {"number": 1.5}),
    ]
    assert owner("db", "audit", "--user", busy.email).out.count("strange") == 3
