"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from todo_cli.store.schema import sql_file

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Say what this adds."""
    sql_file.run(__file__, "upgrade")


def downgrade() -> None:
    """Say what this takes away, and what is lost with it."""
    sql_file.run(__file__, "downgrade")
