"""The id that this client keeps, so that the change log can tell it from a person's other ones."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from todo_cli import files
from todo_cli.domain import origin
from todo_cli.settings import Settings

_FILE: Final = "client-id"
# Where nothing can be kept, as in many a container, this process is a client of its own.
_unkept: UUID | None = None


def via(settings: Settings) -> str:
    """Give what the change log says of where a change comes from."""
    return origin.via(_client_id(settings.folders.state), os.uname().nodename, settings.actor)


def _client_id(folder: Path) -> UUID:
    global _unkept
    with suppress(OSError, ValueError):
        return UUID((folder / _FILE).read_text(encoding="ascii"))
    with suppress(OSError, ValueError):
        return _keep(folder)
    _unkept = _unkept or uuid4()
    return _unkept


def _keep(folder: Path) -> UUID:
    """Make an id and keep it. Of several first commands at once, the last one's is remembered."""
    made = uuid4()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write(folder / _FILE, str(made).encode())
    return made
