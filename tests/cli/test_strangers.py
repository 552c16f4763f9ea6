"""What is another person's and what is not there: no command lets anybody tell them apart."""

import uuid

import pytest
from sqlalchemy import text

from tests.conftest import Answer, Command, Person
from tests.servers import SUPERUSER, add_task
from tests.shared_agent import COLD

VERBS = {
    "show": ["show"],
    "done": ["done"],
    "reopen": ["reopen"],
    "modify": ["modify", "--title", "stolen"],
    "edit": ["edit"],
    "rm": ["rm"],
    "purge": ["rm", "--purge", "--yes"],
    "restore": ["restore"],
}
FORMS = [[], ["--json"]]
SECRET = "the stranger's secret"


@pytest.fixture
def theirs(todo: Command, other: Person) -> dict[str, tuple[str, int]]:
    """Give id and number of a stranger's task in each state, beside one task of one's own."""
    assert todo("add", "mine").code == 0
    found = {}
    for status in ("nothing", "pending", "completed", "deleted"):
        task, number = add_task(other, SECRET)
        found[status] = task, number
    for status in ("completed", "deleted"):
        other.query("UPDATE todo.tasks SET status = %s WHERE id = %s", [status, found[status][0]])
    del found["nothing"]  # its number is the one that both have
    return found


def rows(person: Person) -> list[tuple[object, ...]]:
    """Give all of a person's tasks."""
    return person.query("SELECT * FROM todo.tasks ORDER BY number")


def asked(command: Command, words: list[str], name: str, **variables: str) -> Answer:
    """Run a command on a name and give its answer without that name."""
    answer = command(*(word.format(name) for word in words), VISUAL="true", **variables)
    return Answer(answer.code, answer.out.replace(name, "NAME"), answer.err.replace(name, "NAME"))


def forms_of(verb: str) -> list[list[str]]:
    """Give the ways to name a task to a verb: alone, and if it takes several beside one's own."""
    names = [["{}"]] if verb in ("show", "edit") else [["{}"], ["1", "{}"]]
    return [[*VERBS[verb], *form, *name] for form in FORMS for name in names]


@pytest.mark.parametrize("verb", VERBS)
def test_a_strangers_task_and_one_that_is_not_there_get_the_same_answer(
    todo: Command, person: Person, other: Person, theirs: dict[str, tuple[str, int]], verb: str
) -> None:
    before = rows(person), rows(other)
    for words in forms_of(verb):
        number, task = (asked(todo, words, name) for name in ("99999", str(uuid.uuid4())))
        assert number.code == task.code == 3
        for strange_task, strange_number in theirs.values():
            assert asked(todo, words, str(strange_number)) == number, words
            assert asked(todo, words, strange_task) == task, words
    assert (rows(person), rows(other)) == before


def test_a_list_by_what_strangers_wrote_is_that_of_words_nobody_wrote(
    todo: Command, other: Person
) -> None:
    todo("add", "mine")
    other.query(
        "INSERT INTO todo.tasks (id, title, description, project, tags, due_date) "
        "VALUES (gen_random_uuid(), 'theirs', 'theirs', 'theirs', '{theirs}', '2026-12-24')"
    )
    for words in (["{}"], ["project:{}"], ["+{}"], ["--search", "{}"], ["project:{}", "--json"]):
        theirs, nobodys = (asked(todo, ["list", *words], name) for name in ("theirs", "nobodys"))
        assert theirs == nobodys, words


PEOPLE = [["deactivate"], ["activate"], ["reset"], ["remove", "--yes"], ["add"]]


@COLD
@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("as_owner", [False, True])
def test_a_member_learns_of_nobody_by_the_commands_for_people(
    todo: Command, person: Person, other: Person, form: list[str], as_owner: bool
) -> None:
    url = {"TODO_ADMIN_DATABASE_URL": person.url} if as_owner else {}
    for verb in PEOPLE:
        theirs, nobodys = (
            asked(todo, ["user", *verb, "{}", *form], email, **url)
            for email in (other.email, "nobody@example.com")
        )
        assert theirs == nobodys, verb
        assert theirs.code == 4, theirs
    listed = todo("user", "list", *form, **url)
    assert (listed.code, listed.out) == (4, "")
    assert other.email not in listed.err
    assert other.query("SELECT email, is_active FROM todo.users") == [(other.email, True)]


@COLD
@pytest.mark.parametrize("as_owner", [False, True])
def test_a_member_learns_nothing_by_the_commands_for_the_database(
    todo: Command, person: Person, other: Person, as_owner: bool
) -> None:
    url = {"TODO_ADMIN_DATABASE_URL": person.url} if as_owner else {}
    add_task(other, SECRET)
    for command in (["upgrade"], ["downgrade", "base", "--yes"], ["current"], ["check"]):
        answer = todo("db", *command, **url)
        assert (answer.code, answer.out) == (4, ""), (command, answer)
        for told in (other.email, other.role, "secret"):
            assert told not in answer.err
    assert other.query("SELECT title FROM todo.tasks") == [(SECRET,)]


def test_others_see_of_a_running_program_no_more_than_its_role_and_its_name(
    person: Person, other: Person
) -> None:
    with other.session() as session:
        session.execute(text("SELECT 'a secret'"))
        seen = person.query(
            "SELECT application_name, query, client_addr, state, query_id, backend_start "
            "FROM pg_stat_activity WHERE usename = %s",
            [other.role],
        )
    assert seen == [("todo", "<insufficient privilege>", None, None, None, None)]


def test_a_function_of_a_strangers_is_never_called(
    person: Person, other: Person, todo: Command
) -> None:
    assert [todo("add", title).code for title in ("b", "a")] == [0, 0]
    database = person.database
    with database.cursor(SUPERUSER) as cursor:
        cursor.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {other.role}")
        try:
            other.query(
                "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'called'; END $$"
            )
            assert todo("list", "--sort", "title", "--fields", "title").out == (
                '[{"title":"a"},{"title":"b"}]\n'
            )
        finally:
            cursor.execute("DROP FUNCTION IF EXISTS public.lower(varchar)")
            cursor.execute(f"REVOKE ALL ON SCHEMA public FROM {other.role}")
