"""How long the database may take: one deadline for connecting, asking, and asking again.

The driver waits inside libpq, deaf to Ctrl-C, and the system looks up names without any limit of
ours. So what waits for the network runs in a thread of its own, and this one waits for the thread.
"""

import math
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from threading import Thread
from typing import Final, TypeVar

from todo_cli.errors import UnavailableError

Say = Callable[[str], None]
_Result = TypeVar("_Result")

SILENCE: Final = 1.0  # seconds, after which people are told what they wait for
_FIRST_PAUSE: Final = 0.1  # seconds; each pause may be twice the one before
_LONGEST_PAUSE: Final = 2.0
_LONGER: Final = "--timeout waits longer"
_LAST_WORD: Final = 0.5  # seconds beyond the deadline, to hear what the database says itself


class Patience:
    """The time that a piece of work may take in all. It begins to run when it is first needed.

    ``say`` is told, in a sentence, what is waited for when it takes longer than a moment.
    ``asked`` tells that a statement has been sent to a server that was there, and ``in_doubt`` that
    one that changes something was sent without an answer.
    """

    def __init__(self, seconds: float, say: Say = lambda _: None) -> None:
        self.renew(seconds, say)

    def renew(self, seconds: float, say: Say) -> None:
        """Begin anew, for the next piece of work on the same connection."""
        self.asked = False
        self.in_doubt = False
        self._seconds = seconds
        self._say = say
        self._said: set[str] = set()
        self._pauses = 0
        self.__dict__.pop("_begin", None)

    def for_a_statement(self) -> "Patience":
        """Note that a statement is sent, which may be done even if its answer is lost."""
        self.asked = True
        return self

    @property
    def repeats(self) -> int:
        """How often this work has been tried again so far, connecting included."""
        return self._pauses

    @property
    def left(self) -> float:
        """How many seconds are left, 0 when there are none."""
        return max(0.0, self._begin + self._seconds - time.monotonic())

    @cached_property
    def _begin(self) -> float:
        return time.monotonic()

    def wait_for(
        self,
        work: Callable[[], _Result],
        meanwhile: str,
        give_up: Callable[[], object] | None = None,
    ) -> _Result:
        """Have ``work`` done in a thread and give its result, or raise what it raises.

        ``meanwhile`` says what is waited for. Ctrl-C, or the deadline, ends the wait: then
        ``give_up`` is called, or the work left to itself, and UnavailableError raised for the
        deadline.
        """
        try:
            future = in_thread(work)  # it runs, even if Ctrl-C comes before this returns
            self._wait(future, meanwhile)
        except BaseException:
            if give_up is not None:
                in_thread(give_up).exception()  # another Ctrl-C ends the wait, not what it does
            raise
        return future.result()

    def pause_after(self, error: UnavailableError) -> None:
        """Wait a little before trying again, longer each time, and never twice the same.

        Raises the error where trying again is no use, or no time is left for it.
        """
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**self._pauses)
        pause *= random.uniform(0.5, 1)  # noqa: S311 - no secret: many programs shall not knock at once
        self._pauses += 1
        if not error.passing:
            raise error
        if pause >= self.left:
            error.hint = error.hint or _LONGER
            raise error
        if self._is_long(pause):
            self._tell(f"{error.message}; trying again ...")
        time.sleep(pause)

    def _wait(self, future: Future[_Result], meanwhile: str) -> None:
        if _is_done(future, min(self._begin + SILENCE - time.monotonic(), self.left + _LAST_WORD)):
            return
        if self.left > 0 and not self._said:
            self._tell(meanwhile)
        if not _is_done(future, self.left + _LAST_WORD):
            raise out_of_time(passing=True)

    def _is_long(self, pause: float) -> bool:
        return time.monotonic() + pause > self._begin + SILENCE

    def _tell(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._say(message)


def out_of_time(*, passing: bool) -> UnavailableError:
    """Say that the deadline has passed."""
    return UnavailableError("the database did not answer in time", _LONGER, passing=passing)


def in_thread(work: Callable[[], _Result]) -> Future[_Result]:
    """Begin some work in a thread, which keeps nobody from leaving the program."""
    future: Future[_Result] = Future()
    Thread(target=_settle, args=(future, work), daemon=True).start()
    return future


def _is_done(future: Future[_Result], seconds: float) -> bool:
    try:
        future.exception(None if math.isinf(seconds) else max(0.0, seconds))
    except TimeoutError:
        return False
    return True


def _settle(future: "Future[_Result]", work: Callable[[], _Result]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
