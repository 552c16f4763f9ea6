"""Backends for `keyring`, good and bad; PYTHON_KEYRING_BACKEND names one in the child process.

They keep what they are given below the folder BACKEND_FOLDER. Nothing of the program is in here.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from keyring import errors
from keyring.backend import KeyringBackend

FOLDER = Path(os.environ["BACKEND_FOLDER"])


class Good(KeyringBackend):
    """Keeps what it is given."""

    priority = 1
    file = "good.json"

    def entries(self) -> dict[str, str]:
        path = FOLDER / self.file
        found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def keep(self, entries: dict[str, str]) -> None:
        (FOLDER / self.file).write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.keep({**self.entries(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self.entries()
        if entries.pop(f"{service}/{username}", None) is None:
            raise errors.PasswordDeleteError
        self.keep(entries)


class Signalled(Good):
    """Writes down which signals are blocked, and whether the others do what they usually do."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        blocked = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        usual = [
            signal.getsignal(each) == signal.SIG_DFL for each in (signal.SIGCHLD, signal.SIGALRM)
        ]
        (FOLDER / "signals").write_text(f"{blocked} {usual}")


class Lying(Good):
    """Gives back something else."""

    def get_password(self, service: str, username: str) -> str | None:
        return (super().get_password(service, username) or "")[:10]


class Keeping(Good):
    """Says that it has deleted, and has not."""

    def delete_password(self, service: str, username: str) -> None:
        raise errors.PasswordDeleteError


class Chatty(Good):
    """Prints, and asks whoever sits there."""

    def set_password(self, service: str, username: str, password: str) -> None:
        print("a word of mine", flush=True)  # noqa: T201 - as some backends do
        assert sys.stdin.read() == ""
        super().set_password(service, username, password)


class Nosy(Good):
    """Writes down what other processes can see of this one."""

    def set_password(self, service: str, username: str, password: str) -> None:
        parts = [Path(f"/proc/self/{name}").read_bytes() for name in ("cmdline", "environ")]
        (FOLDER / "seen").write_bytes(b"\0".join(parts))
        super().set_password(service, username, password)


class Hanging(Good):
    """Never answers, and has started somebody else who does not end either."""

    def set_password(self, service: str, username: str, password: str) -> None:
        self._hang()

    def get_password(self, service: str, username: str) -> str | None:
        self._hang()
        return None

    def _hang(self) -> None:
        with subprocess.Popen(["sleep", "1000"]) as other:
            (FOLDER / "pids").write_text(f"{os.getpid()} {other.pid}")
            time.sleep(1000)


class Dying(Good):
    """Takes the whole process with it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        os._exit(3)


class Failing(Good):
    """Fails as BACKEND_ERROR says, with the password in the words of the error."""

    def set_password(self, service: str, username: str, password: str) -> None:
        name = os.environ["BACKEND_ERROR"]
        with suppress(ImportError):
            importlib.import_module("secretstorage")  # on Linux alone
        for module in (errors, sys.modules.get("secretstorage"), sys.modules["builtins"]):
            if error := getattr(module, name, None):
                raise error(f"cannot keep {password}")


class PlaintextOfMine(Good):
    """Says by its name what it does."""
