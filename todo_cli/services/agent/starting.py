"""Starting the agent for the commands to come. It is optional: nothing here is in the way."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from todo_cli import client
from todo_cli.errors import UnavailableError

# In its folder; locked as long as it lives. It says the agent's process id, and then its place.
LOCK: Final = "agent.lock"
PROGRAM: Final = "todo_cli.agent.server"
# The login of a database's owner, and what is about the command that starts it.
_NOT_KEPT: Final = ("TODO_ADMIN_DATABASE_URL", "TODO_DEBUG")


def start(environ: Mapping[str, str]) -> None:
    """Start an agent for the commands to come, unless there is one; what fails is not said."""
    with suppress(OSError, UnavailableError):
        launch(environ)


def launch(environ: Mapping[str, str]) -> None:
    """Start the agent; it is not waited for.

    Raises TimeoutError when there is one, OSError, and UnavailableError where we are worse off than
    is usual: so would be the agent, for everybody after.
    """
    import fcntl  # here, as below: Windows has none

    from todo_cli.server import fresh, locks

    check_fit()
    folder = Path(client.folder(environ))
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    client.check_folder(folder.lstat())
    with locks.locked(folder / LOCK, fcntl.LOCK_EX, 0) as lock:
        os.ftruncate(lock, 0)  # until it has written its own, there is no process id
        arguments = ["-P", "-X", "utf8", "-m", PROGRAM, str(folder), str(lock)]
        process = subprocess.Popen(
            fresh.command([sys.executable, *arguments]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(environ),
            cwd="/",
            start_new_session=True,
            pass_fds=[lock],
        )
    process.returncode = 0  # nobody waits for it, and Python shall not complain of that


def check_fit() -> None:
    """Raise UnavailableError where we are worse off than usual, in what an agent would keep."""
    from todo_cli.server import fresh

    if worse := ", ".join(fresh.worse()):
        raise UnavailableError(f"no agent is started with {worse}", "start it from another shell")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give what the agent needs of an environment, for the command that warms it up."""
    kept = {name: value for name, value in environ.items() if name not in _NOT_KEPT}
    if home := environ.get("TODO_HOME"):
        kept["TODO_HOME"] = str(Path(home).absolute())
    return kept


def is_alive(folder: Path) -> bool:
    """Tell whether an agent lives, or is being started, by the lock in its folder."""
    return what_it_says(folder) is not None


def what_it_says(folder: Path) -> str | None:
    """Give what the lock file of an agent that lives says, None when none does.

    One that is being started says nothing yet.
    """
    from todo_cli.server import locks

    try:
        return locks.held(folder / LOCK)
    except locks.NoLocksError:
        raise
    except OSError:  # none that was ours
        return None


def elsewhere(folder: Path) -> str | None:
    """Give the machine of an agent whose processes cannot be seen from here, None for others."""
    from todo_cli.server import place

    _, _, said = (what_it_says(folder) or "").partition("\n")
    found = place.parse(said)
    return found.name if found.host and not found.shows_processes else None
