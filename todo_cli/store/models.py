"""The tables, as `todo db check` compares them with the database.

The migrations own the tables, with their checks, triggers, policies and grants; the classes here
say which columns and indexes the program counts on.
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
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

SCHEMA: Final = "todo"
HEAD: Final = "0003"  # the newest migration; a test compares it with migrations/
metadata: Final[MetaData] = SQLModel.metadata

_RANK = "CASE priority WHEN 'urgent' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END"


def _moment(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class User(SQLModel, table=True):
    """A person: the login role, the address, and the last task number given."""

    __tablename__: ClassVar[str] = "users"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("role_name"),
        UniqueConstraint("invitation_role"),
        Index("users_email_key", func.lower(text("email")), unique=True),
        {"schema": SCHEMA},
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    role_name: str = Field(sa_column=Column(String, nullable=False))
    invitation_role: str | None = Field(sa_column=Column(String))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    email: str = Field(sa_column=Column(Text, nullable=False))
    first_name: str = Field(sa_column=Column(String(100), nullable=False))
    last_name: str = Field(sa_column=Column(String(100), nullable=False))
    is_active: bool
    invited_until: datetime | None = Field(sa_column=_moment(nullable=True))
    claimed_at: datetime | None = Field(sa_column=_moment(nullable=True))
    last_task_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    reserved_from: int = Field(sa_column=Column(BigInteger, nullable=False))
    reserved_by: int | None = Field(sa_column=Column(BigInteger))
    created_at: datetime = Field(sa_column=_moment())
    updated_at: datetime = Field(sa_column=_moment())


class Task(SQLModel, table=True):
    """A task of one person. An all-day due date is kept as that day at 00:00 UTC."""

    __tablename__: ClassVar[str] = "tasks"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("user_id", "number"),
        Index(
            "tasks_pending_idx",
            "user_id",
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
    due_date: datetime | None = Field(sa_column=_moment(nullable=True))
    due_all_day: bool
    command_id: UUID | None
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    created_at: datetime = Field(sa_column=_moment())
    updated_at: datetime = Field(sa_column=_moment())
    completed_at: datetime | None = Field(sa_column=_moment(nullable=True))
    deleted_at: datetime | None = Field(sa_column=_moment(nullable=True))


class TaskEvent(SQLModel, table=True):
    """One entry of the change log, written by triggers alone."""

    __tablename__: ClassVar[str] = "task_events"
    __table_args__: ClassVar[Any] = {"schema": SCHEMA}

    at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    command_id: UUID | None
    task_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    actor_id: UUID | None
    actor_role: str = Field(sa_column=Column(String, nullable=False))
    action: str = Field(sa_column=Column(Text, nullable=False))
    before: dict[str, Any] | None = Field(sa_column=Column(JSONB))
    after: dict[str, Any] | None = Field(sa_column=Column(JSONB))
