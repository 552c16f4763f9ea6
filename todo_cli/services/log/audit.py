"""The change log of a whole database, for whoever may read all of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from todo_cli.domain.audit import Log, LogFilter
from todo_cli.link.patience import Say
from todo_cli.services.session.way_in import open_owner, open_session
from todo_cli.settings import Settings
from todo_cli.store.log import audit


@contextmanager
def open_log(settings: Settings, say: Say) -> Iterator[Session]:
    """Open the database with a login that sees the whole log.

    That is the owner's where it is known, else the person's own, which must be an auditor's. The
    private database has one person, who sees all there is. Raises AuthError for a member: a part
    must not be taken for the whole; and what `open_owner` and `open_session` raise.
    """
    if _knows_owner(settings):
        with open_owner(settings, say) as owner, Session(owner) as session:
            audit.require_reader(session)
            yield session
    else:
        with open_session(settings, say) as session:
            if settings.database_url is not None:
                audit.require_reader(session)
            yield session


def read(session: Session, wanted: LogFilter) -> Log:
    """Give the events that are wanted, the oldest first. Raises NotFoundError for the e-mail."""
    return audit.read(session, wanted)


def _knows_owner(settings: Settings) -> bool:
    if settings.admin_url is not None:
        return True
    stored = settings.stored if settings.environment_url is None else None
    return stored is not None and stored.owner_url is not None
