"""What `todo doctor` tells: each thing it looked at, what it found, and what to do about it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from todo_cli.domain.base import Frozen
from todo_cli.domain.text import flat


class State(StrEnum):
    """How something is; a warning is nothing that keeps a command from working."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(Frozen):
    """One thing between a person and their tasks; no ``hint`` where all is well."""

    name: str
    state: State
    found: str
    hint: str | None


class Health(Frozen):
    """Everything that was looked at, in its order; ``ok`` when nothing failed."""

    ok: bool
    checks: tuple[Check, ...]


class Finding(NamedTuple):
    """What was found about one thing."""

    state: State
    found: str
    hint: str | None = None

    def about(self, name: str) -> Check:
        """Give it as a check. What a server says may be in it, in several lines."""
        hint = None if self.hint is None else flat(self.hint)
        return Check(name=name, state=self.state, found=flat(self.found), hint=hint)


def ok(found: str) -> Finding:
    """Find something in order."""
    return Finding(State.OK, found)


def warning(found: str, hint: str) -> Finding:
    """Find something that works, and might be better."""
    return Finding(State.WARNING, found, hint)


def failed(found: str, hint: str) -> Finding:
    """Find something that keeps commands from working, or people's tasks from being theirs."""
    return Finding(State.FAILED, found, hint)


def health(checks: Iterable[Check]) -> Health:
    """Put checks together."""
    every = tuple(checks)
    return Health(ok=all(each.state is not State.FAILED for each in every), checks=every)
