"""A PgBouncer as Neon has it: transactions share few server connections, in front of TLS."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg2
import pytest

from tests.conftest import temporary_home
from tests.servers import SUPERUSER
from tests.tls import NAME, PASSWORD, TlsServer, free_port
from todo_cli.server import account

_SYSTEM: Final = "/usr/sbin"  # Debian's place for it, which an ordinary user's PATH leaves out
_PATIENCE: Final = 60.0

# The pooler knows nobody's password: it looks up the secret of SCRAM, and what a login proves by
# that opens the server as well.
_SETTINGS: Final = """\
[databases]
* = host=127.0.0.1 port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
max_client_conn = 1200
max_db_connections = {server_connections}
default_pool_size = {server_connections}
reserve_pool_size = 0
query_wait_timeout = 120
ignore_startup_parameters = extra_float_digits
auth_type = scram-sha-256
auth_file = {passwords}
auth_user = {superuser}
auth_query = SELECT rolname, rolpassword FROM pg_authid WHERE rolname = $1
client_tls_sslmode = require
client_tls_cert_file = {server.certificate}
client_tls_key_file = {server.key}
server_tls_sslmode = require
"""


@dataclass(frozen=True)
class Pooler:
    """A running PgBouncer."""

    port: int

    def url(self, user: str, password: str, database: str, **parameters: str) -> str:
        """Give a URL through the pooler, under a name that counts as another machine's."""
        query = "".join(f"&{name}={value}" for name, value in parameters.items())
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@{NAME}:{self.port}/{database}?hostaddr=127.0.0.1{query}"


@contextmanager
def pooler(server: TlsServer, *, server_connections: int) -> Iterator[Pooler]:
    """Run PgBouncer in front of a server; nothing stays of it. Skips the test where there is none.

    Every person has a pool in each database; together they get so many connections of the server.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}")
    if program is None:
        pytest.skip("no pgbouncer program to pool connections with")
    runner = account.server_account()
    with temporary_home() as folder:
        made = Pooler(free_port())
        settings = _configure(folder, server, made.port, server_connections)
        for each in (*folder.iterdir(), folder):
            os.chown(each, runner.uid, runner.gid)
        common: Any = {"env": {"PATH": os.defpath}, "cwd": "/", **runner.process()}
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(
                [program, settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **common
            )
        try:
            _wait_for(running, made)
            yield made
        except Exception as error:  # whatever fails, the pooler's log tells why
            error.add_note((folder / "log").read_text(errors="replace"))
            raise
        finally:
            running.terminate()
            try:
                running.wait(_PATIENCE)  # newer ones let their clients end first
            finally:
                running.kill()


def _configure(folder: Path, server: TlsServer, port: int, server_connections: int) -> Path:
    """Write down what PgBouncer needs to know, for its account alone; give the main file."""
    passwords, settings = folder / "passwords", folder / "pgbouncer.ini"
    passwords.write_text(f'"{SUPERUSER}" "{PASSWORD}"\n')
    settings.write_text(
        _SETTINGS.format(
            server=server,
            server_connections=server_connections,
            port=port,
            passwords=passwords,
            superuser=SUPERUSER,
        )
    )
    for each in (passwords, settings):
        each.chmod(0o600)
    return settings


def _wait_for(running: subprocess.Popen[bytes], made: Pooler) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg2.connect(made.url(SUPERUSER, PASSWORD, "postgres"), sslmode="require").close()
        except psycopg2.OperationalError:
            if running.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
