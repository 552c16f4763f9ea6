"""What is lower than usual, for `todo doctor`: of this shell, and of what runs for everybody."""

from collections.abc import Mapping
from contextlib import suppress

from todo_cli.domain.doctor import Finding, ok, warning
from todo_cli.errors import TodoError
from todo_cli.server import fresh, postmaster
from todo_cli.services.agent import control
from todo_cli.services.session import private
from todo_cli.settings import Settings


def look(environ: Mapping[str, str], known: Settings, *, is_private: bool) -> Finding:
    """Tell which limits and niceness are worse than usual, and whose.

    ``is_private`` when the private server of these settings is the one in use.
    """
    found = _of("this shell", 0)
    hint = "nothing that is started here is left to later commands: they take longer"
    if (pid := control.process_id(environ)) is not None:
        found += (theirs := _of("the agent", pid))
        hint = "run: todo agent restart" if theirs else hint
    if is_private and (pid := _server(known)) is not None:
        found += (theirs := _of("the private PostgreSQL", pid))
        hint = "run: todo db stop" if theirs else hint
    return warning("; ".join(found), hint) if found else ok("as usual")


def _of(who: str, process: int) -> list[str]:
    try:
        worse = fresh.worse(process)
    except OSError:  # it has just ended
        return []
    return [f"{who} has {', '.join(worse)}"] if worse else []


def _server(known: Settings) -> int | None:
    with suppress(TodoError, OSError):  # what is in the way is told by another check
        return postmaster.living(private.server(known, lambda _: None).cluster)
    return None
