"""A migration's SQL lies beside it, and reaches the database as it is written there."""

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from todo_cli.store.schema import sql_file
from todo_cli.store.schema.migrate import migrations_folder

FOLDER = migrations_folder() / "versions"
IN_PYTHON = ("0001_people", "0002_tasks", "0003_change_log", "0004_repeats")  # as they were made
PLAIN = r"""
SELECT ':word', '[[:alpha:]\:]', 1::int, ARRAY[1, 2][1:2], '100 %', format('%I %%', 'x'), '\\:a';
DO $$ BEGIN x := 1; -- :comment
END $$
""".strip()


def sent(run: Callable[[], None]) -> str:
    """Give what a migration has Alembic send, without a database."""
    buffer = io.StringIO()
    options = {"as_sql": True, "output_buffer": buffer}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        run()
    return buffer.getvalue().strip().replace("%%", "%")  # which the driver does


def test_each_direction_sends_its_part_of_the_file_and_nothing_in_it_is_a_parameter(
    tmp_path: Path,
) -> None:
    parts = f"-- Why.\n\n-- upgrade\n{PLAIN}\n\n-- downgrade \nDROP TABLE x;\n"
    (tmp_path / "0099_x.sql").write_text(parts)
    migration = str(tmp_path / "0099_x.py")

    assert sent(lambda: sql_file.run(migration, "upgrade")) == f"{PLAIN};"
    assert sent(lambda: sql_file.run(migration, "downgrade")) == "DROP TABLE x;;"


def test_a_migration_made_from_the_template_runs_the_file_beside_it(tmp_path: Path) -> None:
    shutil.copy(migrations_folder() / "script.py.mako", tmp_path)
    (tmp_path / "versions").mkdir()
    made = ScriptDirectory(tmp_path).generate_revision("0001", "add effort", head="base")
    assert made is not None
    path = Path(made.path)
    path.with_suffix(".sql").write_text(f"-- upgrade\n{PLAIN}\n-- downgrade\nDROP TABLE x;\n")

    assert path.name == "0001_add_effort.py"
    assert made.doc == "add effort"
    assert sent(made.module.upgrade) == f"{PLAIN};"
    assert sent(made.module.downgrade) == "DROP TABLE x;;"


@pytest.mark.parametrize(
    "text",
    ["", "-- upgrade\nx", "-- downgrade\nx", "-- upgrade\n-- upgrade\n-- downgrade\n"],
)
def test_a_file_without_its_two_lines_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "0099_x.sql"
    path.write_text(text)

    with pytest.raises(ValueError, match=re.escape("0099_x.sql needs one line `-- upgrade`")):
        sql_file.read(path)


def test_every_new_migration_has_its_sql_in_a_file_that_fits_on_350_lines() -> None:
    names = {path.stem for path in FOLDER.glob("*.py")} - {*IN_PYTHON}

    assert names == {path.stem for path in FOLDER.glob("*.sql")}
    for name in names:
        path = FOLDER / f"{name}.sql"
        assert all(sql_file.read(path).values()), path
        assert len(path.read_text().splitlines()) <= 350, path
        assert "op.execute" not in path.with_suffix(".py").read_text(), path
