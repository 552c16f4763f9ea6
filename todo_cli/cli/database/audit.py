"""The command that shows the change log."""

from datetime import datetime
from typing import Annotated, Final

import typer

from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.domain.text import readable
from todo_cli.domain.time import dates
from todo_cli.errors import UsageError

_LARGEST_LIMIT: Final = 1_000_000_000


@with_globals
def audit(
    app: AppContext,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN", help="From then on; of a day, from its start. fri is the latest one."
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Whose tasks; case does not matter.")
    ] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="The newest N.")] = None,
) -> None:
    """Show the change log: who did what to whose tasks, the newest last.

    An auditor reads it with a login of their own, the owner of the database with the owner's,
    which is used where it is known. Members are refused, but for the private database.
    """
    from todo_cli.domain.audit import Event, LogFilter
    from todo_cli.services.log import audit as log

    if limit is not None and not 1 <= limit <= _LARGEST_LIMIT:
        raise UsageError(f"--limit takes a number from 1 to {_LARGEST_LIMIT}")
    output = app.output(tuple(Event.model_fields))
    wanted = LogFilter(since=_instant(app, since), email=user, limit=limit or output.default_limit)
    with log.open_log(app.settings(), app.say) as session:
        found = log.read(session, wanted)
    output.events(found, filtered=since is not None or user is not None)


def _instant(app: AppContext, text: str | None) -> datetime | None:
    if text is None:
        return None
    now = app.now()
    when = dates.parse(text, now, past=True)
    if when is None:
        raise UsageError(f"{readable(text)} is no date to begin with")
    return dates.before(when, now).instant
