"""The sentences that confirm what was done to tasks."""

from datetime import datetime

from todo_cli.domain import dates
from todo_cli.domain.task import Outcome, Priority, TaskView

# For each verb: what is said when it changed something, and when it was so already.
_DONE = {
    "done": ("Completed", "Already completed:"),
    "reopen": ("Reopened", "Already pending:"),
    "rm": ("Moved to the trash:", "Already in the trash:"),
    "restore": ("Restored", "Not in the trash:"),
}


def added(task: TaskView, now: datetime) -> str:
    """Say what was added, with every value as it was understood."""
    return f"Added {task.number} {task.title}{_details(task, now)}"


def outcome(verb: str, result: Outcome) -> str:
    """Say what a command did to one task."""
    changed, already = _DONE[verb]
    return f"{changed if result.changed else already} {result.task.number} {result.task.title}"


def purged(task: TaskView) -> str:
    """Say that a task is gone for good."""
    return f"Deleted for good: {task.number} {task.title}"


def more(shown: int, total: int) -> str:
    """Say how many tasks a list leaves out."""
    return f"{total - shown} more; --limit {total} shows all"


def empty() -> str:
    """Say that there is nothing to list, and what to do next."""
    return 'No tasks. Add one: todo add "Buy milk" --due tomorrow'


def _details(task: TaskView, now: datetime) -> str:
    details = []
    if task.due is not None:
        details.append(f"due {dates.describe(task.due, now)}")
    if task.priority is not Priority.MEDIUM:
        details.append(f"{task.priority} priority")
    if task.project is not None:
        details.append(f"project {task.project}")
    details.extend(f"+{tag}" for tag in task.tags)
    return f" ({', '.join(details)})" if details else ""
