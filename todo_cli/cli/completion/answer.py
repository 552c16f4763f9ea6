"""The answer to a shell that completes a word.

The shell's script (services/completion/scripts/) runs the program with `VARIABLE` set and, as
arguments, the words up to the cursor, the one under it last and without quotes. The answer is a
line for each suggestion: the whole word as it may become, and behind a tab what to say about it.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NoReturn

from typer.core import TyperGroup

from todo_cli.output.streams import abandon, lead_nowhere

VARIABLE: Final = "_TODO_COMPLETE"


def run(root: TyperGroup, arguments: Sequence[str]) -> NoReturn:
    """Answer the shell and leave with exit code 0 and silent, whatever happens.

    With `TODO_DEBUG=1` stderr says why there is nothing. ``arguments`` are the words up to the
    cursor. A thread that still waits for a database is left behind.
    """
    from todo_cli.cli import debug  # here, as below: no other command needs it

    try:
        _keep_silent(but_for_errors=debug.shows_tracebacks())
        from todo_cli.cli.completion.suggestions import suggest

        found = suggest(root, arguments, os.environ, debug.show)
        text = "".join(f"{value}\t{about}\n" for value, about in found)
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except Exception as error:
        debug.show(error)
    finally:
        os._exit(0)


def _keep_silent(*, but_for_errors: bool) -> None:
    """Let nothing below us, such as libpq, say or ask anything where somebody is typing."""
    lead_nowhere(0, 2)
    if sys.stderr is not None and not but_for_errors:
        abandon(sys.stderr)  # it has a descriptor of its own
    with suppress(OSError):
        os.setsid()  # away from the terminal: OpenSSL asks there for the password of a key
