"""The person's own editor, and the file that it is given."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from todo_cli import files
from todo_cli.domain.text import readable
from todo_cli.errors import TodoError, UsageError

_VARIABLES: Final = ("VISUAL", "EDITOR")
_USUAL: Final = ("editor", "nano", "vim", "vi")
_HINT: Final = "set VISUAL or EDITOR to the editor of your choice"
_LARGEST: Final = 1_000_000  # bytes


class Sheet:
    """A text file that only its owner can read, for a person to edit in place."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._original = text.encode()

    def write(self, text: str) -> None:
        """Replace the text, or on a full disk keep the old one; undo what `read` does with bytes.

        Raises TodoError when it cannot be written.
        """
        try:
            files.write(self.path, text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise TodoError(f"cannot write {self.path}: {error.strerror}") from None

    def read(self) -> str:
        """Give the text, with a lone surrogate for each byte that is not UTF-8.

        Raises TodoError when it is gone or cannot be read, UsageError when it is too large.
        """
        return self._bytes().decode("utf-8", "surrogateescape")

    def holds_work(self) -> bool:
        """Tell whether the file has something that would be lost with it."""
        if not self.path.is_file():
            return False
        try:
            return self._bytes() != self._original
        except TodoError:  # who knows what is in it
            return True

    def remove(self) -> None:
        """Remove the file, and the copy of it that some editors leave."""
        for path in (self.path, self.path.with_name(f"{self.path.name}~")):
            with suppress(OSError):
                path.unlink()

    def _bytes(self) -> bytes:
        if not self.path.is_file():
            raise TodoError("the editor took the file away: nothing was changed")
        try:
            with self.path.open("rb") as file:
                content = file.read(_LARGEST + 1)
        except OSError as error:
            raise TodoError(f"cannot read {self.path}: {error.strerror}") from None
        if len(content) > _LARGEST:
            raise UsageError("the text is larger than 1 MB: nothing was changed")
        return content


@contextmanager
def sheet(folder: Path, name: str, text: str, say: Callable[[str], None]) -> Iterator[Sheet]:
    """Give a file with the text, in ``folder``, which is made if need be.

    It is removed at the end, but kept, and named in the error's hint, when the person's work on it
    would be lost. ``say`` is told where it lies when something else than a TodoError ends it all.
    Raises TodoError when it cannot be made.
    """
    made = _make_sheet(folder, name, text)
    try:
        yield made
    except BaseException as error:
        if not made.holds_work():
            made.remove()
            raise
        kept = f"your text is kept in {made.path}"
        if isinstance(error, TodoError):
            error.hint = "; ".join(filter(None, [error.hint, kept]))
        else:
            say(f"todo: {kept}")
        raise
    made.remove()


def _make_sheet(folder: Path, name: str, text: str) -> Sheet:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, path = tempfile.mkstemp(dir=folder, prefix=f"{name}-", suffix=".txt")
        os.close(descriptor)
    except OSError as error:
        raise TodoError(f"cannot write into {folder}: {error.strerror}") from None
    made = Sheet(Path(path), text)
    try:
        made.write(text)
    except TodoError:
        made.remove()
        raise
    return made


def choose(environ: Mapping[str, str]) -> list[str]:
    """Give the command of the editor: VISUAL, else EDITOR, else what the system has.

    Both may hold arguments (``code --wait``); one that is empty counts as not set. Raises
    UsageError for one with an open quote, TodoError when there is no editor at all.
    """
    for variable in _VARIABLES:
        value = environ.get(variable, "")
        if shutil.which(value):  # a path may hold spaces
            return [value]
        try:
            words = shlex.split(value)
        except ValueError:
            raise UsageError(f"{variable} cannot be read: a quote is not closed") from None
        if words:
            return words
    if not sys.stdin.isatty():
        raise TodoError("there is no terminal for an editor", _HINT)
    for name in _USUAL:
        if found := shutil.which(name):
            return [found]
    raise TodoError("there is no editor", _HINT)


def run(command: list[str], path: Path) -> None:
    """Let the person edit a file, and wait.

    Raises TodoError unless the editor ends well, and KeyboardInterrupt when Ctrl-C ended it.
    stdout is for data: an editor whose stdout would be no terminal gets stderr in its place.
    """
    real = sys.__stderr__  # descriptor 2 leads nowhere
    stderr = subprocess.DEVNULL if real is None else real.fileno()
    try:
        with _keyboard_is_the_editors():
            stdout = None if sys.stdout.isatty() else stderr
            code = subprocess.call([*command, str(path)], stdout=stdout, stderr=stderr)
    except OSError as error:
        words = f"cannot start the editor {readable(command[0])}: {error.strerror}"
        raise TodoError(words, _HINT) from None
    if code == -signal.SIGINT:
        raise KeyboardInterrupt
    if code < 0:
        how = f"was ended by signal {-code}"
    elif code > 0:
        how = f"failed with exit code {code}"
    else:
        return
    name = readable(Path(command[0]).name)
    raise TodoError(f"the editor {name} {how}: nothing was changed", _HINT)


@contextmanager
def _keyboard_is_the_editors() -> Iterator[None]:
    """Let Ctrl-C and Ctrl-backslash reach the editor alone.

    Handlers that do nothing, not SIG_IGN: the editor would inherit that. It does where we have it
    from our parent, as everything in the background of a script does.
    """
    before = {
        number: signal.signal(number, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGQUIT)
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
