"""The commands for the people who share a database; they take the owner's login."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.helps import Commands
from todo_cli.cli.options import with_globals
from todo_cli.domain.roles import Role
from todo_cli.domain.time import dates
from todo_cli.output.base import Output

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from todo_cli.domain.people import Invitation

app = Commands(
    help="Look after the people who share a database.",
    rich_markup_mode="rich",
    epilog="Example: todo user add alice@example.com",
)
INVITATION: tuple[str, ...] = ("email", "role", "invitation")
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The e-mail, in any case.")]


@app.callback()
@with_globals
def group(app: AppContext) -> None:
    """Look after the people who share a database."""


@app.command(epilog="Example: todo user add alice@example.com --first-name Alice")
@with_globals
def add(
    app: AppContext,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whom to invite.")],
    first_name: Annotated[str, typer.Option(metavar="NAME", help="The first name.")] = "",
    last_name: Annotated[str, typer.Option(metavar="NAME", help="The last name.")] = "",
    role: Annotated[
        Role,
        typer.Option(
            metavar="ROLE",
            help="member or auditor. An auditor has no tasks, and reads all changes.",
        ),
    ] = Role.MEMBER,
) -> None:
    """Invite somebody. The invitation is printed once: a URL, for todo login, good for 7 days."""
    from todo_cli.domain.people import new_user
    from todo_cli.services.people import users

    output = app.output(INVITATION)
    new = new_user(email, first_name, last_name, role)
    with _owner(app) as owner:
        invitation = users.add(owner, app.settings(), new)
    _hand_over(app, output, invitation)


@app.command("list", epilog="Example: todo user list")
@with_globals
def list_(app: AppContext) -> None:
    """List the people, by e-mail, with how far each has come."""
    from todo_cli.domain.people import UserView
    from todo_cli.services.people import users

    output = app.output(tuple(UserView.model_fields))
    with _owner(app) as owner:
        found = users.everybody(owner)
    output.records(found)


@app.command(epilog="Example: todo user deactivate alice@example.com")
@with_globals
def deactivate(app: AppContext, email: Email) -> None:
    """Keep somebody out at once, sessions that are open included. The tasks stay."""
    from todo_cli.domain.people import UserView
    from todo_cli.services.people import users

    output = app.output(tuple(UserView.model_fields))
    with _owner(app) as owner:
        user = users.deactivate(owner, email)
    output.record(user, f"Deactivated {user.email}; the tasks stay.")


@app.command(epilog="Example: todo user activate alice@example.com")
@with_globals
def activate(app: AppContext, email: Email) -> None:
    """Let somebody in again, with the login they had."""
    from todo_cli.domain.people import UserStatus, UserView
    from todo_cli.services.people import users

    output = app.output(tuple(UserView.model_fields))
    with _owner(app) as owner:
        user = users.activate(owner, email)
    state = {
        UserStatus.ACTIVE: "",
        UserStatus.INVITED: "; the invitation is open",
        UserStatus.EXPIRED: f"; the invitation has expired: todo user reset {user.email}",
    }
    output.record(user, f"Activated {user.email}{state.get(user.status, '')}.")


@app.command(epilog="Example: todo user reset alice@example.com")
@with_globals
def reset(app: AppContext, email: Email) -> None:
    """Invite somebody again: the login they had ends now, the tasks stay."""
    from todo_cli.services.people import users

    output = app.output(INVITATION)
    with _owner(app) as owner:
        invitation = users.reset(owner, app.settings(), email)
    _hand_over(app, output, invitation)


@app.command(epilog="Example: todo user remove alice@example.com")
@with_globals
def remove(
    app: AppContext,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete somebody with all tasks, for good. To keep the tasks: todo user deactivate."""
    from todo_cli.domain.people import Removal
    from todo_cli.services.people import users

    output = app.output(tuple(Removal.model_fields))
    with _owner(app) as owner:
        user, tasks = users.show(owner, email)
    if not yes:
        _let_type(app, f"Remove {user.email} and {_counted(tasks)} for good?", user.email)
    with _owner(app) as owner:
        removal = users.remove(owner, email)
    kept = (
        f" Something of theirs could not be dropped: it stays with {removal.kept_role}, a role "
        "that cannot log in."
        if removal.kept_role
        else ""
    )
    output.record(removal, f"Removed {removal.email} and {_counted(removal.tasks)}.{kept}")


@contextmanager
def _owner(app: AppContext) -> "Iterator[Engine]":
    """Open the shared database as its owner. Raises ConflictError for the private one."""
    from todo_cli.services.people import users

    users.require_shared(app.settings())
    with app.open_owner() as owner:
        yield owner


def _hand_over(app: AppContext, output: Output, invitation: "Invitation") -> None:
    """Print an invitation: the URL alone on stdout, what to do with it on stderr."""
    until = dates.describe(invitation.valid_until, app.now())
    output.record(
        invitation,
        f"Invited {invitation.email} as {invitation.role}. Send this over a private channel: it "
        f"works once, with todo login, until {until}.",
        data=[invitation.invitation],
    )


def _let_type(app: AppContext, question: str, email: str) -> None:
    """Have the e-mail typed, and leave with exit code 1 by `typer.Exit` for anything else.

    Raises UsageError when nobody can be asked.
    """
    from todo_cli.domain.people import fold

    app.need_somebody()
    if fold(app.ask(f"{question} Type the e-mail, or", "no")) != fold(email):
        app.leave_it()


def _counted(tasks: int) -> str:
    return f"{tasks:,} task{'' if tasks == 1 else 's'}"
