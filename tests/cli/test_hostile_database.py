"""A database whose owner has dropped every CHECK, and filled it with what a terminal obeys."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Command, Database
from tests.hostile import CONTROLS, harm
from tests.servers import as_owner, binaries, database_on, query
from tests.shared_agent import COLD
from tests.terminal import at_a_terminal
from todo_cli.link import engine
from todo_cli.store.people import roles

ROOT = Path(__file__).parents[2]
EVIL = f"a{CONTROLS}b"
ROLE = "we\x1b[31m\x9b\n\t\u202eird"
_people = count(1)
UNCHECK = """
DO $$ DECLARE found record; BEGIN
    FOR found IN
        SELECT conrelid::regclass AS name, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'todo'::regnamespace AND coninhcount = 0
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.name, found.conname);
    END LOOP;
END $$
"""


@dataclass(frozen=True)
class Hostile:
    """The database, and `todo` of the person in it and of its owner."""

    database: Database
    role: str
    email: str
    person: Command
    owner: Command

    def run(self, who: Command, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process, its streams pipes."""
        return subprocess.run(
            [*who.program(), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={"PATH": os.defpath, **who.environment},
            cwd=ROOT,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
        )


@pytest.fixture(scope="module")
def unchecked() -> Iterator[Database]:
    with database_on(binaries("18"), bypassrls=False) as made:
        as_owner(made, UNCHECK)
        yield made


@pytest.fixture
def hostile(unchecked: Database, todo: Command, tmp_path: Path) -> Hostile:
    """Give two tasks, number 1 hostile in all its fields and already changed once."""
    number = next(_people)
    role, email = f"{ROLE}{number}", f"evil{CONTROLS}{number}@example.com"
    with engine.work_on(unchecked.open(unchecked.name, unchecked.owner)) as cursor:
        roles.create_person(cursor, role, email)
        cursor.execute("UPDATE todo.users SET first_name = %s, last_name = %s", [EVIL, EVIL])
    insert = (
        "INSERT INTO todo.tasks (id, title, description, project, tags) "
        "VALUES (gen_random_uuid(), %s, %s, %s, %s) RETURNING number"
    )
    query(unchecked, role, insert, [EVIL, EVIL, EVIL, [EVIL, "\x1b"]])
    query(unchecked, role, insert, ["good", None, None, []])
    query(unchecked, role, "UPDATE todo.tasks SET project = %s WHERE number = 1", [f"{EVIL}c"])
    variables = {"VISUAL": "true", "NO_COLOR": "1", "COLUMNS": "200"}
    shared = {**todo.environment, **variables}
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "greeted").touch()
    url = f"postgresql://{quote(role, safe='')}@/{unchecked.name}?host={unchecked.socket}"
    person = Command({**shared, "TODO_DATABASE_URL": url}, todo.agent)
    owner = Command({**shared, "TODO_ADMIN_DATABASE_URL": unchecked.url(unchecked.owner)})
    return Hostile(unchecked, role, email, person, owner)


CHANGES = [["done", "1", "2"], ["modify", "1", "+new", "--title", "x"], ["rm", "1", "2"]]
READS = [["list"], ["list", "--all"], ["show", "1"], ["list", "--sort", "title"]]


@pytest.mark.parametrize("arguments", [*READS, *CHANGES, ["list", "nothing of the kind"]])
def test_no_command_writes_what_moves_a_cursor_into_a_pipe(
    hostile: Hostile, arguments: list[str]
) -> None:
    for form in ([], ["--json"]):
        done = hostile.run(hostile.person, *arguments, *form)
        assert done.returncode == 0, done.stderr
        assert harm(done.stdout, "\n\t") == set()
        assert harm(done.stderr) == set()
        assert form or "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [*READS, *CHANGES])
def test_no_command_writes_what_moves_a_cursor_on_a_terminal(
    hostile: Hostile, arguments: list[str]
) -> None:
    seen = shown(hostile.person, *arguments)

    assert harm(seen, "\n") == set()
    assert r"\x1b" in seen or "Modified 1 x" in seen


def shown(who: Command, *arguments: str, answer: str | None = None) -> str:
    """Give all that a terminal shows of a command, its line ends as a program writes them."""
    with at_a_terminal(who, *arguments) as (terminal, running):
        if answer is not None:
            terminal.wait_for("[y/N] ")
            question = terminal.seen
            terminal.type(answer)
        else:
            question = ""
        while True:
            try:
                part = os.read(terminal.descriptor, 65536)
            except OSError:  # how a terminal says that the program has left
                break
            terminal.seen += part.decode()
        running.wait()
    return (question + terminal.seen).replace("\r\n", "\n")


def test_no_value_forges_a_row_or_a_column_of_the_list(hostile: Hostile) -> None:
    rows = hostile.run(hostile.person, "list").stdout.split("\n")

    assert [row.split("\t")[0] for row in rows] == ["1", "2", ""]
    assert [row.count("\t") for row in rows] == [6, 6, 0]
    for control in ("\\t", "\\n", "\\r", "\\x0b", "\\x0c", "\\x85", "\\u2028", "\\u202e"):
        assert control in rows[0]


def test_no_value_forges_a_field_of_a_task(hostile: Hostile) -> None:
    lines = hostile.run(hostile.person, "show", "1").stdout.split("\n")

    labels = [line[:13].strip() for line in lines if line[:13].strip()]
    assert labels == [
        *("ID", "Title", "Description", "Status", "Priority", "Project", "Tags"),
        *("Created", "Updated", "Owner", "UUID"),
    ]


def test_json_is_exact_and_safe_on_a_terminal(hostile: Hostile) -> None:
    done = hostile.run(hostile.person, "list", "--json")

    first = json.loads(done.stdout)[0]
    assert (first["title"], first["tags"]) == (EVIL, [EVIL, "\x1b"])
    assert (first["description"], first["owner"]) == (EVIL, hostile.email)


@COLD
@pytest.mark.parametrize(
    "arguments", [["whoami"], ["doctor"], ["edit", "1"], ["list", "project:\x1b"]]
)
def test_what_runs_without_the_agent_is_as_harmless(hostile: Hostile, arguments: list[str]) -> None:
    done = hostile.run(hostile.person, *arguments)
    assert harm(done.stdout) | harm(done.stderr) == set()
    assert harm(shown(hostile.person, *arguments)) == set()
    assert "Traceback" not in done.stderr


@COLD
@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "list"],
        ["user", "deactivate", "EMAIL"],
        ["user", "activate", "EMAIL"],
        ["user", "remove", "EMAIL"],
        ["db", "audit"],
        ["db", "check"],
    ],
)
def test_the_owners_commands_are_as_harmless(hostile: Hostile, arguments: list[str]) -> None:
    arguments = [hostile.email if each == "EMAIL" else each for each in arguments]
    for form in ([], ["--json"]):
        done = hostile.run(hostile.owner, *arguments, *form)
        assert harm(done.stdout, "\n\t") | harm(done.stderr) == set()
        assert "unexpected" not in done.stderr
    if arguments[1:2] != ["remove"]:
        assert harm(shown(hostile.owner, *arguments)) == set()


@COLD
def test_no_value_forges_a_row_of_the_change_log(hostile: Hostile) -> None:
    rows = hostile.run(hostile.owner, "db", "audit").stdout.removesuffix("\n").split("\n")

    ((events,),) = as_owner(hostile.database, "SELECT count(*) FROM todo.task_events")
    assert len(rows) == events
    assert {row.count("\t") for row in rows} == {6}


@COLD
def test_the_question_before_a_purge_is_harmless(hostile: Hostile) -> None:
    seen = shown(hostile.person, "rm", "1", "2", "--purge", answer="n")

    assert "Delete for good: 1 a" in seen
    assert harm(seen) == set()


@COLD
def test_a_schema_of_a_hostile_name_is_named_harmlessly(hostile: Hostile) -> None:
    name = "9\x1b[31m\x9b\n\u202e"
    rename = "UPDATE todo.alembic_version SET version_num = %s"
    ((before,),) = as_owner(hostile.database, "SELECT version_num FROM todo.alembic_version")
    as_owner(hostile.database, rename, [name])
    try:
        for words in (["current"], ["check"], ["upgrade"]):
            for form in ([], ["--json"]):
                done = hostile.run(hostile.owner, "db", *words, *form)
                assert harm(done.stdout) | harm(done.stderr) == set()
                assert "9" in done.stdout + done.stderr
    finally:
        as_owner(hostile.database, rename, [before])


@COLD
def test_completion_offers_nothing_that_moves_a_cursor(hostile: Hostile) -> None:
    asking = hostile.person.with_variables(_TODO_COMPLETE="1")
    for words in (["done", ""], ["add", "--project", ""], ["add", "--tag", ""]):
        done = hostile.run(asking, *words)
        assert harm(done.stdout, "\n\t") == set()
        assert done.stderr == ""


@COLD
def test_a_form_has_its_fields_where_they_were(hostile: Hostile, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/copy\nsed -i s/^Due:/Due:tomorrow/ "$1"\n')
    editor.chmod(0o755)
    done = hostile.run(hostile.person.with_variables(VISUAL=str(editor)), "edit", "1")

    lines = (tmp_path / "copy").read_text().split("\n")
    assert [line.partition(":")[0] for line in lines[2:8]] == [
        *("Title", "Project", "Tags", "Priority", "Due", "Description"),
    ]
    assert done.returncode == 0, done.stderr
    [(title, due)] = query(
        hostile.database, hostile.role, "SELECT title, due_date FROM todo.tasks WHERE number = 1"
    )
    assert (title, due is None) == (EVIL, False)
