"""The help of a command or a group: what people type, and nothing of Python's types.

Typer shows `<bool>` beside a switch and `<list[str]>` beside words, and has no setting for that.
"""

from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand


class Command(TyperCommand):
    """A command whose help shows what people type."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Give the words of the usage line; Typer would put ``TITLE`` between braces."""
        return [
            each.replace("{", "").replace("}", "") for each in super().collect_usage_pieces(ctx)
        ]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the help."""
        hide_types(self.get_params(ctx))
        super().format_help(ctx, formatter)


class Commands(typer.Typer):
    """The commands of a group: each is a `Command` unless it is made something else."""

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = None, **settings: Any
    ) -> Callable[[Any], Any]:
        """Add a command, as `typer.Typer` does."""
        return super().command(name, cls=cls or Command, **settings)


def hide_types(parameters: Iterable[Any]) -> None:
    """Have Typer show beside an option the name of its value, if it takes one, and no types."""
    for each in parameters:
        takes_value = each.param_type_name == "option" and not each.is_flag
        each.display_type_rich = _always(each.metavar if takes_value else "")


def _always(shown: str | None) -> Callable[..., str | None]:
    return lambda ctx: shown
