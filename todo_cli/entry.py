"""The `todo` program: hand the command to the warm agent, else run it here.

Imports little at first, so that Ctrl-C is quiet from the beginning.
"""

import _signal  # type: ignore[import-not-found]  # what `signal` is made of, for less time
import gc
import os
import sys


def main() -> None:
    """Run the command line, and leave with its exit code."""
    if hasattr(_signal, "SIGCHLD"):  # whoever ignores it cannot be told how a child has ended
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    os.umask(os.umask(0o077) & 0o077)  # what we make, we must be able to use
    try:
        _settle_home()
        from todo_cli import client

        arguments = sys.argv[1:]
        hot = client.is_hot(arguments, os.environ)
        code = client.hand_over(arguments, os.environ) if hot else None
        if code is not None:
            os._exit(code)  # nothing here has been written that would have to be flushed
        _run_here(hot)
    except KeyboardInterrupt:  # before the command line could see to it
        sys.exit(130)


def _settle_home() -> None:
    """Have a relative HOME or TODO_HOME mean one folder in every process of ours.

    The agent runs in another folder, and of who reads HOME some take a relative one for none. So is
    an empty one here.
    """
    for name in ("HOME", "TODO_HOME"):
        value = os.environ.get(name)
        if value == "":
            del os.environ[name]
        elif value is not None and not os.path.isabs(value):
            try:
                os.environ[name] = os.path.realpath(value)
            except OSError:  # we are in a folder that has gone
                pass


def _run_here(hot: bool) -> None:
    gc.disable()  # a command is over before collecting would pay: a fifth of it is saved
    try:
        from todo_cli.cli import app  # slow

        app.main()
    finally:
        gc.freeze()  # nor when the interpreter ends
        if hot:
            from todo_cli.services.agent.starting import start

            start(os.environ)  # an agent, for the next command
