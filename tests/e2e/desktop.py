"""A desktop session to test on: a D-Bus of its own and, where wanted, GNOME's keyring on it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import temporary_home

PROGRAMS = ("dbus-daemon", "dbus-run-session", "gnome-keyring-daemon")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]

_SECRETS = "org.freedesktop.secrets"
_PROMPTER = "org.gnome.keyring.SystemPrompter"  # what GNOME's keyring has ask for passwords
_SECONDS = 30.0  # no test waits that long, unless it fails

# Nothing is started on demand: what this machine has installed is not there for a test.
_CONFIG = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={0}/bus</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass
class Desktop:
    """A session whose files are all below one folder."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What every program of the session has in its environment."""
        return {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.folder}/bus",
        }

    @property
    def bus_config(self) -> Path:
        """The configuration of the bus."""
        return self.folder / "bus.conf"

    def start_bus(self) -> None:
        """Start the bus, and wait until it can be used."""
        bus = self._start("dbus-daemon", f"--config-file={self.bus_config}", "--print-address=1")
        assert bus.stdout is not None
        assert bus.stdout.readline().startswith(b"unix:path=")

    def start_keyring(self, password: str | None) -> subprocess.Popen[bytes]:
        """Start the keyring, unlocked by a password or not at all, and wait for it.

        The first password makes the login collection.
        """
        unlock = [] if password is None else ["--unlock"]
        keyring = self._start(
            "gnome-keyring-daemon", "--foreground", "--components=secrets", *unlock
        )
        assert keyring.stdin is not None
        keyring.stdin.write((password or "").encode())
        keyring.stdin.close()
        with self.connection() as connection:
            deadline = time.monotonic() + _SECONDS
            while not _bus(connection).NameHasOwner(_SECRETS)[0]:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        return keyring

    @contextmanager
    def prompter_that_nobody_answers(self) -> Iterator[None]:
        """Be what asks for passwords, and let every question wait for ever."""
        with self.connection() as connection:
            _bus(connection).RequestName(_PROMPTER)
            yield

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Give a connection to the bus."""
        # Comes with keyring, on Linux alone.
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]  # no types

        with open_dbus_connection(self.environment["DBUS_SESSION_BUS_ADDRESS"]) as connection:
            yield connection

    def end(self) -> None:
        """End every program of the session, also those that it has started by itself."""
        for each in reversed(self.started):
            stop(each)
        for process in self.left():
            process.kill()

    def left(self) -> list[psutil.Process]:
        """Give the programs of the session that run and that no one here has started."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("XDG_RUNTIME_DIR") == str(self.folder / "run")
            except (psutil.Error, OSError):
                continue
            if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        running = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], **self.environment},
            cwd=self.folder,
        )
        self.started.append(running)
        return running


def _bus(connection: Any) -> Any:
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]  # no types
    from jeepney.io.blocking import Proxy

    return Proxy(message_bus, connection, timeout=_SECONDS)


def stop(running: subprocess.Popen[bytes]) -> None:
    """End a program, whatever it is doing."""
    running.kill()
    running.wait(_SECONDS)
    for pipe in (running.stdin, running.stdout):
        assert pipe is not None
        pipe.close()


@contextmanager
def new_desktop() -> Iterator[Desktop]:
    """Give a session in which nothing runs yet; all of it is ended and deleted afterwards."""
    with temporary_home() as folder:
        (folder / "run").mkdir(mode=0o700)
        desktop = Desktop(folder)
        desktop.bus_config.write_text(_CONFIG.format(folder))
        try:
            yield desktop
        finally:
            desktop.end()
