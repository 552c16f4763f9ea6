"""In which time zone a person is, for `todo doctor`, and what says so."""

from collections.abc import Mapping
from datetime import timedelta, timezone

from todo_cli import clock
from todo_cli.domain.doctor import Finding, ok, warning


def look(environ: Mapping[str, str]) -> Finding:
    """Tell the zone, how far it is from UTC just now, and where it comes from.

    Raises UsageError for a TODO_NOW that cannot be read.
    """
    zone = clock.find_zone(environ)
    moment = clock.now(environ, zone.rules)
    if zone.problem is not None:
        hint = "TZ takes a name such as Europe/Berlin; without TZ, /etc/localtime tells the zone"
        return warning(f"UTC, because {zone.problem}", hint)
    if zone.source is None:
        return ok(f"UTC: there is neither TZ nor {clock.SYSTEM_ZONE}")
    offset = timezone(moment.utcoffset() or timedelta())
    return ok(f"{zone.name}, now {offset} ({zone.source})")
