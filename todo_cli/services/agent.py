"""Starting the agent for the commands to come. It is optional: nothing here is in the way."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from todo_cli.agent import client

LOCK: Final = "agent.lock"  # in its folder; locked as long as it lives, with its process id inside
PROGRAM: Final = "todo_cli.agent.server"


def start(environ: Mapping[str, str]) -> None:
    """Start an agent for the commands to come, unless there is one; what fails is not said."""
    with suppress(OSError, TimeoutError):
        launch(environ)


def launch(environ: Mapping[str, str]) -> None:
    """Start the agent; it is not waited for. Raises TimeoutError when there is one, and OSError."""
    import fcntl  # here, as below: Windows has none

    from todo_cli.store import locks

    folder = Path(client.folder(environ))
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    client.check_folder(folder.lstat())
    home = environ.get("TODO_HOME")
    absolute = {"TODO_HOME": str(Path(home).absolute())} if home else {}
    with locks.locked(folder / LOCK, fcntl.LOCK_EX, 0) as lock:
        os.ftruncate(lock, 0)  # until it has written its own, there is no process id
        subprocess.Popen(
            [sys.executable, "-P", "-m", PROGRAM, str(folder), str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environ, **absolute},
            cwd="/",
            start_new_session=True,
            pass_fds=[lock],
        )


def is_alive(folder: Path) -> bool:
    """Tell whether an agent lives, or is being started, by the lock in its folder."""
    import fcntl

    from todo_cli.store import locks

    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # there never was one
        return False
    try:
        return not locks.try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
