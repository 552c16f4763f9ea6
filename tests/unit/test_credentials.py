"""Where passwords lie: what holds for both stores, and the file store."""

import fcntl
import json
import os
import pickle
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.stores import PASSWORD, Use, trouble, use
from todo_cli.credentials import Secret, Store, forget, load, probe, save
from todo_cli.credentials import file as file_store
from todo_cli.errors import AuthError

assert use


@pytest.fixture(params=list(Store))
def store(request: pytest.FixtureRequest, use: Use) -> Store:
    """Give each store, working."""
    use("keyring_backends.Good")
    chosen: Store = request.param
    return chosen


@pytest.mark.parametrize("text", ["", "a", "x" * 1000, "pä ß\n\t\"'\\ 🗝 \x7f", "\ud83d"])
def test_what_is_saved_is_loaded(store: Store, tmp_path: Path, text: str) -> None:
    save(store, tmp_path, "work", Secret(text))

    found = load(store, tmp_path, "work")
    assert found is not None
    assert found.reveal() == text


def test_saving_again_replaces_and_names_are_kept_apart(store: Store, tmp_path: Path) -> None:
    for name, text in [("work", "one"), ("work:owner", "two"), ("work", "three"), ("Ä b", "4")]:
        save(store, tmp_path, name, Secret(text))

    found = [load(store, tmp_path, name) for name in ("work", "work:owner", "Ä b", "home")]
    assert found == [Secret("three"), Secret("two"), Secret("4"), None]


def test_what_is_forgotten_is_gone_and_others_stay(store: Store, tmp_path: Path) -> None:
    save(store, tmp_path, "work", Secret("one"))
    save(store, tmp_path, "home", Secret("two"))

    assert [forget(store, tmp_path, "work"), forget(store, tmp_path, "work")] == [True, False]
    assert load(store, tmp_path, "work") is None
    assert load(store, tmp_path, "home") == Secret("two")


def test_where_nothing_was_saved_there_is_nothing(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "new"

    assert load(store, folder, "work") is None
    assert not forget(store, folder, "work")
    assert not folder.exists()


def test_a_probe_leaves_no_entry_behind(store: Store, tmp_path: Path) -> None:
    probe(store, tmp_path)

    kept = [*tmp_path.rglob("*.json")]
    assert len(kept) == 1
    assert json.loads(kept[0].read_text()) == {}


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(PASSWORD)

    for shown in (repr(secret), str(secret), f"{secret}", "%s %r" % (secret, [secret])):  # noqa: UP031 - one way of four
        assert PASSWORD not in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        vars(secret)
    assert secret == Secret(PASSWORD)
    assert secret not in (PASSWORD, Secret("another"), None)
    assert len({secret, Secret(PASSWORD)}) == 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the file store with another password in it, below the folder tmp_path."""
    save(Store.FILE, tmp_path, "home", Secret("another"))
    return tmp_path / "credentials" / "passwords.json"


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Have no file grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def mode(path: Path) -> int:
    """Give the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_and_its_folder_are_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save(Store.FILE, tmp_path / "a" / "b", "work", Secret(PASSWORD))
    finally:
        os.umask(before)

    home = tmp_path / "a" / "b" / "credentials"
    assert {path.name: mode(path) for path in home.iterdir()} == {
        "passwords.json": 0o600,
        "lock": 0o600,
    }
    assert (mode(home), mode(home.parent)) == (0o700, 0o700)


def test_the_config_folder_may_be_open_and_a_link(tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir(mode=0o755)
    (tmp_path / "config").symlink_to(dotfiles)

    save(Store.FILE, tmp_path / "config", "work", Secret(PASSWORD))

    assert load(Store.FILE, tmp_path / "config", "work") == Secret(PASSWORD)
    assert mode(dotfiles) == 0o755


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_can_get_at_is_refused(file: Path, bits: int) -> None:
    file.chmod(bits)

    error = trouble(file.parents[1], Store.FILE)

    assert error.message == f"others can get at the passwords in {file}"
    assert error.hint == f"run: chmod 600 {file}"
    for call in (load, forget):
        with pytest.raises(AuthError, match="others can get at"):
            call(Store.FILE, file.parents[1], "home")


def test_a_folder_that_others_can_get_into_is_refused(file: Path) -> None:
    file.parent.chmod(0o750)

    error = trouble(file.parents[1], Store.FILE)

    assert error.hint == f"run: chmod 700 {file.parent}"


def test_what_belongs_to_someone_else_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)

    assert trouble(file.parents[1], Store.FILE).message == (
        f"{file.parent} belongs to another account"
    )


@pytest.mark.parametrize("what", ["file", "folder", "lock"])
def test_a_link_in_place_of_the_store_is_refused(file: Path, tmp_path: Path, what: str) -> None:
    path = {"file": file, "folder": file.parent, "lock": file.with_name("lock")}[what]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    assert trouble(tmp_path, Store.FILE).message.startswith(f"{path} is a link")


def test_a_pipe_in_place_of_the_file_makes_nobody_wait(file: Path, tmp_path: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)

    assert "not what it should be" in trouble(tmp_path, Store.FILE).message


@pytest.mark.parametrize(
    "text", [f'{{"home": "{PASSWORD}"', f'["{PASSWORD}"]', f'{{"{PASSWORD}": 1}}', "", "[" * 99999]
)
def test_a_damaged_file_is_told_and_left_alone(file: Path, tmp_path: Path, text: str) -> None:
    file.write_text(text)

    assert trouble(tmp_path, Store.FILE).message == f"{file} is damaged"
    assert file.read_text() == text


def test_a_write_that_fails_leaves_what_was_there(file: Path, tmp_path: Path) -> None:
    with largest_file(3):
        assert trouble(tmp_path, Store.FILE).message == f"cannot write {file}: File too large"

    assert {path.name for path in file.parent.iterdir()} == {"lock", "passwords.json"}
    assert load(Store.FILE, tmp_path, "home") == Secret("another")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")

    assert trouble(tmp_path / "config", Store.FILE).message.startswith("cannot write ")


def test_what_a_killed_process_has_left_is_no_hindrance(file: Path, tmp_path: Path) -> None:
    file.with_name(".passwords.json.0.todo-new").write_text("half of it")

    probe(Store.FILE, tmp_path)

    assert {path.name for path in file.parent.iterdir()} == {"lock", "passwords.json"}


def test_who_has_the_lock_for_too_long_is_not_waited_for(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_store, "_LIMIT", 0.1)
    with file.with_name("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert trouble(tmp_path, Store.FILE).message == f"another todo is changing {file.parent}"
        assert load(Store.FILE, tmp_path, "home") == Secret("another")


def test_processes_that_save_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from todo_cli.credentials import Secret, Store, forget, save\n"
        "for number in range(20):\n"
        "    name = f'{sys.argv[2]}-{number}'\n"
        "    save(Store.FILE, Path(sys.argv[1]), name, Secret(name))\n"
        "    if number % 2:\n"
        "        forget(Store.FILE, Path(sys.argv[1]), name)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(number)])
        for number in range(4)
    ]
    assert [each.wait(60) for each in running] == [0, 0, 0, 0]

    kept = json.loads((tmp_path / "credentials" / "passwords.json").read_text())
    assert kept == {f"{n}-{m}": f"{n}-{m}" for n in range(4) for m in range(0, 20, 2)}
