"""The proxy that stands in for a bad network does what it says, as libpq sees it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.conftest import Database
from tests.faults import Cut, Delay, FaultProxy, Stall, fault_proxy
from tests.refusals import Refuse
from tests.tls import TlsServer, tls_server

UNREACHED = "connection to server at"
ENDED = "server closed the connection unexpectedly"
ENDED_TLS = "SSL SYSCALL error: EOF detected"
ASLEEP = "Couldn't connect to compute node"

# A client waits for SSLRequest, TLS (twice where client and server first name different curves),
# the startup message and two steps of SCRAM.
LONGEST_HANDSHAKE = 6

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    with tls_server() as running:
        yield running


@pytest.fixture
def proxy(server: TlsServer) -> Iterator[FaultProxy]:
    target = ("127.0.0.1", server.port)
    with fault_proxy(target, certificate=server.certificate, key=server.key) as running:
        yield running


@pytest.fixture
def ask(server: TlsServer, proxy: FaultProxy) -> Ask:
    """Give what connects through the proxy, sends one statement and gives the one value."""
    url = proxy.url(server.url(sslmode="verify-full", sslrootcert=str(server.ca)))

    def ask(statement: str = "SELECT 1", **parameters: Any) -> Any:
        with closing(psycopg2.connect(url, **parameters)) as connection:
            connection.autocommit = True
            return value(connection, statement)

    return ask


@pytest.fixture(scope="module")
def handshake(server: TlsServer) -> int:
    """Give the number of round trips before this server takes the first statement."""
    with fault_proxy(("127.0.0.1", server.port)) as proxy:
        psycopg2.connect(proxy.url(server.url(sslmode="require"))).close()
        assert LONGEST_HANDSHAKE - 1 <= proxy.connections[0].turns <= LONGEST_HANDSHAKE
        return proxy.connections[0].turns


def value(connection: Any, statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()[0][0]


def failure(ask: Ask, *statement: str, **parameters: Any) -> str:
    """Give libpq's words for what must fail; "then" stands where it was connected before."""
    with pytest.raises(psycopg2.OperationalError) as caught:
        ask(*statement, **parameters)
    text = str(caught.value)
    return text.partition("failed: ")[2] if text.startswith(UNREACHED) else f"then {text}"


def test_without_a_fault_everything_passes_and_is_counted(
    proxy: FaultProxy, ask: Ask, handshake: int
) -> None:
    assert ask("SELECT repeat('x', 1000000)") == "x" * 1000000
    [connection] = proxy.connections
    assert connection.turns == handshake + 1
    assert connection.sent > 500
    assert connection.received > 1000000


def test_each_statement_is_one_round_trip(
    server: TlsServer, proxy: FaultProxy, handshake: int
) -> None:
    with closing(psycopg2.connect(proxy.url(server.url(sslmode="require")))) as connection:
        connection.autocommit = True
        [seen] = proxy.connections
        assert seen.turns == handshake
        for count in (1, 2, 3):
            value(connection, "SELECT 1")
            assert seen.turns == handshake + count


def test_a_farewell_is_no_round_trip(server: TlsServer, proxy: FaultProxy, handshake: int) -> None:
    connection = psycopg2.connect(proxy.url(server.url(sslmode="require")))
    with socket.socket(fileno=os.dup(connection.fileno())) as kept:
        connection.close()  # the socket stays open, so what the server says is heard for certain
        kept.setblocking(True)
        assert kept.recv(4096)
        assert kept.recv(4096) == b""
    assert proxy.connections[0].turns == handshake


def test_a_socket_in_a_folder_is_reached_too(database: Database) -> None:
    with fault_proxy(database.socket / ".s.PGSQL.5432") as proxy:
        url = proxy.url(database.url(database.owner))
        with closing(psycopg2.connect(url, sslmode="disable")) as connection:
            connection.autocommit = True
            assert value(connection, "SELECT current_user") == database.owner
        assert [each.turns for each in proxy.connections] == [2]


def test_faults_come_in_their_order_and_then_no_more(
    proxy: FaultProxy, ask: Ask, handshake: int
) -> None:
    proxy.next(Refuse("first"), Refuse("second"))
    assert failure(ask) == "ERROR:  first\n"
    assert failure(ask) == "ERROR:  second\n"
    assert ask() == 1
    assert [each.turns for each in proxy.connections] == [0, 0, handshake + 1]


@pytest.mark.parametrize(
    "how",
    [{}, {"sslmode": "disable"}, {"sslnegotiation": "direct"}],
    ids=["tls", "plain", "direct"],
)
def test_a_refusal_is_shown_as_one_of_neon(
    proxy: FaultProxy, ask: Ask, how: dict[str, str]
) -> None:
    proxy.next(Refuse(ASLEEP), Refuse(ASLEEP, severity="ERROR"))
    assert failure(ask, **how) == f"ERROR:  {ASLEEP}\n"
    assert failure(ask, **how) == f"ERROR:  {ASLEEP}\n"


def test_a_refusal_without_a_certificate_is_heard_by_those_who_do_not_insist(
    server: TlsServer,
) -> None:
    with fault_proxy(("127.0.0.1", server.port)) as proxy:
        proxy.next(Refuse(ASLEEP), Refuse(ASLEEP))
        url = proxy.url(server.url())
        assert failure(lambda: psycopg2.connect(url, sslmode="prefer")) == f"ERROR:  {ASLEEP}\n"
        insisting = failure(lambda: psycopg2.connect(url, sslmode="require"))
        assert insisting == "server does not support SSL, but SSL was required\n"


def test_a_refusal_carries_its_sqlstate() -> None:
    assert Refuse("no", "57P03").message() == b"E\0\0\0\x1eSERROR\0VERROR\0C57P03\0Mno\0\0"


@pytest.mark.parametrize("turn", range(1, LONGEST_HANDSHAKE))
def test_a_connection_that_is_cut_in_its_handshake_has_ended(
    proxy: FaultProxy, ask: Ask, turn: int
) -> None:
    proxy.next(Cut(turn=turn))
    assert failure(ask).startswith(ENDED if turn == 1 else ENDED_TLS)
    assert proxy.connections[0].turns == turn


def test_a_statement_that_is_cut_off_from_its_answer_was_carried_out(
    proxy: FaultProxy, ask: Ask, handshake: int
) -> None:
    ask("CREATE TABLE seen (number int); SELECT 1")
    proxy.next(Cut(turn=handshake + 1))
    insert = "INSERT INTO seen VALUES (1) RETURNING number"
    assert failure(ask, insert) == f"then {ENDED_TLS}\n"
    assert ask("SELECT count(*) FROM seen") == 1
    assert ask("DROP TABLE seen; SELECT 1") == 1


@pytest.mark.parametrize("count", [0, 1, 700, 1500])
def test_exactly_so_many_bytes_pass_before_a_cut(proxy: FaultProxy, ask: Ask, count: int) -> None:
    proxy.next(Cut(sent=count), Cut(received=count))
    assert failure(ask).startswith(ENDED if count <= 1 else ENDED_TLS)  # one byte is no request
    assert failure(ask).startswith(ENDED if count == 0 else ENDED_TLS)  # one byte says yes to TLS
    first, second = proxy.connections
    assert (first.sent, second.received) == (count, count)


@pytest.mark.parametrize("point", [{"sent": 100}, {"received": 100}, {"turn": 3}], ids=str)
def test_a_stalled_connection_stays_open_and_says_nothing(
    proxy: FaultProxy, ask: Ask, point: dict[str, int]
) -> None:
    proxy.next(Stall(**point))
    assert failure(ask, connect_timeout=2) == "timeout expired\n"
    assert ask() == 1


def test_a_cold_start_takes_its_time_and_succeeds(proxy: FaultProxy, ask: Ask) -> None:
    proxy.next(Delay(600), Delay(0.1))
    assert failure(ask, connect_timeout=2) == "timeout expired\n"
    assert ask() == 1


def test_idle_connections_can_all_be_cut(server: TlsServer, proxy: FaultProxy) -> None:
    url = proxy.url(server.url(sslmode="require"))
    with closing(psycopg2.connect(url)) as one, closing(psycopg2.connect(url)) as other:
        assert (value(one, "SELECT 1"), value(other, "SELECT 2")) == (1, 2)
        proxy.cut_all()
        assert failure(lambda: value(one, "SELECT 1")) == f"then {ENDED_TLS}\n"
        assert failure(lambda: value(other, "SELECT 1")) == f"then {ENDED_TLS}\n"
    with closing(psycopg2.connect(url)) as third:
        assert value(third, "SELECT 3") == 3


def test_a_server_that_is_not_there_is_one_that_hangs_up(server: TlsServer) -> None:
    with fault_proxy("/nowhere") as proxy:
        assert failure(lambda: psycopg2.connect(proxy.url(server.url()))).startswith(ENDED)


def test_a_far_server_answers_late_and_in_order(server: TlsServer, handshake: int) -> None:
    with fault_proxy(("127.0.0.1", server.port), latency=0.01) as proxy:
        url = proxy.url(server.url(sslmode="require"))
        with closing(psycopg2.connect(url)) as connection:
            sent = value(
                connection, "SELECT string_agg(n::text, ',') FROM generate_series(1, 99999) n"
            )
        assert sent == ",".join(map(str, range(1, 100000)))
        [seen] = proxy.connections
        assert seen.turns == handshake + 2  # BEGIN is one of its own


def test_nothing_stays_of_a_proxy_that_ends_in_the_midst_of_it(
    server: TlsServer, handshake: int
) -> None:
    # Of those before, some may just be about to end.
    threads, files = set(threading.enumerate()), set(Path("/proc/self/fd").iterdir())
    with fault_proxy(("127.0.0.1", server.port)) as proxy:
        proxy.next(Stall(turn=handshake + 2), Delay(600))
        url = proxy.url(server.url(sslmode="require"))
        waiting = psycopg2.connect(url)
        with pytest.raises(psycopg2.OperationalError, match="timeout expired"):
            psycopg2.connect(url, connect_timeout=2)
    with pytest.raises(psycopg2.OperationalError):
        value(waiting, "SELECT 1")
    waiting.close()
    assert set(threading.enumerate()) <= threads
    assert set(Path("/proc/self/fd").iterdir()) <= files
