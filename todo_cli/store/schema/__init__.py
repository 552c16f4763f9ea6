"""The schema: its tables, its migrations, and whether a database has it as it should be."""

from todo_cli.errors import UPGRADE, SchemaError, without_tasks
from todo_cli.link.errors import Refusal, register


def _behind(_: Refusal) -> SchemaError:
    return SchemaError("the database is older than this program", UPGRADE)


def _ahead(_: Refusal) -> SchemaError:
    return SchemaError("the database is newer than this program", "upgrade todo")


def _missing(refusal: Refusal) -> SchemaError:
    """Say that a schema, table, column or function is not there."""
    if "todo.require_person" in refusal.message:  # not there before revision 0005
        return _behind(refusal)
    return SchemaError("this database has no schema of todo, or an old one", UPGRADE)


def _not_one(_: Refusal) -> SchemaError:
    """Say that the version table, which todo.require_revision reads, has several rows."""
    return SchemaError("this database has more than one revision", "todo db check says more")


register(
    {
        "TD403": lambda refusal: without_tasks(refusal.detail),
        "TD701": _behind,
        "TD702": _ahead,
        "21000": _not_one,
        **dict.fromkeys(("3F000", "42P01", "42703", "42883"), _missing),
    }
)
