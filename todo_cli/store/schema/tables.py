"""All tables, as a test compares them with a database that was migrated.

The migrations own the tables, with their checks, triggers, policies and grants; the classes here
and in models.py say which columns and indexes the program counts on.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from todo_cli.store.schema.models import SCHEMA, Task, moment

metadata: Final[MetaData] = Task.metadata


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
    invited_until: datetime | None = Field(sa_column=moment(nullable=True))
    claimed_at: datetime | None = Field(sa_column=moment(nullable=True))
    last_task_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    reserved_from: int = Field(sa_column=Column(BigInteger, nullable=False))
    reserved_by: int | None = Field(sa_column=Column(BigInteger))
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class TaskEvent(SQLModel, table=True):
    """One entry of the change log, written by triggers alone."""

    __tablename__: ClassVar[str] = "task_events"
    __table_args__: ClassVar[Any] = (
        Index("task_events_time_idx", "user_id", "at"),
        {"schema": SCHEMA},
    )

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
    revision: int | None
    via: str | None = Field(sa_column=Column(Text))
    undoes: UUID | None
    entity: str | None = Field(sa_column=Column(Text))
    entity_id: UUID | None
