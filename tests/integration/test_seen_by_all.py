"""What anybody with a login can see by SQL: all of it stands in SECURITY.md."""

from pathlib import Path

import pytest

from tests.conftest import Person
from tests.servers import add_task, refused

PAGE = Path(__file__).parents[2] / "SECURITY.md"
MEMBERS = """
    SELECT member.rolname FROM pg_auth_members
      JOIN pg_roles of_group ON of_group.oid = roleid AND of_group.rolname = %s
      JOIN pg_roles member ON member.oid = pg_auth_members.member
"""


def roles(person: Person, group: str) -> set[str]:
    """Give the roles in a group, as somebody sees them."""
    return {name for (name,) in person.query(MEMBERS, [group])}


def test_everybody_can_count_the_people_and_tell_who_audits(
    alice: Person, bob: Person, auditor: Person
) -> None:
    for each in (alice, auditor):
        assert {alice.role, bob.role} <= roles(each, "todo_member")
        assert auditor.role in roles(each, "todo_auditor")


def test_everybody_sees_who_is_connected_and_not_what_they_do(alice: Person, bob: Person) -> None:
    with bob.database.cursor(bob.role) as cursor:
        cursor.execute("SELECT 'a secret'")
        shown = alice.query(
            "SELECT application_name, query, backend_start, query_start, state, client_addr "
            "FROM pg_stat_activity WHERE usename = %s",
            [bob.role],
        )

    assert shown == [("todo", "<insufficient privilege>", None, None, None, None)]


def test_everybody_sees_how_large_the_tables_are(alice: Person, bob: Person) -> None:
    add_task(bob, "theirs")

    assert alice.query("SELECT pg_total_relation_size('todo.tasks')") > [(0,)]


def test_no_name_or_address_but_ones_own_belongs_to_a_role_name(alice: Person, bob: Person) -> None:
    assert bob.role in roles(alice, "todo_member")
    assert alice.query("SELECT email, role_name FROM todo.users") == [(alice.email, alice.role)]


@pytest.mark.parametrize("relation", ["pg_authid", "pg_statistic"])
def test_what_holds_secrets_shows_them_to_nobody(alice: Person, relation: str) -> None:
    with refused("42501"):
        alice.query(f"SELECT * FROM {relation}")


def test_the_page_names_every_test_file_that_keeps_a_promise() -> None:
    named = {part for part in PAGE.read_text().split("`") if part.endswith(".py")}
    tests = Path(__file__).parents[1]

    assert len(named) > 15
    assert [name for name in named if not list(tests.rglob(name))] == []
    attacks = {path.name for path in Path(__file__).parent.glob("test_attacks*.py")}
    assert attacks <= named
