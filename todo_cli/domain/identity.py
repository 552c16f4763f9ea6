"""Who somebody is, and where: what `todo login` and `todo whoami` show."""

from todo_cli.domain.base import Frozen


class Account(Frozen):
    """A person as the database knows them; ``role`` is member or auditor.

    ``store`` is where the password was found: keyring, file, environment, or none where none of
    ours was needed. ``host`` may be the folder of a socket.
    """

    email: str
    role: str
    profile: str
    host: str
    database: str
    store: str


class Login(Account):
    """An account right after logging in, with what the connection is like.

    ``owner`` tells that the login of the database's owner was stored too. ``tls`` is its version,
    None without; ``round_trip_ms`` is that of one empty statement.
    """

    owner: bool
    version: str
    tls: str | None
    pooled: bool
    round_trip_ms: float


class ProfileList(Frozen):
    """The profiles that were forgotten."""

    profiles: tuple[str, ...]
