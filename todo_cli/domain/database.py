"""What `todo db` and `todo profile` show, as frozen models."""

from todo_cli.domain.base import Frozen


class SchemaState(Frozen):
    """The revision of a database, None for none; ``head`` is the one this program needs.

    ``changed`` lists the migrations that the command applied or undid, in that order.
    """

    revision: str | None
    head: str
    changed: tuple[str, ...] = ()


class Migration(Frozen):
    """One migration and what it is about."""

    revision: str
    about: str


class MigrationList(Frozen):
    """Every migration this program knows, the oldest first."""

    migrations: tuple[Migration, ...]


class LargeObjects(Frozen):
    """How many of PostgreSQL's large objects there are of a role."""

    role: str
    count: int


class SchemaCheck(Frozen):
    """How a database differs from what this program counts on.

    ``added`` is what its owner has added and what is no difference; ``large_objects`` are those
    that are not the owner's, and that a dump of all would fail at.
    """

    revision: str
    differences: tuple[str, ...]
    added: tuple[str, ...] = ()
    large_objects: tuple[LargeObjects, ...] = ()


class SchemaRepair(SchemaCheck):
    """What was repaired, with ``differences`` still there.

    ``stranded`` are the e-mails of those who have no login on this server.
    """

    repaired: tuple[str, ...]
    stranded: tuple[str, ...]


class ServerView(Frozen):
    """The private server: ``size`` in bytes; no ``version`` and ``pid`` when stopped.

    ``host`` is the machine where its processes are, when they cannot be seen from here: another
    one, or this one with another container.
    """

    folder: str
    running: bool
    host: str | None
    version: str | None
    pid: int | None
    size: int


class ProfileView(Frozen):
    """A profile; ``url`` is without user, password and parameters, None for the private one."""

    name: str
    default: bool
    url: str | None
