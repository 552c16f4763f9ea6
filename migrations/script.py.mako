"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Say what this adds."""
    ${upgrades if upgrades else "op.execute()"}


def downgrade() -> None:
    """Say what this takes away, and what is lost with it."""
    ${downgrades if downgrades else "op.execute()"}
