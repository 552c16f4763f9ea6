"""The clock and the person's time zone: the one place that asks for them."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from todo_cli.domain.text import readable
from todo_cli.domain.time import zone_file
from todo_cli.errors import UsageError

SYSTEM_ZONE: Final = Path("/etc/localtime")
_DATABASE: Final = "/usr/share/zoneinfo"
_LARGEST: Final = 1 << 16  # bytes of a zone file; those that there are have some thousand


@dataclass(frozen=True)
class Zone:
    """A time zone, and what said so: ``TZ``, the path of a file, or nothing.

    ``given`` is what TZ names. ``problem`` says what could not be read, so that it is UTC.
    """

    rules: tzinfo
    source: str | None
    given: str | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        """A name that people may know: what TZ is, where a link leads, else the abbreviation."""
        if self.given is not None:
            return self.given
        if self.source is None or self.rules is UTC:
            return "UTC"
        _, _, name = os.path.realpath(self.source).partition("/zoneinfo/")
        return name or str(machine().astimezone(self.rules).tzname())


def now(environ: Mapping[str, str], zone: tzinfo) -> datetime:
    """Give this moment in a zone; TODO_NOW takes the clock's place.

    Raises UsageError for a TODO_NOW that cannot be read.
    """
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


def find_zone(environ: Mapping[str, str]) -> Zone:
    """Give the zone in which libc, and so ``date``, shows times: TZ, else the system's, else UTC.

    What cannot be read is UTC too. Nothing is kept: the file may change at any time.
    """
    named = environ.get("TZ")
    if named is None:
        return _system_zone()
    name = named.removeprefix(":")  # which may stand before anything: tzset(3)
    if not name:
        return Zone(UTC, "TZ")
    try:
        return Zone(_named(name, environ.get("TZDIR")), "TZ", name)
    except (OSError, ValueError):
        problem = f"TZ={readable(named)} is no time zone that can be read"
        return Zone(UTC, "TZ", problem=problem)


def _system_zone() -> Zone:
    path = str(SYSTEM_ZONE)
    try:
        return Zone(_read(path), path)
    except (OSError, ValueError):
        if not os.path.lexists(path):  # as in small containers
            return Zone(UTC, None)
        return Zone(UTC, path, problem=f"{path} is no time zone that can be read")


def _named(name: str, folder: str | None) -> tzinfo:
    """Give the zone of a file, or that of a POSIX string. Raises OSError or ValueError.

    ``folder`` is TZDIR. Without it, what the system lacks may be in the package that has all zones.
    """
    try:
        return _read(os.path.join(folder or _DATABASE, name))  # noqa: PTH118 - it may be absolute
    except (OSError, ValueError) as error:
        is_missing = isinstance(error, FileNotFoundError)
    from todo_cli.domain.time import posix_zone  # here: seldom needed

    try:
        return posix_zone.read(name)
    except ValueError:
        if folder or not is_missing:
            raise
    from importlib.resources import files

    return zone_file.read(files("tzdata").joinpath("zoneinfo", name).read_bytes())


def _read(path: str) -> tzinfo:
    """Read a zone file. Raises OSError, and ValueError for what is none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would be waited for
            raise ValueError("no file")
        return zone_file.read(os.read(descriptor, _LARGEST))
    finally:
        os.close(descriptor)
