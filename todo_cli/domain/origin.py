"""Which client a change comes from, as the change log keeps it in ``via``."""

from typing import Final
from uuid import UUID

from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

_LONGEST: Final = 100  # characters of a host's name, and of an actor's


def via(client: UUID, host: str, actor: str | None) -> str:
    """Give a client as text: the id it keeps, its host's name, and the actor where there is one.

    One space parts them. The id has none and the host's name loses those it has, so that they can
    be told apart.
    """
    known = "".join(each if each.isprintable() and each != " " else "-" for each in host) or "-"
    return " ".join((str(client), known[:_LONGEST], *([actor] if actor else [])))


def actor(said: str | None) -> str | None:
    """Give who acts, from TODO_ACTOR; None where nobody is named. Raises UsageError."""
    name = (said or "").strip()
    if len(name) > _LONGEST or not name.isprintable():
        raise UsageError(
            f"TODO_ACTOR is too long, or no name: {readable(name[:_LONGEST])}",
            f"at most {_LONGEST} characters that can be shown",
        )
    return name or None
