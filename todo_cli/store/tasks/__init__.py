"""Tasks: every query and every change, one function and one statement each."""

from todo_cli.domain.tasks.values import too_many_tags
from todo_cli.errors import in_trash, not_found
from todo_cli.link.errors import register

register(
    {
        "TD404": lambda refusal: not_found(refusal.detail),
        "TD409": lambda refusal: in_trash(refusal.detail),
        "tasks_tags_check": lambda _: too_many_tags(),
    }
)
