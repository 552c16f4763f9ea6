"""The commands that say who you are: login, logout, whoami."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from todo_cli import settings
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.credentials import Store
from todo_cli.errors import AuthError, UsageError
from todo_cli.settings import SEE_PROFILES

if TYPE_CHECKING:
    from todo_cli.domain.identity import Login
    from todo_cli.link.url import ConnectionUrl


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command("login", epilog="Example: todo login")(login)
    app.command("logout", epilog="Example: todo logout")(logout)
    app.command("whoami", epilog="Example: todo whoami --json")(whoami)


@with_globals
def login(
    app: AppContext,
    url: Annotated[str | None, typer.Argument(metavar="URL", help="Without it, todo asks.")] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the URL from stdin and ask nothing.")
    ] = False,
    store: Annotated[
        str, typer.Option(metavar="STORE", help="Where your password is kept: keyring or file.")
    ] = settings.STORES[0],
) -> None:
    """Log in to a shared database, with an invitation or a connection URL."""
    from todo_cli.domain.identity import Login
    from todo_cli.services.people import login as service

    output = app.output(tuple(Login.model_fields))
    if store not in settings.STORES:
        raise UsageError(f"a store is one of {', '.join(settings.STORES)}")
    # Whatever --profile says: a URL in the environment would hide what is stored.
    known = AppContext(timeout=app.timeout).settings()
    given = _given(app, url, stdin)
    ask = service.Questions(
        upgrade=lambda: not stdin and app.agrees("This database is empty. Set it up for todo?"),
        email=lambda default: default if stdin else app.ask("Your e-mail", default),
    )
    found = service.login(known, given, app.profile, Store(store), ask, app.say)
    output.record(found, *_welcome(found))


@with_globals
def logout(
    app: AppContext,
    all_: Annotated[bool, typer.Option("--all", help="From every database.")] = False,
) -> None:
    """Forget a login: its password, wherever it is kept, and its profile."""
    from todo_cli.domain.identity import ProfileList
    from todo_cli.services.people import login as service

    output = app.output(tuple(ProfileList.model_fields))
    known = app.settings()
    names = sorted(known.profiles) if all_ else [known.profile]
    if not all_ and known.profile not in known.profiles:
        raise AuthError("not logged in", SEE_PROFILES)
    service.logout(known, names, app.say)
    words = f"Logged out of {', '.join(names)}." if names else "There was no login."
    output.record(ProfileList(profiles=tuple(names)), words)


@with_globals
def whoami(app: AppContext) -> None:
    """Show who you are, on which database, and where your password is kept."""
    from todo_cli.domain.identity import Account
    from todo_cli.services.people import login as service

    output = app.output(tuple(Account.model_fields))
    output.record(service.whoami(app.settings(), app.say))


def _given(app: AppContext, given: str | None, stdin: bool) -> "ConnectionUrl":
    """Give the URL to log in with: the argument, the first line of stdin, or what is pasted.

    Raises UsageError when there is none, or it is no URL.
    """
    from todo_cli.link.url import ConnectionUrl

    if stdin:
        typed = sys.stdin.readline().strip()
    elif given is None:
        typed = app.ask_hidden("Your invitation, or connection URL (not shown)").strip()
    else:
        return _with_password(app, ConnectionUrl(given).check())
    if not typed:
        raise UsageError("there is no URL to log in with", "todo login URL, or todo login --stdin")
    return ConnectionUrl(typed).check()


def _with_password(app: AppContext, given: "ConnectionUrl") -> "ConnectionUrl":
    """Ask for the password that a URL in an argument should leave out."""
    if given.has_password:
        app.say("warning: a password in an argument is in the shell's history, and seen by others")
    elif app.can_ask:
        password = app.ask_hidden(f"Password of {given.user} (not shown; empty for none)")
        if password:
            return given.with_login(given.user, password)
    return given


def _welcome(found: "Login") -> tuple[str, str]:
    parts = [f"PostgreSQL {found.version}", found.tls or "not encrypted"]
    parts += ["pooled"] if found.pooled else []
    link = ", ".join([*parts, f"{found.round_trip_ms:g} ms a round trip"])
    if found.role == "owner":
        return (
            f"Logged in as the owner of an empty database at {found.host}: {link}.",
            "Next: todo db upgrade, then todo login again, for a login of your own.",
        )
    return (
        f"Logged in as {found.email} ({found.role}) at {found.host}: {link}.",
        f"The profile {found.profile} is the default now. The tasks of local stay where they are.",
    )
