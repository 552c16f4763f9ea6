"""The keyring of the operating system, asked by a child process with a time limit.

A call may hang for ever inside D-Bus, already while backends are looked for, and a third-party
backend may print, ask on the terminal or crash. A child can be ended, with all that it started; a
thread could only be left behind, with the password in its frames and perhaps the terminal without
echo. Passwords go through pipes, and the child's environment is without what may hold one.

No module of this folder is called keyring: the child runs here, and imports the package.
"""

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from todo_cli.credentials.secret import Secret
from todo_cli.errors import AuthError

_LIMIT: Final = 3.0  # seconds for the keyring to answer
_START_LIMIT: Final = 15.0  # seconds for an interpreter to start on a busy machine
_PRIVATE: Final = ("TODO_", "PGPASSWORD")  # environment variables that may hold a password

_CHILD: Final = Path(__file__).with_name("keyring_child.py")

_OR_FILE: Final = (
    "keep it in a file that only you can read: todo login --store file; or set TODO_DATABASE_URL"
)
_FAILURES: Final = {
    "none": "there is no keyring here that todo could use",
    "null": "the keyring is switched off: the backend {0} keeps nothing",
    "unsafe": "the keyring backend {0} is not safe enough for a password",
    "load": "the keyring backend that was chosen cannot be loaded ({0})",
    "init": "the keyring has no collection to keep a password in, and none can be made",
    "bus": "the keyring cannot be used: D-Bus says {0}",
    "locked": "the keyring is locked",
    "silent": "the keyring did not answer within {0} seconds",
    "set": "the keyring refused to keep the password",
    "delete": "the keyring refused to delete the password",
    "other": "the keyring is not to be trusted: {0} did not give back what it was given",
    "failed": "the keyring failed ({0})",
}
_HINTS: Final = {
    "locked": f"unlock it and try again; or {_OR_FILE}",
    "silent": f"it may be locked with nobody to ask: unlock it and try again; or {_OR_FILE}",
    "load": f"look at PYTHON_KEYRING_BACKEND and at keyringrc.cfg; or {_OR_FILE}",
}


@dataclass(frozen=True)
class Reply:
    """What the child answered."""

    secret: Secret | None = None
    found: bool = False
    failure: str | None = None
    detail: str = ""


def ask(action: str, name: str, secret: Secret | None = None) -> Reply:
    """Have a child process do something with the keyring. Raises AuthError."""
    text = _run_child(action, name, secret)
    reply = Reply(failure="silent", detail=f"{_LIMIT:g}") if text is None else _parse_reply(text)
    if reply.failure is not None:
        raise failure(reply.failure, reply.detail)
    return reply


def _run_child(action: str, name: str, secret: Secret | None) -> Secret | None:
    """Run the child and give all that it writes, None when it takes too long."""
    with subprocess.Popen(
        [sys.executable, "-P", str(_CHILD)],  # -P: nothing from the folder we are in
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if not key.startswith(_PRIVATE)},
        start_new_session=True,  # no terminal to ask on, and a group that is ended together
    ) as child:
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - for mypy
        try:
            with suppress(BrokenPipeError):  # it has died: then it has no answer either
                child.stdin.write(_request(action, name, secret).reveal().encode())
            if not select.select([child.stdout], [], [], _START_LIMIT)[0]:
                return None
            return Secret(child.communicate(timeout=_LIMIT)[0].decode())
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.returncode is None:
                with suppress(OSError):  # it may be ending by itself
                    os.killpg(child.pid, signal.SIGKILL)


def _request(action: str, name: str, secret: Secret | None) -> Secret:
    request = {"action": action, "name": name}
    return Secret(json.dumps({**request, "text": secret.reveal() if secret else None}) + "\n")


def _parse_reply(text: Secret) -> Reply:
    try:
        values = json.loads(text.reveal())
    except ValueError:
        return Reply(failure="failed", detail="it ended without an answer")
    if (plain := values.pop("text", None)) is not None:
        return Reply(secret=Secret(plain))
    return Reply(**values)


def failure(kind: str, detail: str) -> AuthError:
    """Give the error for a kind of failure."""
    return AuthError(_FAILURES[kind].format(detail), _HINTS.get(kind, _OR_FILE))
