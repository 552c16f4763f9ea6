"""What crosses a network is encrypted, and goes to the server that was meant.

The server listens on this machine; a host name with ``hostaddr=127.0.0.1`` makes libpq, and us,
treat it as another one.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.tls import NAME, PASSWORD, TlsServer, tls_server, without_settings_of_libpq
from todo_cli.errors import AuthError, TodoError, UnavailableError
from todo_cli.link.connect import connect_url
from todo_cli.link.patience import Patience
from todo_cli.link.url import ConnectionUrl


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    with tls_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_settings_of_libpq(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_settings_of_libpq(monkeypatch, tmp_path)


def answer(url: str, query: str) -> object:
    """Connect as the program does and give the one value of the answer."""
    connection = connect_url(ConnectionUrl(url), Patience(15))
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()[0][0]


def is_encrypted(url: str) -> bool:
    """Connect, and have the server say whether that is by TLS."""
    return answer(url, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True


def failure(url: str) -> TodoError:
    """Give the error of a connection that must fail."""
    with pytest.raises(TodoError) as caught:
        connect_url(ConnectionUrl(url), Patience(15))
    return caught.value


def test_a_server_whose_own_ca_is_named_is_believed(server: TlsServer) -> None:
    assert is_encrypted(server.url(sslrootcert=str(server.ca)))
    assert is_encrypted(server.url(sslrootcert=str(server.ca), sslmode="verify-full"))
    assert is_encrypted(server.url("localhost", sslrootcert=str(server.ca), sslmode="verify-full"))


def test_the_ca_in_the_home_folder_counts_as_named(server: TlsServer, tmp_path: Path) -> None:
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_bytes(server.ca.read_bytes())

    assert is_encrypted(server.url())


def test_a_server_signed_by_nobody_known_is_refused(server: TlsServer) -> None:
    for url in (server.url(), server.url(sslrootcert=str(server.wrong_ca))):
        error = failure(url)

        assert isinstance(error, UnavailableError)
        assert error.message == ("cannot reach the database: SSL error: certificate verify failed")
        assert error.hint == "a server with a CA of its own needs sslrootcert=FILE in the URL"


def test_a_server_with_another_name_is_refused(server: TlsServer) -> None:
    error = failure(server.url("other.example.test", sslrootcert=str(server.ca)))

    assert isinstance(error, UnavailableError)
    assert error.message.endswith('does not match host name "other.example.test"')
    assert error.message.startswith("cannot reach the database: server certificate for ")


def test_require_is_enough_for_those_who_ask_for_it(server: TlsServer) -> None:
    assert is_encrypted(server.url("other.example.test", sslmode="require"))
    assert is_encrypted(server.url(sslmode="require", channel_binding="require"))


def test_a_wrong_password_is_refused_without_being_told(server: TlsServer) -> None:
    error = failure(server.url(sslmode="require", password="SECRET"))

    assert isinstance(error, AuthError)
    assert "SECRET" not in f"{error!r}{error.hint}"


def test_a_command_reaches_the_server_by_tls(server: TlsServer, todo: Command) -> None:
    url = server.url(sslrootcert=str(server.ca))

    done = todo("list", TODO_DATABASE_URL=url)
    owner = todo("db", "current", TODO_DATABASE_URL=url, TODO_ADMIN_DATABASE_URL=url)

    assert (done.code, owner.code) == (7, 0), done.err + owner.err  # there is no schema in it


def test_service_files_password_files_and_several_hosts_are_libpqs(
    server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text(f"{NAME}:{server.port}:postgres:postgres:{PASSWORD}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    (tmp_path / ".pg_service.conf").write_text(
        f"[shared]\nhost=other.example.test,{NAME}\nhostaddr=127.0.0.1,127.0.0.1\n"
        f"port=1,{server.port}\ndbname=postgres\nsslrootcert={server.ca}\n"
        "[other]\nsslrootcert=/nonexistent\n"
    )

    assert is_encrypted("postgresql://postgres@?service=shared")


def test_a_pooler_of_neons_is_not_told_the_options_of_the_environment(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c geqo=off")
    pooler, direct = "ep-a-1-pooler.x.aws.neon.tech", "ep-a-1.x.aws.neon.tech"

    assert answer(server.url(pooler, sslmode="require"), "SHOW geqo") == "on"
    assert answer(server.url(direct, sslmode="require"), "SHOW geqo") == "off"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
@pytest.mark.parametrize("in_url", [True, False], ids=["in the URL", "in PGSSLMODE"])
def test_plain_text_is_refused_before_anything_is_sent(
    todo: Command, mode: str, *, in_url: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        url = f"postgresql://me:SECRET@{NAME}:{listener.getsockname()[1]}/d?hostaddr=127.0.0.1"
        variables = {} if in_url else {"PGSSLMODE": mode}

        done = todo(
            "list",
            TODO_DATABASE_URL=url + (f"&sslmode={mode}" if in_url else ""),
            **variables,
        )

        with pytest.raises(BlockingIOError):
            listener.accept()
    assert (done.code, done.out, done.err) == (
        2,
        "",
        f"todo: with sslmode={mode} the password and the tasks could cross the network readable\n"
        "hint: put sslmode=require into the URL; it wins over PGSSLMODE and service files\n",
    )


def test_a_server_without_tls_is_sent_no_name_and_no_password() -> None:
    def refuse_tls(listener: socket.socket) -> tuple[bytes, bytes]:
        with listener.accept()[0] as client:
            client.settimeout(15)
            asked = client.recv(1024)
            client.sendall(b"N")
            return asked, client.recv(1024)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        listener.settimeout(15)
        heard = threads.submit(refuse_tls, listener)
        port = listener.getsockname()[1]
        error = failure(f"postgresql://me:SECRET@{NAME}:{port}/d?hostaddr=127.0.0.1")

    assert error.message == (
        "cannot reach the database: server does not support SSL, but SSL was required"
    )
    # The request for TLS and nothing else ("PostgreSQL: Message Formats", SSLRequest).
    assert heard.result() == (bytes.fromhex("00000008 04d2162f"), b"")
