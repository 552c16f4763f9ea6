"""Everything that can go wrong, as one tree.

    TodoError              1   error        anything not named below
    +-- UsageError         2   usage        the command line, or a value in it, is wrong
    +-- NotFoundError      3   not_found    no such task ... or not yours: nobody can tell
    +-- AuthError          4   auth         not logged in, refused, or not allowed
    +-- ConflictError      5   conflict     changed since, or in a state that forbids it
    +-- UnavailableError   6   unavailable  the database cannot be reached or is too slow
    +-- SchemaError        7   schema       the database is behind or ahead of this program

A class is an exit code and a code word; an instance is one sentence (without the
final full stop, for ``todo: SENTENCE``) and, where there is a way out, a hint.
Errors are raised where they are known and turned into words in ``cli/app.py`` alone.
"""

from typing import ClassVar, Final

# Hints that several errors have: about a file or folder that is somebody else's, about one that is
# not what it should be, and about a schema that is behind.
AS_ITS_OWNER: Final = "run todo as that account, or let TODO_HOME name another folder"
MOVE_IT: Final = "move it out of the way"
UPGRADE: Final = "run: todo db upgrade"


class TodoError(Exception):
    """Anything that ends a command.

    ``message`` is one sentence for people, ``hint`` what they can do about it.
    Neither ever holds a password or a whole connection URL.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TodoError):
    """The command line, the environment, the configuration or a value in them is wrong."""

    exit_code = 2
    code = "usage"


class NotFoundError(TodoError):
    """There is no such thing, or it belongs to someone else."""

    exit_code = 3
    code = "not_found"


class AuthError(TodoError):
    """Not logged in, credentials refused, or not allowed."""

    exit_code = 4
    code = "auth"


class ConflictError(TodoError):
    """Changed by someone since, or in a state that forbids what was asked."""

    exit_code = 5
    code = "conflict"


class UnavailableError(TodoError):
    """The database cannot be reached, cannot work, or does not answer in time.

    ``passing`` tells that the same may go well a moment later.
    """

    exit_code = 6
    code = "unavailable"

    def __init__(self, message: str, hint: str | None = None, *, passing: bool = False) -> None:
        super().__init__(message, hint)
        self.passing = passing


class SchemaError(TodoError):
    """The database is older or newer than this program."""

    exit_code = 7
    code = "schema"


def unexpected(error: Exception) -> str:
    """Say that something went wrong that nobody has thought of."""
    return f"something unexpected went wrong ({type(error).__name__})"


def not_found(numbers: str) -> NotFoundError:
    """Say that there are no such tasks, given as ``3`` or ``3, 5``."""
    return NotFoundError(f"no task{'s' if ',' in numbers else ''} {numbers}")


def in_trash(numbers: str) -> ConflictError:
    """Say that tasks, given as ``3`` or ``3, 5``, answer only to show, restore and purge."""
    names = f"tasks {numbers} are" if "," in numbers else f"task {numbers} is"
    return ConflictError(f"{names} in the trash", f"run: todo restore {numbers.replace(',', '')}")


def without_tasks(who: str) -> AuthError:
    """Say why a login has no tasks: it is an ``auditor``'s, the ``owner``'s or ``nobody``'s."""
    match who:
        case "owner":
            return AuthError(
                "this is the login of the database's owner, who has no tasks",
                "for a login of your own: todo login",
            )
        case "auditor":
            return AuthError(
                "this is the login of an auditor, who has no tasks",
                "an auditor reads what everybody has changed: todo db audit",
            )
        case _:
            return AuthError(
                "this login belongs to no active person",
                "ask the database's owner, who sees more with: todo user list",
            )
