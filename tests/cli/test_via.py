"""The change log tells which client a change came from: its id, its host, and who acted."""

import json
import os
from pathlib import Path
from uuid import UUID

import pytest

from tests.conftest import Command, Database, Person
from tests.people import office_of, somebody
from tests.servers import as_owner

VIA = "SELECT via FROM todo.task_events ORDER BY revision, at"


def said(person: Person) -> list[str]:
    return [via for (via,) in person.query(VIA)]


def test_every_change_says_which_client_and_which_host_it_came_from(
    todo: Command, person: Person, tmp_path: Path
) -> None:
    for command in ("add x", "modify 1 +tag", "done 1", "rm 1", "rm --purge --yes 1"):
        assert todo(*command.split()).code == 0

    client = (tmp_path / "state" / "client-id").read_text()
    assert str(UUID(client)) == client
    assert said(person) == [f"{client} {os.uname().nodename}"] * 5


def test_another_home_is_another_client(todo: Command, person: Person, tmp_path: Path) -> None:
    todo("add", "x")
    todo.with_variables(TODO_HOME=str(tmp_path / "other"))("done", "1")
    one, other = said(person)
    assert one.split()[0] != other.split()[0]


@pytest.mark.parametrize("actor", ["night job", "100% 'sure'; --", "Ælfric %(todo_via)s"])
def test_who_acts_is_told_as_it_was_said(todo: Command, person: Person, actor: str) -> None:
    assert todo("add", "x", TODO_ACTOR=f" {actor} ").code == 0
    assert todo("done", "1").code == 0
    [named, unnamed] = said(person)
    assert named == f"{unnamed} {actor}"


@pytest.mark.parametrize("actor", ["x" * 101, "two\nlines", "\x1b[31m"])
def test_an_actor_that_is_no_name_is_refused_before_anything_is_done(
    todo: Command, person: Person, actor: str
) -> None:
    answer = todo("add", "x", TODO_ACTOR=actor)
    assert (answer.code, answer.out, said(person)) == (2, "", [])
    assert answer.err.startswith("todo: TODO_ACTOR is too long, or no name: ")
    assert answer.err.isprintable() or "\x1b" not in answer.err


def test_where_nothing_can_be_kept_commands_work_and_say_an_id_all_the_same(
    todo: Command, person: Person, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("in the way")
    assert todo("add", "x").code == 0
    [via] = said(person)
    assert UUID(via.split()[0])


def test_an_id_that_is_none_any_more_is_made_anew(
    todo: Command, person: Person, tmp_path: Path
) -> None:
    todo("add", "x")
    (tmp_path / "state" / "client-id").write_text("")
    todo("done", "1")
    todo("reopen", "1")
    first, second, third = said(person)
    assert first != second == third


@pytest.mark.alone(reason="an owner's command goes to no agent")
def test_what_an_owner_does_to_tasks_is_told_too(database: Database, tmp_path: Path) -> None:
    url = database.url(database.owner)
    owner = Command({"TODO_ADMIN_DATABASE_URL": url, "TODO_HOME": str(tmp_path)})
    with office_of(database, tmp_path) as office:
        email = somebody()
        gone = office.member(email)
        gone.query("INSERT INTO todo.tasks (title) VALUES ('x')")
        [(user,)] = gone.query("SELECT id::text FROM todo.users")

        assert owner("user", "remove", email, "--yes", TODO_ACTOR="the boss").code == 0

    purged = "SELECT via FROM todo.task_events WHERE user_id = %s AND action = 'purged'"
    client = (tmp_path / "state" / "client-id").read_text()
    assert as_owner(database, purged, [user]) == [(f"{client} {os.uname().nodename} the boss",)]


@pytest.mark.alone(reason="psql goes to no agent")
def test_a_change_through_psql_says_nothing(person: Person) -> None:
    person.query("INSERT INTO todo.tasks (title) VALUES ('x')")
    assert said(person) == [None]


def test_the_log_shows_where_a_change_came_from(
    todo: Command, database: Database, person: Person, tmp_path: Path
) -> None:
    todo("add", "x", TODO_ACTOR="night job")
    url = database.url(database.owner)
    answer = todo(
        "db", "audit", "--user", person.email, "--fields", "via,entity,revision",
        TODO_ADMIN_DATABASE_URL=url,
    )  # fmt: skip
    [event] = json.loads(answer.out)["events"]
    assert event == {"via": f"{said(person)[0]}", "entity": "task", "revision": 1}
    assert event["via"].endswith(" night job")


def test_actions_and_things_of_a_later_program_are_shown_as_they_are(
    todo: Command, database: Database, person: Person
) -> None:
    todo("add", "x")
    as_owner(
        database,
        """INSERT INTO todo.task_events
                  (task_id, user_id, action, entity, entity_id, before, after)
           SELECT task_id, user_id, 'annotated', 'note', gen_random_uuid(),
                  '{"tags": "none", "due_date": "some day"}', '{"text": "call back", "tags": 7}'
             FROM todo.task_events WHERE user_id = (SELECT id FROM todo.users WHERE email = %s)""",
        [person.email],
    )
    url = database.url(database.owner)
    audit = ["db", "audit", "--user", person.email]

    plain = todo(*audit, TODO_ADMIN_DATABASE_URL=url)
    events = json.loads(todo(*audit, "--json", TODO_ADMIN_DATABASE_URL=url).out)["events"]

    assert (plain.code, plain.err) == (0, "")
    assert "\tannotated note of\t" in plain.out
    assert "tags none -> 7, text none -> call back" in plain.out
    assert (events[1]["action"], events[1]["entity"]) == ("annotated", "note")
