"""A refusal in place of a server, in PostgreSQL's own words; with TLS for those who ask for it."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

_Result = TypeVar("_Result")

_CHUNK: Final = 65536
_TLS_HANDSHAKE: Final = 0x16  # its first byte; a request of PostgreSQL's begins with 0x00
_SSL_REQUEST: Final = 80877103
_GSS_REQUEST: Final = 80877104


@dataclass(frozen=True)
class Refuse:
    """An error in place of a server, before any question about a password.

    The severity is that of Neon's proxy; PostgreSQL says FATAL.
    """

    text: str
    sqlstate: str = "XX000"
    severity: str = "ERROR"

    def message(self) -> bytes:
        """Give it as PostgreSQL's ErrorResponse."""
        values = {"S": self.severity, "V": self.severity, "C": self.sqlstate, "M": self.text}
        fields = "".join(f"{key}{value}\0" for key, value in values.items()).encode() + b"\0"
        return b"E" + (len(fields) + 4).to_bytes(4) + fields


async def refuse(client: socket.socket, fault: Refuse, tls: ssl.SSLContext | None) -> None:
    """Take a client's requests as a server does, and answer its startup message with an error."""
    line = _Line(client)
    while True:
        head = await line.read(4)
        if tls is not None and head[0] == _TLS_HANDSHAKE:
            await line.begin_tls(tls, head)
            continue
        message = await line.read(int.from_bytes(head) - 4)
        code = int.from_bytes(message[:4])
        if code == _SSL_REQUEST and tls is not None:
            await line.write(b"S")
            await line.begin_tls(tls)
        elif code in (_SSL_REQUEST, _GSS_REQUEST):
            await line.write(b"N")
        else:
            await line.write(fault.message())
            return


class _Line:
    """The line to a client, in clear until TLS begins."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._unread = b""
        self._tls: ssl.SSLObject | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._loop = asyncio.get_running_loop()

    async def begin_tls(self, context: ssl.SSLContext, head: bytes = b"") -> None:
        """Take the client's handshake; its ``head`` was read already."""
        self._in.write(head + self._unread)
        self._unread = b""
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        await self._through_tls(self._tls.do_handshake)

    async def read(self, count: int) -> bytes:
        """Give so many bytes."""
        while len(self._unread) < count:
            self._unread += await self._receive()
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    async def write(self, data: bytes) -> None:
        """Send it all."""
        if (tls := self._tls) is None:
            await self._loop.sock_sendall(self._client, data)
        else:
            await self._through_tls(lambda: tls.write(data))

    async def _receive(self) -> bytes:
        if (tls := self._tls) is None:
            return await self._receive_raw()
        return await self._through_tls(lambda: tls.read(_CHUNK))

    async def _through_tls(self, step: Callable[[], _Result]) -> _Result:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._loop.sock_sendall(self._client, self._out.read())
                self._in.write(await self._receive_raw())
            else:
                await self._loop.sock_sendall(self._client, self._out.read())
                return result

    async def _receive_raw(self) -> bytes:
        data = await self._loop.sock_recv(self._client, _CHUNK)
        if not data:
            raise ConnectionAbortedError
        return data
