"""What `todo doctor` says about the way to a server: its URL, names, ports, and answers."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest

from tests.conftest import Command
from tests.doctor import SECRET, examined, no_settings_of_libpq
from todo_cli.link.url import ConnectionUrl
from todo_cli.store.doctor import Endpoint, endpoints

assert no_settings_of_libpq
pytestmark = pytest.mark.alone(reason="doctor looks at this machine from its own process")


@pytest.mark.parametrize(
    ("url", "name", "found"),
    [
        ("nonsense", "database", "the database URL does not begin with postgresql://"),
        ("me:hunter2@nowhere.invalid/db", "dns", "nowhere.invalid is not known"),
        ("me:hunter2@127.0.0.1:1/db", "tcp", "127.0.0.1 port 1: Connection refused"),
        ("me:hunter2@127.0.0.1:99999/db", "tcp", "127.0.0.1 port 99999 cannot be"),
        (
            "me:x@hunter2@host/db",
            "database",
            "the database URL has an @ too many, or one after a /",
        ),
        (
            "me:hunter2@localhost:1,127.0.0.1:1/db",
            "tcp",
            "localhost port 1: Connection refused; 127.0.0.1 port 1: Connection refused",
        ),
        (
            "me:hunter2@db.example.com/db?sslmode=disable&hostaddr=127.0.0.1&port=1",
            "tcp",
            "db.example.com port 1: Connection refused",
        ),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(
    alice: Command, url: str, name: str, found: str
) -> None:
    given = url if url == "nonsense" else f"postgresql://{url}"

    [failure] = examined(alice, given)

    assert failure[:2] == (name, found)


def test_what_would_cross_the_network_in_plain_text_is_refused(
    alice: Command, listening: int
) -> None:
    url = f"postgresql://me:{SECRET}@db.example.com:{listening}/db"

    [failure] = examined(alice, f"{url}?hostaddr=127.0.0.1&sslmode=disable")

    assert failure[:2] == (
        "tls",
        "with sslmode=disable the password and the tasks could cross the network readable",
    )


def test_one_of_several_servers_is_enough_and_the_other_is_warned_of(
    alice: Command, listening: int
) -> None:
    url = f"postgresql://me@nowhere.invalid:{listening},127.0.0.1:{listening}/db"

    found = examined(alice, url, "--timeout", "1")

    assert found[0][:2] == ("dns", "nowhere.invalid is not known; 127.0.0.1 needs no looking up")
    assert [each[0] for each in found] == ["dns", "tcp", "connection"]


@pytest.fixture
def listening() -> Iterator[int]:
    """Give a port where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_never_answers_is_given_up_in_time(alice: Command, listening: int) -> None:
    begin = time.monotonic()

    url = f"postgresql://me:{SECRET}@127.0.0.1:{listening}/db"
    [failure] = examined(alice, url, "--timeout", "1")

    assert time.monotonic() - begin < 12  # it would have waited for 15 seconds
    assert failure[0] == "connection"
    assert failure[2] == "--timeout waits longer"


def refuse(server: socket.socket, words: bytes) -> None:
    """Refuse each login in these words, as PostgreSQL does, after declining TLS."""
    fields = b"SFATAL\0C28P01\0M" + words + b"\0\0"
    while server.fileno() >= 0:  # until it is closed
        with suppress(OSError), server.accept()[0] as client:
            while request := client.recv(1000):
                if request[4:8] == (80877103).to_bytes(4):  # "SSLRequest"
                    client.sendall(b"N")
                else:
                    client.sendall(b"E" + (len(fields) + 4).to_bytes(4) + fields)
                    break


def test_what_a_server_says_moves_no_cursor(alice: Command) -> None:
    words = b"password authentication failed \x1b[2J\xe2\x80\xae\r\nok  all is well"
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=refuse, args=(server, words), daemon=True).start()
        port = server.getsockname()[1]
        answer = alice("doctor", TODO_DATABASE_URL=f"postgresql://me@127.0.0.1:{port}/db")

    assert answer.code == 1
    assert "failed   login           the database refused the login: " in answer.out
    assert answer.out.replace("\n", "").isprintable()
    assert "\nok  all is well" not in answer.out


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql:///db", []),
        ("postgresql://me@%2Frun%2Fpg/db", []),
        ("postgresql://a.example/db", [("a.example", "a.example", 5432)]),
        ("postgresql://[::1]:7/db", [("::1", "::1", 7)]),
        ("postgresql://a.example/db?hostaddr=10.0.0.1", [("a.example", "10.0.0.1", 5432)]),
        ("postgresql:///db?hostaddr=10.0.0.1", [("10.0.0.1", "10.0.0.1", 5432)]),
        ("postgresql://a:1,b/db", [("a", "a", 1), ("b", "b", 5432)]),
        ("postgresql:///db?host=a,b&port=7", [("a", "a", 7), ("b", "b", 7)]),
        ("postgresql:///db?service=team", []),
    ],
)
def test_the_servers_that_libpq_will_try_are_looked_at(
    url: str, found: list[tuple[str, str, int]]
) -> None:
    assert endpoints(ConnectionUrl(url)) == [Endpoint(*each) for each in found]


def test_what_the_environment_tells_libpq_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "a.example")
    monkeypatch.setenv("PGPORT", "7")
    assert endpoints(ConnectionUrl("postgresql:///db")) == [Endpoint("a.example", "a.example", 7)]
    assert endpoints(ConnectionUrl("postgresql://b/db")) == [Endpoint("b", "b", 7)]

    monkeypatch.setenv("PGSERVICE", "team")
    assert endpoints(ConnectionUrl("postgresql://b/db")) == []


def test_a_name_is_looked_up_and_an_address_is_not() -> None:
    names = {
        name: Endpoint(name, name, 1).is_name for name in ("a", "10.0.0.1", "::1", "fe80::1%x")
    }

    assert names == {"a": True, "10.0.0.1": False, "::1": False, "fe80::1%x": False}
