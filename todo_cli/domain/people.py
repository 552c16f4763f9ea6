"""Who shares a database: the people, as its owner sees them, and the invitations for them."""

import unicodedata
from enum import StrEnum
from typing import Final

from pydantic import Field

from todo_cli.domain.base import Frozen, Instant
from todo_cli.domain.roles import Role
from todo_cli.domain.text import readable, require_one_line
from todo_cli.errors import UsageError

EMAIL_LENGTH: Final = 255
NAME_LENGTH: Final = 100


class UserStatus(StrEnum):
    """How far a person has come."""

    INVITED = "invited"
    EXPIRED = "invitation expired"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class UserView(Frozen):
    """A person; ``invited_until`` is None once the invitation was accepted."""

    email: str
    first_name: str
    last_name: str
    role: Role
    status: UserStatus
    invited_until: Instant | None
    created_at: Instant


class NewUser(Frozen):
    """A person to be invited. Build it with `new_user`, which validates."""

    email: str
    first_name: str = ""
    last_name: str = ""
    role: Role = Role.MEMBER


class Invitation(Frozen):
    """A connection URL that turns once, until ``valid_until``, into a person's own login.

    The URL is a secret: it is shown once, to the owner, and kept nowhere.
    """

    email: str
    role: Role
    invitation: str = Field(repr=False)
    valid_until: Instant = Field(exclude=True)


class Removal(Frozen):
    """A person who was removed, and the tasks that went with them.

    ``kept_role`` is the name of a role that could not be dropped, because something in another
    database belongs to it; it can no longer log in.
    """

    email: str
    tasks: int
    kept_role: str | None = None


def new_user(
    email: str, first_name: str = "", last_name: str = "", role: Role = Role.MEMBER
) -> NewUser:
    """Check every value of a person to be invited. Raises UsageError about the first wrong one."""
    return NewUser(
        email=check_email(email),
        first_name=_check_name("first name", first_name),
        last_name=_check_name("last name", last_name),
        role=role,
    )


def check_email(email: str) -> str:
    """Give the e-mail in Unicode's NFC. Raises UsageError when it cannot be one."""
    email = unicodedata.normalize("NFC", email)
    before, at, behind = email.rpartition("@")
    if not (before and at and behind):
        raise UsageError(
            f"{readable(email)} is no e-mail address", "it looks like alice@example.com"
        )
    # isprintable() is false for whatever is invisible too, in which two addresses could differ.
    if not email.isprintable() or any(char.isspace() for char in email):
        raise UsageError(f"the e-mail {readable(email)} holds white space or a control character")
    if len(email) > EMAIL_LENGTH:
        raise UsageError(f"the e-mail has {len(email):,} characters; {EMAIL_LENGTH} is the most")
    return email


def fold(email: str) -> str:
    """Give what two spellings of the same e-mail have in common, whatever case and normal form.

    The database cannot tell: `lower()` under the C locale leaves letters beyond ASCII alone.
    """
    folded = unicodedata.normalize("NFD", email).casefold()
    return unicodedata.normalize("NFC", folded)


def _check_name(what: str, name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    require_one_line(what, name)
    if len(name) > NAME_LENGTH:
        raise UsageError(f"the {what} has {len(name):,} characters; {NAME_LENGTH} is the most")
    return name
