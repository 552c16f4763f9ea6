"""A private server on a disk that is full, read-only, or no folder at all."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import stop, temporary_home
from tests.e2e.program import Program, add, processes, server, titles, until
from todo_cli.errors import UnavailableError

for_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount and change accounts")


def test_a_home_that_is_a_file_gives_one_sentence(home: Path) -> None:
    (home / "file").write_text("")
    todo = Program(home / "file")
    answer = todo("add", "task one")
    assert answer.code == 6
    assert "Not a directory" in answer.err
    assert todo("db", "status").code == 0


@contextmanager
def mounted(options: str) -> Iterator[Path]:
    """Mount a file system of its own and give a home in it; skip where that is not permitted."""
    with temporary_home() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"mode=755,{options}", "todo-test", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")
        try:
            yield folder
        finally:
            stop(folder)
            until(lambda: not processes(folder))
            until(lambda: subprocess.run(["umount", folder], check=False).returncode == 0)


@for_root
def test_a_read_only_disk_gives_one_sentence() -> None:
    with mounted("ro") as home:
        for arguments in (("add", "task one"), ("db", "start")):
            answer = Program(home)(*arguments)
            assert answer.code == 6
            assert answer.err.startswith(f"todo: cannot use {home}/data: Read-only file system")
            assert answer.err.count("\n") <= 2


@for_root
def test_a_disk_too_small_for_a_first_start_gives_one_sentence() -> None:
    with mounted("size=20m") as home:
        answer = Program(home)("add", "task one")
        assert answer.code == 6
        assert f"the disk of {server(home).base} is full: make room" in answer.err
        assert answer.err.count("\n") <= 3
        base = server(home).base
        assert not list(base.glob("cluster*"))
        subprocess.run(["mount", "-o", "remount,size=200m", home], check=True)
        assert Program(home)("add", "task one").code == 0


@for_root
def test_a_full_disk_gives_one_sentence_and_loses_nothing() -> None:
    with mounted("size=90m") as home:
        add(home, "task 0")
        ballast = home / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        added: list[str] = []
        with pytest.raises(UnavailableError):
            add_without_end(home, added)
        answer = Program(home)("add", "task 0")
        assert answer.code == 6, answer
        stop(home)
        again = Program(home)("list")
        assert again.code == 6
        assert "No space left on device" in again.err
        assert "is full: make room" in again.err
        ballast.unlink()
        assert set(added) <= set(titles(home))
        assert "task" not in (server(home).base / "server.log").read_text()


def add_without_end(home: Path, added: list[str]) -> None:
    """Add tasks, and to ``added`` their titles, until it is refused."""
    for number in itertools.count():
        new = [f"task {number}.{part} {'x' * 200}" for part in range(100)]
        add(home, *new)
        added += new
