"""Logging in at a terminal: what is asked, and that nothing secret shows."""

from tests.conftest import Command
from tests.terminal import SECONDS, at_a_terminal
from todo_cli.link.url import ConnectionUrl


def test_an_invitation_is_pasted_unseen(alice: Command, invitation: str) -> None:
    with at_a_terminal(alice, "login", "--store", "file") as (terminal, running):
        terminal.wait_for("Your invitation, or connection URL (not shown): ")
        terminal.type(invitation)
        terminal.wait_for("Logged in as ")
        terminal.wait_for("is the default now.")
        assert running.wait(SECONDS) == 0

    assert str(ConnectionUrl(invitation).reveal_password()) not in terminal.seen
    assert alice("add", "x").code == 0


def test_the_owner_is_asked_for_password_and_email_and_whether_to_set_up(
    alice: Command, empty_database: str
) -> None:
    with at_a_terminal(alice, "login", empty_database, "--store", "file") as (terminal, running):
        terminal.wait_for("Password of todo_owner (not shown; empty for none): ")
        terminal.type("a wrong one, which this server does not ask for")
        terminal.wait_for("This database is empty. Set it up for todo? [y/N] ")
        terminal.type("y")
        terminal.wait_for("Your e-mail [todo_owner@")
        terminal.type("boss@example.com")
        terminal.wait_for("Logged in as boss@example.com (member)")
        assert "a wrong one" not in terminal.seen
        assert running.wait(SECONDS) == 0

    assert alice("db", "check").code == 0
    assert "boss@example.com" in alice("user", "list").out


def test_a_password_in_an_argument_is_warned_of(alice: Command) -> None:
    with at_a_terminal(
        alice, "login", "postgresql://me:secret@127.0.0.1:1/db", "--store", "file"
    ) as (terminal, running):
        terminal.wait_for("warning: a password in an argument is in the shell's history")
        terminal.wait_for("cannot reach the database")
        assert running.wait(SECONDS) == 6

    assert "secret" not in terminal.seen
