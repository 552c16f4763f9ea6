"""The table of tasks, and the schema that this program needs.

The tables that no command asks in this way are in tables.py: making one takes milliseconds.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

SCHEMA: Final = "todo"
HEAD: Final = "0005"  # the newest migration; a test compares it with migrations/

_RANK = "CASE priority WHEN 'urgent' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END"


def moment(*, nullable: bool = False) -> Column[datetime]:
    """Make a column of instants."""
    return Column(DateTime(timezone=True), nullable=nullable)


class Task(SQLModel, table=True):
    """A task of one person. An all-day due date is kept as that day at 00:00 UTC."""

    __tablename__: ClassVar[str] = "tasks"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("user_id", "number"),
        Index(
            "tasks_due_idx",
            "user_id",
            "due_all_day",
            "due_date",
            "priority_rank",
            "number",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "tasks_completed_idx",
            "user_id",
            "completed_at",
            postgresql_where=text("status = 'completed'"),
        ),
        {"schema": SCHEMA},
    )

    user_id: UUID = Field(foreign_key="todo.users.id", ondelete="CASCADE", primary_key=True)
    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    title: str = Field(sa_column=Column(String(255), nullable=False))
    description: str | None = Field(sa_column=Column(Text))
    status: str = Field(sa_column=Column(Text, nullable=False))
    priority: str = Field(sa_column=Column(Text, nullable=False))
    priority_rank: int = Field(
        sa_column=Column(SmallInteger, Computed(_RANK, persisted=True), nullable=False)
    )
    project: str | None = Field(sa_column=Column(Text))
    tags: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    due_date: datetime | None = Field(sa_column=moment(nullable=True))
    due_all_day: bool
    command_id: UUID | None
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    completed_at: datetime | None = Field(sa_column=moment(nullable=True))
    deleted_at: datetime | None = Field(sa_column=moment(nullable=True))
