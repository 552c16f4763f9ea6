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
    with locks.locked(folder / LOCK, fcntl.LOCK_EX, 0) as lock:
        os.ftruncate(lock, 0)  # until it has written its own, there is no process id
        process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", "-m", PROGRAM, str(folder), str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(environ),
            cwd="/",
            start_new_session=True,
            pass_fds=[lock],
        )
    process.returncode = 0  # nobody waits for it, and Python shall not complain of that


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give what the agent needs of an environment: not the login of a database's owner."""
    kept = {name: value for name, value in environ.items() if name != "TODO_ADMIN_DATABASE_URL"}
    if home := environ.get("TODO_HOME"):
        kept["TODO_HOME"] = str(Path(home).absolute())
    return kept


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
