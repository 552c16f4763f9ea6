"""The command that looks for what is wrong."""

import os
from typing import TYPE_CHECKING

import typer

from todo_cli import clock
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals

if TYPE_CHECKING:
    from todo_cli.domain.doctor import Check, Health


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("doctor", epilog="Example: todo doctor")(doctor)


@with_globals
def doctor(app: AppContext) -> None:
    """Look at everything between you and your tasks, and say what to do; exit code 1 on failure.

    Nothing is asked, changed or started. What builds on something that failed is left out.
    """
    from todo_cli.cli import debug
    from todo_cli.domain.doctor import Health
    from todo_cli.services.doctor import checks as service

    output = app.output(tuple(Health.model_fields), clock.machine())
    found = service.examine(os.environ, app.profile, app.timeout, app.say, debug.show)
    lines = [line for check in found.checks for line in _lines(check)]
    output.record(found, _summary(found), data=lines)
    if not found.ok:
        raise typer.Exit(1)


def _lines(check: "Check") -> list[str]:
    hint = [f"{'':<9}hint: {check.hint}"] if check.hint is not None else []
    return [f"{check.state:<9}{check.name:<16}{check.found}", *hint]


def _summary(found: "Health") -> str:
    from todo_cli.domain.doctor import State

    states = [check.state for check in found.checks]
    parts = [
        f"{states.count(state)} {word}"
        for state, word in ((State.FAILED, "failed"), (State.WARNING, "gave a warning"))
        if state in states
    ]
    return f"Of {len(states)} checks {' and '.join(parts)}." if parts else "Everything is in order."
