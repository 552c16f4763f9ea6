"""Logging in at a terminal: what is asked, and that nothing secret shows."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import Command, Database
from todo_cli.store import engine, roles, url

ROOT = Path(__file__).parents[2]
_SECONDS = 60.0


@dataclass
class Terminal:
    """A person at a terminal: types, and reads what has come."""

    descriptor: int
    seen: str = field(default="")

    def wait_for(self, words: str) -> None:
        """Read on until these words have come; they are then forgotten."""
        deadline = time.monotonic() + _SECONDS
        before = self.seen
        while words not in before:
            assert time.monotonic() < deadline, before
            if select.select([self.descriptor], [], [], 0.1)[0]:
                before += os.read(self.descriptor, 10_000).decode()
        self.seen = before

    def type(self, text: str) -> None:
        """Type a line."""
        self.seen = ""
        os.write(self.descriptor, f"{text}\n".encode())


@contextmanager
def at_a_terminal(
    todo: Command, *arguments: str
) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """Run `todo` at a terminal. A session of its own: getpass must not find the tester's."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "todo_cli", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=todo.environment,
        cwd=ROOT,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        yield Terminal(ours), running
    os.close(ours)


def test_an_invitation_is_pasted_unseen(alice: Command, invitation: str) -> None:
    with at_a_terminal(alice, "login", "--store", "file") as (terminal, running):
        terminal.wait_for("Your invitation, or connection URL (not shown): ")
        terminal.type(invitation)
        terminal.wait_for("Logged in as ")
        terminal.wait_for("is the default now.")
        assert running.wait(_SECONDS) == 0

    assert str(url.password_of(invitation)) not in terminal.seen
    assert alice("add", "x").code == 0


def test_the_owner_is_asked_for_password_and_email_and_whether_to_set_up(
    alice: Command, database: Database
) -> None:
    name = f"asked_{os.getpid()}"
    with engine.work_on(database.open("postgres", "postgres"), autocommit=True) as cursor:
        roles.create_database(cursor, database.owner, name)
    owner = database.url(database.owner).replace("/todo?", f"/{name}?")

    with at_a_terminal(alice, "login", owner, "--store", "file") as (terminal, running):
        terminal.wait_for("Password of todo_owner (not shown; empty for none): ")
        terminal.type("a wrong one, which this server does not ask for")
        terminal.wait_for("This database is empty. Set it up for todo? [y/N] ")
        terminal.type("y")
        terminal.wait_for("Your e-mail [todo_owner@")
        terminal.type("boss@example.com")
        terminal.wait_for("Logged in as boss@example.com (member)")
        assert "a wrong one" not in terminal.seen
        assert running.wait(_SECONDS) == 0

    assert alice("db", "check").code == 0
    assert "boss@example.com" in alice("user", "list").out


def test_a_password_in_an_argument_is_warned_of(alice: Command, database: Database) -> None:
    with at_a_terminal(
        alice, "login", "postgresql://me:secret@127.0.0.1:1/db", "--store", "file"
    ) as (terminal, running):
        terminal.wait_for("warning: a password in an argument is in the shell's history")
        terminal.wait_for("cannot reach the database")
        assert running.wait(_SECONDS) == 6

    assert "secret" not in terminal.seen
