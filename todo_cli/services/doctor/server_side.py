"""What an open connection tells: how it is protected, what the server is, who is logged in."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from todo_cli import clock
from todo_cli.domain.doctor import Finding, failed, ok, warning
from todo_cli.errors import AuthError, without_tasks
from todo_cli.link.errors import in_our_words
from todo_cli.store import doctor as store
from todo_cli.store.doctor import Cursor
from todo_cli.store.people import login
from todo_cli.store.schema.models import HEAD

Ask = Callable[[], Finding]
Look = Callable[[str, Callable[[], Finding]], bool]

_OLDEST: Final = 15  # the first version of PostgreSQL that serves
_CLOCK: Final = 5.0  # seconds that two clocks may differ by
_FAR: Final = 0.002  # seconds of a round trip, from which on connecting consists of them
_SHOWN: Final = 3  # of what is named

_VERIFY: Final = "put sslmode=verify-full into the URL"
_YOURSELF: Final = "log in as yourself: todo login"
_OWNER: Final = "tell the database's owner, whom todo db check shows it too"
_REPAIR: Final = "todo db check names them all, and --repair puts back what it can"
_DUMPS: Final = "the owner's pg_dump needs -B; todo db check says what --repair drops"


def look_at(
    cursor: Cursor, look: Look, connecting: float, *, pooled: bool, compare: Ask | None
) -> None:
    """Look at everything behind a connection, which took so many seconds to open.

    ``look`` looks at one thing under its name, and tells whether what builds on it can be looked
    at. ``pooled`` tells that the URL names a pooler of Neon's; ``compare`` compares definitions
    as the owner, where that can be done.
    """
    look("tls", lambda: _tls(cursor))
    look("login", lambda: ok("accepted"))
    look("route", lambda: _route(cursor, pooled=pooled))
    look("server", lambda: _server(cursor))
    if look("schema", lambda: _schema(cursor)):
        look("person", lambda: _person(cursor))
        look("row security", lambda: _row_security(cursor))
        look("definitions", compare or (lambda: _definitions(cursor)))
        look("large objects", lambda: _large_objects(cursor))
    look("rights", lambda: _rights(cursor))
    look("clock", lambda: _clock(cursor))
    look("speed", lambda: _speed(cursor, connecting))


def _tls(cursor: Cursor) -> Finding:
    version, mode = store.tls_of(cursor)
    if version is None:
        return ok("not encrypted, on this machine")  # else it would have been refused
    match mode:
        case "verify-full":
            return ok(f"{version}, and the server has proved its name")
        case "verify-ca" | "require":
            return warning(f"{version}, but the server need not prove its name", _VERIFY)
    return ok(f"{version}, on this machine")


def _route(cursor: Cursor, *, pooled: bool) -> Finding:
    relayed = store.is_relayed(cursor)
    if pooled:
        return ok("through Neon's pooler")
    return ok("through a pooler or a proxy" if relayed else "direct")


def _server(cursor: Cursor) -> Finding:
    major, minor = store.server_version(cursor)
    if major < _OLDEST:
        return failed(
            f"PostgreSQL {major}.{minor} is too old", f"todo needs PostgreSQL {_OLDEST} or newer"
        )
    return ok(f"PostgreSQL {major}.{minor}")


def _schema(cursor: Cursor) -> Finding:
    try:
        store.require_schema(cursor, HEAD)
    except AuthError:
        return warning("this login may not ask for its revision", _YOURSELF)
    return ok(f"as this program needs it: revision {HEAD}")


def _person(cursor: Cursor) -> Finding:
    standing = login.standing(cursor)
    if standing.invited and not standing.owns:  # an owner counts as invited by making the group
        return failed("this login is an invitation that was not used yet", "use it: todo login")
    found = _found(cursor)
    if found is not None:
        email, kind = found
        return ok(f"{email}, {kind}, active")
    if standing.owns:
        return failed(without_tasks("owner").message, _YOURSELF)
    nobody = without_tasks("nobody")
    return failed(nobody.message, nobody.hint or "")


def _found(cursor: Cursor) -> tuple[str, str] | None:
    with suppress(AuthError), in_our_words():  # a role outside the groups may not even ask
        return login.person(cursor)
    return None


def _row_security(cursor: Cursor) -> Finding:
    tables = store.unguarded(cursor)
    if not tables:
        return ok("enabled and forced on every table")
    return failed(f"not enabled, or not forced, on {_some(tables, ', ')}", _OWNER)


def definitions(differences: Sequence[str]) -> Finding:
    """Tell how a database differs from this program, which its owner has compared."""
    if not differences:
        return ok("all as this program needs them")
    return failed(_some(differences, "; "), _REPAIR)


def _definitions(cursor: Cursor) -> Finding:
    """Look at what a member can see: only the owner can make a schema to compare it with."""
    weakened = store.weakened(cursor)
    if weakened:
        return failed(_some(weakened, "; "), _OWNER)
    return ok("those that this login can judge are sound; the owner compares all: todo db check")


def _large_objects(cursor: Cursor) -> Finding:
    found = store.large_objects(cursor)
    return warning(_some(found, ", "), _DUMPS) if found else ok("none but the owner's")


def _some(names: Sequence[str], between: str) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more


def _rights(cursor: Cursor) -> Finding:
    if store.is_unbound(cursor):
        return failed("this login sees everybody's rows: the policies do not bind it", _YOURSELF)
    return ok("this login sees what the policies let it see")


def _clock(cursor: Cursor) -> Finding:
    before = clock.machine()
    server = store.server_time(cursor)
    after = clock.machine()
    ahead = (before + (after - before) / 2 - server).total_seconds()
    if abs(ahead) > _CLOCK:
        side = "ahead of" if ahead > 0 else "behind"
        found = f"this machine is {abs(ahead):.0f} seconds {side} the server"
        return warning(found, "have this machine set its clock from the network")
    return ok(f"{abs(ahead):.1f} seconds from the server's")


def _speed(cursor: Cursor, connecting: float) -> Finding:
    seconds = store.round_trip(cursor)
    trips = f"; about {connecting / seconds:.0f} of them to connect" if seconds >= _FAR else ""
    return ok(f"{1000 * seconds:.1f} ms a round trip{trips}")
