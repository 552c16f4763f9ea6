"""What a process that serves everybody after must not take over from the one that starts it.

`command` puts a step in front of a program: this file, run by an interpreter of its own. It makes
signals, soft limits and processors the usual ones, and becomes the program. Our own process could
not do that: what other threads see must not change, and between fork and exec Python must not run
beside them.

Hard limits and niceness cannot be undone at all: `worse` tells of those. The class of input and
output (ionice) stays: only ctypes could undo it, by a number that differs from machine to machine.
The standard library only, and little of it, for a command waits for the step: `signal` would take
half as long again to load, ctypes a quarter.
"""

import _signal  # type: ignore[import-not-found]
import os
import resource
import sys

TYPE_CHECKING = False  # that of typing is slow to import, too
if TYPE_CHECKING:
    from collections.abc import Sequence

# Variables without which some interpreters do not start.
_INTERPRETERS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")

_ENDLESS = resource.RLIM_INFINITY
_SACRIFICE = "/proc/{}/oom_score_adj"  # how early a process is ended when memory is short
_NOT_RUN = 127  # the exit code of a shell for a program that it cannot run

# Each limit's name, what is usual where nobody cares, how much is enough to work with, and the
# words that come after a number. A stack is as long as its limit says wherever a thread begins, and
# some programs take time for each descriptor that they might have: so neither is endless.
_LIMITS = (
    ("RLIMIT_NOFILE", 1024, 1024, "open files"),
    ("RLIMIT_NPROC", _ENDLESS, 512, "processes"),
    ("RLIMIT_CPU", _ENDLESS, _ENDLESS, "seconds of processor time"),
    ("RLIMIT_FSIZE", _ENDLESS, 2 << 30, "bytes in a file"),  # a large table is parted at 1 GB
    ("RLIMIT_AS", _ENDLESS, 4 << 30, "bytes of memory"),
    ("RLIMIT_DATA", _ENDLESS, 4 << 30, "bytes of data"),
    ("RLIMIT_STACK", 8 << 20, 8_000_000, "bytes of stack"),
)


def command(
    arguments: "Sequence[str]", account: str = "", keeping: "Sequence[str]" = ()
) -> list[str]:
    """Give the command that runs a program with the usual signals and soft limits.

    ``account`` is "UID:GID" when it is to run as somebody else, and ``keeping`` are the variables
    of the environment that it may see, if not all. What cannot be run ends with 127, and "error:"
    and the reason on stderr.
    """
    return [sys.executable, "-P", "-S", __file__, account, ",".join(keeping), *arguments]


def for_interpreters() -> dict[str, str]:
    """Give the variables of our environment without which the step may not start."""
    return {name: os.environ[name] for name in _INTERPRETERS if name in os.environ}


def worse(process: int = 0) -> list[str]:
    """Say in what a process is worse off than usual, and stays so: "24 open files", "niceness 19".

    That is this one, or the one with a number. Raises OSError for one that has ended.
    """
    found = low_limits(process)
    if (niceness := os.getpriority(os.PRIO_PROCESS, process)) > 0:
        found.append(f"niceness {niceness}")
    if hasattr(os, "sched_getscheduler"):
        names = {os.SCHED_BATCH: "batch", os.SCHED_IDLE: "idle"}
        policy = os.sched_getscheduler(process)
        found += [f"{names[policy]} scheduling"] if policy in names else []
    return found


def low_limits(process: int = 0) -> list[str]:
    """Say which hard limits of a process are lower than usual; nothing where that is not known."""
    found = []
    for name, _, enough, words in _LIMITS:
        hard = _hard_limit(getattr(resource, name, None), process)
        if _is_below(hard, enough):
            found.append(f"{hard} {words}")
    return found


def _hard_limit(number: int | None, process: int) -> int:
    if number is None:
        return _ENDLESS
    if process == 0:
        return resource.getrlimit(number)[1]
    if not hasattr(resource, "prlimit"):
        return _ENDLESS
    try:
        return resource.prlimit(process, number)[1]
    except PermissionError:  # somebody else's
        return _ENDLESS


def _is_below(value: int, other: int) -> bool:
    return value != _ENDLESS and (other == _ENDLESS or value < other)


def _reset() -> None:
    """Have signals, soft limits and processors as a new login has them."""
    for number in _signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP}:
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    for name, usual, _, _ in _LIMITS:
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (hard if _is_below(hard, usual) else usual, hard))
    for undo in (_use_all_processors, _be_no_sacrifice):
        try:
            undo()
        except (OSError, ValueError):  # the administrator's, or no such system
            continue


def _use_all_processors() -> None:
    """Use those of the machine's first process; the kernel leaves out what our cgroup has not."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, os.sched_getaffinity(1))


def _be_no_sacrifice() -> None:
    """Be ended no earlier than the machine's first process; who may not was made so by root."""
    with open(_SACRIFICE.format(1)) as file:  # noqa: PTH123 - pathlib is slow to import
        usual = max(0, int(file.read()))
    with open(_SACRIFICE.format("self"), "r+") as file:  # noqa: PTH123
        if int(file.read()) > usual:
            file.write(str(usual))


def _become(account: str, keeping: str, arguments: list[str]) -> None:
    """Become a program. Raises OSError."""
    _reset()
    if account:
        uid, gid = (int(each) for each in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    names = keeping.split(",") if keeping else list(os.environ)
    kept = {name: os.environ[name] for name in names if name in os.environ}
    os.execve(arguments[0], arguments, kept)  # noqa: S606 - without a shell, as it is meant


if __name__ == "__main__":
    try:
        _become(sys.argv[1], sys.argv[2], sys.argv[3:])
    except OSError as error:
        sys.stderr.write(f"error: cannot run {sys.argv[3]}: {error.strerror}\n")
        sys.exit(_NOT_RUN)
