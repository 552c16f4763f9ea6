"""The clock and the person's time zone: the one place that asks for them."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from todo_cli.errors import UsageError


def now(environ: Mapping[str, str]) -> datetime:
    """Give this moment in the person's zone; TODO_NOW takes the clock's place.

    Raises UsageError for a zone or a TODO_NOW that cannot be read.
    """
    zone = _zone(environ)
    fixed = environ.get("TODO_NOW")
    if not fixed:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(fixed)
        if moment.tzinfo is None:
            raise UsageError("TODO_NOW has no offset from UTC", "for example 2026-11-25T16:00:00Z")
        return moment.astimezone(zone)
    except (ValueError, OverflowError):
        hint = "for example 2026-11-25T16:00:00Z"
        raise UsageError("TODO_NOW is not an ISO 8601 instant", hint) from None


def machine() -> datetime:
    """Give this machine's clock in UTC, whatever TODO_NOW says: to compare it with another."""
    return datetime.now(UTC)


def _zone(environ: Mapping[str, str]) -> tzinfo:
    """Give the zone that TZ names, else the system's, else UTC."""
    name = environ.get("TZ", "").removeprefix(":")
    try:
        if name.startswith("/"):
            with Path(name).open("rb") as file:
                return ZoneInfo.from_file(file)
        if name:
            return ZoneInfo(name)
        return _system_zone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "a name such as Europe/Berlin"
        raise UsageError(f"TZ={name!a} names no time zone", hint) from None


def _system_zone() -> tzinfo:
    if not Path("/etc/localtime").exists():  # as in small containers
        return UTC
    from tzlocal import get_localzone

    return get_localzone()
