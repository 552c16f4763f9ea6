"""The commands for the agent: the warm process that makes commands instant."""

import os

from todo_cli.cli.context import AppContext
from todo_cli.cli.helps import Commands
from todo_cli.cli.options import with_globals

app = Commands(
    help="Look after the agent, which keeps the program loaded and connected.",
    rich_markup_mode="rich",
    epilog="Example: todo agent status",
)


@app.callback()
@with_globals
def group(app: AppContext) -> None:
    """Look after the agent, which keeps the program loaded and connected."""


@app.command(epilog="Example: todo agent status")
@with_globals
def status(app: AppContext) -> None:
    """Show the agent: since when it runs, what it has answered, and the memory it takes."""
    from todo_cli.domain.agent import AgentView
    from todo_cli.services.agent import control as service

    output = app.output(tuple(AgentView.model_fields))
    found = service.status(os.environ)
    output.record(found)
    if found.host is not None:
        app.say(f"The agent runs on {found.host}, or in another container.")
    if service.is_off(os.environ):
        app.say("The agent is switched off: TODO_AGENT is off.")


@app.command(epilog="Example: todo agent start")
@with_globals
def start(app: AppContext) -> None:
    """Start the agent, and wait until it answers. It also starts by itself, after a command."""
    from todo_cli.domain.agent import AgentView
    from todo_cli.services.agent import control as service

    output = app.output(tuple(AgentView.model_fields))
    found, started = service.start(os.environ)
    output.record(found, "The agent runs." if started else "The agent runs already.")


@app.command(epilog="Example: todo agent stop")
@with_globals
def stop(app: AppContext) -> None:
    """Stop the agent, and the private server if nobody else uses it.

    The next command starts both again.
    """
    from todo_cli.domain.agent import AgentView
    from todo_cli.services.agent import control as service

    output = app.output(tuple(AgentView.model_fields))
    ran = service.stop(os.environ)
    words = "Stopped the agent." if ran else "The agent was not running."
    output.record(service.status(os.environ), words)


@app.command(epilog="Example: todo agent restart")
@with_globals
def restart(app: AppContext) -> None:
    """Put a new agent in place of the one that runs. The private server goes on."""
    from todo_cli.domain.agent import AgentView
    from todo_cli.services.agent import control as service

    output = app.output(tuple(AgentView.model_fields))
    found, ran = service.restart(os.environ)
    output.record(found, "Restarted the agent." if ran else "The agent runs; there was none.")
