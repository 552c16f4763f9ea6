"""What asks the keyring: a process of its own, run by system_keyring.py, which says why.

It reads one line of JSON from stdin and writes one to stdout: what to do, with which name and text;
and the text, whether there was one, or the kind of failure. Imports nothing else of ours.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE: Final = "todo-cli"  # what our entries in the keyring are filed under
_LIFE: Final = 20  # seconds after which this process ends, should nobody be left to end it


class _RefusedError(Exception):
    """The arguments are a kind of failure, and its detail."""


def main() -> NoReturn:
    """Be the child process: read one request from stdin, write the reply to stdout, end.

    Errors are told by their kind and class alone: their words may hold the password.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # whoever started todo may have blocked them
    for number in (signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(_LIFE)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answer:
        os.dup2(2, 1)  # what a backend prints is no answer
        answer.write("\n")  # from here on the time counts
        answer.flush()
        request = json.loads(sys.stdin.readline())
        try:
            reply = _use_keyring(request["action"], request["name"], request["text"])
        except Exception as error:
            kind, detail = _explain(error)
            reply = {"failure": kind, "detail": detail}
        answer.write(json.dumps(reply))
    os._exit(0)  # without waiting for what a backend has left running


def _use_keyring(action: str, name: str, text: str | None) -> dict[str, Any]:
    backend = _find_backend()
    match action:
        case "load":
            return {"text": backend.get_password(_SERVICE, name)}
        case "forget":
            found = backend.get_password(_SERVICE, name) is not None
            if found:
                backend.delete_password(_SERVICE, name)
            return {"found": found}
    backend.set_password(_SERVICE, name, text or "")
    if backend.get_password(_SERVICE, name) != text:
        with suppress(Exception):  # it is of no use to anybody
            backend.delete_password(_SERVICE, name)
        raise _RefusedError("other", _name_of(backend))
    return {}


def _find_backend() -> "KeyringBackend":
    """Give the backend that the person chose, or that fits this machine. Raises _RefusedError."""
    import keyring
    from keyring.backends import chainer, fail, null

    try:
        backend = keyring.get_keyring()
        while isinstance(backend, chainer.ChainerBackend):
            # It writes to its first and reads from all: only the first has what we have written.
            backend = next(iter(backend.backends), None) or fail.Keyring()  # type: ignore[no-untyped-call]
    except Exception as error:
        raise _RefusedError("load", type(error).__name__) from None
    if isinstance(backend, fail.Keyring):
        raise _RefusedError("none", "")
    if isinstance(backend, null.Keyring):
        raise _RefusedError("null", _name_of(backend))
    for each in type(backend).__mro__:
        # The backends of keyrings.alt hide passwords poorly or not at all, and once it is
        # installed keyring chooses them by itself.
        if each.__module__.startswith("keyrings.alt") or "plaintext" in each.__name__.lower():
            raise _RefusedError("unsafe", _name_of(backend))
    return backend


def _explain(error: Exception) -> tuple[str, str]:
    """Give the kind of failure, and its detail."""
    from keyring import errors

    # By name: only those who have a Secret Service have these classes.
    names = {each.__name__ for each in type(error).__mro__}
    match error:
        case _RefusedError():
            return error.args[0], error.args[1]
        case errors.NoKeyringError():
            return "none", ""
        case errors.KeyringLocked():
            return "locked", ""
        case errors.InitError():
            return "init", ""
        case errors.PasswordSetError():
            return "set", ""
        case errors.PasswordDeleteError():
            return "delete", ""
    if names & {"LockedException", "PromptDismissedException"}:
        return "locked", ""
    if names & {"DBusErrorResponse", "SecretStorageException"}:
        return "bus", str(getattr(error, "name", type(error).__name__))
    return "failed", type(error).__name__


def _name_of(backend: "KeyringBackend") -> str:
    return f"{type(backend).__module__}.{type(backend).__name__}"


if __name__ == "__main__":
    main()
