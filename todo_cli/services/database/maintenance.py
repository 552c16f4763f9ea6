"""What a maintainer does with the database as a whole."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from todo_cli.domain.database import (
    Migration,
    MigrationList,
    SchemaCheck,
    SchemaRepair,
    SchemaState,
    ServerView,
)
from todo_cli.errors import UnavailableError
from todo_cli.link.patience import Say
from todo_cli.server import fresh
from todo_cli.services.session import private
from todo_cli.services.session.way_in import is_private, open_owner
from todo_cli.settings import Settings
from todo_cli.store.schema import migrate, soundness
from todo_cli.store.schema.models import HEAD


def upgrade(settings: Settings, say: Say, target: str) -> SchemaState:
    """Bring the schema up to ``target``. Raises NotFoundError, SchemaError, AuthError.

    The private database is dumped before, as `private.dumped` says.
    """
    with _to_be_changed(settings, say) as (owner, keep):
        applied = migrate.upgrade(owner, target, before=keep)
        return SchemaState(revision=migrate.current(owner), head=HEAD, changed=tuple(applied))


def downgrade(settings: Settings, say: Say, target: str) -> SchemaState:
    """Take the schema down to ``target``; what was above is lost. Raises as `upgrade`."""
    with _to_be_changed(settings, say) as (owner, keep):
        undone = migrate.downgrade(owner, target, before=keep)
        return SchemaState(revision=migrate.current(owner), head=HEAD, changed=tuple(undone))


def require_known(target: str) -> None:
    """Raise NotFoundError for a revision that this program does not know."""
    migrate.require_known(target)


def current(owner: Engine) -> SchemaState:
    """Give the revision of the database."""
    return SchemaState(revision=migrate.current(owner), head=HEAD)


def history() -> MigrationList:
    """Give the migrations this program knows, the oldest first."""
    known = (Migration(revision=name, about=about) for name, about in migrate.history())
    return MigrationList(migrations=tuple(known))


def check(owner: Engine) -> SchemaCheck:
    """Compare the database with this program. Raises SchemaError when it is behind or ahead."""
    return soundness.check(owner)


def repair(owner: Engine) -> SchemaRepair:
    """Put back what differs, as far as it can be. Raises as `check`, and AuthError."""
    return soundness.repair(owner)


def start(settings: Settings, say: Say) -> ServerView:
    """Start the private server, making it if there is none, and give its status.

    Raises UnavailableError when it does not run, or could not go on running.
    """
    with private.person_engine(private.server(settings, say)) as engine:
        engine.connect().close()
    found = status(settings, say)
    if not found.running:  # it serves nobody after the command that started it
        raise UnavailableError(
            f"the private PostgreSQL does not stay with {', '.join(fresh.worse())}",
            "start it from another shell",
        )
    return found


def stop(settings: Settings, say: Say) -> bool:
    """Stop the private server; tell whether it ran."""
    return private.server(settings, say).stop()


def status(settings: Settings, say: Say) -> ServerView:
    """Look at the private server without starting it."""
    return private.server(settings, say).status()


@contextmanager
def _to_be_changed(settings: Settings, say: Say) -> Iterator[tuple[Engine, migrate.Before]]:
    """Open a database whose schema is about to change, with what is done before."""
    with open_owner(settings, say, endless=True, changing=True) as owner:
        if not is_private(settings):
            yield owner, lambda _: None
            return
        with private.dumped(private.server(settings, say)) as keep:
            yield owner, keep
