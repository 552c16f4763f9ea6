"""Streams that wait for what cannot be read or written now, seen from their two ends."""

import io
import os
import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest

from todo_cli.output import streams


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """Give both ends of a pipe; none of them blocks."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:  # the test has
            continue


def write_slowly(end: int, pieces: list[bytes]) -> None:
    """Write pieces, with time between them, and close the end."""
    for piece in pieces:
        time.sleep(0.02)
        os.write(end, piece)
    time.sleep(0.02)
    os.close(end)


READINGS: dict[str, Callable[[Any], str]] = {
    "all": lambda stream: stream.read(),
    "all bytes": lambda stream: stream.buffer.read().decode(),
    "so many": lambda stream: stream.buffer.read(9).decode(),
    "lines": lambda stream: "".join(stream),
    "without a buffer": lambda stream: stream.buffer.raw.read().decode(),
    "in parts": lambda stream: b"".join(iter(lambda: stream.buffer.raw.read(2), b"")).decode(),
}


@pytest.mark.parametrize("how", READINGS)
def test_the_end_of_a_stream_is_its_end_and_nothing_else(ends: tuple[int, int], how: str) -> None:
    reading, writing = ends
    writer = Thread(target=write_slowly, args=(writing, [b"one\nt", b"w\xc3", b"\xb6\n"]))
    writer.start()
    stream = streams.opened(reading, "rb", "utf-8", "strict", by_line=False)

    assert READINGS[how](stream) == "one\ntwö\n"
    writer.join()


@pytest.mark.parametrize("buffered", [True, False])
def test_whatever_is_written_arrives_in_its_order(ends: tuple[int, int], buffered: bool) -> None:
    reading, writing = ends
    os.set_blocking(reading, True)
    found = io.BytesIO()

    def read() -> None:
        while part := os.read(reading, 1000):
            found.write(part)

    reader = Thread(target=read)
    reader.start()
    stream = streams.opened(writing, "wb", "utf-8", "strict", by_line=False, buffered=buffered)
    for number in range(3000):
        stream.write(f"{number} {'x' * (number % 150)}\n")
    stream.write("y" * 300_000)
    stream.close()
    os.close(writing)
    reader.join()

    lines = [f"{number} {'x' * (number % 150)}\n" for number in range(3000)]
    assert found.getvalue().decode() == "".join(lines) + "y" * 300_000


def test_a_stream_that_was_given_up_takes_everything(ends: tuple[int, int]) -> None:
    _, writing = ends
    stream = streams.opened(writing, "wb", "utf-8", "strict", by_line=False)
    stream.write("lost")
    streams.abandon(stream)
    stream.write("x" * 1_000_000)
    stream.close()
    streams.abandon(stream)  # one that is closed neither fails
