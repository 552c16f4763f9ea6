"""Connecting to a shared database while the program still loads, which takes about as long.

So nothing here imports sqlmodel.
"""

import sys
from concurrent.futures import Future
from typing import Final

from todo_cli.errors import AuthError
from todo_cli.link.connect import connect_url
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience, Say, in_thread
from todo_cli.link.url import NO_URL
from todo_cli.services.session import stored_logins
from todo_cli.settings import Settings

_AGAIN: Final = "log in again: todo login"
_VARIABLE: Final = "look at TODO_DATABASE_URL"


class Early:
    """A person's connections to a shared database, the first of which may be opened in advance."""

    def __init__(self, settings: Settings, patience: Patience) -> None:
        self.patience = patience
        self._settings = settings
        self._first: Future[DriverConnection] | None = None

    def begin(self) -> None:
        """Begin to open the first one."""
        self._first = in_thread(self._open)

    def connect(self) -> DriverConnection:
        """Give the connection that was begun; when there is none, or it was given, a new one.

        Raises UsageError, AuthError, UnavailableError.
        """
        first, self._first = self._first, None
        return self._open() if first is None else first.result()

    def leave(self) -> None:
        """Close the connection that was begun if nobody wanted it."""
        if self._first is not None:
            self._first.add_done_callback(_close)

    def _open(self) -> DriverConnection:
        url = stored_logins.person_url(self._settings) or NO_URL  # there is one: see begin
        try:
            return connect_url(url, self.patience)
        except AuthError as error:
            is_kept = self._settings.environment_url is None
            error.hint = f"{_AGAIN if is_kept else _VARIABLE}; todo doctor says more"
            raise


def begin(settings: Settings, say: Say) -> Early | None:
    """Begin to connect to the person's shared database.

    None for the private one, and where there is nothing left to load meanwhile. ``say`` is told
    what takes long. Raises NotFoundError for a profile that is not there.
    """
    if settings.database_url is None or "sqlmodel" in sys.modules:
        return None
    early = Early(settings, Patience(settings.timeout, say))
    early.begin()
    return early


def _close(future: Future[DriverConnection]) -> None:
    if future.exception() is None:
        future.result().close()
