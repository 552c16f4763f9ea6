"""Every change, one function and one statement each.

A statement locks the tasks it names and fails as a whole when one is missing. ``command_id`` is
that of the session, which is one command's, and kept through its retries: the database finds in the
change log what the same command has done before, changes nothing and gives the tasks as they are.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from todo_cli.domain.tasks import fields
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import NewTask, Outcome, TaskView
from todo_cli.domain.tasks.verbs import DONE, PRESENT, REOPEN, RESTORE, RM, Verb
from todo_cli.errors import ConflictError
from todo_cli.link.engine import COMMAND_ID, WRITES
from todo_cli.store.tasks.columns import OWNER, SET_COLUMNS, SET_TYPES, VIEW_COLUMNS, view
from todo_cli.store.tasks.conditions import utc_midnight

if TYPE_CHECKING:
    from todo_cli.domain.tasks.changes import Changes

_WRITES: Final = {WRITES: True}
_SINGLE: Final = [name for name in SET_COLUMNS if name != fields.TAGS.name]


def _of(row: str, columns: Sequence[str] = SET_COLUMNS) -> str:
    """Give the columns that people set, of a row."""
    return ", ".join(f"{row}.{name}" for name in columns)


# Whatever is there already burns no number; it is looked up by its key, never by reading all tasks
# of the person. The numbers follow the order of the list. A command adds all of its tasks or none,
# so the first one tells whether this very command has added them before.
_ADD: Final = f"""
WITH given AS (
    SELECT * FROM jsonb_to_recordset(CAST(:tasks AS jsonb)) AS g (
        place bigint, id uuid, {SET_TYPES})
), missing AS MATERIALIZED (
    SELECT g.*, row_number() OVER (ORDER BY g.place) AS nth FROM given g
     WHERE g.id <> ALL (ARRAY(SELECT t.id FROM todo.tasks t
                               WHERE t.user_id = (SELECT todo.me())
                                 AND t.id = ANY (ARRAY(SELECT id FROM given))))
), block AS MATERIALIZED (
    SELECT todo.reserve_once(count(*), (array_agg(id ORDER BY nth))[1], :command_id) AS first
      FROM missing HAVING count(*) > 0
), added AS (
    INSERT INTO todo.tasks (id, number, {", ".join(SET_COLUMNS)}, command_id)
    SELECT m.id, b.first + m.nth - 1, {_of("m")}, :command_id
      FROM missing m JOIN block b ON b.first IS NOT NULL ORDER BY m.nth
        ON CONFLICT (user_id, id) DO NOTHING
    RETURNING {VIEW_COLUMNS}
)
SELECT *, {OWNER} AS owner FROM added ORDER BY number
"""  # noqa: S608 - constants of ours

_FOUND: Final = f"""
SELECT {VIEW_COLUMNS}, {OWNER} AS owner FROM todo.tasks
 WHERE user_id = (SELECT todo.me()) AND id = ANY (CAST(:ids AS uuid[]))
 UNION ALL
SELECT {VIEW_COLUMNS}, {OWNER} AS owner FROM todo.purged_tasks('{{}}', CAST(:ids AS uuid[])) gone
 WHERE NOT EXISTS (SELECT FROM todo.tasks t WHERE t.user_id = gone.user_id AND t.id = gone.id)
 ORDER BY number
"""  # noqa: S608 - constants of ours

# The tasks, locked; or an error. 'repeated' tells that this very command has come before: then all
# of it was done, 'done' to which tasks, and nothing changes.
_NAMED: Final = """
WITH named AS MATERIALIZED (
    SELECT (c.task).*, c.task, c.done, c.repeated
      FROM todo.claim_tasks(CAST(:numbers AS bigint[]), CAST(:ids AS uuid[]),
                            CAST(:allowed AS text[]), :command_id) c
)"""

_MOVE: Final = f"""{_NAMED}, moved AS (
    UPDATE todo.tasks t
       SET status = CASE WHEN :restore AND n.completed_at IS NOT NULL THEN 'completed'
                         ELSE :status END,
           command_id = :command_id
      FROM named n
     WHERE t.user_id = n.user_id AND t.id = n.id AND NOT n.repeated
       AND n.status = ANY (CAST(:movable AS text[]))
    RETURNING t.*
)
SELECT {VIEW_COLUMNS}, {OWNER} AS owner, true AS changed FROM moved
 UNION ALL
SELECT {VIEW_COLUMNS}, {OWNER} AS owner, done FROM named
 WHERE repeated OR status <> ALL (CAST(:movable AS text[]))
 ORDER BY number
"""  # noqa: S608 - constants of ours

# What is not among the changes keeps its value. A draft made from another revision is stale: then
# nothing changes.
_MODIFY: Final = f"""{_NAMED}, wanted AS (
    SELECT n.user_id, n.id, {_of("w", _SINGLE)},
           ARRAY(SELECT tag
                   FROM unnest(CASE WHEN :clear_tags THEN '{{}}' ELSE n.tags END
                               || CAST(:add_tags AS text[])) WITH ORDINALITY AS u (tag, place)
                  WHERE tag <> ALL (CAST(:remove_tags AS text[]))
                  GROUP BY tag ORDER BY min(place)) AS tags
      FROM named n
     CROSS JOIN LATERAL jsonb_populate_record(n.task, CAST(:changes AS jsonb)) w
     WHERE NOT n.repeated AND n.revision = coalesce(:revision, n.revision)
), changed AS (
    UPDATE todo.tasks t
       SET {", ".join(f"{name} = w.{name}" for name in SET_COLUMNS)}, command_id = :command_id
      FROM wanted w
     WHERE t.user_id = w.user_id AND t.id = w.id
       AND ({_of("t")}) IS DISTINCT FROM ({_of("w")})
    RETURNING t.*
)
SELECT {VIEW_COLUMNS}, {OWNER} AS owner, true AS changed, false AS stale FROM changed
 UNION ALL
SELECT {VIEW_COLUMNS}, {OWNER} AS owner, done,
       NOT repeated AND revision <> coalesce(:revision, revision)
  FROM named WHERE id NOT IN (SELECT id FROM changed)
 ORDER BY number
"""  # noqa: S608 - constants of ours

_PURGE: Final = f"""
SELECT {VIEW_COLUMNS}, {OWNER} AS owner
  FROM todo.purge_once(CAST(:numbers AS bigint[]), CAST(:ids AS uuid[]), :command_id)
 ORDER BY number
"""  # noqa: S608 - constants of ours


def add_tasks(session: Session, tasks: Sequence[NewTask]) -> tuple[TaskView, ...]:
    """Add the tasks, all or none, and give them numbered in the order they came."""
    payload = json.dumps([_row(place, task) for place, task in enumerate(tasks)])
    rows = _write(session, _ADD, {"tasks": payload})
    if len(rows) < len(tasks):  # the command is a repeated one
        ids = [str(task.id) for task in tasks]
        rows = session.execute(text(_FOUND), {"ids": ids}).mappings().all()
    return tuple(view(row) for row in rows)


def complete(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Complete pending tasks. Raises NotFoundError, or ConflictError for one in the trash."""
    return _move(session, refs, DONE)


def reopen(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Make completed tasks pending. Raises NotFoundError, or ConflictError as `complete` does."""
    return _move(session, refs, REOPEN)


def delete(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Put tasks into the trash. Raises NotFoundError."""
    return _move(session, refs, RM)


def restore(session: Session, refs: TaskRefs) -> tuple[Outcome, ...]:
    """Take tasks out of the trash, pending or completed as they were. Raises NotFoundError."""
    return _move(session, refs, RESTORE)


def modify(
    session: Session,
    refs: TaskRefs,
    changes: "Changes",
    revision: int | None = None,
) -> tuple[Outcome, ...]:
    """Change the contents of tasks, if need be only while they are at ``revision``.

    Raises NotFoundError, ConflictError for a task in the trash or at another revision, UsageError
    for more tags than a task takes.
    """
    parameters = {
        **_named(refs),
        **_changes(changes),
        "revision": revision,
        "allowed": [each.value for each in PRESENT],
    }
    rows = _write(session, _MODIFY, parameters)
    stale = [str(row["number"]) for row in rows if row["stale"]]
    if stale:
        raise ConflictError(f"task {', '.join(stale)} has been changed since")
    return tuple(Outcome(task=view(row), changed=row["changed"]) for row in rows)


def purge(session: Session, refs: TaskRefs) -> tuple[TaskView, ...]:
    """Delete tasks for good and give them as they were. Raises NotFoundError."""
    return tuple(view(row) for row in _write(session, _PURGE, _named(refs)))


def _move(session: Session, refs: TaskRefs, verb: Verb) -> tuple[Outcome, ...]:
    """Do what a verb does to tasks in the states that it is for, and leave others as they are."""
    parameters = {
        **_named(refs),
        "status": verb.to.value,
        "restore": verb is RESTORE,
        "movable": [each.value for each in verb.movable],
        "allowed": [each.value for each in verb.allowed],
    }
    rows = _write(session, _MOVE, parameters)
    return tuple(Outcome(task=view(row), changed=row["changed"]) for row in rows)


def _write(session: Session, statement: str, parameters: dict[str, Any]) -> Sequence[RowMapping]:
    """Send a statement that changes tasks, in the name of the session's command."""
    parameters = {**parameters, "command_id": session.info[COMMAND_ID]}
    return session.execute(text(statement), parameters, execution_options=_WRITES).mappings().all()


def _named(refs: TaskRefs) -> dict[str, Any]:
    return {"numbers": list(refs.numbers), "ids": [str(uuid) for uuid in refs.ids]}


def _changes(changes: "Changes") -> dict[str, Any]:
    tags = {"clear_tags", "add_tags", "remove_tags"}
    values = changes.model_dump(mode="json", exclude_unset=True, exclude={*tags, "due"})
    if "due" in changes.model_fields_set:
        values |= _stored_due(changes.due)
    return {"changes": json.dumps(values), **changes.model_dump(include=tags, mode="json")}


def _row(place: int, task: NewTask) -> dict[str, Any]:
    return {
        **task.model_dump(mode="json", exclude={"due"}),
        **_stored_due(task.due),
        "place": place,
    }


def _stored_due(due: date | datetime | None) -> dict[str, Any]:
    """Give the two columns of a due date: a day is kept as that day at 00:00 UTC."""
    all_day = due is not None and not isinstance(due, datetime)
    moment = utc_midnight(due) if all_day and due is not None else due
    return {
        "due_date": None if moment is None else moment.isoformat(),
        "due_all_day": all_day,
    }
