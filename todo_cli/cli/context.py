"""What a command has at hand; nothing is built before it is asked for."""

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

import typer

from todo_cli import clock, settings
from todo_cli.cli.greeting import greeting
from todo_cli.domain.text import line, readable
from todo_cli.errors import UsageError
from todo_cli.output.base import Output
from todo_cli.output.json import JsonOutput
from todo_cli.output.streams import write_message
from todo_cli.output.tables import TableOutput

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session


@dataclass
class AppContext:
    """The global options of one run, and what follows from them."""

    as_json: bool = False
    fields: list[str] | None = None
    quiet: bool = False
    profile: str | None = None
    color: bool = True
    timeout: float | None = None

    def settings(self) -> settings.Settings:
        """Read the settings. Raises UsageError or NotFoundError."""
        return settings.load(os.environ, self.profile, self.timeout)

    def now(self) -> datetime:
        """Give this moment in the person's zone. Raises UsageError."""
        return clock.now(os.environ, self._zone)

    def output(self, fields: Sequence[str], now: datetime | None = None) -> Output:
        """Give the way of output; ``fields`` are those that --fields may choose from.

        Commands ask for it before they do anything. Raises UsageError for an unknown field. A
        command that shows no dates, and works whatever is wrong with the clock, gives a ``now``.
        """
        unknown = [name for name in self.fields or () if name not in fields]
        if unknown:
            hint = f"the fields are {', '.join(fields)}"
            raise UsageError(f"no field {readable(unknown[0])}", hint)
        if self.as_json or self.fields is not None:
            return JsonOutput(sys.stdout, self.fields)
        now = now or self.now()
        return TableOutput(sys.stdout, sys.stderr, now, quiet=self.quiet, color=self._wants_color())

    def say(self, *lines: str) -> None:
        """Say on stderr what takes longer than a moment."""
        if self._for_people:
            write_message(sys.stderr, *lines)

    def confirm(self, question: Callable[[], str], yes: bool) -> None:
        """Ask on stderr, and leave with exit code 1 by `typer.Exit` unless the answer is yes.

        ``question`` is called only when it is asked. Raises UsageError when ``yes`` was not given
        and nobody can be asked: there is no terminal, or a script wants JSON.
        """
        if yes:
            return
        self.need_somebody()
        if not self.agrees(question()):
            self.leave_it()

    def need_somebody(self) -> None:
        """Raise UsageError when nobody can be asked to confirm what must be confirmed."""
        if not self.can_ask:
            raise UsageError("this must be confirmed, and nobody can be asked", "add --yes")

    def leave_it(self) -> NoReturn:
        """Leave with exit code 1, by `typer.Exit`, after an answer that was not yes."""
        self.say("Nothing was changed.")
        raise typer.Exit(1)

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits at a terminal, and no script wants JSON."""
        script = self.as_json or self.fields is not None
        return not script and sys.stdin.isatty() and sys.stderr.isatty()

    def agrees(self, question: str) -> bool:
        """Ask on stderr for yes or no; where nobody can be asked it is no."""
        return self.can_ask and self._ask(f"{question} [y/N] ").lower() in ("y", "yes")

    def ask(self, question: str, default: str) -> str:
        """Ask on stderr for a text; ``default`` is the answer where nobody can be asked."""
        return self._ask(f"{question} [{default}] ") or default if self.can_ask else default

    def ask_hidden(self, question: str) -> str:
        """Ask on stderr for something secret. Raises UsageError when nobody can be asked."""
        if not self.can_ask:
            raise UsageError("nobody can be asked for the URL", "todo login --stdin")
        return getpass.getpass(f"{line(question)}: ", sys.stderr)

    def _ask(self, question: str) -> str:
        sys.stderr.write(line(question))
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    @contextmanager
    def open(self) -> Iterator["Session"]:
        """Open the person's session. Raises what `open_session` does.

        Commands import what needs sqlmodel inside of this: meanwhile the network is waited for.
        """
        from todo_cli.services.session import early

        chosen = self.settings()
        begun = early.begin(chosen, self.say)

        from todo_cli.services.session.way_in import open_session  # imports sqlmodel: slow

        with open_session(chosen, self.say, begun) as session:
            if self._for_people and (words := greeting(chosen)):
                self.say(*words.splitlines())
            yield session

    @contextmanager
    def open_owner(self, *, endless: bool = False, changing: bool = False) -> Iterator["Engine"]:
        """Open the database as its owner, with ``endless`` for what takes as long as it takes.

        ``changing`` when the schema may be another one afterwards. Raises what
        `services.session.way_in.open_owner` does.
        """
        from todo_cli.services.session.way_in import open_owner  # imports sqlmodel: slow

        with open_owner(self.settings(), self.say, endless=endless, changing=changing) as owner:
            yield owner

    @cached_property
    def _zone(self) -> tzinfo:
        found = clock.find_zone(os.environ)
        if found.problem is not None:
            self.say(f"warning: {found.problem}: times are in UTC")
        return found.rules

    @property
    def _for_people(self) -> bool:
        return not (self.quiet or self.as_json or self.fields is not None)

    def _wants_color(self) -> bool:
        return self.color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
