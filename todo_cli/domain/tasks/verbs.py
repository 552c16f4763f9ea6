"""The verbs that take IDs and give tasks another state: the one table of what is known about each.

The commands, the statement of the store, messages and completion read it.
"""

from dataclasses import dataclass
from typing import Final

from todo_cli.domain.tasks.values import Status


@dataclass(frozen=True)
class Verb:
    """One verb.

    ``name`` is that of the command. Tasks in one of the states ``movable`` get the state ``to``;
    others stay as they are, if ``allowed`` holds theirs. ``changed`` and ``already`` begin the
    sentence about a task that was moved, or was so already.
    """

    name: str
    movable: tuple[Status, ...]
    to: Status
    changed: str
    already: str

    @property
    def allowed(self) -> tuple[Status, ...]:
        """The states that a task may be in: not in the trash, unless this verb is about that."""
        trash = Status.DELETED in (self.to, *self.movable)
        return tuple(Status) if trash else PRESENT


PRESENT: Final = (Status.PENDING, Status.COMPLETED)  # not in the trash

DONE: Final = Verb(
    name="done",
    movable=(Status.PENDING,),
    to=Status.COMPLETED,
    changed="Completed",
    already="Already completed:",
)
REOPEN: Final = Verb(
    name="reopen",
    movable=(Status.COMPLETED,),
    to=Status.PENDING,
    changed="Reopened",
    already="Already pending:",
)
RM: Final = Verb(
    name="rm",
    movable=PRESENT,
    to=Status.DELETED,
    changed="Moved to the trash:",
    already="Already in the trash:",
)
RESTORE: Final = Verb(
    name="restore",
    movable=(Status.DELETED,),
    to=Status.PENDING,
    changed="Restored",
    already="Not in the trash:",
)
VERBS: Final = (DONE, REOPEN, RM, RESTORE)
