"""A PostgreSQL that takes TLS and passwords alone, with a CA of its own, made and thrown away."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest

from tests.conftest import temporary_home
from tests.servers import SUPERUSER, binaries
from todo_cli.server import account

NAME: Final = "db.example.test"  # in the certificate; it leads nowhere, only hostaddr does
PASSWORD: Final = "correct horse & battery"

_CERTIFIED: Final = f"subjectAltName=DNS:{NAME},DNS:localhost,IP:127.0.0.1\n"
_HBA: Final = "hostssl all all 127.0.0.1/32 scram-sha-256\n"
_INITDB: Final = (
    f"--username={SUPERUSER} --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync"
)
_PATIENCE: Final = 60.0


@dataclass(frozen=True)
class TlsServer:
    """A running server, the CA that signed for it, one that did not, and what was signed."""

    port: int
    ca: Path
    wrong_ca: Path
    certificate: Path
    key: Path

    def url(self, host: str = NAME, **parameters: str) -> str:
        """Give a URL to this server under a name that counts as another machine's."""
        query = "".join(f"&{name}={value}" for name, value in parameters.items())
        login = f"{SUPERUSER}:correct%20horse%20%26%20battery"
        return f"postgresql://{login}@{host}:{self.port}/postgres?hostaddr=127.0.0.1{query}"


def without_settings_of_libpq(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Have libpq know of no root.crt, no service file and no variable of this machine."""
    monkeypatch.setenv("HOME", str(home))
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


@contextmanager
def tls_server() -> Iterator[TlsServer]:
    """Run the server on a port of 127.0.0.1; nothing stays of it.

    Skips the test where the openssl program or a PostgreSQL with TLS is missing: the one that
    comes with the package has none.
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make certificates with")
    programs = binaries("debian")
    runner = account.server_account()
    with temporary_home() as folder:
        for name in ("wrong", "ca"):
            _make_ca(folder, name)
        _sign(folder)
        cluster = folder / "cluster"
        cluster.mkdir()
        runner.own(cluster)
        for each in (folder / "server.key", _write(folder / "password", PASSWORD)):
            each.chmod(0o600)
            os.chown(each, runner.uid, runner.gid)
        common: Any = {"env": {"LC_ALL": "C", "PATH": os.defpath}, "cwd": "/", **runner.process()}
        initdb = [str(programs / "initdb"), *_INITDB.split(), f"--pgdata={cluster}"]
        initdb.append(f"--pwfile={folder / 'password'}")
        subprocess.run(initdb, check=True, capture_output=True, **common)
        port = free_port()
        command = [str(programs / "postgres"), "-D", str(cluster), *_settings(folder, port)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **common
            )
        try:
            _wait_for(server, port, folder / "log")
            made = ("ca.crt", "wrong.crt", "server.crt", "server.key")
            yield TlsServer(port, *(folder / name for name in made))
        finally:
            server.send_signal(signal.SIGINT)  # the fast shutdown
            server.wait(_PATIENCE)


def _settings(folder: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "hba_file": _write(folder / "hba", _HBA),
        "ssl": "on",
        "ssl_cert_file": folder / "server.crt",
        "ssl_key_file": folder / "server.key",
        "fsync": "off",
        "shared_buffers": "16MB",
    }
    return [f"--{name}={value}" for name, value in settings.items()]


def _make_ca(folder: Path, name: str) -> None:
    _openssl(
        *("req", "-x509", *_new_key(folder, name), "-subj", f"/CN=todo's {name} for tests"),
        *("-days", "2", "-out", str(folder / f"{name}.crt")),
    )


def _sign(folder: Path) -> None:
    request, names = folder / "server.csr", _write(folder / "names", _CERTIFIED)
    _openssl("req", *_new_key(folder, "server"), "-subj", f"/CN={NAME}", "-out", str(request))
    _openssl(
        *("x509", "-req", "-in", str(request), "-days", "2", "-extfile", str(names)),
        *("-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"), "-set_serial", "1"),
        *("-out", str(folder / "server.crt")),
    )


def _new_key(folder: Path, name: str) -> list[str]:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return [*curve, "-nodes", "-keyout", str(folder / f"{name}.key")]


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o644)
    return path


def free_port() -> int:
    """Give a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            psycopg2.connect(
                host="127.0.0.1",
                port=port,
                dbname="postgres",
                user=SUPERUSER,
                password=PASSWORD,
                sslmode="require",
            ).close()
        except psycopg2.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")) from None
            time.sleep(0.02)
        else:
            return
