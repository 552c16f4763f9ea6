"""The three lines that somebody reads who runs `todo` on this machine for the first time."""

import os
import sys
from pathlib import Path
from typing import Final

from todo_cli.settings import Settings

_GREETING: Final = """\
Welcome to todo. Your tasks are kept in {where}.
Try: todo add Buy milk due:tomorrow, then todo, then todo done 1.
Every command: todo --help. To have Tab complete: todo --install-completion."""


def greeting(settings: Settings) -> str | None:
    """Give the greeting, once: None later on, and while nobody sits at a terminal to read it."""
    if not sys.stderr.isatty() or not _is_first_time(settings.folders.state / "greeted"):
        return None
    private = settings.database_url is None
    where = "a PostgreSQL of your own, on this machine" if private else "the database you share"
    return _GREETING.format(where=where)


def _is_first_time(marker: Path) -> bool:
    """Leave a mark, so that the next time is not the first. Who cannot be marked is not greeted."""
    if marker.exists():
        return False
    try:
        marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not by files.write: the mark is the name, and only one of several makes it.
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        return False
    return True
