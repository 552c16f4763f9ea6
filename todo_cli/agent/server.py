"""The agent: loads everything once, so that its workers have it.

A program of its own, `python -m todo_cli.agent.server FOLDER DESCRIPTOR`, run by whoever wants one
and finds none. DESCRIPTOR is that of the agent's lock file, which has been locked for it.
"""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from todo_cli import client
from todo_cli.server import fresh, locks, place

if TYPE_CHECKING:
    from todo_cli.cli.app import Root

# What hot commands import when they need it.
_LATE = (
    "todo_cli.services.tasks",
    "todo_cli.output.screen",
    "todo_cli.domain.tasks.changes",
    "dateutil.relativedelta",
    "psycopg2.extras",
)


def main(folder: Path, lock: int) -> None:
    """Be the agent of a folder, until there is a reason to leave."""
    mark = client.fingerprint(os.environ)  # first of all: the files may change at any time
    os.set_inheritable(lock, False)
    locks.write(lock, f"{os.getpid()}\n{place.here().text}")
    listener = _bind(folder)

    from todo_cli import settings
    from todo_cli.errors import TodoError

    known = settings.load(os.environ)  # before what is slow: where it is wrong, nothing works
    root = _load()

    from todo_cli.agent.prefork import Agent, Duty
    from todo_cli.services.session import private

    def stop_server() -> None:
        with suppress(TodoError):
            private.server(known, lambda _: None).stop_unless_used()

    duty = Duty(
        folder=folder,
        listener=listener,
        lock=lock,
        mark=mark,
        look=lambda: client.fingerprint(os.environ),
        is_fit=lambda: not fresh.worse(),
        program=root.main,
        # Nobody who has only mistyped a command gets a private server for it.
        warm_up=known.database_url is not None or private.is_running(known),
        idle_seconds=known.idle_seconds,
        finish=stop_server,
    )
    Agent(duty).run()


def _bind(folder: Path) -> socket.socket:
    """Make the socket in a folder of ours, in place of one that was left behind. Raises OSError.

    Nobody can connect before there is somebody to listen; but where it fails, it fails early.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        client.check_folder(os.fstat(descriptor))
        path = Path(client.address(str(folder), descriptor))
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.umask(0o177)
        listener.bind(str(path))
        os.umask(0o077)
    finally:
        os.close(descriptor)
    return listener


def _load() -> "Root":
    """Load what hot commands need, and give the root of all commands."""
    import importlib

    import typer

    from todo_cli.cli.app import Root, app
    from todo_cli.domain.base import Frozen

    for name in _LATE:
        importlib.import_module(name)
    for model in Frozen.__subclasses__():
        model.model_rebuild()  # else each worker does it for itself
    root = typer.main.get_command(app)
    if not isinstance(root, Root):
        raise TypeError("the root has lost its class")
    return root


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
