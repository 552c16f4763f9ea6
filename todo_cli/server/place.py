"""Which machine, and which container on it: where process ids and paths mean the same.

Whoever holds a lock for long writes its place into the lock's file, for those who find it locked.
Standard library only.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LINES = 5
UNKNOWN = "another machine"


class Place(NamedTuple):
    """Where a process is, and ``worse``: in what it is worse off than usual, see `fresh.worse`.

    ``boot`` is the id of the machine's start, "" where there is none; ``processes`` and ``files``
    name what process ids and paths belong to.
    """

    host: str
    boot: str
    processes: str
    files: str
    worse: str = ""

    @property
    def shows_processes(self) -> bool:
        """Whether a process id of that place is the same process here."""
        now = here()
        same_machine = self.boot == now.boot and (self.boot or self.host == now.host)
        return bool(same_machine) and self.processes == now.processes and _sees_itself()

    @property
    def shows_files(self) -> bool:
        """Whether a path of that place is the same file here, when process ids are the same."""
        return self.files == here().files

    @property
    def text(self) -> str:
        """What a lock's file has of it: a line for each part."""
        return "\n".join(self)

    @property
    def name(self) -> str:
        """The machine's name, for people."""
        return "".join(char for char in self.host if char.isprintable()) or UNKNOWN


def here() -> Place:
    """Give the place of this process."""
    root = Path("/").stat()
    return Place(
        host="".join(map(_shown, os.uname().nodename)),
        boot=_boot_id(),
        processes=_link("/proc/self/ns/pid"),
        files=f"{_link('/proc/self/ns/mnt')} {root.st_dev}:{root.st_ino}",
    )


def of(process: int) -> Place:
    """Give the place of a process that is seen from here, as far as it can be told."""
    now = here()
    processes = _link(f"/proc/{process}/ns/pid") or now.processes
    return now._replace(processes=processes, files="")


def parse(text: str) -> Place:
    """Give the place of which this is the `text`; for anything else one without names."""
    lines = text.split("\n")
    return Place(*(*lines, *[""] * _LINES)[:_LINES])


def _shown(char: str) -> str:
    """Give a character of a machine's name, which may be any byte, as one that can be shown."""
    return char if char.isprintable() else char.encode("unicode_escape").decode()


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _sees_itself() -> bool:
    """Tell whether /proc, where there is one, is about the process ids of this process."""
    return sys.platform != "linux" or _link("/proc/self") == str(os.getpid())
