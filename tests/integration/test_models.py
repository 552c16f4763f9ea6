"""The classes of the tables say what the migrations make, on every server."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from tests.conftest import Database
from tests.servers import as_owner
from todo_cli.link import engine
from todo_cli.store.schema.migrate import VERSION_TABLE, transaction
from todo_cli.store.schema.models import SCHEMA
from todo_cli.store.schema.tables import metadata


def differences(database: Database) -> list[Any]:
    """Give what would have to be done to the database, as Alembic says it: columns and indexes."""
    made = engine.make_engine(lambda: database.open(database.name, database.owner), None)
    with engine.disposed(made) as owner, transaction(owner) as connection:
        return list(compare_metadata(_context(connection), metadata))


def _context(connection: Connection) -> MigrationContext:
    def ours(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name == SCHEMA
        return not (kind == "table" and name is not None and name.startswith("task_events_"))

    return MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": ours,
            "version_table": VERSION_TABLE,
            "version_table_schema": SCHEMA,
        },
    )


def test_models_and_migrations_agree(each_database: Database) -> None:
    assert differences(each_database) == []


def test_a_column_that_no_class_has_is_noticed(each_database: Database) -> None:
    as_owner(each_database, "ALTER TABLE todo.tasks ADD colour text")
    [(verb, *_, column)] = differences(each_database)
    as_owner(each_database, "ALTER TABLE todo.tasks DROP colour")

    assert (verb, column.name) == ("remove_column", "colour")
