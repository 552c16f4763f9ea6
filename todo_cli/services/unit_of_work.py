"""The one way in: profile -> URL or private server -> schema up to date -> session."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlmodel import Session

from todo_cli.errors import AuthError
from todo_cli.services import private, stored_logins
from todo_cli.services.private import Say
from todo_cli.settings import Settings
from todo_cli.store import engine, tls, url
from todo_cli.store.models import HEAD


@contextmanager
def open_session(settings: Settings, say: Say) -> Iterator[Session]:
    """Open the person's session. The private database sets itself up or upgrades itself first.

    ``say`` is told what takes longer than a moment. Raises UnavailableError, AuthError; the
    session's first statement raises SchemaError when the database does not fit this program.
    """
    with _person_engine(settings, say) as person, engine.open_session(person) as session:
        yield session


@contextmanager
def open_owner(settings: Settings, say: Say) -> Iterator[Engine]:
    """Give the engine of the database's owner, for work on the schema. Raises AuthError."""
    found = stored_logins.owner_url(settings)
    if found is not None:
        with _engine(url.direct(found), settings, None) as owner:
            yield owner
    elif settings.database_url is not None:
        raise AuthError(
            "this needs the login of the database's owner",
            "todo login with the owner's URL, or set TODO_ADMIN_DATABASE_URL",
        )
    else:
        with private.owner_engine(private.server(settings, say)) as owner:
            yield owner


@contextmanager
def _person_engine(settings: Settings, say: Say) -> Iterator[Engine]:
    found = stored_logins.person_url(settings)
    if found is None:
        with private.person_engine(private.server(settings, say)) as person:
            yield person
    else:
        with _engine(found, settings, HEAD) as person:
            yield person


@contextmanager
def _engine(database_url: str, settings: Settings, revision: str | None) -> Iterator[Engine]:
    made = engine.make_engine(connect(database_url, settings), revision)
    try:
        yield made
    finally:
        made.dispose()


def connect(database_url: str, settings: Settings) -> engine.Connect:
    """Give a function that connects to a URL as these settings want it. Raises UsageError."""
    return engine.connect_url(tls.secured(database_url), settings.timeout)
