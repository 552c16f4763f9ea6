"""The command that changes the contents of tasks."""

from typing import TYPE_CHECKING

import typer

from todo_cli.cli import values, words
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.cli.rule import Use
from todo_cli.cli.values import Given, with_fields
from todo_cli.domain.tasks.fields import is_none
from todo_cli.domain.tasks.keys import check_tags
from todo_cli.domain.tasks.refs import TaskRefs, is_ref, parse_refs
from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

if TYPE_CHECKING:
    from todo_cli.domain.tasks.changes import Changes

_EXAMPLE = "for example: todo modify 3 due:fri +errand"


@with_globals
@with_fields(Use.CHANGE)
def modify(app: AppContext, context: typer.Context, ids: values.Ids, given: Given) -> None:
    """Change tasks: their IDs first, then the changes.

    +TAG, -TAG, tag:T, project:P, priority:P and due:WHEN may stand in place of options. The word
    none clears a value: due:none, project:none, tag:none.
    """
    output = app.output(values.FIELDS)
    refs = _refs(ids, words.reading(context).late)
    with words.explained(context):
        changes = _changes(app, given)
    with app.open() as session:
        from todo_cli.services import tasks

        outcomes = tasks.modify(session, refs, changes)
    output.modified(outcomes, changes)


def _refs(ids: list[str], late: list[str]) -> TaskRefs:
    """Read the IDs. Raises UsageError for another word, or for one behind the first change."""
    stray = [*late, *(word for word in ids if not is_ref(word))]
    if stray and is_ref(ids[0]):
        raise UsageError(f"{readable(stray[0])} is no change", Use.CHANGE.advice)
    return parse_refs(ids)


def _changes(app: AppContext, given: Given) -> "Changes":
    """Read what was given. Raises UsageError when that is nothing."""
    from todo_cli.domain.tasks.changes import Changes

    changes = values.read(app, given)
    tag, untag = given["tag"] or [], given["untag"] or []
    changes |= {"clear_tags": True} if any(map(is_none, tag)) else {}
    changes |= {"add_tags": check_tags(values.tags(tag))} if tag else {}
    changes |= {"remove_tags": values.untags(untag)} if untag else {}
    if not changes:
        raise UsageError("nothing to change", _EXAMPLE)
    return Changes(**changes)
