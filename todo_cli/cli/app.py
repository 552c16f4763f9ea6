"""The root of all commands, and the one place that turns errors into words and exit codes."""

import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from todo_cli import client
from todo_cli.cli import agent, doctor, words
from todo_cli.cli.completion import answer, shells
from todo_cli.cli.context import AppContext
from todo_cli.cli.database import db, profile
from todo_cli.cli.groups import HELP_OPTIONS, Group, with_list
from todo_cli.cli.helps import Commands
from todo_cli.cli.options import with_globals
from todo_cli.cli.people import login, user
from todo_cli.cli.tasks import change
from todo_cli.cli.tasks.listing import show_list
from todo_cli.domain.query.filters import Filter
from todo_cli.domain.tasks.refs import ID_HINT
from todo_cli.domain.text import flat, readable
from todo_cli.errors import TodoError, UsageError, unexpected
from todo_cli.output import json, tables
from todo_cli.output.streams import abandon, take_over, write_message

_INTERRUPTED = 130


class Root(Group):
    """The root group: however it is called, errors become words and an exit code here."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command and leave with its exit code. The arguments are those of `TyperGroup`."""
        arguments = list(sys.argv[1:] if args is None else args)
        if os.environ.get(answer.VARIABLE) == "1":
            answer.run(self, arguments)
        arguments = shells.name_shell(arguments)
        start = super().main

        def run() -> object:
            return start(with_list(self, arguments), "todo", standalone_mode=False, **extra)

        sys.exit(_guarded(run, arguments))


app = Commands(
    cls=Root,
    add_completion=False,
    context_settings={"help_option_names": list(HELP_OPTIONS)},
    rich_markup_mode="rich",
    epilog="Example: todo add Buy milk +errand due:tomorrow",
)
change.register(app)
login.register(app)
doctor.register(app)
for name, inner in (("db", db), ("agent", agent), ("profile", profile), ("user", user)):
    app.add_typer(inner.app, name=name, cls=Group)


@app.callback(invoke_without_command=True)
@with_globals
def root(
    app: AppContext,
    context: typer.Context,
    install_completion: shells.Install = None,
    show_completion: shells.Show = None,
) -> None:
    """Keep your tasks in PostgreSQL: a private one, or one that you share.

    Without a command: list, with the words and options of list.
    """
    shells.answer(app, install_completion, show_completion)
    if context.invoked_subcommand is None:
        show_list(app, Filter())


@app.command("help", epilog="Example: todo help add")
@with_globals
def help_(
    app: AppContext,
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="Which one: add, db upgrade ...")
    ] = None,
) -> None:
    """Show the help of todo, or of one command."""
    root = context.find_root().command
    if isinstance(root, TyperGroup):
        TyperGroup.main(root, [*(command or ()), "--help"], "todo", standalone_mode=False)


def main() -> None:
    """Run the program with what this process has been given, and leave with its exit code."""
    take_over()
    typer.main.get_command(app)()


def _guarded(run: Callable[[], object], arguments: list[str]) -> int:
    """Run a command and give its exit code, with every error put into words on sys.stderr."""
    _prepare_streams()
    if os.environ.get("TODO_DEBUG"):
        from todo_cli.cli import debug  # who does not want it does not wait for it

        debug.check()
    if "--no-color" in _options(arguments):
        os.environ["NO_COLOR"] = "1"  # Typer prints a help before any option is read
    try:
        _check_encoding(arguments)
        code = run()
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except TodoError as error:
        return _report(error, arguments)
    except typer.TyperException as error:
        return _report(_usage_error(error), arguments)
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:  # nobody reads any more
        abandon(sys.stdout)
        return 1
    except OSError as error:  # a full disk under stdout, for one
        abandon(sys.stdout)
        words = f"the system refused it: {error.strerror}"
        return _report(TodoError(words, client.IN_DOUBT), arguments)
    except Exception as error:  # whatever it is, people get one sentence
        if _is_ctrl_c(error):
            return _interrupted()
        return _report(_unexpected(error), arguments)


def _interrupted() -> int:
    """Give the exit code after Ctrl-C. Who reads too slowly is not waited for any more."""
    abandon(sys.stdout)
    abandon(sys.stderr)
    return _INTERRUPTED


def _report(error: TodoError, arguments: list[str]) -> int:
    """Write an error to stderr, as JSON where JSON was asked for, and give its exit code."""
    if os.environ.get("TODO_DEBUG"):
        from todo_cli.cli import debug  # who does not want it does not wait for it

        debug.show(error)
    wants_json = _wants_json(arguments)
    lines = [json.error_text(error)] if wants_json else tables.error_lines(error)
    write_message(sys.stderr, *lines)
    return error.exit_code


def _wants_json(arguments: list[str]) -> bool:
    """Look for --json and --fields without parsing: the error may be one of parsing."""
    return any(
        each in ("--json", "--fields") or each.startswith("--fields=")
        for each in _options(arguments)
    )


def _options(arguments: list[str]) -> list[str]:
    """Give the arguments that may be options."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _usage_error(error: typer.TyperException) -> UsageError:
    """Put an error of Typer's into our words."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "todo"
    option: str = getattr(error, "option_name", "")
    if re.match(r"-\d", option):
        return UsageError(f"{readable(option)} is not a task's ID", ID_HINT)
    message = flat(error.format_message()).rstrip(".")
    # What pydantic says of a number that is none, and before what else it says.
    message = re.sub(r"Input should be a valid (number|integer).*", "it takes a number", message)
    message = message.replace("Value error, ", "")
    is_unknown = hasattr(error, "possibilities")  # an option that is not there
    kept = None if context is None else words.hint(context, unknown=is_unknown)
    hint = "; ".join(filter(None, [f"run: {path} --help", kept]))
    return UsageError(message[:1].lower() + message[1:], hint)


def _is_ctrl_c(error: Exception) -> bool:
    """Tell whether pydantic took a Ctrl-C, in what it has called, for an error of its own."""
    return type(error).__module__.startswith("pydantic") and "KeyboardInterrupt" in str(error)


def _unexpected(error: Exception) -> TodoError:
    found = TodoError(unexpected(error), "TODO_DEBUG=1 shows where")
    found.__cause__ = error
    return found


def _check_encoding(arguments: list[str]) -> None:
    for place, argument in enumerate(arguments, start=1):
        if "\0" in argument or any("\ud800" <= char <= "\udfff" for char in argument):
            raise UsageError(f"argument {place} is not UTF-8 text: {readable(argument)}")


def _prepare_streams() -> None:
    """Write UTF-8 for scripts and for people; whatever cannot be written is escaped.

    A stream that the caller has closed is None. Opening something in its place also keeps its
    number from being given to a socket or a lock.
    """
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if not sys.stdout.isatty():  # FORCE_COLOR and its like would colour a help in a pipe
        os.environ["_TYPER_FORCE_DISABLE_TERMINAL"] = "1"
