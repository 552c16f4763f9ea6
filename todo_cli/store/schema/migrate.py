"""Upgrade, downgrade, current and history: Alembic driven from Python.

Each migration is a transaction by itself. Migrations on one database come one after the other,
because each locks the version table first, in a mode that no member's lock is in the way of: any
member could take an advisory lock and keep it, or read the revision and never end the transaction.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text

import todo_cli
from todo_cli.domain.text import readable
from todo_cli.errors import UPGRADE, NotFoundError, SchemaError, TodoError
from todo_cli.link.errors import in_our_words
from todo_cli.store.schema.models import HEAD, SCHEMA

Before = Callable[[str], None]

VERSION_TABLE: Final = "alembic_version"
_FIRST: Final = "users"  # what the first migration makes
EXTEND: Final = f"SELECT {SCHEMA}.extend_change_log(24)"  # months ahead
LOCK_TIMEOUT: Final = "lock_timeout = '10s'"  # how long a migration waits for a lock

# What a statement means and how a definition is printed, whatever somebody has set for their role.
_SETTINGS: Final = """
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL quote_all_identifiers = off;
SET LOCAL standard_conforming_strings = on;
SET LOCAL row_security = on;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL bytea_output = 'hex';
"""
_GROUND = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.{VERSION_TABLE} (
    version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY
);
"""
_NO_DEFAULTS: Final = """
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON %s FROM %s',
                      CASE defaclobjtype WHEN 'r' THEN 'TABLES' ELSE 'FUNCTIONS' END,
                      CASE grantee WHEN 0 THEN 'PUBLIC'
                                   ELSE quote_ident(pg_get_userbyid(grantee)) END)
          FROM pg_default_acl CROSS JOIN LATERAL aclexplode(defaclacl)
         WHERE defaclrole = current_user::regrole AND defaclnamespace = 0
           AND defaclobjtype IN ('r', 'f') AND grantee <> defaclrole
    LOOP
        EXECUTE statement;
    END LOOP;
END $$
"""
# As the owner sees it where the policy that lets the owner see it is gone.
_UNFORCED: Final = f"ALTER TABLE {SCHEMA}.{VERSION_TABLE} NO FORCE ROW LEVEL SECURITY"
_LOCK = f"LOCK TABLE {SCHEMA}.{VERSION_TABLE} IN SHARE ROW EXCLUSIVE MODE"


def upgrade(engine: Engine, target: str = "head", before: Before = lambda _: None) -> list[str]:
    """Bring the database up to ``target`` and give the revisions that were applied, oldest first.

    Nothing happens when it is there already, or beyond. ``engine`` is the owner's; ``before`` is
    called once with the revision, if a schema that is there is about to change, and may take its
    time: no transaction waits for it. Raises NotFoundError for an unknown target, SchemaError for a
    database newer than this program.
    """
    scripts = _scripts()
    wanted = _position(scripts, target)
    _lay_ground(engine)
    with transaction(engine) as connection:
        found = _present(connection, scripts)
    if 0 < found < wanted:
        before(scripts[found - 1].revision)
    applied: list[str] = []
    for position, script in enumerate(scripts[:wanted], start=1):
        with locked(engine) as connection:
            if _present(connection, scripts) < position:
                command.upgrade(_config(connection), script.revision)
                applied.append(script.revision)
    if wanted == len(scripts):
        with transaction(engine) as connection:
            connection.execute(text(EXTEND))
    return applied


def downgrade(engine: Engine, target: str, before: Before = lambda _: None) -> list[str]:
    """Take the database down to ``target`` (``base`` is nothing) and give what was undone.

    Raises as `upgrade` does. What the undone migrations had made is lost.
    """
    scripts = _scripts()
    wanted = _position(scripts, target)
    _lay_ground(engine)
    with transaction(engine) as connection:
        found = _present(connection, scripts)
    if found > wanted:
        before(scripts[found - 1].revision)
    undone: list[str] = []
    for position in range(len(scripts), wanted, -1):
        with locked(engine) as connection:
            if _present(connection, scripts) == position:
                below = scripts[position - 2].revision if position > 1 else "base"
                command.downgrade(_config(connection), below)
                undone.append(scripts[position - 1].revision)
    return undone


def require_known(target: str) -> None:
    """Raise NotFoundError unless ``target`` is a revision that this program knows."""
    _position(_scripts(), target)


def current(engine: Engine) -> str | None:
    """Give the revision of the database, None when it has none."""
    with transaction(engine) as connection:
        return _revision(connection)


def history() -> list[tuple[str, str]]:
    """Give every revision this program knows and what it is about, the oldest first."""
    return [(script.revision, (script.doc or "").rstrip(".")) for script in _scripts()]


def revision_of(connection: Connection) -> str:
    """Give the revision of a database that may be behind.

    Raises SchemaError when it has no schema, or is ahead of this program.
    """
    if _present(connection, _scripts()) == 0:
        raise behind(None)
    return _revision(connection) or ""


def is_ahead(engine: Engine) -> bool:
    """Tell whether a newer program has raised the database, which serves this one all the same.

    Raises SchemaError where it does not.
    """
    with transaction(engine) as connection:
        revision = _revision(connection)
        if revision is None or revision in {script.revision for script in _scripts()}:
            return False
        connection.execute(text("SELECT todo.require_revision(:head)"), {"head": HEAD})
        return True


@contextmanager
def aside(connection: Connection, revision: str) -> Iterator[None]:
    """Have the schema be one that the migrations have just made, and at the end what it was.

    Nobody else sees it, and no table of theirs is locked. What the owner hands out by default to
    whoever it may be is no part of it.
    """
    with connection.begin_nested() as savepoint:
        name = f"{SCHEMA}_{secrets.token_hex(12)}"
        connection.execute(text(f"ALTER SCHEMA {SCHEMA} RENAME TO {name}"))
        connection.execute(text(f"{_NO_DEFAULTS}; {_GROUND}"))
        command.upgrade(_config(connection), revision)
        yield
        savepoint.rollback()


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
    """Read the version table, which the very first upgrade has yet to make.

    Raises SchemaError unless it names one revision, or there is no table of ours either.
    """
    there = _exists(connection, VERSION_TABLE)
    found = _revisions(connection) if there else []
    begun = _exists(connection, _FIRST)
    if there and begun and not found:
        with connection.begin_nested() as unforced:
            connection.execute(text(_UNFORCED))
            found = _revisions(connection)
            unforced.rollback()
    if len(found) > 1 or (begun and not found):
        raise _not_one(found)
    return found[0] if found else None


def _revisions(connection: Connection) -> list[str]:
    query = f"SELECT version_num FROM {SCHEMA}.{VERSION_TABLE} ORDER BY 1"  # noqa: S608 - constants
    return list(connection.execute(text(query)).scalars())


def _lay_ground(engine: Engine) -> None:
    """Make the version table, which the first migration finds in place."""
    if _is_laid(engine):
        return
    try:
        with transaction(engine) as connection:
            connection.execute(text(_GROUND))
    except TodoError:
        if not _is_laid(engine):  # else somebody was faster
            raise


def _is_laid(engine: Engine) -> bool:
    with transaction(engine) as connection:
        _revision(connection)  # raises where it cannot be told
        return _exists(connection, VERSION_TABLE)


def _exists(connection: Connection, table: str) -> bool:
    query = text("SELECT to_regclass(:name) IS NOT NULL")
    return bool(connection.execute(query, {"name": f"{SCHEMA}.{table}"}).scalar())


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a transaction of the owner's, in which statements mean what they always mean."""
    serious = engine.execution_options(isolation_level="READ COMMITTED")
    with in_our_words(), serious.begin() as connection:
        connection.execute(text(f"{_SETTINGS} SET LOCAL {LOCK_TIMEOUT};"))
        yield connection


@contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """Give a transaction as `transaction`, and keep all others of its kind waiting."""
    with transaction(engine) as connection:
        connection.execute(text(_LOCK))
        yield connection


def _not_one(found: list[str]) -> SchemaError:
    """Say that nobody can tell at which revision the database is."""
    state = f"names {len(found)} revisions ({', '.join(found)})" if found else "names no revision"
    verb = "delete the wrong" if found else "put back the lost"
    hint = f"{verb} row with psql, as the owner, then: todo db check; this program needs {HEAD}"
    return SchemaError(f"{SCHEMA}.{VERSION_TABLE} {state}, and must name one", hint)


def behind(present: str | None) -> SchemaError:
    """Say that the database is at an older revision than this program, None for no schema."""
    state = f"at revision {present}" if present else "without the schema of todo"
    return SchemaError(f"the database is {state}; this program needs {HEAD}", UPGRADE)


def _ahead(present: str) -> SchemaError:
    return SchemaError(
        f"the database is at revision {present}, newer than this program ({HEAD})", "upgrade todo"
    )
