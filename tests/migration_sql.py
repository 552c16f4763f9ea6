"""Print every migration as SQL, for the linter: `python -m tests.migration_sql`."""

import logging
import sys

from alembic import command
from alembic.config import Config

from todo_cli.store.schema.migrate import LOCK_TIMEOUT, migrations_folder


def main() -> None:
    """Write the SQL of all upgrades to stdout. No database is needed."""
    logging.disable()
    print(f"SET {LOCK_TIMEOUT};")  # noqa: T201 - as each migration does
    config = Config(output_buffer=sys.stdout)
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    command.upgrade(config, "head", sql=True)


if __name__ == "__main__":
    main()
