"""Several commands in one session: the program opens one for each."""

from uuid import UUID, uuid4

from sqlmodel import Session

from todo_cli.link.engine import COMMAND_ID


def as_command(session: Session, command: UUID | None = None) -> Session:
    """Have a session be that of this command, else of a new one, and give it."""
    session.info[COMMAND_ID] = command or uuid4()
    return session
