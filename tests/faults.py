"""A network that goes wrong on purpose: a proxy between libpq and a server, one fault at a time.

It forwards bytes and knows nothing of what they say, so it works with TLS as without. Only
`Refuse` speaks PostgreSQL's protocol, in place of the server: see refusals.py.
"""

import asyncio
import socket
import ssl
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Final

from tests.refusals import Refuse, refuse

Target = tuple[str, int] | str | Path
_Queue = asyncio.Queue[tuple[float, bytes]]  # when it may go on, and what; nothing is the end
_Forward = Callable[[bytes], Awaitable[bool]]

_CHUNK: Final = 65536
_NEVER: Final = sys.maxsize
_TERMINATE: Final = b"X\0\0\0\x04"
# What begins so can only be an alert: in clear, or sealed with too little inside for anything else.
_TLS_ALERT: Final = (b"\x15\x03", b"\x17\x03\x03\x00\x13")


@dataclass(frozen=True)
class Delay:
    """The connection is accepted, and nothing forwarded for so many seconds: a cold start."""

    seconds: float


@dataclass(frozen=True)
class _Point:
    """Where in a connection something happens; one of these is given.

    ``sent``, ``received``: so many bytes were forwarded, from the client or from the server.
    ``turn``: the server begins to answer the client's N-th turn. It has got all of that turn then,
    and carried it out, and the client gets nothing of the answer.
    """

    sent: int = _NEVER
    received: int = _NEVER
    turn: int = _NEVER


@dataclass(frozen=True)
class Cut(_Point):
    """Both sides are closed there. The client sees the end of what it got."""


@dataclass(frozen=True)
class Stall(_Point):
    """From there on nothing is forwarded; both sides stay open as long as the proxy."""


@dataclass(frozen=True)
class Late(_Point):
    """The client is cut off there, at ``sent``. What it had sent beyond arrives with `deliver`.

    So a packet overtakes another that was sent before it. Not for TLS, where we cannot say goodbye.
    """


Fault = Delay | Cut | Stall | Late | Refuse


@dataclass
class Connection:
    """What went through one connection. All of it is counted before the client can know of it.

    ``turns`` is how often the client sent something and the server answered: the round trips that
    the client waited for. A farewell is none, though TLS has the server say it too. A server that
    speaks unasked can make it one more: PgBouncer, with tickets after its handshake.
    """

    turns: int = 0
    sent: int = 0
    received: int = 0


class FaultProxy:
    """A proxy on a port of 127.0.0.1; `fault_proxy` makes one."""

    def __init__(
        self, listener: socket.socket, target: Target, latency: float, tls: ssl.SSLContext | None
    ) -> None:
        self.port = int(listener.getsockname()[1])
        self.connections: list[Connection] = []
        self._listener = listener
        self._address = target if isinstance(target, tuple) else str(target)
        self._latency = latency
        self._tls = tls
        self._faults: deque[Fault] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._delivery = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._loop.add_reader(listener, self._accept)

    def url(self, url: str) -> str:
        """Give a URL of the target's server as one through the proxy; the host's name stays."""
        return f"{url}{'&' if '?' in url else '?'}hostaddr=127.0.0.1&port={self.port}"

    def next(self, *faults: Fault) -> None:
        """Say what happens to the next connections, one fault each; later ones pass untouched."""
        self._faults.extend(faults)

    def cut_all(self) -> None:
        """Close every connection that is open now; both sides have heard of it on return."""
        asyncio.run_coroutine_threadsafe(self._cut_all(), self._loop).result()

    def deliver(self) -> None:
        """Let arrive what was `Late`, and wait until the server has carried it out."""
        asyncio.run_coroutine_threadsafe(self._deliver(), self._loop).result()

    @contextmanager
    def _running(self) -> Iterator[None]:
        thread = Thread(target=self._loop.run_forever, name="fault proxy")
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._loop.remove_reader, self._listener)
            try:
                self.cut_all()
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)
                thread.join()
                self._loop.close()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        record = Connection()
        self.connections.append(record)
        fault = self._faults.popleft() if self._faults else None
        task = self._loop.create_task(self._serve(client, record, fault))
        # Not at the end of the task itself, which may be cancelled before its first step.
        task.add_done_callback(lambda _: client.close())
        self._tasks.append(task)

    async def _cut_all(self) -> None:
        """End all connections. Raises what went wrong in the proxy itself."""
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _deliver(self) -> None:
        self._delivery.set()
        await asyncio.gather(*self._tasks)

    async def _serve(self, client: socket.socket, record: Connection, fault: Fault | None) -> None:
        with suppress(OSError):  # either side went away, which is the other's to hear
            if isinstance(fault, Refuse):
                await refuse(client, fault, self._tls)
            else:
                await self._forward(client, record, fault)
        with suppress(OSError):  # hear the client out: to leave something unread would be a reset
            client.shutdown(socket.SHUT_WR)
            while await self._loop.sock_recv(client, _CHUNK):
                pass

    async def _forward(
        self, client: socket.socket, record: Connection, fault: Fault | None
    ) -> None:
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        kind = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        with socket.socket(kind) as server:
            server.setblocking(False)
            await self._loop.sock_connect(server, self._address)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as PostgreSQL does
            point = fault if isinstance(fault, _Point) else _Point()
            await _Relay(client, server, record, point, self._latency, self._delivery).run()


@contextmanager
def fault_proxy(
    target: Target, *, latency: float = 0, certificate: Path | None = None, key: Path | None = None
) -> Iterator[FaultProxy]:
    """Run a proxy in front of a server, by host and port or by the path of its socket.

    ``latency`` is added to what goes in either direction, in seconds. With a certificate a
    `Refuse` is said over TLS to those who ask for it.
    """
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        tls.set_alpn_protocols(["postgresql"])  # for sslnegotiation=direct
        tls.num_tickets = 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        proxy = FaultProxy(listener, target, latency, tls)
        with proxy._running():
            yield proxy


@dataclass
class _Relay:
    """One connection, in both directions, as far as its point."""

    client: socket.socket
    server: socket.socket
    record: Connection
    point: _Point
    latency: float
    delivery: asyncio.Event
    late: bytes = b""
    asked: bool = False  # the client sent something that has no answer yet

    async def run(self) -> None:
        """Forward until one side ends or the point is reached."""
        up: _Queue = asyncio.Queue()
        down: _Queue = asyncio.Queue()
        start = asyncio.create_task
        readers = [start(self._read(self.client, up)), start(self._read(self.server, down))]
        writers = [start(self._pass(up, self._to_server)), start(self._pass(down, self._to_client))]
        try:
            done, _ = await asyncio.wait(writers, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*writers, *readers):
                task.cancel()
            await asyncio.gather(*writers, *readers, return_exceptions=True)
        reached = any(task.result() for task in done)
        if isinstance(self.point, Stall) and reached:
            await asyncio.Event().wait()  # nobody sets it: until this is cancelled
        if isinstance(self.point, Late) and reached:
            await self._be_late()

    async def _be_late(self) -> None:
        """Cut the client off, and the server some time later, when it has done what was sent."""
        loop = asyncio.get_running_loop()
        self.client.shutdown(socket.SHUT_WR)
        await self.delivery.wait()
        await loop.sock_sendall(self.server, self.late + _TERMINATE)
        while await loop.sock_recv(self.server, _CHUNK):
            pass

    async def _read(self, source: socket.socket, queue: _Queue) -> None:
        loop = asyncio.get_running_loop()
        data = b"begin"
        while data:
            try:
                data = await loop.sock_recv(source, _CHUNK)
            except OSError:
                data = b""
            queue.put_nowait((loop.time() + self.latency, data))

    async def _pass(self, queue: _Queue, forward: _Forward) -> bool:
        """Forward until the source ends; tell whether the point was reached before."""
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not data:
                return False
            with suppress(OSError):  # that side is gone, and its reader knows
                if await forward(data):
                    return True

    async def _to_server(self, data: bytes) -> bool:
        self.asked = True
        left = self.point.sent - self.record.sent
        data, self.late = data[:left], data[left:]
        self.record.sent += len(data)
        await asyncio.get_running_loop().sock_sendall(self.server, data)
        return bool(self.late) or (
            self.record.sent == self.point.sent and not isinstance(self.point, Late)
        )

    async def _to_client(self, data: bytes) -> bool:
        if self.asked and not data.startswith(_TLS_ALERT):
            self.record.turns += 1
            self.asked = False
        if self.record.turns == self.point.turn:
            return True
        data = data[: self.point.received - self.record.received]
        self.record.received += len(data)
        await asyncio.get_running_loop().sock_sendall(self.client, data)
        return self.record.received == self.point.received
