"""The private PostgreSQL of root, of ordinary users, and those who are kept out of it."""

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.conftest import stop, temporary_home
from tests.e2e.program import (
    Program,
    account,
    add,
    as_account,
    copy,
    processes,
    server,
    titles,
    until,
)
from todo_cli.errors import UnavailableError
from todo_cli.server import account as accounts
from todo_cli.server.account import SYSTEM_FOLDER, Account, reachable_package
from todo_cli.store.people import roles

is_root = os.geteuid() == 0
for_root = pytest.mark.skipif(not is_root, reason="only root can act as several accounts")


@for_root
def test_somebody_elses_folder_in_place_of_the_sockets_is_refused(
    home: Path, first_home: Path
) -> None:
    deep = home / ("d" * 100)
    other = account("daemon", "bin")
    copy(first_home, deep)
    folder = server(deep).socket_folder
    folder.mkdir(mode=0o755)
    os.chown(folder, other.pw_uid, other.pw_gid)
    try:
        with socket.socket(socket.AF_UNIX) as trap:
            trap.bind(str(folder / ".s.PGSQL.5432"))
            trap.listen()
            trap.settimeout(5)
            answer = Program(deep)("add", "task secret")
            caller, _ = trap.accept()
            with closing(caller):
                assert caller.recv(1) == b""
        assert answer.code == 6
        assert answer.err.startswith(f"todo: {folder}, where the server's socket belongs, is")
    finally:
        shutil.rmtree(folder)


def test_a_link_in_place_of_the_socket_folder_is_refused(home: Path) -> None:
    deep = home / ("d" * 100)
    folder = server(deep).socket_folder
    folder.symlink_to(home)
    try:
        with pytest.raises(UnavailableError, match="where the server's socket belongs"):
            add(deep, "task")
    finally:
        folder.unlink()


def test_the_files_are_closed_to_everybody_else(home: Path) -> None:
    old = os.umask(0)
    try:
        add(home, "task one")
    finally:
        os.umask(old)
    base = server(home).base
    for folder in (base.parent, base, base / "cluster", base / "run"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o006 == 0, folder
    assert stat.S_IMODE(base.stat().st_mode) & 0o007 == 0


def test_a_narrow_umask_does_not_lock_the_server_out(home: Path) -> None:
    old = os.umask(0o077)
    try:
        add(home / "a" / "b", "task one")
        assert server(home / "a" / "b").base == home / "a" / "b" / "data" / "postgres"
    finally:
        os.umask(old)
        stop(home / "a" / "b")


def test_a_folder_that_another_program_is_just_making_is_used(home: Path) -> None:
    base = home / "data" / "postgres"
    base.parent.mkdir(mode=0o755)
    base.mkdir(mode=0o700)
    assert server(home).base == base
    assert add(home, "task one") == [1]


@for_root
def test_another_account_neither_connects_nor_reads(old_home: Path) -> None:
    home = old_home
    other = account("daemon", "bin")
    base = server(home).base
    # Even with every folder open, the server itself refuses: the second lock behind the first.
    for folder in (base, base / "run"):
        folder.chmod(0o755)
    (base / "run" / ".s.PGSQL.5432").chmod(0o777)
    todo = as_account(home, other.pw_uid, other.pw_gid)
    program = (
        "import sys, psycopg2\n"
        "try: psycopg2.connect(host=sys.argv[1], dbname='postgres', user=sys.argv[2])\n"
        "except psycopg2.OperationalError as error: print(error)"
    )
    for user in (roles.PERSON, roles.OWNER, "postgres", other.pw_name):
        said = subprocess.run(
            [todo.python, "-c", program, str(base / "run"), user],
            env={"PYTHONPATH": todo.path},
            cwd="/",
            capture_output=True,
            text=True,
            **todo.process,
        )
        assert "Peer authentication failed" in said.stdout
    stop(home)
    add(home, "task two")
    assert stat.S_IMODE(base.stat().st_mode) == 0o710
    assert stat.S_IMODE((base / "run").stat().st_mode) == 0o700
    listing = subprocess.run(["ls", base], capture_output=True, **todo.process)
    assert listing.returncode != 0


@for_root
def test_root_leaves_the_server_of_an_ordinary_user_alone(somebody: Program) -> None:
    assert somebody("add", "task one").code == 0
    answer = Program(somebody.home)("list")
    assert answer.code == 6
    assert "run todo as that account" in answer.err
    assert somebody.titles() == ["task one"]


@for_root
def test_the_server_keeps_its_account_when_another_one_would_be_chosen_now(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_INSTEAD_OF_ROOT", ("daemon",))
    add(home, "task one")
    stop(home)
    monkeypatch.undo()
    assert titles(home) == ["task one"]
    assert server(home).cluster.owner() == "daemon"


@for_root
def test_roots_closed_folders_put_the_server_below_var_lib(home: Path) -> None:
    home.chmod(0o700)
    todo = Program(home)
    base = server(home).base
    try:
        assert todo("add", "task one").code == 0
        assert base.parent == SYSTEM_FOLDER
        assert json.loads(todo("db", "status", "--json").out)["folder"] == str(base)
        # It stays there, and so do the tasks, when the folder is opened later.
        home.chmod(0o755)
        assert titles(home) == ["task one"]
    finally:
        stop(home)
        until(lambda: not processes(base))
        shutil.rmtree(base)
        with suppress(OSError):  # somebody else's server is there
            SYSTEM_FOLDER.rmdir()


@for_root
def test_a_folder_that_was_closed_afterwards_is_named_in_a_sentence(stopped_home: Path) -> None:
    stopped_home.chmod(0o700)
    with pytest.raises(UnavailableError, match="cannot get into"):
        titles(stopped_home)
    stopped_home.chmod(0o755)
    assert titles(stopped_home) == ["task one"]


@for_root
def test_binaries_in_a_closed_folder_are_copied_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = home / "system"
    monkeypatch.setattr(accounts, "SYSTEM_FOLDER", system)
    program = home / "closed" / "package" / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("1")
    program.chmod(0o700)
    library = home / "closed" / "package.libs" / "libpq.so"
    library.parent.mkdir()
    library.write_text("1")
    library.chmod(0o600)
    (home / "closed").chmod(0o700)
    left = system / "postgresql.new" / "package"
    left.mkdir(parents=True)
    nobody = account("nobody")
    stranger = Account(uid=nobody.pw_uid, gid=nobody.pw_gid, switch=True)

    copy = reachable_package(stranger, program.parents[1], "1.0")

    assert copy == system / "postgresql-1.0" / "package"
    assert stranger.can_reach(copy / "bin")
    assert stat.S_IMODE((copy / "bin" / "postgres").stat().st_mode) == 0o755
    assert stat.S_IMODE((copy.parent / "package.libs" / "libpq.so").stat().st_mode) == 0o644
    assert not left.exists()
    program.write_text("2")
    assert reachable_package(stranger, program.parents[1], "1.0") == copy
    assert (copy / "bin" / "postgres").read_text() == "1"
    (home / "closed").chmod(0o755)
    program.parents[1].chmod(0o755)
    assert reachable_package(stranger, program.parents[1], "1.0") == program.parents[1]


@pytest.fixture
def somebody() -> Iterator[Program]:
    """Give `todo` for an ordinary user with a home: for root another account, else ourselves."""
    with temporary_home() as folder:
        if not is_root:
            todo = Program(folder)
        else:
            entry = account("daemon", "bin")
            todo = as_account(folder, entry.pw_uid, entry.pw_gid)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        try:
            yield todo
        finally:
            todo("db", "stop")
            until(lambda: not processes(folder))


def test_an_ordinary_user_has_a_server_of_his_own(somebody: Program) -> None:
    first = somebody("add", "task one")
    assert (first.code, first.out) == (0, ""), first
    assert somebody.titles() == ["task one"]
    base = somebody.home / "data" / "postgres"
    assert base.stat().st_uid == (base / "cluster").stat().st_uid == somebody.home.stat().st_uid
    for folder in (base.parent, base, base / "run"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert somebody("db", "stop").code == 0
    assert somebody.titles() == ["task one"]


def test_a_home_that_an_ordinary_user_may_not_write_gives_one_sentence(somebody: Program) -> None:
    somebody.home.chmod(0o555)
    answer = somebody("add", "task one")
    assert answer.code == 6
    assert answer.err.startswith(f"todo: cannot use {somebody.home}/data: Permission denied")
    somebody.home.chmod(0o000)
    for arguments in (("list",), ("db", "status"), ("db", "stop")):
        answer = somebody(*arguments)
        assert answer.code in (2, 6)  # the config file, which comes first, is there too
        assert "Permission denied" in answer.err
    somebody.home.chmod(0o755)


@for_root
def test_a_user_id_without_a_name_gives_one_sentence(home: Path) -> None:
    nameless = 54_321
    os.chown(home, nameless, nameless)
    todo = as_account(home, nameless, nameless)
    answer = todo("add", "task one")
    assert answer.code == 6
    assert answer.err.startswith(f"todo: user id {nameless} has no entry in the user database")
    assert list(home.iterdir()) == []
    os.chown(home, 0, 0)
