"""What the owner of a shared database does with its people.

The order of the steps is part of it: each was found by an attack on another order. A command that
is cut half-way can be repeated, and ends right.
"""

from typing import Final
from urllib.parse import quote

from sqlalchemy import Engine

from todo_cli.domain.people import (
    Invitation,
    NewUser,
    Removal,
    UserStatus,
    UserView,
    fold,
    new_user,
)
from todo_cli.errors import ConflictError, UsageError
from todo_cli.link.url import NO_URL, ConnectionUrl
from todo_cli.services.session import stored_logins
from todo_cli.settings import Settings
from todo_cli.store.people import people
from todo_cli.store.people.login_roles import Login
from todo_cli.store.people.people import Person
from todo_cli.store.people.whereabouts import Whereabouts, whereabouts

# The parameters of a connection URL that an invitation keeps.
_SHARED: Final = {
    "channel_binding",
    "connect_timeout",
    "dbname",
    "gssencmode",
    "host",
    "hostaddr",
    "load_balance_hosts",
    "port",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslmode",
    "sslnegotiation",
    "sslsni",
    "target_session_attrs",
}


def require_shared(known: Settings) -> None:
    """Raise ConflictError for the private database, which is for one person."""
    if known.admin_url is None and known.database_url is None:
        raise ConflictError(
            "the private database is for one person",
            "for a shared one: todo login, or set TODO_ADMIN_DATABASE_URL",
        )


def everybody(owner: Engine) -> tuple[UserView, ...]:
    """Give all people, by e-mail."""
    return tuple(person.view for person in people.everybody(owner))


def show(owner: Engine, email: str) -> tuple[UserView, int]:
    """Give one person, and how many tasks they have in all. Raises NotFoundError."""
    person = people.find(owner, email)
    return person.view, people.count_tasks(owner, person)


def add(owner: Engine, known: Settings, new: NewUser) -> Invitation:
    """Invite somebody to the database of these settings, who can do nothing before accepting.

    Raises ConflictError for an e-mail that is known, UsageError on a connection that others hear.
    """
    link = _link(owner, known)
    return _invitation(link, new, people.add(owner, new))


def reset(owner: Engine, known: Settings, email: str) -> Invitation:
    """Take somebody's login away and invite them to a new one; the tasks stay.

    Somebody deactivated is invited too: the password they had is worth nothing any more. Raises
    NotFoundError, and UsageError as `add`.
    """
    link = _link(owner, known)
    person = people.find(owner, email)
    _shut_out(owner, person)
    return _invitation(link, person.view, people.renew(owner, person))


def known_among(owner: Engine, *emails: str) -> str:
    """Give the first of these that is somebody's, else the first."""
    known = {fold(each.email) for each in everybody(owner)}
    return next((each for each in emails if fold(each) in known), emails[0])


def invite_owner(owner: Engine, email: str) -> Login:
    """Give the login of an invitation that the owner uses at once, over the same way.

    Who has a login keeps it until the invitation is accepted: the new one may not work.
    """
    new = new_user(email)
    known = [each for each in people.everybody(owner) if fold(each.view.email) == fold(new.email)]
    if not known:
        return people.add(owner, new)
    if known[0].view.status is UserStatus.ACTIVE:
        return people.invite_back(owner, known[0])
    _shut_out(owner, known[0])
    return people.renew(owner, known[0])


def deactivate(owner: Engine, email: str) -> UserView:
    """Keep somebody out of the database, at once; the tasks stay. Raises NotFoundError."""
    person = people.find(owner, email)
    _shut_out(owner, person)
    people.set_inactive(owner, person)
    return people.find(owner, email).view


def activate(owner: Engine, email: str) -> UserView:
    """Let somebody in again, with the password they had. Raises NotFoundError, ConflictError."""
    people.set_active(owner, people.find(owner, email))
    return people.find(owner, email).view


def remove(owner: Engine, email: str) -> Removal:
    """Delete somebody with all tasks and with the login. Raises NotFoundError."""
    person = people.find(owner, email)
    _shut_out(owner, person)
    tasks = people.count_tasks(owner, person)
    kept = people.remove(owner, person)
    return Removal(email=person.view.email, tasks=tasks, kept_role=kept)


def _shut_out(owner: Engine, person: Person) -> None:
    # The invitation first: until its last session has ended, it can still open the person's role.
    for role in person.roles:
        people.shut_out(owner, role)


def _link(owner: Engine, known: Settings) -> ConnectionUrl:
    """Give what the URLs of invitations have in common, before anybody is invited.

    Raises UsageError where others could read an invitation's password on its way.
    """
    place = whereabouts(owner)
    if not place.private:
        raise UsageError(
            "the connection is not encrypted, and an invitation is a secret",
            "add sslmode=require to the owner's URL",
        )
    return for_others(stored_logins.owner_url(known) or NO_URL, place)


def for_others(owner_url: ConnectionUrl, place: Whereabouts) -> ConnectionUrl:
    """Give the owner's URL without anything that is the owner's own, the login neither.

    What it leaves to the owner's machine or login is put in.
    """
    said, added = owner_url.parameters, list[str]()
    if "host" not in said and "hostaddr" not in said:
        added += [f"host={quote(place.host, safe='')}", f"port={place.port}"]
    if "dbname" not in said:
        added.append(f"dbname={quote(place.database, safe='')}")
    anybody = owner_url.with_login("name", "password")
    return anybody.with_query(lambda items: [*filter(_is_for_everybody, items), *added])


def _invitation(link: ConnectionUrl, who: NewUser | UserView, login: Login) -> Invitation:
    return Invitation(
        email=who.email,
        role=who.role,
        invitation=link.with_login(login.role, login.password).reveal(),
        valid_until=login.valid_until,
    )


def _is_for_everybody(item: str) -> bool:
    """Tell whether a parameter means the same on other machines, as no file's name does."""
    return item.partition("=")[0] in _SHARED or item == "sslrootcert=system"
