"""The agent's own process: forks workers, watches over them, and knows when to leave."""

import gc
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from todo_cli import client
from todo_cli.agent.board import MOST, PERMANENT, Board, Row
from todo_cli.agent.command import detach
from todo_cli.agent.worker import CHANGED, Post, Program, Worker
from todo_cli.services.session.way_in import keep_connections

_TICK: Final = 5.0  # seconds between two looks at what may have changed
_HELD_UP: Final = 0.1  # seconds that all workers are busy before there is one more
_LEAVING: Final = 1.0  # seconds to wait for workers that leave
_SHORT_LIFE: Final = 2.0  # seconds; a worker that lives no longer has failed
_MOST_FAILURES: Final = 5
_BACKLOG: Final = 64


@dataclass(frozen=True)
class Duty:
    """What an agent is for.

    ``folder`` has its socket, which is bound, and ``lock`` is the descriptor of its locked
    agent.lock. ``mark`` is the fingerprint that its clients must have, and ``look`` makes it anew;
    ``is_fit`` tells whether nobody has made it worse off than usual meanwhile. ``warm_up`` when the
    first workers may open the database. It leaves after ``idle_seconds``; ``finish`` is called
    then, and when it is told to leave.
    """

    folder: Path
    listener: socket.socket
    lock: int
    mark: bytes
    look: Callable[[], bytes]
    is_fit: Callable[[], bool]
    program: Program
    warm_up: bool
    idle_seconds: float
    finish: Callable[[], None]


class Agent:
    """The parent of the workers. It answers nobody itself, and keeps no connection."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self._board = Board()
        self._seen = self._board.rows  # at the last look
        self._places: dict[int, int] = {}  # of living workers, by process id
        self._born: dict[int, float] = {}
        self._failures = 0
        self._begun = self._last_use = time.monotonic()
        self._served = 0
        self._listener = duty.listener
        self._listener.setblocking(False)
        self._listener.listen(_BACKLOG)
        self._socket = (duty.folder / client.SOCKET).stat().st_ino
        self._alive, self._life = os.pipe()  # the workers see its end when this process has gone
        self._heard, self._bell = os.pipe()
        for end in (self._heard, self._bell):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Be the agent until there is a reason to leave."""
        self._hear_signals()
        gc.collect()
        gc.freeze()  # what is loaded stays, and stays shared with the workers
        for place in range(PERMANENT):
            self._fork(place, warm_up=self._duty.warm_up)
        while True:
            heard = self._wait()
            self._reap()
            if signal.SIGTERM in heard or self._is_idle():
                return self._leave(finish=True)
            if signal.SIGHUP in heard or CHANGED in heard or self._is_outdated():
                return self._leave(finish=False)
            self._fork_missing(one_more=self._are_held_up())

    def _hear_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)

    def _wait(self) -> bytes:
        """Wait for signals and workers, and give what was heard: numbers, or a worker's bytes."""
        soon = self._board.is_full and len(self._places) < MOST
        select.select([self._heard], [], [], _HELD_UP if soon else _TICK)
        try:
            return os.read(self._heard, 4096)
        except BlockingIOError:
            return b""

    def _are_held_up(self) -> bool:
        """Tell whether all workers are busy, and since the last look with the same commands."""
        before, self._seen = self._seen, self._board.rows
        return self._board.is_full and self._seen == before

    def _fork_missing(self, *, one_more: bool) -> None:
        taken = set(self._places.values())
        free = [place for place in range(MOST) if place not in taken]
        wanted = [place for place in free if place < PERMANENT]
        if one_more and not wanted:
            wanted = free[:1]
        for place in wanted:
            self._fork(place, warm_up=False)

    def _fork(self, place: int, *, warm_up: bool) -> None:
        try:
            pid = os.fork()
        except OSError:  # too many processes: at the next look
            return
        if pid == 0:
            status = 1
            try:
                self._be_worker(place, warm_up)
                status = 0
            finally:
                os._exit(status)
        self._places[pid] = place
        self._born[pid] = time.monotonic()

    def _be_worker(self, place: int, warm_up: bool) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for end in (self._life, self._heard, self._duty.lock):
            os.close(end)
        detach()
        post = Post(
            place=place,
            listener=self._listener,
            alive=self._alive,
            bell=self._bell,
            mark=self._duty.mark,
            begun=self._begun,
            board=self._board,
            program=self._duty.program,
        )
        worker = Worker(post, keep_connections())
        if warm_up:
            worker.warm_up()
        worker.serve()

    def _reap(self) -> None:
        for pid in list(self._places):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            place = self._places.pop(pid)
            self._board[place] = Row(served=self._board[place].served)
            lived = time.monotonic() - self._born.pop(pid)
            failed = status != 0 and lived < _SHORT_LIFE
            self._failures = self._failures + 1 if failed else 0

    def _is_idle(self) -> bool:
        served = sum(row.served for row in self._board.rows)
        if served != self._served or any(row.busy for row in self._board.living):
            self._served, self._last_use = served, time.monotonic()
        return time.monotonic() - self._last_use >= self._duty.idle_seconds

    def _is_outdated(self) -> bool:
        try:
            ours = (self._duty.folder / client.SOCKET).stat().st_ino == self._socket
            as_before = self._duty.look() == self._duty.mark and self._duty.is_fit()
            return not (ours and as_before) or self._has_failed
        except OSError:  # the folder, or the program, has gone
            return True

    @property
    def _has_failed(self) -> bool:
        return self._failures >= _MOST_FAILURES

    def _leave(self, *, finish: bool) -> None:
        """Leave. Workers that run a command finish it first, by themselves."""
        with suppress(OSError):
            path = self._duty.folder / client.SOCKET
            if path.stat().st_ino == self._socket:
                path.unlink()
        self._listener.close()
        os.close(self._life)
        if not finish:
            os.close(self._duty.lock)  # another agent may begin
        deadline = time.monotonic() + _LEAVING
        while self._places and time.monotonic() < deadline:
            time.sleep(0.005)
            self._reap()
        if finish:
            self._duty.finish()
