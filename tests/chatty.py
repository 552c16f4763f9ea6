"""A server that talks: it speaks as much of PostgreSQL's protocol as a client needs to connect."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Final

NOT_NOW: Final = {80877103, 80877104}  # the requests for TLS and for GSS

# Colours, a title for the window, C1's own way to say so, a line of its own, and a direction.
HOSTILE: Final = "\x1b[31mred\x1b]0;title\x07 \x9b1m\r\nforged\ttext \u202eturned"


def message(kind: bytes, body: bytes) -> bytes:
    """Give a message of the server's."""
    return kind + (len(body) + 4).to_bytes(4) + body


def notice(words: str, severity: str = "WARNING", kind: bytes = b"N") -> bytes:
    """Give a notice, or as kind ``E`` an error."""
    fields = {"S": severity, "V": severity, "C": "XX000", "M": words, "D": words, "H": words}
    body = "".join(f"{name}{value}\0" for name, value in fields.items())
    return message(kind, body.encode() + b"\0")


def refusal(words: str) -> bytes:
    """Give what ends a connection, or a statement."""
    return notice(words, "FATAL", b"E")


def greeting(words: str, times: int = 1) -> bytes:
    """Give all that a server sends until the first statement, with notices wherever they may be."""
    says = times * notice(words)
    settings = {
        "server_version": f"18.0 {words}",
        "client_encoding": "UTF8",
        "standard_conforming_strings": "on",
        "DateStyle": "ISO",
    }
    parameters = b"".join(
        message(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items()
    )
    key = message(b"K", bytes(8))
    return message(b"R", bytes(4)) + says + parameters + says + key + message(b"Z", b"I")


@contextmanager
def talking(first: bytes, then: bytes) -> Iterator[str]:
    """Run a server that says ``first`` to whoever connects, and ``then`` to each statement.

    Gives the URL of a database in it.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_serve, args=(server, first, then), daemon=True).start()
        yield f"postgresql://me@127.0.0.1:{server.getsockname()[1]}/db?sslmode=disable"


def _serve(server: socket.socket, first: bytes, then: bytes) -> None:
    while server.fileno() >= 0:  # until it is closed
        with suppress(OSError):
            client, _ = server.accept()
            Thread(target=_talk, args=(client, first, then), daemon=True).start()


def _talk(client: socket.socket, first: bytes, then: bytes) -> None:
    with client, suppress(OSError):
        while request := client.recv(10_000):
            if int.from_bytes(request[4:8]) in NOT_NOW:
                client.sendall(b"N")
            elif request[:1] == b"\0":  # the startup message
                client.sendall(first)
            elif request[:1] == b"Q":
                client.sendall(then + message(b"Z", b"I"))
            else:  # a farewell
                return
