"""The change log: what happened to everybody's tasks, as an auditor or the owner reads it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from todo_cli.domain.base import Frozen, Instant


class Action(StrEnum):
    """What happened to a task, as far as this program knows; the log may hold more."""

    ADDED = "added"
    MODIFIED = "modified"
    COMPLETED = "completed"
    REOPENED = "reopened"
    DELETED = "deleted"
    RESTORED = "restored"
    PURGED = "purged"


class Event(Frozen):
    """One entry of the log; the order of the fields is that of the JSON.

    ``task`` is the task's number, None when the log no longer knows it. ``title`` is there only
    when the event itself tells it. ``user`` is the e-mail of whose task it is, ``actor`` that of
    who did it: None once they are removed, ``actor`` also for the owner of the database, whom
    ``actor_role`` names. ``before`` and ``after`` hold what changed, as the log keeps it.
    ``revision`` is the task's after the change; ``via`` the client, as domain/client.py puts it
    together, or what somebody else wrote there; ``undoes`` the command that this one takes back.
    ``entity`` says what changed, and ``entity_id`` which one where it is no task. An ``action`` or
    ``entity`` of a later program is a text like any other.
    """

    at: Instant
    action: str
    task: int | None
    task_id: UUID
    title: str | None
    user: str | None
    user_id: UUID
    actor: str | None
    actor_id: UUID | None
    actor_role: str
    command_id: UUID | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    revision: int | None
    via: str | None
    undoes: UUID | None
    entity: str
    entity_id: UUID | None


class LogFilter(Frozen):
    """Which events: from an instant on, of the tasks of one person, the newest so many."""

    since: datetime | None = None
    email: str | None = None
    limit: int | None = None


class Log(Frozen):
    """Some events, the oldest first, and how many there are in all."""

    events: tuple[Event, ...]
    total: int
