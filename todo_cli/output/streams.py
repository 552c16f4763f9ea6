"""The streams of a command: whoever is at the other end may be slow, or have left.

O_NONBLOCK belongs to what a descriptor stands for, and others have that too: node, ssh and asyncio
set it, at any time, on the pipe or terminal that they share with a child. It is theirs to set. But
Python takes "not now" for the end of stdin, and stops in the middle of what it writes.

Descriptor 2 leads nowhere, and sys.stderr has one of its own: libpq prints there what a server says
while it connects, before anybody could hinder it. A child that shall have stderr is given it.
"""

import io
import os
import select
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from todo_cli.domain import text

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_STDERR: Final = 2
_PAUSE: Final = 0.005  # seconds, before asking again what says that it is ready, and is not


class WaitingIO(io.FileIO):
    """A file without a buffer, which waits for what cannot be read or written now.

    Ctrl-C ends the wait. What was written then is not known: nobody should go on writing.
    """

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read into ``buffer`` what there is, and give how many bytes; none is the end."""
        tries = 0
        while (count := super().readinto(buffer)) is None:
            tries = self._wait(select.POLLIN, tries)
        return count

    def readall(self) -> bytes:
        """Read to the end."""
        found, part = bytearray(), bytearray(io.DEFAULT_BUFFER_SIZE)
        while count := self.readinto(part):
            found += part[:count]
        return bytes(found)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes at most, or all there are."""
        part = bytearray(size if size is not None and size >= 0 else 0)
        return bytes(part[: self.readinto(part)]) if part else self.readall()

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all of ``data``, and give how many bytes that were."""
        rest = memoryview(data).cast("B")
        size, tries = len(rest), 0
        try:
            while rest:
                count = super().write(rest)
                if count is None:
                    tries = self._wait(select.POLLOUT, tries)
                else:
                    rest, tries = rest[count:], 0
        except KeyboardInterrupt:  # the buffer above us would write all of it again
            lead_nowhere(self.fileno())
            raise
        return size

    def _wait(self, event: int, tries: int) -> int:
        if tries:  # a terminal can have room for a character, and not for the end of a line
            time.sleep(_PAUSE)
        poll = select.poll()
        poll.register(self, event)
        poll.poll()
        return tries + 1


def opened(
    number: int, mode: str, encoding: str, errors: str, *, by_line: bool, buffered: bool = True
) -> io.TextIOWrapper:
    """Give a stream that waits, on a descriptor which stays open when the stream is closed.

    ``mode`` is "rb" or "wb"; line ends stay as they are. All else is as the interpreter does it.
    """
    raw = WaitingIO(number, mode, closefd=False)
    if not buffered:
        return io.TextIOWrapper(raw, encoding, errors, "\n", write_through=True)
    size = getattr(os.fstat(number), "st_blksize", 0) or io.DEFAULT_BUFFER_SIZE  # as open() does
    buffer = io.BufferedReader(raw, size) if mode == "rb" else io.BufferedWriter(raw, size)
    return io.TextIOWrapper(buffer, encoding, errors, "\n", line_buffering=by_line)


def take_over() -> None:
    """Have this process's own streams wait, and no library of C's write to stderr."""
    sys.stdin = _again(sys.stdin, 0, "rb")
    sys.stdout = _again(sys.stdout, 1, "wb")
    if sys.stderr is not None:
        own = os.dup(_STDERR)
        lead_nowhere(_STDERR)
        sys.stderr = _again(sys.stderr, own, "wb")
        vars(sys)["__stderr__"] = sys.stderr  # where rich looks for a terminal, and our editor


def write_message(stream: TextIO, *lines: str) -> None:
    """Write lines for people. What cannot be written changes nothing else."""
    try:
        stream.write("".join(f"{text.line(each)}\n" for each in lines))
        stream.flush()
    except OSError:
        abandon(stream)


def abandon(stream: TextIO) -> None:
    """Let go of what could not be written: Python would try again when it flushes at its end."""
    with suppress(OSError, ValueError):  # it has no descriptor, or is closed
        lead_nowhere(stream.fileno())


def lead_nowhere(*numbers: int) -> None:
    """Have what is written to these descriptors go nowhere, and nothing come from them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(nowhere, number)
    os.close(nowhere)  # a worker of the agent lives on


def _again(stream: TextIO, number: int, mode: str) -> TextIO:
    """Give a stream like the one that the interpreter has made, but one that waits."""
    if not isinstance(stream, io.TextIOWrapper):  # it was closed by the caller
        return stream
    return opened(
        number,
        mode,
        stream.encoding,
        stream.errors or "strict",
        by_line=stream.line_buffering,
        buffered=not isinstance(stream.buffer, io.RawIOBase),
    )
