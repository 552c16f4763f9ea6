"""The change log of everybody; row-level security shows it to auditors and to the owner.

No index begins with the time, so the newest events of all people are found by reading the log, a
million in a third of a second. Partitions by month stand in for one where a time is given: the
condition on `at` must be one that PostgreSQL can compare with their bounds.
"""

from typing import Final

from sqlalchemy import Executable, text
from sqlmodel import Session

from todo_cli.domain.audit import Event, Log, LogFilter
from todo_cli.domain.people import fold
from todo_cli.domain.text import readable
from todo_cli.errors import AuthError, NotFoundError
from todo_cli.link.engine import ANYBODY
from todo_cli.store.schema.models import HEAD

_MAY_READ: Final = """
SELECT todo.require_revision(:head),
       pg_has_role(current_user, d.datdba, 'USAGE') OR todo.is_auditor() AS allowed
  FROM pg_database d WHERE d.datname = current_database()
"""

_PEOPLE: Final = "SELECT id, email FROM todo.users"

# Values that are not given are constants to the planner, which then drops their conditions.
_WANTED: Final = """
       at >= coalesce(CAST(:since AS timestamptz), '-infinity')
   AND (CAST(:user_id AS uuid) IS NULL OR user_id = CAST(:user_id AS uuid))
"""

_COUNT: Final = f"SELECT count(*) FROM todo.task_events WHERE {_WANTED}"  # noqa: S608 - constants


def _object(column: str) -> str:
    """Give what changed as an object, whatever somebody has written there."""
    return (
        f"CASE jsonb_typeof(e.{column}) WHEN 'object' THEN e.{column}"
        f" ELSE nullif(jsonb_build_object('', e.{column}), jsonb_build_object('', NULL)) END"
        f" AS {column}"
    )


# The newest are found first, and only then what else is told about them. Most events do not say
# their task's number. The event that added the task does, the last of them where one with the same
# id was added again; a join lets the planner choose between an index, for a few, and a hash. That
# it is of the same person too is said again, because the planner does not conclude it.
_EVENTS: Final = f"""
WITH newest AS MATERIALIZED (
    SELECT * FROM todo.task_events WHERE {_WANTED}
     ORDER BY at DESC, id DESC LIMIT CAST(:limit AS bigint)
)
SELECT DISTINCT ON (e.at, e.id) e.at, e.action,
       CAST(substring(coalesce(e.after->>'number', e.before->>'number', a.after->>'number')
                      FROM '^[0-9]{{1,18}}$') AS bigint) AS task,
       e.task_id, coalesce(e.after->>'title', e.before->>'title') AS title,
       whose.email AS user, e.user_id, who.email AS actor, e.actor_id, e.actor_role,
       e.command_id, {_object("before")}, {_object("after")}, e.revision, e.via, e.undoes,
       coalesce(e.entity, 'task') AS entity, e.entity_id
  FROM newest e
  LEFT JOIN todo.users whose ON whose.id = e.user_id
  LEFT JOIN todo.users who ON who.id = e.actor_id
  LEFT JOIN todo.task_events a
    ON e.action NOT IN ('added', 'purged') AND a.action = 'added'
   AND a.user_id = e.user_id AND a.task_id = e.task_id AND a.at <= e.at
   AND (CAST(:user_id AS uuid) IS NULL OR a.user_id = CAST(:user_id AS uuid))
 ORDER BY e.at, e.id, a.at DESC
"""  # noqa: S608 - constants of ours


def require_reader(session: Session) -> None:
    """Raise AuthError for a login that sees a part of the log at most, SchemaError as ever."""
    if not session.execute(_of_anybody(_MAY_READ), {"head": HEAD}).one().allowed:
        raise AuthError(
            "only an auditor or the owner reads the change log",
            "the owner makes an auditor: todo user add EMAIL --role auditor",
        )


def read(session: Session, wanted: LogFilter) -> Log:
    """Give the newest events that are wanted, the oldest of them first, and how many there are.

    Raises NotFoundError for an e-mail that is nobody's.
    """
    values = {
        "since": wanted.since,
        "user_id": None if wanted.email is None else _user_id(session, wanted.email),
        "limit": wanted.limit,
    }
    events = tuple(Event(**row) for row in session.execute(_of_anybody(_EVENTS), values).mappings())
    total = len(events)
    if total == wanted.limit:
        total = session.execute(_of_anybody(_COUNT), values).scalar_one()
    return Log(events=events, total=total)


def _of_anybody(statement: str) -> Executable:
    """Have a statement sent for those too who have no tasks, as auditors have none."""
    return text(statement).execution_options(**{ANYBODY: True})


def _user_id(session: Session, email: str) -> str:
    wanted = fold(email)
    for row in session.execute(_of_anybody(_PEOPLE)):
        if fold(row.email) == wanted:
            return str(row.id)
    raise NotFoundError(
        f"no user {readable(email)}", "the changes of somebody removed are under no e-mail"
    )
