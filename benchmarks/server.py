"""A private server in a temporary home."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from todo_cli import settings
from todo_cli.server.private_server import PrivateServer
from todo_cli.services.session import private


@contextmanager
def temporary_home() -> Iterator[dict[str, str]]:
    """Give an environment with a TODO_HOME that vanishes at the end.

    Nothing of the caller's own settings of todo, libpq or Python gets into that environment.
    """
    with tempfile.TemporaryDirectory(prefix="todo-") as home:
        Path(home).chmod(0o755)  # the server has an account of its own where root runs this
        own = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        yield {**own, "TODO_HOME": home}


@contextmanager
def temporary_server() -> Iterator[tuple[PrivateServer, dict[str, str]]]:
    """Give a private server and the environment in which `todo` uses it; both vanish at the end."""
    with temporary_home() as environment:
        server = private.server(settings.load(environment), say)
        try:
            yield server, environment
        finally:
            server.stop()
            # It lies outside the home where root's folder for temporary files is a closed one.
            shutil.rmtree(server.base, ignore_errors=True)


def say(message: str) -> None:
    """Tell the person at the terminal what goes on."""
    sys.stderr.write(f"{message}\n")


def _is_setting(name: str) -> bool:
    return name.startswith(("TODO_", "PG", "PYTHON"))
