"""The command that changes the contents of tasks."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from todo_cli.cli import values, words
from todo_cli.cli.context import AppContext
from todo_cli.cli.options import with_globals
from todo_cli.domain.tasks.task import TaskRefs, check_tags, is_ref, parse_refs
from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

if TYPE_CHECKING:
    from todo_cli.domain.tasks.changes import Changes

_EXAMPLE = "for example: todo modify 3 due:fri +errand"


@with_globals
def modify(
    app: AppContext,
    context: typer.Context,
    ids: values.Ids,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Another title.")] = None,
    project: values.Project = None,
    tag: values.Tags = None,
    untag: Annotated[
        list[str] | None, typer.Option(metavar="T", help="A tag to take away; repeatable.")
    ] = None,
    priority: values.PriorityWord = None,
    due: values.Due = None,
    description: values.Description = None,
) -> None:
    """Change tasks: their IDs first, then the changes.

    +TAG, -TAG, tag:T, project:P, priority:P and due:WHEN may stand in place of options. The word
    none clears a value: due:none, project:none, tag:none.
    """
    output = app.output(values.FIELDS)
    refs = _refs(ids, words.reading(context).late)
    given = {
        "title": title,
        "description": description,
        "project": project,
        "priority": priority,
        "due": due,
    }
    with words.explained(context):
        changes = _changes(app, given, tag or [], untag or [])
    with app.open() as session:
        from todo_cli.services import tasks

        outcomes = tasks.modify(session, refs, changes)
    output.modified(outcomes, changes)


def _refs(ids: list[str], late: list[str]) -> TaskRefs:
    """Read the IDs. Raises UsageError for another word, or for one behind the first change."""
    stray = [*late, *(word for word in ids if not is_ref(word))]
    if stray and is_ref(ids[0]):
        raise UsageError(
            f"{readable(stray[0])} is no change",
            "IDs come first; a title is changed with --title only",
        )
    return parse_refs(ids)


def _changes(
    app: AppContext, given: Mapping[str, str | None], tag: list[str], untag: list[str]
) -> "Changes":
    """Read what was given. Raises UsageError when that is nothing."""
    from todo_cli.domain.tasks.changes import Changes

    readers: dict[str, Callable[[str], object]] = {
        "title": str,
        "description": values.description,
        "project": values.project,
        "priority": values.priority,
        "due": lambda word: values.due(app, word),
    }
    changes: dict[str, Any] = {
        name: readers[name](word) for name, word in given.items() if word is not None
    }
    changes |= {"clear_tags": True} if any(map(values.is_none, tag)) else {}
    changes |= {"add_tags": check_tags(values.tags(tag))} if tag else {}
    changes |= {"remove_tags": values.untags(untag)} if untag else {}
    if not changes:
        raise UsageError("nothing to change", _EXAMPLE)
    return Changes(**changes)
