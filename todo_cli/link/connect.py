"""Opening connections: within a deadline, and again where that may help."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import psycopg2

from todo_cli.errors import UnavailableError
from todo_cli.link import tls
from todo_cli.link.driver import DriverConnection, PatientCursor
from todo_cli.link.errors import while_connecting
from todo_cli.link.patience import WAITING, Patience, Say
from todo_cli.link.url import ConnectionUrl, is_neon

Connect = Callable[[], DriverConnection]

# What has a server end a statement whose client has left. Not every system that a server can run on
# tells it; one that does not refuses the setting.
NOTICE: Final = (
    "CASE WHEN version() ~ 'linux|darwin' "
    "THEN set_config('client_connection_check_interval', '500', {}) END"
)
# An owner's transaction holds locks. The server ends one whose client has gone silent.
_ABANDONED: Final = "set_config('idle_in_transaction_session_timeout', '60s', false)"

# What finds out that the other end has gone without a word, as when a laptop changes its network:
# seconds, but the last, milliseconds until what was sent must have arrived.
_NETWORK: Final = {
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
# What we say of ourselves, whatever a URL or PGCLIENTENCODING says.
OURS: Final = {"application_name": "todo", "client_encoding": "UTF8"}
_NOTHING: Final[Mapping[str, str]] = {}
_ATTEMPT: Final = 5.0  # seconds for one address: a dead one, or a lost packet, leaves time


def connect_url(url: ConnectionUrl, patience: Patience) -> DriverConnection:
    """Open a connection whose statements wait no longer than ``patience``, nor does this.

    libpq does the rest, so that its services, several hosts and PGPASSFILE work. Raises UsageError
    as `tls.secured`, AuthError, and UnavailableError where trying again is no use or the time is
    over.
    """
    known = tls.secured(url)
    waking = is_neon(known.get("host", ""))
    network = {name: value for name, value in _NETWORK.items() if name not in known}
    meanwhile = "waking the database ..." if waking else WAITING
    while True:
        attempt = partial(open_connection, known, **network, **_limit(known, patience))
        try:
            connection = patience.wait_for(attempt, meanwhile)
        except UnavailableError as error:
            # A server that was there a moment ago comes back.
            error.passing = error.passing or patience.asked
            patience.pause_after(error)
        else:
            connection.patience = patience.for_a_statement
            return connection


def give_to_owner(connection: DriverConnection, seconds: float, say: Say, via: str) -> None:
    """Prepare a connection for an owner's work, each statement of which may take ``seconds``.

    Not all together: between two of them a question may be open, or other people's sessions end.
    ``via`` is what the change log says of where it comes from. Raises the driver's errors.
    """
    connection.patience = lambda: Patience(seconds, say)
    connection.autocommit = True
    with connection.cursor() as cursor:
        limits = f"{NOTICE.format('false')}, {_ABANDONED}"
        cursor.execute(f"SELECT {limits}, set_config('todo.via', %s, false)", [via])


def open_connection(known: Mapping[str, str] = _NOTHING, **more: Any) -> DriverConnection:
    """Open a driver connection, as the parameters say. Raises our errors, not the driver's."""
    with while_connecting():
        connection: DriverConnection = psycopg2.connect(
            connection_factory=DriverConnection, **{**known, **more, **OURS}
        )
    connection.cursor_factory = PatientCursor
    return connection


def _limit(known: dict[str, str], patience: Patience) -> dict[str, int]:
    """Give libpq's limit for one address: it tries several one after the other, if there are."""
    if "connect_timeout" in known or math.isinf(patience.left):
        return {}
    hosts = max(known.get(name, "").count(",") for name in ("host", "hostaddr")) + 1
    return {"connect_timeout": max(2, math.ceil(min(_ATTEMPT, patience.left / hosts)))}
