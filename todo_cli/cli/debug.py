"""What `TODO_DEBUG` is for: with 1 tracebacks are shown, with a path statements are kept there."""

import os
import sys
from typing import Final

from todo_cli.link import trace
from todo_cli.output.streams import write_message

_TRACEBACKS: Final = "1"


def shows_tracebacks() -> bool:
    """Tell whether people want tracebacks."""
    return os.environ.get("TODO_DEBUG") == _TRACEBACKS


def show(error: BaseException) -> None:
    """Write an error's traceback to stderr, if people want it."""
    if shows_tracebacks():
        import traceback  # completion has little time

        lines = "".join(traceback.format_exception(error)).splitlines()
        write_message(sys.stderr, *lines)


def check() -> None:
    """Warn where the file for statements cannot be written; nothing else comes of it."""
    file = trace.path(os.environ)
    if file is None:
        return
    try:
        trace.append(file)
    except OSError as error:
        words = f"warning: TODO_DEBUG: cannot write {file}: {error.strerror}"
        write_message(sys.stderr, words)
