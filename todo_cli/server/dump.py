"""Dumps of the private database, by the wheel's own pg_dump, before a migration changes it.

They are named NUMBER-REVISION-TIME.dump, and counted, because a clock can be set back.
"""

import math
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from todo_cli import files
from todo_cli.errors import UnavailableError
from todo_cli.link.patience import Patience, Say
from todo_cli.server.account import server_account
from todo_cli.server.cluster import ENVIRONMENT, SUPERUSER, failure, program
from todo_cli.server.private_files import socket_parameters

_KEPT: Final = 3
_NAME: Final = re.compile(r"(\d{4,})-(\w+)-\w+\.dump")
_FAILED: Final = "the tasks cannot be dumped before the migration"


def make(
    base: Path, database: str, folder: Path, revision: str, now: datetime, seconds: float, say: Say
) -> Path:
    """Dump a database of the server of ``base``, which runs, into a new file of ``folder``.

    It is in pg_dump's custom format, whole or not there at all, and for our eyes only. The last
    three are kept, but of those at the same ``revision`` that follow each other the last alone: no
    migration has come to its end between them. ``say`` is told when it takes longer than a moment,
    which it may; a lock is waited for as many ``seconds``. Raises UnavailableError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.clear(folder)  # a killed dump would have had another name
        before = _made(folder)
        number = 1 + max((int(name[1]) for name in before), default=0)
        target = folder / f"{number:04}-{revision}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.dump"
        with files.replacing(target) as file:
            _run(base, database, file, folder, seconds, say)
        while before and before[-1][2] == revision:
            (folder / before.pop()[0]).unlink(missing_ok=True)
        for old in before[: 1 - _KEPT]:
            (folder / old[0]).unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"{_FAILED}: {error.strerror}",
            f"see to {error.filename or folder}; nothing was changed",
        ) from None
    return target


def _made(folder: Path) -> list[re.Match[str]]:
    """Give the names of our dumps that are there, the oldest first."""
    found = filter(None, (_NAME.fullmatch(each.name) for each in folder.iterdir()))
    return sorted(found, key=lambda name: (int(name[1]), name[0]))


def _run(base: Path, database: str, file: BinaryIO, folder: Path, seconds: float, say: Say) -> None:
    """Have pg_dump write into a file of ``folder``. It inherits the file's lock: it may outlive us.

    Raises UnavailableError.
    """
    account = server_account().owner_of(base / "cluster")
    place: dict[str, Any] = socket_parameters(base, account)
    waiting = [] if math.isinf(seconds) else [f"--lock-wait-timeout={math.ceil(seconds * 1000)}"]
    running = subprocess.Popen(
        [
            program("pg_dump", account),
            "--format=custom",
            *waiting,
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
    )
    _, answer = Patience(math.inf, say).wait_for(
        running.communicate, "dumping your tasks before the migration ...", running.kill
    )
    if running.returncode == 0:
        return
    said = answer.decode(errors="replace")
    if "statement timeout" in said:
        raise UnavailableError(
            f"{_FAILED}: another program has locked them", "--timeout waits longer"
        )
    raise failure(_FAILED, said, folder)


def _peer(place: dict[str, Any]) -> dict[str, str]:
    peer = place["requirepeer"]
    return {"PGREQUIREPEER": peer} if peer else {}
