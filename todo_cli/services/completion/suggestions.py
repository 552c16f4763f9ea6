"""What a person's data suggests for a word under the cursor: at once, or nothing.

Nothing here fails: whatever is wrong (no server, no schema, a broken config, a host that does not
answer) means that there is nothing to suggest.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeVar
from unicodedata import normalize

from todo_cli import clock, settings
from todo_cli.credentials import Store
from todo_cli.errors import AuthError
from todo_cli.services.database import profiles
from todo_cli.settings import Settings

if TYPE_CHECKING:
    from todo_cli.store.tasks.suggestions import Connect

Row = TypeVar("Row")
Show = Callable[[Exception], None]
Rows = list[tuple[str, str]]  # a value, and what to say about it

# Seconds for the whole program: people take 300 ms for "at once", and leaving takes some of them.
DEADLINE = 0.27


@dataclass(frozen=True)
class Suggestions:
    """What one person's config and database suggest.

    ``environ`` and ``profile`` say which database, as for any command. ``prefix`` is how a
    suggestion begins, ``without`` holds those not wanted. There are 200 at the most. ``show`` is
    told the error that is the reason why there are none.
    """

    environ: Mapping[str, str]
    profile: str | None = None
    show: Show = lambda _: None

    def tasks(self, statuses: Sequence[str], prefix: str, without: Sequence[str]) -> Rows:
        """Give number and title of tasks in these states, in the order of the default list."""
        from todo_cli.store.tasks import suggestions  # imports the driver: slow

        def find(connect: "Connect") -> Rows:
            now = clock.now(self.environ, clock.find_zone(self.environ).rules)
            return suggestions.tasks(connect, statuses, prefix, without, now)

        return self._ask(find)

    def projects(self, prefix: str) -> Rows:
        """Give projects by name, each with how many pending tasks it has."""
        from todo_cli.store.tasks import suggestions

        return self._ask(lambda connect: suggestions.projects(connect, normalize("NFC", prefix)))

    def tags(self, prefix: str, without: Sequence[str]) -> Rows:
        """Give tags by name, each with how many pending tasks have it."""
        from todo_cli.store.tasks import suggestions

        beginning = normalize("NFC", prefix)
        return self._ask(lambda connect: suggestions.tags(connect, beginning, without))

    def profiles(self) -> Rows:
        """Give the profiles, each with where its database is."""
        found = _in_time(lambda: profiles.all_known(settings.load(self.environ)), self.show)
        return [(each.name, each.url or "the private database") for each in found]

    def _ask(self, query: "Callable[[Connect], Rows]") -> Rows:
        def find() -> Rows:
            return query(_connect(settings.load(self.environ, self.profile)))

        return _in_time(find, self.show)


def _connect(known: Settings) -> "Connect":
    """Choose the database. Raises AuthError for a login in the keyring, which is not asked."""
    from todo_cli.services.session import stored_logins
    from todo_cli.store.tasks import suggestions

    if stored_logins.store_in_use(known) == Store.KEYRING:
        raise AuthError("the keyring is not asked while somebody types")
    own = stored_logins.person_url(known)
    if own is None:
        return suggestions.to_private(known.folders.data)
    return suggestions.by_url(own)


def _in_time(find: Callable[[], Sequence[Row]], show: Show) -> list[Row]:
    """Give what is found before the deadline, nothing if that fails or takes longer.

    A thread, because nothing else interrupts libpq while it looks up a host or waits for it. One
    that is late is left behind: it ends with the program.
    """
    found: list[Row] = []

    def run() -> None:
        try:
            found.extend(find())
        except Exception as error:  # nobody hears of it by himself: the person is typing
            show(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0.0, DEADLINE - _age()))
    if thread.is_alive():
        show(TimeoutError(f"no answer within {DEADLINE} s"))
    return list(found)


def _age() -> float:
    """Give for how many seconds this process has been there; where that is not told, at work."""
    if sys.platform == "linux":
        with suppress(OSError):
            fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
            started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # since boot: proc(5), field 22
            return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    return time.process_time()
