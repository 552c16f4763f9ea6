"""The same line of bash twice, with a warm agent and alone: both are to come to the same."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import Person
from tests.e2e.agents import Agent, agent_home
from tests.e2e.package import STUBBORN, package
from tests.e2e.program import Program

# What differs between two people, and from moment to moment.
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_LOCAL = re.compile(rb"(?m)^(Created|Updated|Completed) .*$")
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"


class Done(NamedTuple):
    """How a line has ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True)
class Twice:
    """Runs lines of bash in which `todo` is the program; ``people`` have the same tasks.

    The first has the agent.
    """

    agent: Agent
    people: tuple[Person, Person]

    def __call__(
        self,
        line: str,
        *,
        served: int = 1,
        cwd: str | Path = "/",
        variables: Mapping[str, str] | None = None,
    ) -> Done:
        """Run a line both ways, see that it is the same, and give it once.

        ``served`` is how many of its commands the agent runs. ``variables`` are further ones of
        the environment.
        """
        before = self.agent.warm()
        warm = self.run(line, "on", cwd, variables)
        after = self.agent.state()
        alone = self.run(line, "off", cwd, variables)
        assert warm == alone, f"with the agent:\n{warm}\nalone:\n{alone}"
        assert after is not None
        # A client of an earlier test may have come late, and an agent may have made way to another.
        replaced = after.agent != before.agent
        assert replaced or after.served >= before.served + served, (before, after)
        return warm

    def run(
        self,
        line: str,
        agent: str,
        cwd: str | Path = "/",
        variables: Mapping[str, str] | None = None,
    ) -> Done:
        """Run a line, with ``agent`` "on" or "off"."""
        ended = subprocess.run(
            ["bash", "-c", self.script(line)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**self.environment(agent), **(variables or {})},
            cwd=cwd,
            check=False,
            timeout=120,
        )
        role = self.people[agent == "off"].role.encode()
        return Done(ended.returncode, _masked(ended.stdout, role), _masked(ended.stderr, role))

    def script(self, line: str) -> str:
        """Give a line with what has to stand before it."""
        return f'todo() {{ "{self.agent.program.python}" -P -m todo_cli "$@"; }}\n{line}'

    def environment(self, agent: str) -> dict[str, str]:
        """Give the environment of a line, with ``agent`` "on" or "off"."""
        return {
            "PATH": os.defpath,
            "HOME": str(self.agent.home),
            "PYTHONPATH": self.agent.program.path,
            "TODO_HOME": str(self.agent.home),
            "TODO_NOW": "2026-11-18T10:00:00+01:00",
            "TODO_AGENT": agent,
            "TODO_DATABASE_URL": self.people[agent == "off"].url,
        }

    def both(self, statement: str) -> None:
        """Send SQL for both people."""
        for person in self.people:
            person.query(statement)

    def fill(self) -> None:
        """Give both people so many tasks that no pipe holds their list."""
        self.both(
            "INSERT INTO todo.tasks (id, title, description) "
            "SELECT gen_random_uuid(), 'task ' || n || repeat('y', 240), repeat('x', 900) "
            "FROM generate_series(1, 400) AS n"
        )

    def rows(self, columns: str) -> list[tuple[object, ...]]:
        """Give these columns of the tasks, which both people have the same."""
        first, second = (
            person.query(f"SELECT {columns} FROM todo.tasks ORDER BY number")
            for person in self.people
        )
        assert first == second
        return first


@contextmanager
def quiet_agent(url: str) -> Iterator[Agent]:
    """Give a warm agent, of a copy of the program that does the same on a slow machine.

    It says nothing more there, and nobody gives the agent up.
    """
    with agent_home() as home:
        (home / "state").mkdir()
        (home / "state" / "greeted").touch()  # what a first use says has tests of its own
        agent = Agent(Program(home, path=package(**STUBBORN)), {"TODO_DATABASE_URL": url})
        agent.warm()
        yield agent


def _masked(text: bytes, role: bytes) -> bytes:
    text = _LOCAL.sub(b"MOMENT", text)
    return _MOMENT.sub(b"MOMENT", _UUID.sub(b"UUID", text.replace(role, b"ROLE")))


@contextmanager
def locked(person: Person) -> Iterator[Any]:
    """Hold a lock that every change of the person's tasks waits for; give its connection."""
    with closing(person.database.open(person.database.name, person.role)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("UPDATE todo.tasks SET title = title")
        yield locking


def waiting(person: Person) -> int:
    """Give how many of a person's statements wait for a lock."""
    [(count,)] = person.query(_WAITING, [person.role])
    return int(count)
