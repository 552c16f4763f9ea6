"""Whether a database is as this program needs it, and putting it back.

It is compared by definition with a schema that the migrations make aside, in the same transaction:
so they are the only list of what there should be, and the same server prints both.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Engine

from todo_cli.domain.database import SchemaCheck, SchemaRepair
from todo_cli.store.schema import large_objects, migrate, rights, shape
from todo_cli.store.schema.attempts import run
from todo_cli.store.schema.models import HEAD


class _Expected(NamedTuple):
    shape: shape.Expected
    rights: rights.Rights

    @property
    def known(self) -> frozenset[str]:
        """The names of what is ours."""
        return frozenset(each.name for each in self.shape.made.values())


def check(owner: Engine) -> SchemaCheck:
    """Compare the database with what this program counts on; nothing is changed or kept waiting.

    Raises SchemaError when it is behind or ahead of this program.
    """
    with migrate.transaction(owner) as connection:
        revision = migrate.revision_of(connection)
        if revision != HEAD:
            raise migrate.behind(revision)
        expected = _expected(connection, HEAD)
        return SchemaCheck(
            revision=HEAD,
            differences=tuple(_differences(connection, expected)),
            added=tuple(_added(connection, expected)),
            large_objects=large_objects.stray(connection),
        )


def repair(owner: Engine) -> SchemaRepair:
    """Put back what can be put back, in one transaction, and tell what was done.

    A database that is behind is repaired too: without its rights it could not be upgraded. Large
    objects that are nobody's any more are dropped afterwards, some at a time. Raises SchemaError
    when there is no schema, or it is ahead of this program.
    """
    with migrate.transaction(owner) as connection:
        migrate.revision_of(connection)
    with migrate.locked(owner) as connection:
        found = _repair(connection, migrate.revision_of(connection))
    dropped = large_objects.drop_nobodys(owner)
    with migrate.transaction(owner) as connection:
        left = large_objects.stray(connection)
    lines = [f"large objects of {each.role}, dropped: {each.count}" for each in dropped]
    return found.model_copy(update={"repaired": (*found.repaired, *lines), "large_objects": left})


def _repair(connection: Connection, revision: str) -> SchemaRepair:
    expected = _expected(connection, revision)
    before = _differences(connection, expected)
    if before:
        rights.repair_groups(connection, expected.rights)
        shape.repair(connection, expected.shape)
        rights.repair(connection, expected.rights, expected.known)
    left = _differences(connection, expected)
    late = [] if revision == HEAD else [migrate.behind(revision).message]
    ahead = [] if left or late else _extend_change_log(connection)
    return SchemaRepair(
        revision=revision,
        differences=tuple(left + late),
        added=tuple(_added(connection, expected)),
        repaired=tuple([each for each in before if each not in left] + ahead),
        stranded=rights.stranded(connection),
    )


def _extend_change_log(connection: Connection) -> list[str]:
    """Make the partitions of the months to come, as an upgrade does."""
    made = sum(count for (count,) in run(connection, migrate.EXTEND))
    return [f"partitions of the change log, made ahead: {made}"] if made else []


def _expected(connection: Connection, revision: str) -> _Expected:
    present = shape.read(connection)
    with migrate.aside(connection, revision):
        made = rights.read(connection)  # first: what comes next makes some things anew
        return _Expected(shape.read_expected(connection, present), made)


def _differences(connection: Connection, expected: _Expected) -> list[str]:
    return [
        *shape.differences(shape.read(connection), expected.shape),
        *rights.differences(connection, expected.rights, expected.known),
    ]


def _added(connection: Connection, expected: _Expected) -> list[str]:
    return [
        *shape.added(shape.read(connection), expected.shape),
        *rights.added(connection, expected.known),
    ]
