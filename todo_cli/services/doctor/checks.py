"""What lies between a person and their tasks, looked at one after the other.

Nothing is asked of anybody, changed or started. What builds on something that failed is left out.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from todo_cli import settings
from todo_cli.domain.doctor import Check, Finding, Health, State, failed, health, ok, warning
from todo_cli.errors import AuthError, TodoError, UnavailableError, UsageError, unexpected
from todo_cli.link import engine
from todo_cli.link.connect import Connect
from todo_cli.link.driver import DriverConnection
from todo_cli.link.errors import in_our_words
from todo_cli.link.patience import LONGER, Patience, Say
from todo_cli.link.url import NO_URL
from todo_cli.server import place, starting
from todo_cli.services.agent import control
from todo_cli.services.doctor import limits, server_side, time_zone
from todo_cli.services.session import private, stored_logins, way_in
from todo_cli.settings import LOCAL, Settings
from todo_cli.store import doctor as store
from todo_cli.store.people.roles import OWNER
from todo_cli.store.schema.models import HEAD

_VARIABLES: Final = (
    "HOME",
    "DATABASE_URL",
    "ADMIN_DATABASE_URL",
    "PROFILE",
    "AGENT",
    "NOW",
    "DEBUG",
)
_MAINTAINER: Final = "tell whoever looks after the database"
# What to do about what failed, where the error itself does not know.
_HINTS: Final = {
    "config": "mend the file, or move it out of the way",
    "private server": "todo db start says more",
    "connection": "is the URL right? todo profile list shows host, port and database",
    "login": "log in again: todo login; if that fails, ask the database's owner for an invitation",
}
_NOBODY: Final = "is the name right, and is this machine on the network?"
_NO_ANSWER: Final = "is the server up, the port right, and no firewall in between?"


def examine(
    environ: Mapping[str, str],
    profile: str | None,
    seconds: float | None,
    say: Say,
    show: Callable[[Exception], None],
) -> Health:
    """Look at everything, from the settings to the policies, and tell what was found.

    ``profile`` and ``seconds`` are what --profile and --timeout say; the seconds are for all of
    it. ``say`` is told what is waited for when it takes longer than a moment, and ``show`` every
    error, which ends nothing.
    """
    looked = _Examination(environ, profile, seconds, show)
    if not looked.at_settings():
        return health(looked.checks)
    limit = looked.known.timeout
    try:
        # A little more: what waits inside knows better what for.
        Patience(limit + 0.5, say).wait_for(looked.at_database, "still looking ...")
    except UnavailableError as error:
        show(error)
        slow = failed(f"no answer within {limit:g} s", LONGER)
        return health([*looked.checks, slow.about(looked.name)])
    return health(looked.checks)


class _Examination:
    """What has been found so far; ``name`` is what is being looked at."""

    known: Settings

    def __init__(
        self,
        environ: Mapping[str, str],
        profile: str | None,
        seconds: float | None,
        show: Callable[[Exception], None],
    ) -> None:
        self.checks: list[Check] = []
        self.name = ""
        self._environ = environ
        self._profile = profile
        self._seconds = seconds
        self._show = show
        self._begin = time.monotonic()
        self._lost = False  # whether the server has gone
        self._own = NO_URL  # the person's URL, with its password

    def look(self, name: str, probe: Callable[[], Finding]) -> bool:
        """Look at one thing; tell whether what builds on it can be looked at."""
        if self._lost:
            return False
        self.name = name
        try:
            with in_our_words():
                found = probe()
        except TodoError as error:
            self._show(error)
            self._lost = isinstance(error, UnavailableError)
            name = _place_of(error) if name == "connection" else name
            found = failed(error.message, error.hint or _HINTS.get(name, _MAINTAINER))
        except Exception as error:  # a server may answer anything, and the rest matters too
            self._show(error)
            found = failed(unexpected(error), _MAINTAINER)
        self.checks.append(found.about(name))
        return found.state is not State.FAILED

    @property
    def _left(self) -> float:
        return max(0.1, round(self._begin + self.known.timeout - time.monotonic(), 1))

    @property
    def _is_private(self) -> bool:
        return self.known.environment_url is None and self.known.profile == LOCAL

    def at_settings(self) -> bool:
        """Look at what this machine has been told, and whether it is enough to go on."""
        # Nothing builds on it: where it is wrong, the rest matters too.
        self.look("time zone", lambda: time_zone.look(self._environ))
        return (
            self.look("config", self._config)
            and self.look("environment", self._variables)
            and self.look("profile", self._chosen)
            and self.look("timeout", self._timeout)
            and self.look("agent", lambda: control.look(self._environ))
            and self.look("limits", self._limits)
            and self.look("database", self._database)
        )

    def _config(self) -> Finding:
        self.known = settings.load(self._environ, self._profile, self._seconds)
        file = self.known.folders.config_file
        return ok(str(file) if file.exists() else f"there is no {file}, and it need not exist")

    def _variables(self) -> Finding:
        names = [name for each in _VARIABLES if self._environ.get(name := f"TODO_{each}")]
        if not self._is_private:  # libpq's; the private server has them ignored
            names += sorted(name for name in self._environ if name.startswith("PG"))
        return ok(f"set: {', '.join(names)}" if names else "no variable of todo is set")

    def _chosen(self) -> Finding:
        known = self.known
        if known.environment_url is not None:
            return ok("none: TODO_DATABASE_URL comes first")
        _ = known.stored  # raises for one that is not there
        if self._profile:
            origin = "--profile"
        elif self._environ.get("TODO_PROFILE"):
            origin = "TODO_PROFILE"
        else:
            origin = "the config file" if known.default_profile != LOCAL else "the default"
        return ok(f"{known.profile} ({origin})")

    def _timeout(self) -> Finding:
        origin = "the default" if self._seconds is None else "--timeout"
        return ok(f"{self.known.timeout:g} seconds ({origin})")

    def _limits(self) -> Finding:
        return limits.look(self._environ, self.known, is_private=self._is_private)

    def _database(self) -> Finding:
        target = self.known.database_url
        if target is None:
            return ok("the private PostgreSQL of this machine")
        hint = "in a URL, what is special in a password is percent-encoded: @ is %40, / is %2F"
        if target.parameters.get("host") and target.host is None:
            return failed("the URL names no host that could be one", hint)
        shown = str(target)
        if shown.endswith("..."):
            return warning(f"{shown} (the rest might be a piece of the password)", hint)
        return ok(shown)

    def at_database(self) -> None:
        """Look at the password, the network and the server, as far as one can get."""
        readable = self.look("password", self._password)
        if not self._is_private or self.known.admin_url is not None:
            self.look("owner", self._owner)
        if self._is_private:
            self._at_private_server()
        elif self._at_network() and readable:
            known = replace(self.known, timeout=self._left)
            self._at_server(lambda: way_in.connect(self._own, known, _say_nothing)())

    def _password(self) -> Finding:
        if self._is_private:
            return ok("none is needed")
        self._own = stored_logins.person_url(self.known) or NO_URL
        in_url = self._own.has_password
        match stored_logins.store_in_use(self.known):
            case "keyring":
                return ok("in the keyring, which gave it")
            case "file":
                return ok("in a file that only you can read")
            case "environment" if in_url:
                return ok("in TODO_DATABASE_URL")
            case "none" if in_url:
                return warning("in the config file, in plain text", "keep it safer: todo login")
        return ok("none is given: the server may need none, or ~/.pgpass has it")

    def _owner(self) -> Finding:
        if self.known.admin_url is not None:
            return ok("TODO_ADMIN_DATABASE_URL has the owner's login, which is not tried")
        stored = self.known.stored if self.known.environment_url is None else None
        if stored is None or stored.owner_url is None:
            return ok("the owner's login is not kept here")
        place = f"in the {stored.owner_store}" if stored.owner_store else "without a password"
        return ok(f"the owner's login is kept too, {place}; it is not tried")

    def _at_network(self) -> bool:
        """Look names up and knock at ports; of several servers, one that answers is enough."""
        servers = store.endpoints(self.known.database_url or NO_URL)
        named = any(server.is_name for server in servers)
        return (not named or self.look("dns", lambda: _each(servers, _look_up, _NOBODY))) and (
            not servers
            or self.look("tcp", lambda: _each(servers, self._knock(servers), _NO_ANSWER))
        )

    def _knock(self, servers: list[store.Endpoint]) -> "_Try":
        share = self._left / (len(servers) + 1)  # one is for what comes after
        return lambda server: _knock(server, share)

    def _at_private_server(self) -> None:
        running = False

        def status() -> Finding:
            nonlocal running
            found, state = _private_status(replace(self.known, timeout=self._left))
            running = state
            return found

        if self.look("private server", status) and running:
            folder = self.known.folders.data
            self._at_server(lambda: store.connect_private(folder, self._left), self._compare)

    def _compare(self) -> Finding:
        """Compare the private database with this program, as its owner."""
        from todo_cli.store.schema import soundness  # imports alembic: slow

        def connect() -> DriverConnection:
            return store.connect_private(self.known.folders.data, self._left, OWNER)

        with engine.disposed(engine.make_engine(connect, None)) as owner:
            return server_side.definitions(soundness.check(owner).differences)

    def _at_server(self, connect: Connect, compare: server_side.Ask | None = None) -> None:
        """Connect as every command does, and look at what is there."""
        begin = time.perf_counter()
        opened: list[DriverConnection] = []

        def open_() -> Finding:
            opened.append(connect())
            return ok(f"opened in {1000 * (time.perf_counter() - begin):.0f} ms")

        if self.look("connection", open_):
            seconds = time.perf_counter() - begin
            pooled = not self._is_private and self._own.is_pooled
            with engine.work_on(opened[0], autocommit=True) as cursor:
                server_side.look_at(cursor, self.look, seconds, pooled=pooled, compare=compare)


_Try = Callable[[store.Endpoint], tuple[bool, str]]


def _each(servers: list[store.Endpoint], attempt: _Try, hint: str) -> Finding:
    """Try each server; libpq goes on to the next one when one fails."""
    results = [attempt(server) for server in servers]
    words = "; ".join(said for _, said in results)
    if all(good for good, _ in results):
        return ok(words)
    return warning(words, hint) if any(good for good, _ in results) else failed(words, hint)


def _look_up(server: store.Endpoint) -> tuple[bool, str]:
    if not server.is_name:
        return True, f"{server.address} needs no looking up"
    try:
        return True, f"{server.address} is {', '.join(store.look_up(server))}"
    except (OSError, UnicodeError):
        return False, f"{server.address} is not known"


def _knock(server: store.Endpoint, seconds: float) -> tuple[bool, str]:
    where = f"{server.name} port {server.port}"
    try:
        return True, f"{where} answers in {1000 * store.knock(server, seconds):.1f} ms"
    except TimeoutError:
        return False, f"{where} does not answer within {seconds:.2g} s"
    except OSError as error:
        return False, f"{where}: {error.strerror}"
    except (OverflowError, UnicodeError):
        return False, f"{where} cannot be"


def _private_status(known: Settings) -> tuple[Finding, bool]:
    """Look at the private server; tell whether it runs and is ready to be connected to."""
    server = private.server(known, _say_nothing)
    store.check_private(server.base)
    status = server.status()
    where = f"{status.folder}, {status.size / 1_000_000:.0f} MB"
    if not status.running:
        is_there = server.cluster.is_dir()
        words = f"stopped: the next command starts it ({where})"
        return ok(words if is_there else "not there yet: the first command sets it up"), False
    if status.version is None and status.host is not None:
        raise starting.runs_elsewhere(status.host, server.base)
    if status.version is None:
        return failed(
            f"it runs and does not answer ({where})", "todo db stop; todo db start"
        ), False
    there = f" {place.elsewhere(status.host)}" if status.host else ""
    words = f"PostgreSQL {status.version} runs{there} ({where})"
    if not server.is_prepared(HEAD):
        return ok(f"{words}; the next command prepares its database"), False
    return ok(words), True


def _place_of(error: TodoError) -> str:
    """Tell at what a connection failed."""
    if isinstance(error, AuthError):
        return "login"
    encrypted = any(word in error.message for word in ("SSL", "certificate", "sslmode"))
    return "tls" if encrypted or isinstance(error, UsageError) else "connection"


def _say_nothing(_: str) -> None:
    """Leave that to `examine`, which says once that something takes long."""
