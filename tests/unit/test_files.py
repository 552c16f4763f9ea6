"""A file written in another's place: the old one or the new one, whole, and nothing beside it."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from todo_cli import files

OLD, NEW = b"old", b"new" * 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file that holds something."""
    found = tmp_path / "kept"
    found.write_bytes(OLD)
    return found


def names(folder: Path) -> list[str]:
    """Give what is in a folder."""
    return sorted(each.name for each in folder.iterdir())


def mode(path: Path) -> int:
    """Give the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def run(program: str, *arguments: Path) -> int:
    """Run a program in an interpreter of its own and give how it ended."""
    code = f"import os, sys\nfrom pathlib import Path\nfrom todo_cli import files\n{program}"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], check=False, cwd=Path(__file__).parents[2]
    ).returncode


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_a_new_file_has_the_mode_asked_for_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        files.write(tmp_path / "secret", NEW)
        files.write(tmp_path / "script", NEW, 0o644)
    finally:
        os.umask(before)

    assert (mode(tmp_path / "secret"), mode(tmp_path / "script")) == (0o600, 0o644)
    assert (tmp_path / "secret").read_bytes() == NEW
    assert names(tmp_path) == ["script", "secret"]


@pytest.mark.parametrize("bits", [0o400, 0o600, 0o644, 0o664, 0o755])
def test_a_file_keeps_the_mode_that_somebody_gave_it(path: Path, bits: int) -> None:
    path.chmod(bits)

    files.write(path, NEW, 0o611)

    assert (path.read_bytes(), mode(path)) == (NEW, bits)


def test_what_is_private_is_closed_even_if_it_was_open(path: Path) -> None:
    path.chmod(0o664)

    files.write(path, NEW, private=True)

    assert mode(path) == 0o600


def test_behind_a_link_the_file_is_replaced_and_the_link_stays(path: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    near, far = tmp_path / "folder" / "near", tmp_path / "far"
    near.symlink_to("../kept")
    far.symlink_to(near)

    files.write(far, NEW)

    assert (path.read_bytes(), near.readlink(), far.readlink()) == (NEW, Path("../kept"), near)
    assert names(tmp_path / "folder") == ["near"]


def test_a_link_that_leads_to_no_file_yet_makes_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("kept")

    files.write(tmp_path / "link", NEW)

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept").read_bytes() == NEW


def test_links_in_a_circle_are_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(OSError) as raised:
        files.write(tmp_path / "a", NEW)

    assert raised.value.errno == errno.ELOOP


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_never_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "kept"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            path.symlink_to(os.devnull)

    with pytest.raises(FileExistsError, match="something else than a file is there"):
        files.write(path, NEW)

    assert names(tmp_path) == ["kept"]
    assert not path.is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_who_owns_a_file_keeps_it_when_root_writes(path: Path) -> None:
    os.chown(path, 12345, 23456)
    path.chmod(0o640)

    files.write(path, NEW)

    found = path.stat()
    assert (found.st_uid, found.st_gid, mode(path)) == (12345, 23456, 0o640)


def test_rights_of_a_group_that_cannot_be_kept_are_not_another_groups(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    path.chmod(0o660)
    found = files._status(path)
    assert found is not None
    foreign = os.stat_result((*found[:5], found.st_gid + 1, *found[6:10]))
    monkeypatch.setattr(files, "_status", lambda _: foreign)
    monkeypatch.setattr(os, "fchown", refuse)

    files.write(path, NEW)

    assert (path.read_bytes(), mode(path)) == (NEW, 0o600)


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, there: bool) -> None:
    path = tmp_path / "kept"
    if there:
        path.write_bytes(OLD)
    program = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try:\n    files.write(Path(sys.argv[1]), b'x' * 200)\n"
        "except OSError:\n    sys.exit(7)\n"
    )

    assert run(program, path) == 7
    assert names(tmp_path) == (["kept"] if there else [])
    assert not there or path.read_bytes() == OLD


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
@pytest.mark.parametrize("step", ["fcntl.flock", "os.fstat", "os.fchmod", "os.fsync", "os.rename"])
def test_what_ends_it_at_any_step_leaves_nothing_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    if step == "os.rename":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(step, fail)

    # A file system without locks ends nothing.
    if step == "fcntl.flock" and isinstance(error, OSError):
        files.write(path, OLD)
    else:
        with pytest.raises(type(error)):
            files.write(path, NEW)

    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert names(path.parent) == ["kept"]


def test_an_error_of_whoever_writes_leaves_everything_as_it_was(path: Path) -> None:
    def give_up() -> None:
        with files.replacing(path) as file:
            file.write(NEW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up()

    assert path.read_bytes() == OLD
    assert names(path.parent) == ["kept"]


def test_what_one_that_was_killed_has_left_is_removed_by_the_next(path: Path) -> None:
    program = (
        "with files.replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half')\n    file.flush()\n    os.kill(os.getpid(), 9)\n"
    )

    assert run(program, path) == -signal.SIGKILL
    assert path.read_bytes() == OLD
    assert len(names(path.parent)) == 2

    files.write(path, NEW)

    assert path.read_bytes() == NEW
    assert names(path.parent) == ["kept"]


def test_what_another_is_writing_is_not_removed(path: Path) -> None:
    with files.replacing(path) as slow:
        slow.write(b"the last one wins")
        files.write(path, NEW)
        files.clear(path.parent)
        assert path.read_bytes() == NEW

    assert path.read_bytes() == b"the last one wins"
    assert names(path.parent) == ["kept"]


def test_one_that_is_found_before_it_is_locked_begins_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    taken: list[int] = []

    def flock(descriptor: int, kind: int) -> None:
        if not taken:  # between opening and locking, somebody clears the folder
            taken.append(descriptor)
            files.clear(path.parent)
        real(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", flock)
    files.write(path, NEW)

    assert taken
    assert path.read_bytes() == NEW
    assert names(path.parent) == ["kept"]


def test_who_reads_meanwhile_finds_the_old_file_or_the_new_one_whole(path: Path) -> None:
    texts = [bytes([65 + number]) * 100_000 for number in range(4)]
    files.write(path, texts[0])

    def keep_writing(text: bytes) -> None:
        for _ in range(25):
            files.write(path, text)

    writers = [Thread(target=keep_writing, args=(text,)) for text in texts]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        assert path.read_bytes() in texts
        time.sleep(0)

    assert path.read_bytes() in texts
    assert names(path.parent) == ["kept"]


def test_it_needs_the_standard_library_alone() -> None:
    program = "import sys, todo_cli.files; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    found = {name.split(".")[0] for name in done.stdout.split()}
    assert found <= {*sys.stdlib_module_names, "todo_cli", "__main__"}
    assert "tempfile" not in found  # it brings half of the library along
