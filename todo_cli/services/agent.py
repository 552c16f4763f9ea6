"""Starting and stopping the agent, and how it is. It is optional: nothing here is in the way."""

import fcntl
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from todo_cli.agent import client
from todo_cli.store import locks

_LOCK: Final = "agent.lock"
_PROGRAM: Final = "todo_cli.agent.server"


def start(environ: Mapping[str, str]) -> None:
    """Start an agent for the commands to come, unless there is one; what fails is not said."""
    with suppress(OSError, TimeoutError):
        _launch(environ)


def _launch(environ: Mapping[str, str]) -> None:
    """Start the agent. Raises TimeoutError when there is one, and OSError."""
    folder = Path(client.folder(environ))
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    client.check_folder(folder.lstat())
    home = environ.get("TODO_HOME")
    absolute = {"TODO_HOME": str(Path(home).absolute())} if home else {}
    with locks.locked(folder / _LOCK, fcntl.LOCK_EX, 0) as lock:
        subprocess.Popen(
            [sys.executable, "-P", "-m", _PROGRAM, str(folder), str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environ, **absolute},
            cwd="/",
            start_new_session=True,
            pass_fds=[lock],
        )
