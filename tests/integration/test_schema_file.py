"""docs/schema.sql is the schema as it is today."""

import re

import pytest

from docs import schema
from tests.conftest import Database
from tests.integration.test_migrations import empty as empty  # a fixture
from tests.servers import as_owner, upgrade


def as_written(database: Database) -> str:
    return schema.text(schema.dump(database.socket, database.name), database.name)


def without_parentheses(statements: str) -> list[str]:
    return re.sub("[()]", "", statements).splitlines()


def test_the_file_is_what_the_migrations_make(empty: Database) -> None:
    upgrade(empty)

    written = schema.FILE.read_text(encoding="utf-8")
    assert written == as_written(empty), "run: python -m docs.schema"


def test_a_database_made_from_the_file_is_the_same(empty: Database) -> None:
    upgrade(empty)  # which makes the groups, where this is the first test of all
    as_owner(empty, "DROP SCHEMA todo CASCADE")
    statements = schema.FILE.read_text(encoding="utf-8")

    # As the migrations do: whoever may make nothing there can be given no function.
    lent = "CREATE SCHEMA todo;\nGRANT CREATE ON SCHEMA todo TO todo_definer;"
    named = statements.replace("ON DATABASE todo ", f"ON DATABASE {empty.name} ")
    as_owner(empty, named.replace("CREATE SCHEMA todo;", lent))
    as_owner(empty, "REVOKE CREATE ON SCHEMA todo FROM todo_definer")

    # PostgreSQL prints more parentheses for a BETWEEN than when it has read what it printed.
    assert without_parentheses(as_written(empty)) == without_parentheses(statements)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("CREATE SEQUENCE todo.counter", "no section for SEQUENCE counter"),
        ("GRANT SELECT ON todo.tasks TO todo_auditor WITH GRANT OPTION", "WITH GRANT OPTION"),
    ],
)
def test_what_the_file_has_no_place_for_is_named_and_never_left_out(
    empty: Database, statement: str, complaint: str
) -> None:
    upgrade(empty)
    as_owner(empty, statement)

    with pytest.raises(LookupError, match=complaint):
        as_written(empty)
