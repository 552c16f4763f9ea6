"""Logging in to a shared database: by an invitation, by one's own URL, or by its owner's."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from todo_cli import credentials, settings
from todo_cli.credentials import Store
from todo_cli.domain.identity import Account, Login
from todo_cli.errors import AuthError, TodoError, UnavailableError, UsageError, without_tasks
from todo_cli.link import engine
from todo_cli.link.driver import DriverConnection
from todo_cli.link.patience import Say
from todo_cli.link.url import ConnectionUrl
from todo_cli.services.session import stored_logins
from todo_cli.services.session.way_in import connect, open_session, owner_engine
from todo_cli.settings import Settings
from todo_cli.store.people import login as queries

_PAUSES: Final = (0.2, 0.4, 0.8, 1.6, 3.2)  # seconds
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Questions:
    """What may be asked while logging in, each answered without asking where nobody can be."""

    upgrade: Callable[[], bool]
    email: Callable[[str], str]


@dataclass(frozen=True)
class _Target:
    """What a login is to be kept as, and who hears of what takes long."""

    known: Settings
    name: str
    store: Store
    say: Say

    def connect(self, given: ConnectionUrl) -> DriverConnection:
        """Connect to a URL as the settings want it."""
        return connect(given, self.known, self.say)()

    def keep(self, own: ConnectionUrl, owner: ConnectionUrl | None = None) -> None:
        """Keep a login, and perhaps the owner's."""
        stored_logins.keep(self.known, self.name, self.store, own, owner, self.say)


def login(
    known: Settings, given: ConnectionUrl, name: str | None, store: Store, ask: Questions, say: Say
) -> Login:
    """Log in with a URL and keep it as a profile, which becomes the default.

    The URL is an invitation, a person's or that of the database's owner, who gets a login of their
    own for daily use. The profile is called ``name``, else like the database. Whether the store
    works is tried before anything else. Raises UsageError, AuthError, UnavailableError.
    """
    if known.environment_url is not None:
        raise UsageError(
            "TODO_DATABASE_URL is set, and wins over what a login would keep",
            "unset TODO_DATABASE_URL",
        )
    if name is not None:
        settings.check_profile_name(name)
    credentials.probe(store, known.folders.config)
    given = given.with_whole_paths()  # the next command may be given in another folder
    with engine.work_on(connect(given, known, say)(), autocommit=True) as cursor:
        standing = queries.standing(cursor)
    target = _Target(known, name or _default_name(standing.database), store, say)
    if standing.owns:
        return _login_owner(target, given, ask, has_schema=standing.has_schema)
    if not standing.invited:
        pooled = given.pooled()
        found = _visit(target, pooled)
        target.keep(pooled)
        return found
    # Its password is told once: it is kept before anything else can fail.
    own = _accept(target.connect(given), given)
    target.keep(own)
    return _look_round(target, own)


def logout(known: Settings, names: list[str], say: Say) -> None:
    """Forget profiles with their passwords, as `stored_logins.forget`. Raises NotFoundError."""
    for name in names:
        stored_logins.forget(known, name, say)


def whoami(known: Settings, say: Say) -> Account:
    """Tell who is logged in, and where; the private database knows its one person too.

    Raises AuthError, UnavailableError.
    """
    with open_session(known, say) as session:
        email, kind = queries.whoami(session)
        place = queries.place(session)
    return Account(
        email=email,
        role=kind,
        profile=known.profile,
        host=place.host,
        database=place.database,
        store=stored_logins.store_in_use(known),
    )


def _login_owner(
    target: _Target, given: ConnectionUrl, ask: Questions, *, has_schema: bool
) -> Login:
    """Make a login for the owner's daily use, and keep both apart.

    While the database stays empty, only the owner's is kept, for `db upgrade`.
    """
    from todo_cli.services.people import users
    from todo_cli.store.schema import migrate

    known = target.known
    with owner_engine(given, known, target.say, endless=not has_schema) as owner:
        if not has_schema:
            if not ask.upgrade():
                target.keep(given, given)
                return _visit(target, given, owner=True)
            migrate.upgrade(owner)
        # The second is what a former program took, of a URL that said all of it.
        former = f"{given.user}@{given.host or 'localhost'}"
        email = ask.email(users.known_among(owner, queries.address(owner), former))
        invitation = users.invite_owner(owner, email)
        invited = given.with_login(invitation.role, invitation.password)
        try:
            own = _accept(_patiently(lambda: target.connect(invited)), given)
        except TodoError as error:
            error.hint = "somebody else may be logging in with the owner's URL: try again"
            raise
    target.keep(own, given)
    return _look_round(target, own, owner=True)


def _accept(invited: DriverConnection, given: ConnectionUrl) -> ConnectionUrl:
    """Use an invitation up, and give the URL that it turns into: for daily use, so by a pooler."""
    try:
        with engine.work_on(invited, autocommit=True) as cursor:
            accepted = queries.accept_invitation(cursor)
    except UnavailableError as error:
        error.hint = "if the invitation does not work any more, ask for a new one"
        raise
    return given.with_login(*accepted).pooled()


def _look_round(target: _Target, own: ConnectionUrl, *, owner: bool = False) -> Login:
    """Visit with a login that has just been made, and is kept whatever happens here."""
    try:
        return _patiently(lambda: _visit(target, own, owner=owner))
    except TodoError as error:
        error.hint = "the login is made and kept: todo whoami"
        raise


def _visit(target: _Target, own: ConnectionUrl, *, owner: bool = False) -> Login:
    """Connect and tell who and where that is. Raises AuthError for nobody's role."""
    with engine.work_on(target.connect(own), autocommit=True) as cursor:
        link = queries.link(cursor)
        alone = owner and queries.standing(cursor).owns  # without a login of one's own
        email, kind = ("", "owner") if alone else _person(queries.person(cursor))
    return Login(
        email=email,
        role=kind,
        profile=target.name,
        host=link.host,
        database=link.database,
        store=target.store if own.has_password else "none",
        owner=owner,
        version=link.version,
        tls=link.tls,
        pooled=own.is_pooled,
        round_trip_ms=round(1000 * link.round_trip, 1),
    )


def _patiently(work: Callable[[], _Result]) -> _Result:
    """Try again while a role that has just been made is refused, as Neon's proxy may do at first.

    Raises AuthError in the end.
    """
    for seconds in _PAUSES:
        try:
            return work()
        except AuthError:
            time.sleep(seconds)
    return work()


def _person(found: tuple[str, str] | None) -> tuple[str, str]:
    if found is None:
        raise without_tasks("nobody")
    return found


def _default_name(database: str) -> str:
    """Call a profile like its database, as far as that can be a profile's name."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", database).lstrip("._-")
    return name if name not in ("", settings.LOCAL) else "shared"
