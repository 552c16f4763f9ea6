"""The `todo` program. Imports nothing at first, so that Ctrl-C is quiet from the beginning."""

import sys


def main() -> None:
    """Run the command line, and leave with its exit code."""
    try:
        from todo_cli.cli import app  # slow

        app.main()
    except KeyboardInterrupt:  # before the command line could see to it
        sys.exit(130)
