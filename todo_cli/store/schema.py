"""Upgrade, downgrade, current, history and check: Alembic driven from Python.

Each migration is a transaction by itself. Migrations on one database come one after the other,
because each locks the version table first, in a mode that no member's lock is in the way of: any
member could take an advisory lock and keep it, or read the revision and never end the transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text

import todo_cli
from todo_cli.domain.database import SchemaRepair
from todo_cli.domain.text import readable
from todo_cli.errors import NotFoundError, SchemaError, TodoError
from todo_cli.store import rights
from todo_cli.store.engine import in_our_words
from todo_cli.store.models import HEAD, SCHEMA
from todo_cli.store.tables import metadata

VERSION_TABLE: Final = "alembic_version"
MONTHS_AHEAD: Final = 24
LOCK_TIMEOUT: Final = "lock_timeout = '10s'"  # how long a migration waits for a lock

_GROUND = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.{VERSION_TABLE} (
    version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY
);
"""
_LOCK = f"LOCK TABLE {SCHEMA}.{VERSION_TABLE} IN SHARE ROW EXCLUSIVE MODE"


def upgrade(
    engine: Engine, target: str = "head", before: Callable[[], None] = lambda: None
) -> list[str]:
    """Bring the database up to ``target`` and give the revisions that were applied, oldest first.

    Nothing happens when it is there already, or beyond. ``engine`` is the owner's; ``before`` is
    called once, if a schema that is there is about to change. Raises NotFoundError for an unknown
    target, SchemaError for a database newer than this program.
    """
    scripts = _scripts()
    wanted = _position(scripts, target)
    _lay_ground(engine)
    applied: list[str] = []
    for position, script in enumerate(scripts[:wanted], start=1):
        with _locked(engine) as connection:
            if (present := _present(connection, scripts)) < position:
                if present > 0 and not applied:
                    before()
                command.upgrade(_config(connection), script.revision)
                applied.append(script.revision)
    if wanted == len(scripts):
        with _transaction(engine) as connection:
            connection.execute(text(f"SELECT todo.extend_change_log({MONTHS_AHEAD})"))
    return applied


def downgrade(engine: Engine, target: str, before: Callable[[], None] = lambda: None) -> list[str]:
    """Take the database down to ``target`` (``base`` is nothing) and give what was undone.

    Raises as `upgrade` does. What the undone migrations had made is lost.
    """
    scripts = _scripts()
    wanted = _position(scripts, target)
    _lay_ground(engine)
    undone: list[str] = []
    for position in range(len(scripts), wanted, -1):
        with _locked(engine) as connection:
            if _present(connection, scripts) == position:
                if not undone:
                    before()
                below = scripts[position - 2].revision if position > 1 else "base"
                command.downgrade(_config(connection), below)
                undone.append(scripts[position - 1].revision)
    return undone


def require_known(target: str) -> None:
    """Raise NotFoundError unless ``target`` is a revision that this program knows."""
    _position(_scripts(), target)


def current(engine: Engine) -> str | None:
    """Give the revision of the database, None when it has none."""
    with _transaction(engine) as connection:
        return _revision(connection)


def history() -> list[tuple[str, str]]:
    """Give every revision this program knows and what it is about, the oldest first."""
    return [(script.revision, (script.doc or "").rstrip(".")) for script in _scripts()]


def check(engine: Engine) -> list[str]:
    """Compare tables with models, rights with migrations; give the differences, one line each.

    Raises SchemaError when the database is behind or ahead of this program.
    """
    with _transaction(engine) as connection:
        present = _revision(connection)
        if present != HEAD:
            known = present is None or present in [each.revision for each in _scripts()]
            raise _behind(present) if known else _ahead(present or "")
        return _differences(connection)


def repair(engine: Engine) -> SchemaRepair:
    """Put back what restoring a dump loses, in one transaction, and tell what was done.

    A database that is behind is repaired too: without its rights it could not be upgraded. Raises
    SchemaError when it has no schema, or is ahead of this program.
    """
    with _locked(engine) as connection:
        if _present(connection, _scripts()) == 0:
            raise _behind(None)
        present = _revision(connection) or ""
        repaired = rights.repair(connection, _expected_rights(connection, present))
        left = _differences(connection) if present == HEAD else [_behind(present).message]
        return SchemaRepair(
            revision=present,
            differences=tuple(left),
            repaired=tuple(repaired),
            stranded=rights.stranded(connection),
        )


def migrations_folder() -> Path:
    """Give the folder of the migrations: in the wheel, or beside the package in a checkout."""
    package = Path(todo_cli.__file__).parent
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def _scripts() -> list[Script]:
    return list(ScriptDirectory.from_config(_config(None)).walk_revisions())[::-1]


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _position(scripts: list[Script], target: str) -> int:
    """Give how many migrations are applied at ``target``."""
    names = ["base", *(script.revision for script in scripts)]
    if target == "head":
        return len(scripts)
    if target not in names:
        raise NotFoundError(f"no revision {readable(target)}", f"one of {', '.join(names)}, head")
    return names.index(target)


def _present(connection: Connection, scripts: list[Script]) -> int:
    revision = _revision(connection)
    known = [script.revision for script in scripts]
    if revision is not None and revision not in known:
        raise _ahead(revision)
    return 0 if revision is None else known.index(revision) + 1


def _revision(connection: Connection) -> str | None:
    """Read the version table, which the very first upgrade has yet to make."""
    if _version_table(connection) is None:
        return None
    query = f"SELECT version_num FROM {SCHEMA}.{VERSION_TABLE}"  # noqa: S608 - constants
    revision: str | None = connection.execute(text(query)).scalar()
    return revision


def _lay_ground(engine: Engine) -> None:
    """Make the version table, which the first migration finds in place."""
    if _has_version_table(engine):
        return
    try:
        with _transaction(engine) as connection:
            connection.execute(text(_GROUND))
    except TodoError:
        if not _has_version_table(engine):  # else somebody was faster
            raise


def _has_version_table(engine: Engine) -> bool:
    with _transaction(engine) as connection:
        return _version_table(connection) is not None


def _version_table(connection: Connection) -> int | None:
    query = text("SELECT to_regclass(:name)::oid")
    found: int | None = connection.execute(query, {"name": f"{SCHEMA}.{VERSION_TABLE}"}).scalar()
    return found


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    serious = engine.execution_options(isolation_level="READ COMMITTED")
    with in_our_words(), serious.begin() as connection:
        yield connection


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    with _transaction(engine) as connection:
        connection.execute(text(f"SET LOCAL {LOCK_TIMEOUT}"))
        connection.execute(text(_LOCK))
        yield connection


def _differences(connection: Connection) -> list[str]:
    expected = _expected_rights(connection, HEAD)
    return [*_model_differences(connection), *rights.differences(connection, expected)]


def _expected_rights(connection: Connection, revision: str) -> rights.Rights:
    """Read the rights in a schema that the migrations have just made, and take it back.

    So they are the only list of rights. Nobody else sees it, and no table of theirs is locked.
    """
    with connection.begin_nested() as aside:
        connection.execute(text(f"ALTER SCHEMA {SCHEMA} RENAME TO {SCHEMA}_aside; {_GROUND}"))
        command.upgrade(_config(connection), revision)
        expected = rights.read(connection)
        aside.rollback()
    return expected


def _behind(present: str | None) -> SchemaError:
    state = f"at revision {present}" if present else "without the schema of todo"
    return SchemaError(
        f"the database is {state}; this program needs {HEAD}", "run: todo db upgrade"
    )


def _ahead(present: str) -> SchemaError:
    return SchemaError(
        f"the database is at revision {present}, newer than this program ({HEAD})", "upgrade todo"
    )


def _model_differences(connection: Connection) -> list[str]:
    def ours(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name == SCHEMA
        return not (kind == "table" and name is not None and name.startswith("task_events_"))

    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": ours,
            "version_table": VERSION_TABLE,
            "version_table_schema": SCHEMA,
        },
    )
    return [_describe(difference) for difference in compare_metadata(context, metadata)]


def _describe(difference: Any) -> str:
    """Put one entry of Alembic's comparison into words: what would have to be done, and to what."""
    if isinstance(difference, list):
        return "; ".join(map(_describe, difference))
    verb, *subjects = difference
    names = [getattr(each, "name", each) for each in subjects]
    return " ".join([verb.replace("_", " "), *(str(name) for name in names if name is not None)])
