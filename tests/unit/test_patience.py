"""How long something may take, and what is tried again."""

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import NoReturn

import pytest

from todo_cli.errors import UnavailableError
from todo_cli.link import patience
from todo_cli.link.errors import passes
from todo_cli.link.patience import Patience


def nothing() -> None:
    """Give up what needs no giving up."""


def test_the_result_of_the_work_comes_back() -> None:
    assert Patience(15).wait_for(lambda: 42, "waiting ...", nothing) == 42


def test_an_error_of_the_work_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        Patience(15).wait_for(lambda: 1 // 0, "waiting ...", nothing)


def test_what_does_not_end_is_given_up_at_the_deadline() -> None:
    end = threading.Event()
    with pytest.raises(UnavailableError, match="did not answer in time"):
        Patience(0.01).wait_for(end.wait, "waiting ...", end.set)
    assert end.is_set()


def test_what_is_interrupted_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> bool:
        raise KeyboardInterrupt

    end = threading.Event()
    monkeypatch.setattr(patience, "_is_done", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Patience(15).wait_for(end.wait, "waiting ...", end.set)
    assert end.is_set()


def test_what_is_interrupted_just_after_it_has_begun_is_given_up_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_thread = patience.in_thread
    end = threading.Event()

    def begin(work: Callable[[], object]) -> Future[object]:
        future = in_thread(work)
        if work == end.wait:
            raise KeyboardInterrupt
        return future

    monkeypatch.setattr(patience, "in_thread", begin)
    with pytest.raises(KeyboardInterrupt):
        Patience(15).wait_for(end.wait, "waiting ...", end.set)
    assert end.is_set()


def test_another_interruption_does_not_keep_what_is_given_up_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_thread = patience.in_thread
    going, ended, goes_on = threading.Event(), threading.Event(), threading.Event()

    class Interrupted(Future[object]):
        def exception(self, timeout: float | None = None) -> NoReturn:
            raise KeyboardInterrupt

    def begin(work: Callable[[], object]) -> Future[object]:
        in_thread(work)
        return Interrupted()

    def give_up() -> None:
        going.set()
        goes_on.wait()
        ended.set()

    monkeypatch.setattr(patience, "in_thread", begin)
    with pytest.raises(KeyboardInterrupt):
        Patience(15).wait_for(ended.wait, "waiting ...", give_up)
    assert going.wait(60)
    goes_on.set()
    assert ended.wait(60)


def test_it_is_said_once_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SILENCE", 0.0)
    said: list[str] = []
    told = threading.Event()

    def say(words: str) -> None:
        said.append(words)
        told.set()

    patient = Patience(15, say)
    for _ in range(2):
        patient.wait_for(told.wait, "waiting ...", nothing)
    assert said == ["waiting ..."]


def test_nothing_is_said_of_what_is_quick() -> None:
    said: list[str] = []
    Patience(15, said.append).wait_for(lambda: None, "waiting ...", nothing)
    assert said == []


def test_what_will_not_pass_is_not_tried_again() -> None:
    error = UnavailableError("the endpoint is disabled")
    with pytest.raises(UnavailableError) as caught:
        Patience(15).pause_after(error)
    assert caught.value is error
    assert error.hint is None


def test_without_time_nothing_is_tried_again() -> None:
    error = UnavailableError("too many connections", passing=True)
    with pytest.raises(UnavailableError) as caught:
        Patience(0.01).pause_after(error)
    assert caught.value.hint == "--timeout waits longer"


def test_pauses_grow_and_are_never_quite_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    patient = Patience(60)
    for _ in range(8):
        patient.pause_after(UnavailableError("too many connections", passing=True))
    assert all(
        low <= pause <= 2 * low for low, pause in zip((0.05, 0.1, 0.2), pauses, strict=False)
    )
    assert max(pauses) <= 2.0
    assert len(set(pauses)) == 8


def test_without_a_deadline_it_takes_as_long_as_it_takes() -> None:
    patient = Patience(math.inf)
    ended = threading.Event()
    threading.Timer(0.05, ended.set).start()
    assert patient.wait_for(ended.wait, "waiting ...", nothing) is True


@pytest.mark.parametrize(
    ("reason", "passing"),
    [
        ("Couldn't connect to compute node", True),
        (
            "Failed to acquire permit to connect to the database. Too many database connection "
            "attempts are currently ongoing.",
            True,
        ),
        ("Too many connections to this endpoint. Please try again later.", True),
        ("the database system is starting up", True),
        ("sorry, too many clients already", True),
        ('too many connections for role "alice"', True),
        ("server closed the connection unexpectedly", True),
        ("SSL SYSCALL error: EOF detected", True),
        ("no more connections allowed (max_client_conn)", True),
        ("The requested endpoint could not be found, or you don't have access to it", False),
        ("endpoint is disabled", False),
        ("Your project has exceeded the compute time quota.", False),
        ("Connection refused", False),
        ("could not translate host name", False),
        ("certificate verify failed", False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(reason: str, passing: bool) -> None:
    assert passes(reason) is passing
