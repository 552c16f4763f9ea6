"""An office from which the tests look after the people of a database, as its owner."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg2
from psycopg2.extensions import parse_dsn
from sqlalchemy import Engine

from tests.conftest import Database, Person
from tests.servers import as_owner
from todo_cli.domain.people import UserStatus, new_user
from todo_cli.domain.roles import Role
from todo_cli.link import engine
from todo_cli.services.people import users
from todo_cli.settings import Settings, load

ACCEPT: Final = "SELECT role_name, password FROM todo.accept_invitation()"
_people = count(1)


@dataclass(frozen=True)
class Office:
    """The owner's engine and settings."""

    database: Database
    owner: Engine
    known: Settings

    @property
    def url(self) -> str:
        """The owner's URL."""
        return self.database.url(self.database.owner)

    def invite(self, email: str, role: Role = Role.MEMBER) -> dict[str, str]:
        """Invite somebody and give what libpq reads in the invitation."""
        return read(users.add(self.owner, self.known, new_user(email, role=role)).invitation)

    def reset(self, email: str) -> dict[str, str]:
        """Invite somebody again and give what libpq reads in the invitation."""
        return read(users.reset(self.owner, self.known, email).invitation)

    def accept(self, invitation: dict[str, Any]) -> Person:
        """Accept an invitation as psql would, and give the person."""
        with closing(psycopg2.connect(**invitation)) as connection, connection.cursor() as cursor:
            cursor.execute(ACCEPT)
            ((role, _),) = cursor.fetchall()
            connection.commit()
        return Person(self.database, role, "")

    def member(self, email: str) -> Person:
        """Give somebody who has accepted an invitation."""
        return self.accept(self.invite(email))

    def status(self, email: str) -> UserStatus:
        """Tell how far somebody has come."""
        return users.show(self.owner, email)[0].status

    def roles(self) -> set[str]:
        """Give the roles that were made for people and their invitations."""
        rows = as_owner(
            self.database,
            "SELECT rolname FROM pg_roles WHERE rolname ~ '^todo_[0-9a-f]{24}(_invitation)?$'",
        )
        return {name for (name,) in rows}


@contextmanager
def office_of(database: Database, folder: Path) -> Iterator[Office]:
    """Open an office; in the end everybody in it is removed, and no role of theirs may be left."""
    known = load(
        {"TODO_HOME": str(folder), "TODO_ADMIN_DATABASE_URL": database.url(database.owner)}
    )
    owner = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    try:
        office = Office(database, owner, known)
        before = office.roles()  # of the people of other tests
        yield office
        for (email,) in as_owner(database, "SELECT email FROM todo.users"):
            if email.lower().startswith("someone"):
                users.remove(owner, email)
        assert office.roles() <= before
    finally:
        owner.dispose()


def somebody() -> str:
    """Give an address that nobody has."""
    return f"someone{next(_people)}@example.com"


def read(invitation: str) -> dict[str, str]:
    """Give what libpq reads in a URL."""
    return {name: str(value) for name, value in parse_dsn(invitation).items()}


def add_task(person: Person, title: str) -> None:
    """Add a task as psql would."""
    person.query("INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), %s)", [title])


def titles(person: Person) -> list[str]:
    """Give the titles of somebody's tasks."""
    return [title for (title,) in person.query("SELECT title FROM todo.tasks ORDER BY number")]
