"""The commands for profiles: the databases a person can choose from."""

from typing import Annotated

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.helps import Commands
from todo_cli.cli.options import with_globals

app = Commands(
    help="Choose among several databases.",
    rich_markup_mode="rich",
    epilog="Example: todo profile use work",
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The profile.")]


@app.callback()
@with_globals
def group(app: AppContext) -> None:
    """Choose among several databases."""


@app.command("list", epilog="Example: todo profile list")
@with_globals
def list_(app: AppContext) -> None:
    """List the profiles."""
    from todo_cli.domain.database import ProfileView
    from todo_cli.services.database import profiles

    output = app.output(tuple(ProfileView.model_fields))
    output.records(profiles.all_known(app.settings()))


@app.command(epilog="Example: todo profile use local")
@with_globals
def use(app: AppContext, name: Name) -> None:
    """Make a profile the default."""
    from todo_cli.domain.database import ProfileView
    from todo_cli.services.database import profiles

    output = app.output(tuple(ProfileView.model_fields))
    output.record(profiles.use(app.settings(), name), f"The default profile is now {name}.")


@app.command(epilog="Example: todo profile remove work")
@with_globals
def remove(app: AppContext, name: Name) -> None:
    """Forget a profile. The database and its tasks stay as they are."""
    from todo_cli.domain.database import ProfileView
    from todo_cli.services.database import profiles

    output = app.output(tuple(ProfileView.model_fields))
    output.record(profiles.remove(app.settings(), name, app.say), f"Removed the profile {name}.")
