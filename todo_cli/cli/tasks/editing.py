"""How a task is changed in the person's editor: it is written down, edited, read and saved."""

import os
import sys

from todo_cli.cli.context import AppContext
from todo_cli.cli.tasks import editor
from todo_cli.domain.tasks import form
from todo_cli.domain.tasks.changes import Changes, Draft
from todo_cli.domain.tasks.refs import TaskRefs
from todo_cli.domain.tasks.task import Outcome
from todo_cli.errors import ConflictError, UsageError

_TOLD = 5  # problems named in one message


def edit(app: AppContext, refs: TaskRefs) -> tuple[Outcome, Changes]:
    """Have the one task that is named edited, and give what became of it.

    Raises NotFoundError, ConflictError for a task in the trash or changed meanwhile, and UsageError
    for a text that cannot be read, at once where nobody sits at a terminal.
    """
    with app.open() as session:  # closed again: nobody knows how long the editor stays open
        from todo_cli.services import tasks

        draft = tasks.draft(session, refs)
    command = editor.choose(os.environ)
    original = form.write(draft.task, app.now())
    folder, name = app.settings().folders.state / "edits", f"task-{draft.task.number}"
    with editor.sheet(folder, name, original, app.say) as sheet:
        changes = _ask(app, command, sheet, original)
        return _save(app, refs, draft, changes), changes


def _ask(app: AppContext, command: list[str], sheet: editor.Sheet, original: str) -> Changes:
    """Open the editor until the text can be read, or until the person leaves it as it is.

    Raises UsageError for a text that cannot be read, at once where nobody sits at a terminal.
    """
    while True:
        before = sheet.read()
        editor.run(command, sheet.path)
        after = sheet.read()
        if not after.strip():  # whoever empties it wants to leave
            return Changes()
        reading = form.read(after, original, app.now())
        if not reading.problems:
            return reading.changes
        if after == before or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise _not_understood(reading.problems)
        sheet.write(form.mark(after, reading.problems))


def _save(app: AppContext, refs: TaskRefs, draft: Draft, changes: Changes) -> Outcome:
    """Write the changes, if there are any. Raises ConflictError when the task was changed since."""
    if not changes.model_fields_set:
        return Outcome(task=draft.task, changed=False)
    try:
        with app.open() as session:
            from todo_cli.services import tasks

            (outcome,) = tasks.modify(session, refs, changes, draft.revision)
    except ConflictError as error:
        error.hint = error.hint or f"run again: todo edit {draft.task.number}"
        raise
    return outcome


def _not_understood(problems: tuple[form.Problem, ...]) -> UsageError:
    told = [str(problem) for problem in problems[:_TOLD]]
    if len(problems) > _TOLD:
        told.append(f"and {len(problems) - _TOLD} more")
    hint = problems[0].hint if len(problems) == 1 else None
    return UsageError("; ".join(told), hint)
