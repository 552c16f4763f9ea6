"""Connecting to a shared database while the program still loads, which takes about as long.

So nothing here imports sqlmodel.
"""

from concurrent.futures import Future

from todo_cli.services import stored_logins
from todo_cli.settings import Settings
from todo_cli.store import tls
from todo_cli.store.connect import connect_url
from todo_cli.store.driver import DriverConnection
from todo_cli.store.patience import Patience, Say, in_thread


class Early:
    """A person's connection that is being opened, and those after it; all with one patience."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.patience = Patience(settings.timeout, say)
        self._settings = settings
        self._first: Future[DriverConnection] | None = in_thread(self._open)

    def connect(self) -> DriverConnection:
        """Give the connection that was begun; when it was given before, a new one.

        Raises UsageError, AuthError, UnavailableError.
        """
        first, self._first = self._first, None
        return self._open() if first is None else first.result()

    def leave(self) -> None:
        """Close the connection if nobody wanted it."""
        if self._first is not None:
            self._first.add_done_callback(_close)

    def _open(self) -> DriverConnection:
        url = stored_logins.person_url(self._settings) or ""  # there is one: see begin
        return connect_url(tls.secured(url), self.patience)


def begin(settings: Settings, say: Say) -> Early | None:
    """Begin to connect to the person's shared database. None for the private one.

    ``say`` is told what takes long. Raises NotFoundError for a profile that is not there.
    """
    return None if settings.database_url is None else Early(settings, say)


def _close(future: Future[DriverConnection]) -> None:
    if future.exception() is None:
        future.result().close()
