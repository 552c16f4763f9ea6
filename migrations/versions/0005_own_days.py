"""Lists in the order of each reader's days, and text that is written in one way.

An all-day date is a day, and no instant: when it ends depends on who reads it. So the server gives
what has a time and what is for a whole day apart, each in its own order, and the program merges
the two by its own days. The index has both.

Text is kept in Unicode's NFC, whoever writes it: else a search finds an accent only as it was typed
on the same kind of machine.

And whoever has no tasks is told so, where the owner of the database saw everybody's.

Revision ID: 0005
Revises: 0004
"""

from todo_cli.store.schema import sql_file

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index of both orders, have all text in one form, and tell who has no tasks."""
    sql_file.run(__file__, "upgrade")


def downgrade() -> None:
    """Make the former index again; text stays as it is."""
    sql_file.run(__file__, "downgrade")
