"""A command of a client, and running it as if this process were the client's own."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Final, NoReturn

from todo_cli import client
from todo_cli.output import streams

_DESCRIPTORS: Final = 4
_CHUNK: Final = 1 << 20
_AGAIN: Final = 1.0  # seconds, after which a command that was not interrupted yet is again
_FAILED: Final = 1
_INTERRUPTED: Final = 130


@dataclass
class Command:
    """What a client wants to be run. ``descriptors`` are stdin, stdout, stderr and the folder."""

    arguments: list[str]
    environment: dict[bytes, bytes]
    umask: int
    descriptors: list[int]

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """Have this process look like the client's own, and at the end hold nothing of it."""
        before = dict(os.environb)
        try:
            self._enter()
            yield
        finally:
            streams.abandon(sys.stderr)
            _leave(before)
            self.close()

    def close(self) -> None:
        """Close the descriptors."""
        while self.descriptors:
            os.close(self.descriptors.pop())

    def _enter(self) -> None:
        for number in range(2):
            os.dup2(self.descriptors[number], number)
        with suppress(OSError):  # a folder that we may not enter
            os.fchdir(self.descriptors[3])
        stderr = self.descriptors.pop(2)  # kept as it is: descriptor 2 leads nowhere
        self.close()
        self.descriptors = [stderr]
        os.umask(self.umask)
        _set_environment(self.environment)
        sys.argv = ["todo", *self.arguments]
        # As the interpreter does: line by line for people, and what goes to stderr always.
        sys.stdin = streams.opened(0, "rb", "utf-8", "surrogateescape", by_line=False)
        sys.stdout = streams.opened(1, "wb", "utf-8", "strict", by_line=os.isatty(1))
        sys.stderr = streams.opened(stderr, "wb", "utf-8", "backslashreplace", by_line=True)


def receive(connection: socket.socket) -> bytes:
    """Receive a message. Raises OSError when it does not come whole."""
    return _message(connection, b"")


def receive_command(connection: socket.socket) -> Command:
    """Receive a command. Raises OSError when it does not come whole, ValueError for nonsense."""
    begun, descriptors, _, _ = socket.recv_fds(connection, _CHUNK, _DESCRIPTORS)
    command = Command([], {}, 0, list(descriptors))
    try:
        umask, count, *rest = _message(connection, begun).split(b"\0")
        command.umask = int(umask)
        command.arguments = [os.fsdecode(each) for each in rest[: int(count)]]
        for pair in rest[int(count) :]:
            name, _, value = pair.partition(b"=")
            if name:
                command.environment[name] = value
        if len(descriptors) != _DESCRIPTORS:
            raise ValueError("descriptors are missing")
    except BaseException:
        command.close()
        raise
    return command


def run(
    command: Command, program: Callable[[list[str]], NoReturn], connection: socket.socket
) -> int:
    """Run a command with what it is to see around it, and give its exit code.

    ``program`` leaves by SystemExit. Ctrl-C at the client at the other end of ``connection``, or
    its end, raises KeyboardInterrupt, as Ctrl-C does anywhere.
    """
    with command.surroundings():
        interruption = Interruption(connection)
        try:
            try:
                interruption.start()
                code = _exit_code(program, command.arguments)
            finally:
                interruption.is_over = True
        except KeyboardInterrupt:  # where the program does not see to it
            interruption.is_over = True
            code = _INTERRUPTED
        interruption.stop()
    return code


class Interruption:
    """Raises KeyboardInterrupt in the main thread when a client wants it, or leaves.

    The main thread can be interrupted in what it waits for only by a signal. Once ``is_over`` is
    set, nothing is raised any more.
    """

    is_over = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def start(self) -> None:
        """Begin to listen to the client. KeyboardInterrupt may come before this returns."""
        signal.signal(signal.SIGINT, self._raise)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening to the client."""
        self._stopped.set()
        with suppress(OSError):  # it has gone
            self._connection.shutdown(socket.SHUT_RD)
        self._thread.join()

    def _raise(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.is_over:
            raise KeyboardInterrupt

    def _listen(self) -> None:
        while self._says_something():
            self._send()
        self._send()
        while not self._stopped.wait(_AGAIN):  # the first may have come where nobody heeds it
            self._send()

    def _says_something(self) -> bool:
        try:
            return bool(self._connection.recv(1))
        except OSError:
            return False

    def _send(self) -> None:
        if not self.is_over:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def detach() -> None:
    """Have no streams and no folder of anybody's."""
    streams.lead_nowhere(0, 1, 2)
    os.chdir("/")
    os.umask(0o077)


def _exit_code(program: Callable[[list[str]], NoReturn], arguments: list[str]) -> int:
    try:
        program(arguments)
    except SystemExit as left:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # nobody reads it any more
                stream.flush()
        return left.code if isinstance(left.code, int) else _FAILED


def _message(connection: socket.socket, begun: bytes) -> bytes:
    begun = _at_least(client.LENGTH, connection, begun)
    size = int.from_bytes(begun[: client.LENGTH], "big")
    return _at_least(client.LENGTH + size, connection, begun)[client.LENGTH :]


def _at_least(size: int, connection: socket.socket, begun: bytes) -> bytes:
    received = bytearray(begun)
    while len(received) < size:
        more = connection.recv(_CHUNK)
        if not more:
            raise ConnectionError("the client has left")
        received += more
    return bytes(received)


def _set_environment(environment: dict[bytes, bytes]) -> None:
    os.environb.clear()
    os.environb.update(environment)
    time.tzset()


def _leave(environment: dict[bytes, bytes]) -> None:
    """Let go of the client's streams and folder: whoever reads them sees their end.

    What could not be written goes nowhere, and not to the next client.
    """
    detach()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.close()
    _set_environment(environment)
