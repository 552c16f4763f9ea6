"""A dump of the private database, by the wheel's own pg_dump, before a migration changes it."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from todo_cli.errors import UnavailableError
from todo_cli.store.account import server_account
from todo_cli.store.cluster import ENVIRONMENT, SUPERUSER, failure, program
from todo_cli.store.private_files import socket_parameters

_KEPT: Final = 3
_SUFFIX: Final = ".dump"


def make(base: Path, database: str, folder: Path, now: datetime) -> Path:
    """Dump a database of the server of ``base``, which runs, into a new file of ``folder``.

    It is in pg_dump's custom format, whole or not there at all, and for our eyes only. The newest
    three are kept. Raises UnavailableError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        target = folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}{_SUFFIX}"
        unfinished = target.with_suffix(".new")
        try:
            _run(base, database, unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        for old in sorted(folder.glob(f"*{_SUFFIX}"))[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"the tasks cannot be dumped before the migration: {error.strerror}",
            f"see to {error.filename or folder}; nothing was changed",
        ) from None
    return target


def _run(base: Path, database: str, target: Path) -> None:
    account = server_account().owner_of(base / "cluster")
    place: dict[str, Any] = socket_parameters(base, account)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        done = subprocess.run(
            [
                program("pg_dump", account),
                "--format=custom",
                f"--host={place['host']}",
                f"--port={place['port']}",
                f"--username={SUPERUSER}",
                "--no-password",
                f"--dbname={database}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, **_peer(place)},
            cwd="/",
            check=False,
        )
        os.fsync(file.fileno())
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        raise failure("the tasks cannot be dumped before the migration", said, target.parent)


def _peer(place: dict[str, Any]) -> dict[str, str]:
    peer = place["requirepeer"]
    return {"PGREQUIREPEER": peer} if peer else {}
