"""Containers on the same files: with processes of their own, and a socket's folder of their own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

PROCESSES = ("--pid", "--ipc", "--mount")
FILES = ("--mount",)
MAPPED = "--map-root-user"
USERS = ("--user", MAPPED)
# What is the folder of a socket outside is another one inside, of the same account.
_BEGIN = """
if [ -n "$1" ]; then
    mkdir -p "$1" && mount -t tmpfs -o mode=700 todo-test "$1" && chown "$2" "$1" || exit 1
fi
echo ready
sleep 600 &
wait
"""


@contextmanager
def container(
    covered: Path | None, kinds: tuple[str, ...] = PROCESSES
) -> Iterator[tuple[str, ...]]:
    """Give what a command line in a new container begins with; all of it is killed at the end.

    In place of the folder ``covered`` it has an empty one. Skip where that is not permitted.
    """
    needed = ["--mount-proc", "--fork", "--kill-child"] if "--pid" in kinds else []
    owner = str(covered.stat().st_uid) if covered is not None and covered.exists() else "0"
    script = ["bash", "-c", _BEGIN, "container", str(covered or ""), owner]
    with subprocess.Popen(
        ["unshare", *kinds, *needed, *script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            if running.stdout.readline() != "ready\n":
                _, said = running.communicate()
                pytest.skip(f"unsharing is not permitted: {said.strip()}")
            first = psutil.Process(running.pid)
            if "--pid" in kinds:
                [first] = first.children()
            same = [kind for kind in kinds if kind != MAPPED]
            yield ("nsenter", f"--target={first.pid}", *same, "--")
        finally:
            for process in psutil.Process(running.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # killed with the first one of its container
                    process.kill()
            running.kill()


def namespace(process: int, kind: str) -> str:
    """Name the namespace of a kind that a process is in."""
    return os.readlink(f"/proc/{process}/ns/{kind}")  # noqa: PTH115 - a name, not a path
