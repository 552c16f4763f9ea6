"""The one way in: profile -> URL or private server -> schema up to date -> session."""

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine
from sqlmodel import Session

from todo_cli.errors import AuthError
from todo_cli.link import engine
from todo_cli.link.connect import Connect, connect_url, give_to_owner
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Patience, Say
from todo_cli.link.url import ConnectionUrl
from todo_cli.services.session import client_id, private, stored_logins
from todo_cli.services.session.early import Early
from todo_cli.services.session.ids import new_id
from todo_cli.services.session.kept import Kept, PersonEngine
from todo_cli.settings import Settings

_kept: Kept | None = None  # in the agent alone


@contextmanager
def open_session(settings: Settings, say: Say, early: Early | None = None) -> Iterator[Session]:
    """Open the person's session. The private database sets itself up or upgrades itself first.

    All its statements together may take as long as the settings say; one whose connection is lost
    is repeated. ``say`` is told what takes longer than a moment; ``early`` is a connection to the
    shared database that was begun before. Raises UnavailableError and AuthError, at the first
    statement if not before; that raises SchemaError when the database does not fit this program.
    """
    with (
        _person(settings, say, early) as person,
        engine.open_session(person.engine, new_id(), person.patience) as session,
    ):
        yield session


def keep_connections() -> Kept:
    """Have this process keep its connections for the commands to come, and give what keeps them."""
    global _kept
    _kept = Kept()
    return _kept


@contextmanager
def open_owner(
    settings: Settings, say: Say, *, endless: bool = False, changing: bool = False
) -> Iterator[Engine]:
    """Give the engine of the database's owner, for work on the schema. Raises AuthError.

    Each statement may take as long as the settings say, or, if ``endless``, as long as it takes.
    ``changing`` when the schema may be another one afterwards.
    """
    found = stored_logins.owner_url(settings)
    if found is not None:
        with owner_engine(found, settings, say, endless=endless) as owner:
            yield owner
    elif settings.database_url is not None:
        raise AuthError(
            "this needs the login of the database's owner",
            "todo login with the owner's URL, or set TODO_ADMIN_DATABASE_URL",
        )
    else:
        server, seconds = private.server(settings, say), _seconds(settings, endless)
        via = client_id.via(settings)
        with private.owner_engine(server, seconds, say, via, changing=changing) as owner:
            yield owner


def is_private(settings: Settings) -> bool:
    """Tell whether `open_owner` opens the private database."""
    return stored_logins.owner_url(settings) is None and settings.database_url is None


@contextmanager
def owner_engine(
    url: ConnectionUrl, settings: Settings, say: Say, *, endless: bool = False
) -> Iterator[Engine]:
    """Give an engine on the direct host of an owner's URL, as `open_owner`. Raises UsageError."""
    direct = url.direct()

    def connect() -> DriverConnection:
        connection = connect_url(direct, Patience(settings.timeout, say))
        give_to_owner(connection, _seconds(settings, endless), say, client_id.via(settings))
        return connection

    with engine.disposed(engine.make_engine(connect, None)) as owner:
        yield owner


def connect(url: ConnectionUrl, settings: Settings, say: Say) -> Connect:
    """Give a function that connects to a URL as these settings want it, as `connect_url`.

    Each time, connecting and all statements together may take as long as the settings say.
    """
    return lambda: connect_url(url, Patience(settings.timeout, say))


def _seconds(settings: Settings, endless: bool) -> float:
    return math.inf if endless else settings.timeout


@contextmanager
def _person(settings: Settings, say: Say, early: Early | None) -> Iterator[PersonEngine]:
    if _kept is not None:
        with _kept.lend(settings, say) as kept:
            yield kept
        return
    with closing(PersonEngine(settings, say, early)) as person, person.in_use(settings, say):
        yield person
