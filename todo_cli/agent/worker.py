"""A worker of the agent: runs one command at a time, and keeps its connection for the next."""

import json
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

import todo_cli
from todo_cli import client
from todo_cli.agent.board import PERMANENT, Board, Row
from todo_cli.agent.command import Command, receive, receive_command, run
from todo_cli.link import trace
from todo_cli.server import starting
from todo_cli.services.session.kept import Kept

CHANGED: Final = b"c"  # what a worker tells the agent: a client has other programs or settings
BUSY: Final = b"b"  # no worker is free

MOST_COMMANDS: Final = 500  # of one worker; then another takes its place
_MOST_MEMORY: Final = 300_000_000  # bytes, at its highest
_HELLO_SECONDS: Final = 1.0
_COMMAND_SECONDS: Final = 5.0
_EXTRA_SECONDS: Final = 60.0  # how long a worker stays that nobody would have missed
_TICK: Final = 20.0
_PAUSE: Final = 0.1
_WARM_UP_SECONDS: Final = 2
_WARM_UP: Final = ("list", "--limit", "1", "--json", "--timeout", str(_WARM_UP_SECONDS))


Program = Callable[[list[str]], NoReturn]


@dataclass(frozen=True)
class Post:
    """What a worker has from the agent.

    ``program`` is `todo`: it takes the arguments and leaves by SystemExit. ``mark`` is the
    fingerprint that clients must have; ``alive`` can be read when the agent has gone; ``bell``
    takes bytes for it; ``begun`` is when it began, by the monotonic clock.
    """

    place: int
    listener: socket.socket
    alive: int
    bell: int
    mark: bytes
    begun: float
    board: Board
    program: Program


class Worker:
    """One worker, in a process of its own."""

    def __init__(self, post: Post, kept: Kept) -> None:
        self._post = post
        self._kept = kept
        self._before = post.board[post.place].served
        self._served = 0
        self._needed = time.monotonic()
        trace.runs_in = "agent"

    def warm_up(self) -> None:
        """Run a command for nobody, so that everything is loaded and the connection open."""
        here = os.open("/", os.O_RDONLY)
        streams = [os.open(os.devnull, os.O_RDWR) for _ in range(3)]
        ours, theirs = socket.socketpair()
        with ours, theirs:
            command = Command(list(_WARM_UP), dict(os.environb), 0o077, [*streams, here])
            run(command, self._post.program, ours)

    def serve(self) -> None:
        """Run commands until the agent leaves, or this worker is worn out or not needed."""
        self._note(busy=0)
        while not self._is_over():
            listener = self._post.listener.fileno()
            ready, _, _ = select.select([listener, self._post.alive], [], [], _TICK)
            if listener in ready:
                self._accept()
            elif self._post.alive in ready:
                return
            self._kept.close_idle()
            starting.reap()
            self._note(busy=0)

    def _is_over(self) -> bool:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        memory *= 1 if sys.platform == "darwin" else 1024
        unneeded = time.monotonic() - self._needed >= _EXTRA_SECONDS
        too_many = self._post.place >= PERMANENT and unneeded
        return self._served >= MOST_COMMANDS or memory > _MOST_MEMORY or too_many

    def _accept(self) -> None:
        try:
            connection, _ = self._post.listener.accept()
        except (BlockingIOError, ConnectionError):  # another was faster, or the client has left
            return
        except OSError:  # no descriptor is left: the client runs its command itself
            time.sleep(_PAUSE)
            return
        self._note(busy=1)
        if self._post.board.is_full:
            self._needed = time.monotonic()
            self._ring(BUSY)
        with connection, suppress(OSError, ValueError):  # the client has left, or is none
            self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(_HELLO_SECONDS)
        if client.peer(connection) != os.geteuid():
            return
        mark = receive(connection)
        if mark == client.STATUS:
            connection.sendall(self._status())
            return
        if mark != self._post.mark:
            self._ring(CHANGED)
            return
        connection.sendall(client.READY)
        connection.settimeout(_COMMAND_SECONDS)
        command = receive_command(connection)
        connection.settimeout(None)
        self._served += 1
        self._note(busy=1)  # now, so that the client finds itself counted
        code = run(command, self._post.program, connection)
        connection.sendall(bytes([code & 0xFF]))

    def _status(self) -> bytes:
        rows = self._post.board.living
        found = {
            "agent": os.getppid(),
            "version": todo_cli.__version__,
            "begun": self._post.begun,
            "workers": [row.pid for row in rows],
            "served": sum(row.served for row in self._post.board.rows),
            "connections": sum(row.connections for row in rows),
        }
        return json.dumps(found).encode()

    def _note(self, *, busy: int) -> None:
        self._post.board[self._post.place] = Row(
            os.getpid(), busy, self._before + self._served, self._kept.connections()
        )

    def _ring(self, what: bytes) -> None:
        with suppress(BlockingIOError):  # it has been rung for often enough
            os.write(self._post.bell, what)
