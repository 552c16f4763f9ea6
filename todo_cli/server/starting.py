"""Having the private server answer, whatever is found.

There may be none; one that starts, ends, or has lost its socket; what is left of one that was
killed; or one in another container or on another machine, which cannot be reached from here.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from todo_cli.errors import UnavailableError
from todo_cli.server import locks, place, postmaster
from todo_cli.server.account import Account
from todo_cli.server.cluster import failure, launch, make_cluster, read_log
from todo_cli.server.remains import PID_FILE, are_of_the_dead

WAIT_SECONDS: Final = 60.0
_SILENCE_SECONDS: Final = 1.0  # after which people are told what they wait for
_MOMENT: Final = 3.0  # seconds that a server may be between two states, and cannot be seen
_PAUSE: Final = 0.01
_LONGER_PAUSE: Final = 0.1

# Why a server does not start while the last one's sessions, or another start, are still ending.
_IN_THE_WAY: Final = re.compile(
    "pre-existing shared memory block|lock file .* (already exists|is empty)"
)

# What this process has started and may have to reap.
children: Final[list[subprocess.Popen[bytes]]] = []


class Start:
    """One start of the server of ``base``; whoever has it holds start.lock, as ``lock``.

    ``answers`` tells whether the server takes connections, ``say`` is told what takes longer than
    a moment, ``set_up`` is called when a cluster is made. ``use`` is our descriptor of use.lock if
    we have it.
    """

    def __init__(
        self,
        base: Path,
        account: Account,
        lock: int,
        *,
        answers: Callable[[], bool],
        say: Callable[[str], None],
        set_up: Callable[[], None],
        use: int | None,
    ) -> None:
        self._base = base
        self._cluster = base / "cluster"
        self._socket_folder = postmaster.socket_folder(base, account.uid)
        self._account = account
        self._lock = lock
        self._answers = answers
        self._say = say
        self._set_up = set_up
        self._use = use
        self._child: subprocess.Popen[bytes] | None = None

    def until_it_answers(self) -> None:
        """Launch the server unless it runs, and wait until it answers. Raises UnavailableError.

        Whoever held the lock before us may have been killed at any moment: what we find may be a
        server that is just starting, or one that is just ending.
        """
        begun = time.monotonic()
        silence = _SILENCE_SECONDS
        while not self._answers():
            waited = time.monotonic() - begun
            if not self._has_living_child():
                self._stop_if_cut_off(waited)
                if not self._runs():
                    self._launch()
            if waited > _MOMENT and not self._has_living_child():
                self._check_place()
            if waited > WAIT_SECONDS:
                raise self._too_slow()
            if waited > silence:
                self._say("waiting for the private PostgreSQL to start ...")
                silence = WAIT_SECONDS
            time.sleep(_PAUSE if waited < _SILENCE_SECONDS else _LONGER_PAUSE)

    def _has_living_child(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _listens(self) -> bool:
        return postmaster.listens(self._socket_folder)

    def _runs(self) -> bool:
        # A process of another container on the same files cannot be seen.
        return postmaster.living(self._cluster) is not None or self._listens()

    def _stop_if_cut_off(self, waited: float) -> None:
        """Stop a server that nobody can reach any more: somebody has removed its socket.

        Where files are others for it, as a /tmp of its own, the socket may be in use all the same.
        """
        found = postmaster.read(self._cluster)
        started = waited > _SILENCE_SECONDS if found is None else found.ready
        if not started or self._listens():
            return
        holder = postmaster.holder(self._base)
        if holder is None or holder.shows_files:
            postmaster.stop(self._base)
            return
        with self._alone() as alone:
            if alone:
                postmaster.stop(self._base)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Keep others from using the server if nobody does; tell whether."""
        if self._use is not None:
            with locks.alone(self._use) as alone:
                yield alone
            return
        with locks.locked_if_free(self._base / locks.USE) as lock:
            yield lock is not None

    def _launch(self) -> None:
        """Launch the server, unless one lives elsewhere, or processes of the last one do."""
        if self._child is not None:
            self._check_end()
        with locks.locked_if_free(self._base / locks.SERVER) as lock:
            if lock is None:
                return
            if not (self._cluster / locks.CLUSTER).exists():
                self._say("setting up a private PostgreSQL, once ...")
                self._set_up()
                make_cluster(self._base, self._account, self._lock)
            with locks.locked_if_free(self._cluster / locks.CLUSTER) as another:
                if another is None or not are_of_the_dead(self._cluster):
                    return
                self._child = launch(self._base, self._account, lock, another)
        children.append(self._child)

    def _check_end(self) -> None:
        """Raise UnavailableError if a launched server ended for a reason that will not pass."""
        log = read_log(self._base)
        if not _IN_THE_WAY.search(log):
            raise failure("the private PostgreSQL did not start", log, self._base)

    def _check_place(self) -> None:
        """Raise UnavailableError when a server runs where we cannot reach it."""
        holder = postmaster.holder(self._base)
        if holder is None or self._listens():
            return
        is_seen = postmaster.living(self._cluster) is not None
        if not holder.shows_processes or (is_seen and not holder.shows_files):
            raise runs_elsewhere(holder.name, self._base)

    def _too_slow(self) -> UnavailableError:
        if postmaster.holder(self._base) is not None and not self._runs():
            return _still_ending(self._base)
        sentence = "the private PostgreSQL does not answer"
        return failure(sentence, read_log(self._base), self._base)


def check_gone(base: Path, socket_folder: Path) -> None:
    """Raise UnavailableError if a server runs that cannot be stopped from here.

    One that is just ending is waited for.
    """
    deadline = time.monotonic() + _MOMENT
    while True:
        holder = postmaster.holder(base)
        listens = postmaster.listens(socket_folder)
        if holder is None and not listens:
            return
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    if holder is not None and holder.shows_processes and not listens:
        raise _still_ending(base)
    raise runs_elsewhere(place.UNKNOWN if holder is None else holder.name, base)


def runs_elsewhere(host: str, base: Path) -> UnavailableError:
    """Say that a server runs where it cannot be reached or stopped from here."""
    hint = "stop it there: todo db stop"
    if not postmaster.is_locked(base):
        hint += f"; if it was killed there, remove {base / 'cluster' / PID_FILE}"
    return UnavailableError(f"the private PostgreSQL runs on {host}, or in another container", hint)


def reap() -> None:
    """Take note of processes that this one has started and that have ended."""
    children[:] = [child for child in children if child.poll() is None]


def _still_ending(base: Path) -> UnavailableError:
    return UnavailableError(
        f"the private PostgreSQL in {base} was ended, but processes of it are still at work",
        "wait for them, or end them: they are named postgres",
    )
