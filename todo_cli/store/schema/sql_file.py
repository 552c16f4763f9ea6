"""The SQL of a migration, which lies beside it: NNNN_name.sql, for NNNN_name.py.

Below the line `-- upgrade` stands what the migration does, below `-- downgrade` what takes it back.
It is plain SQL, as psql takes it; what stands above the first of the two lines is a comment.
"""

import re
from pathlib import Path
from typing import Final, Literal

from alembic import op
from sqlalchemy import text

Direction = Literal["upgrade", "downgrade"]

_PARTS: Final = re.compile(r"^-- (upgrade|downgrade)[ \t]*\n", re.MULTILINE)


def run(migration: str, direction: Direction) -> None:
    """Send one part of the file beside ``migration``, which is the `__file__` of a migration."""
    statements = read(Path(migration).with_suffix(".sql"))[direction]
    op.execute(text(statements.replace(":", r"\:")))  # else `:word` would be a parameter


def read(path: Path) -> dict[str, str]:
    """Give the two parts of a file by name. Raises ValueError unless it has each of them once."""
    _, *found = _PARTS.split(path.read_text(encoding="utf-8"))
    names, parts = found[::2], found[1::2]
    if sorted(names) != ["downgrade", "upgrade"]:
        raise ValueError(f"{path.name} needs one line `-- upgrade` and one `-- downgrade`")
    return {name: part.strip() for name, part in zip(names, parts, strict=True)}
