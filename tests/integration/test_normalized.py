"""Text is kept in Unicode's NFC, whoever writes it and whenever it was written."""

import uuid
from collections.abc import Iterator
from unicodedata import normalize

import pytest

from tests.conftest import Database, Person
from todo_cli.link import engine
from todo_cli.server.private_server import SUPERUSER
from todo_cli.store.people import roles
from todo_cli.store.schema import migrate

GROWS = "\N{DEVANAGARI LETTER QA}"  # two characters in NFC


@pytest.fixture
def earlier(database: Database) -> Iterator[Database]:
    """Give a database as it was before text was normalised."""
    name = f"earlier_{uuid.uuid4().hex[:12]}"
    with engine.work_on(database.open("postgres", SUPERUSER), autocommit=True) as cursor:
        roles.create_database(cursor, roles.OWNER, name)
    made = Database(name, roles.OWNER, database.socket, database.open)
    upgrade(made, "0004")
    yield made
    with engine.work_on(database.open("postgres", SUPERUSER), autocommit=True) as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def upgrade(database: Database, revision: str = "head") -> None:
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    migrate.upgrade(made, revision)
    made.dispose()


def test_text_that_psql_writes_with_accents_apart_is_kept_as_everybody_writes_it(
    alice: Person,
) -> None:
    cafe, apart = normalize("NFC", "café"), normalize("NFD", "café")
    alice.query(
        "INSERT INTO todo.tasks (id, title, description, project, tags)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
        [apart, apart, apart, [apart, "x", cafe]],
    )
    kept = "SELECT title, description, project, tags FROM todo.tasks"

    assert alice.query(kept) == [(cafe, cafe, cafe, [cafe, "x"])]
    alice.query("UPDATE todo.tasks SET description = %s", [apart + apart])
    assert alice.query(kept) == [(cafe, cafe + cafe, cafe, [cafe, "x"])]


def test_an_upgrade_writes_the_text_of_before_in_the_one_form(earlier: Database) -> None:
    person = earlier.new_person()
    for text in ("café", "ä" * 255):
        person.query(
            "INSERT INTO todo.tasks (title, description, project, tags) VALUES (%s, %s, %s, %s)",
            ["x", normalize("NFD", text), "x", [normalize("NFD", text[:3])]],
        )
    person.query("INSERT INTO todo.tasks (title, description) VALUES ('plain', NULL)")
    before = person.query("SELECT revision FROM todo.tasks WHERE title = 'plain'")

    upgrade(earlier)

    assert person.query("SELECT description, tags FROM todo.tasks ORDER BY number") == [
        ("café", ["caf"]),
        ("ä" * 255, ["äää"]),
        (None, []),
    ]
    assert person.query("SELECT revision FROM todo.tasks WHERE title = 'plain'") == before


def test_a_text_that_would_grow_past_its_width_stays_and_its_task_can_be_done(
    earlier: Database,
) -> None:
    person = earlier.new_person()
    person.query("INSERT INTO todo.tasks (title) VALUES (%s)", [GROWS * 255])

    upgrade(earlier)

    person.query("SELECT todo.claim_tasks('{1}', '{}', '{pending}', gen_random_uuid())")
    person.query("UPDATE todo.tasks SET status = 'completed'")
    assert person.query("SELECT title, status FROM todo.tasks") == [(GROWS * 255, "completed")]


def test_a_text_that_grows_and_fits_is_written_in_the_one_form_beside_one_that_does_not(
    earlier: Database,
) -> None:
    person = earlier.new_person()
    person.query(
        "INSERT INTO todo.tasks (title, description, project, tags) VALUES (%s, %s, %s, %s)",
        [GROWS, GROWS * 5000, GROWS, [GROWS * 100]],
    )

    upgrade(earlier)

    person.query(
        "UPDATE todo.tasks SET priority = 'high', title = %s, tags = %s",
        [GROWS * 2, [GROWS * 100, GROWS]],
    )
    grown = normalize("NFC", GROWS)
    assert person.query("SELECT title, description, project, tags FROM todo.tasks") == [
        (grown * 2, GROWS * 5000, grown, [GROWS * 100, GROWS])
    ]
