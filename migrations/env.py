"""How Alembic runs our migrations: on the connection that store/schema/migrate.py hands over.

`alembic` itself is not meant to be called: `todo db upgrade` is. The one exception is
`python -m tests.migration_sql`, which prints the SQL without a database.
"""

from alembic import context

from todo_cli.store.schema.migrate import VERSION_TABLE
from todo_cli.store.schema.models import SCHEMA
from todo_cli.store.schema.tables import metadata


def run() -> None:
    """Run what was asked for inside the caller's transaction, or print it as SQL."""
    connection = context.config.attributes.get("connection")
    context.configure(
        connection=connection,
        dialect_name="postgresql",
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        version_table_schema=SCHEMA,
        literal_binds=connection is None,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
