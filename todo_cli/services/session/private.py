"""The private database of this machine, set up on the spot by the steps a shared one takes.

The superuser makes a database owner without any special right; the owner runs the migrations and
adds the person; from then on the person's own role is used, under row-level security.
"""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from todo_cli import clock
from todo_cli.errors import TodoError
from todo_cli.link import engine
from todo_cli.link.connect import give_to_owner
from todo_cli.link.driver import DriverConnection
from todo_cli.link.errors import in_our_words
from todo_cli.link.patience import Patience, Say
from todo_cli.server import account, dump, postmaster
from todo_cli.server.private_server import SUPERUSER, PrivateServer
from todo_cli.settings import Settings
from todo_cli.store.people import roles
from todo_cli.store.people.roles import DATABASE, OWNER, PERSON
from todo_cli.store.schema.models import HEAD


def server(settings: Settings, say: Say) -> PrivateServer:
    """Give the private server of these settings; it is not started."""
    folders = settings.folders
    return PrivateServer(
        folders.data, settings.idle_seconds, say, settings.timeout, dumps=folders.dumps
    )


def is_running(settings: Settings) -> bool:
    """Tell whether the private server of these settings listens."""
    return postmaster.listens(server(settings, lambda _: None).socket_folder)


@contextmanager
def prepared(private: PrivateServer) -> Iterator[None]:
    """Keep the server from being stopped, after preparing the database if need be."""
    with private.in_use():
        if not private.is_prepared(HEAD):
            _prepare(private)
        yield


def connect_person(private: PrivateServer, patience: Patience | None = None) -> DriverConnection:
    """Open the person's connection, whose statements wait no longer than ``patience``."""
    connection = private.connect(DATABASE, PERSON)
    if patience is not None:
        connection.patience = patience.for_a_statement
    return connection


@contextmanager
def person_engine(private: PrivateServer) -> Iterator[Engine]:
    """Give the person's engine on a database that is prepared."""
    with (
        prepared(private),
        engine.disposed(engine.make_engine(lambda: connect_person(private), HEAD)) as person,
    ):
        yield person


@contextmanager
def owner_engine(
    private: PrivateServer, seconds: float, say: Say, via: str = "", *, changing: bool
) -> Iterator[Engine]:
    """Give the owner's engine; the database exists, its schema may be of any revision.

    Each statement may take ``seconds``; ``say`` is told what takes longer than a moment; ``via`` is
    what the change log says of where it comes from. After what is ``changing`` the schema the next
    command looks again.
    """
    with private.in_use():
        with private.exclusively():
            _make_database(private)
            if changing:
                private.forget_preparation()
        with _owner_engine(private, seconds, say, via) as owner:
            yield owner


@contextmanager
def dumped(private: PrivateServer) -> Iterator[Callable[[str], None]]:
    """Give what dumps the private database, if it holds tasks, before a migration changes it.

    It is called with the revision, and waits for locks no longer than a command may take.
    Whatever goes wrong after that names the file. Raises UnavailableError when it cannot be made.
    """
    made: list[Path] = []

    def make(revision: str) -> None:
        patience = Patience(private.timeout, private.say)
        with in_our_words(), closing(private.connect(DATABASE, SUPERUSER)) as connection:
            connection.patience = lambda: patience
            if not roles.holds_tasks(connection):
                return
        place = private.base, DATABASE, private.dumps
        made.append(dump.make(*place, revision, clock.machine(), private.timeout, private.say))

    try:
        yield make
    except TodoError as error:
        if made:
            error.hint = f"your tasks are as they were, and a dump of them is {made[0]}"
        raise


def _prepare(private: PrivateServer) -> None:
    from todo_cli.store.schema import migrate  # imports alembic: slow, and needed once

    with private.exclusively():
        if private.is_prepared(HEAD):
            return  # by another program, while we waited
        _make_database(private)
        with (
            _owner_engine(private, math.inf, lambda _: None) as owner,
            dumped(private) as keep,
        ):
            if not migrate.is_ahead(owner):
                migrate.upgrade(owner, before=keep)
        with engine.work_on(private.connect(DATABASE, OWNER)) as cursor:
            roles.create_person(cursor, PERSON, local_email())
        private.mark_prepared(HEAD)


def _make_database(private: PrivateServer) -> None:
    superuser = private.connect("postgres", SUPERUSER)
    with engine.work_on(superuser, autocommit=True) as cursor:  # CREATE DATABASE wants it so
        roles.create_database(cursor, OWNER, DATABASE)


def local_email() -> str:
    """Give the address of the person of a private database, made of the account's name."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '_', account.me())}@localhost"


@contextmanager
def _owner_engine(
    private: PrivateServer, seconds: float, say: Say, via: str = ""
) -> Iterator[Engine]:
    def connect() -> DriverConnection:
        connection = private.connect(DATABASE, OWNER)
        give_to_owner(connection, seconds, say, via)
        return connection

    with engine.disposed(engine.make_engine(connect, None)) as owner:
        yield owner
