"""`todo` as a process that hands its hot commands over to the agent of the tests, or fails.

Its first argument is the agent's folder.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from todo_cli import client, entry

MARK = "mark"  # the file in the agent's folder with the fingerprint that it wants
_NOT_TAKEN = 99


@contextmanager
def patience() -> Iterator[None]:
    """Have a client wait for the agent: on a busy machine a command would run without it."""
    before, client._PATIENCE = client._PATIENCE, 60.0
    try:
        yield
    finally:
        client._PATIENCE = before


def main() -> None:
    """Be `todo`, and run no hot command here unless that has to be."""
    folder = Path(sys.argv.pop(1))
    mark = (folder / MARK).read_bytes()
    os.environ.pop("TODO_AGENT", None)
    client.folder = lambda environ: str(folder)
    client.fingerprint = lambda environ: mark
    entry._run_here = _run_here
    with patience():
        entry.main()


def _run_here(hot: bool) -> None:
    if hot and client.shares_streams(sys.argv[1:]):
        os.write(2, b"the agent of the tests has not taken this command\n")
        sys.exit(_NOT_TAKEN)
    from todo_cli.cli import app
    from todo_cli.link import patience

    vars(patience)["SILENCE"] = 60.0  # a slow machine adds no line to stderr
    app.main()


if __name__ == "__main__":
    main()
