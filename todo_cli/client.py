"""Hand a command over to the agent. This is all that a hot command imports.

The standard library only, and little of it: `_socket` is what `socket` is made of, without the
milliseconds that its enumerations take. What is said on the agent's socket, for each command anew:

    client  its fingerprint                 agent  "y", or nothing when it cannot serve this client
    client  umask, arguments, environment, and as descriptors stdin, stdout, stderr and the folder
    client  "i" for each Ctrl-C             agent  the exit code as a byte

A message of the client has its length before it, in four bytes. The agent runs nothing before it
has all of a command; so until then the command can run here instead.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # that of typing takes milliseconds to import
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence

SOCKET = "socket"
LENGTH = 4  # bytes of a message's length
READY = b"y"
INTERRUPT = b"i"
IN_DOUBT = "it may have been done all the same: look before you repeat it"
STATUS = b"status"  # in place of a fingerprint: asks how the agent is

_HOT = frozenset(("", "add", "list", "show", "done", "reopen", "modify", "rm", "restore"))
_READING = frozenset(("", "list", "show"))  # which change nothing
# Global options that may stand before the command; those of the second kind take a value.
_FLAGS = frozenset(("--json", "--quiet", "-q", "--no-color", "--version"))
_VALUED = frozenset(("--fields", "--profile", "-P", "--timeout"))
# What runs in its own process: help, which depends on more than is handed over, and what asks.
_COLD = frozenset(("--help", "-h", "--purge"))
# The options of `list`, which may stand without its name.
_LISTING = frozenset(
    (
        *("--all", "--status", "--project", "--tag", "--untag", "--priority", "--due"),
        *("--due-before", "--due-after", "--search", "--limit", "--sort"),
    )
)
# Variables that the system's loader and resolver read for a process, which an agent is not.
_READ_EARLY = ("LD_", "DYLD_", "RES_OPTIONS", "LOCALDOMAIN", "HOSTALIASES")
_PATIENCE = 0.25  # seconds to wait for an agent that is busy: about what a command takes without it
_HANDING_OVER = 5.0  # seconds for it to take in a whole command
_INTERRUPTED = 130


def is_hot(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Tell whether the agent may run a command: it is one of the frequent ones, and asks nothing.

    ``arguments`` are those after the program's name.
    """
    if environ.get("TODO_AGENT") == "off" or "_TODO_COMPLETE" in environ:
        return False
    if sys.platform == "win32" or sys.getfilesystemencoding() != "utf-8":
        return False
    return _command(arguments) in _HOT and _COLD.isdisjoint(arguments)


def hand_over(arguments: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Have the agent run a command on our streams, and give its exit code.

    None when there is no agent that can: then nothing of the command has been done.
    """
    if not shares_streams(arguments):
        return None
    try:
        place, mark = folder(environ), fingerprint(environ)
    except OSError:  # we are in a folder that has gone, or the program is just being replaced
        return None
    return run(place, mark, arguments, environ, (0, 1, 2))


def shares_streams(arguments: Sequence[str]) -> bool:
    """Tell whether a command can have our streams in another process.

    Not when one is closed: what is opened next gets its number. Nor when it reads from a terminal,
    which would go on when we are stopped, or in the background: only our process is the shell's.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        return False
    return "-" not in arguments or not os.isatty(0)


def run(
    folder: str,
    mark: bytes,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    streams: Sequence[int],
) -> int | None:
    """Hand a command over to the agent of a folder, as a client with this fingerprint.

    ``streams`` are the descriptors that the command has as stdin, stdout and stderr.
    """
    try:
        agent = connect(folder)
    except (OSError, ImportError):  # there is none, or it is too busy
        return None
    try:
        if not _takes(agent, mark, arguments, environ, streams):
            return None
        return _wait(agent, arguments, streams[2])
    finally:
        agent.close()


def folder(environ: Mapping[str, str]) -> str:
    """Give the folder of the agent's socket; it lies in the state folder that `settings` finds."""
    home = environ.get("TODO_HOME")
    state = os.path.join(home, "state") if home else _of_platform(environ, "STATE", ".local/state")
    if not os.path.isabs(state):  # what leads through a link stays as it is
        state = os.path.join(os.getcwd(), state)
    return os.path.join(state, "agent")


def fingerprint(environ: Mapping[str, str]) -> bytes:
    """Give what an agent must have in common with its clients: programs, settings, credentials.

    Files are told by inode, size and time of change; nothing secret is in it.
    """
    config = environ.get("TODO_HOME") or _of_platform(environ, "CONFIG", ".config")
    config = os.path.realpath(config)  # a folder may have several names
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    read = sorted(name for name in environ if name.startswith(_READ_EARLY))
    lines = [*_surroundings(), *(f"{name}={environ[name]}" for name in read)]
    for path in (
        os.path.join(config, "config.toml"),
        os.path.join(config, "credentials", "passwords.json"),
        # It changes with what is installed. Whoever comes by a link has the prefix with the link.
        os.path.realpath(os.path.join(sys.prefix, "lib", python, "site-packages")),
        os.path.realpath(sys.executable),
    ):
        lines.append(_about(path))
    _add_programs(os.path.dirname(os.path.realpath(__file__)), lines)
    return os.fsencode("\n".join(lines))


def connect(folder: str) -> socket:
    """Connect to the agent of a folder that is ours alone. Raises OSError.

    The path of a socket is short, whatever the folder's: where the system shows a process its
    descriptors as files, the socket is found by the folder's.
    """
    import _socket

    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    agent = None
    try:
        check_folder(os.fstat(descriptor))
        agent = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        agent.settimeout(_PATIENCE)
        agent.connect(address(folder, descriptor))
        if peer(agent) != os.geteuid():
            raise PermissionError("the agent is somebody else's")
    except BaseException:
        if agent is not None:
            agent.close()
        raise
    finally:
        os.close(descriptor)
    return agent


def check_folder(status: os.stat_result) -> None:
    """Raise PermissionError for a folder that is not ours, or that others may enter."""
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise PermissionError("the folder of the agent is open to others")


def address(folder: str, descriptor: int) -> str:
    """Give the path of the socket in a folder that is open as ``descriptor``."""
    short = f"/proc/self/fd/{descriptor}"
    return os.path.join(short if sys.platform == "linux" else folder, SOCKET)


def peer(connection: socket) -> int:
    """Give the user id of the process at the other end. Raises OSError where it cannot be told."""
    import _socket

    if hasattr(_socket, "SO_PEERCRED"):  # struct ucred: process, user, group
        found = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
    else:  # LOCAL_PEERCRED of SOL_LOCAL: struct xucred: version, user, groups
        found = connection.getsockopt(0, 1, 76)
    return int.from_bytes(found[4:8], sys.byteorder)


def send(agent: socket, message: bytes) -> None:
    """Send a message. Raises OSError."""
    agent.sendall(len(message).to_bytes(LENGTH, "big") + message)


def _command(arguments: Sequence[str]) -> str | None:
    """Give the command among the arguments: "" when there is none, None when nobody knows."""
    rest = iter(arguments)
    for argument in rest:
        if argument in _VALUED:
            next(rest, None)
        elif argument.startswith("-"):
            name = argument.partition("=")[0]
            if name in _LISTING or _leaves_out(argument):
                return ""
            if argument not in _FLAGS and name not in _VALUED:
                return None
        else:  # with a sign or a colon it is no command, but belongs to a list
            return "" if argument[:1] == "+" or ":" in argument else argument
    return ""


def _leaves_out(argument: str) -> bool:
    """Tell whether an argument is such as ``-errand``; what begins as global options do is none."""
    return argument[1:2] not in "-hqP" and len(argument) > 2


def _of_platform(environ: Mapping[str, str], kind: str, default: str) -> str:
    base = environ.get(f"XDG_{kind}_HOME", "")
    if not os.path.isabs(base):
        darwin = sys.platform == "darwin"
        base = os.path.expanduser("~/Library/Application Support" if darwin else f"~/{default}")
    return os.path.join(base, "todo-cli")


def _surroundings() -> list[str]:
    """Give what this process is in where there can be several: network, users, files, processes."""
    root = os.stat("/")
    found = [f"/ {root.st_dev} {root.st_ino}"]
    for name in ("net", "user", "mnt", "pid"):
        try:
            found.append(os.readlink(f"/proc/self/ns/{name}"))
        except OSError:
            found.append("")
    return found


def _about(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError:
        return f"{path} -"
    return f"{path} {status.st_ino} {status.st_size} {status.st_mtime_ns}"


def _add_programs(folder: str, lines: list[str]) -> None:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name.endswith(".py"):
                status = entry.stat()
                lines.append(f"{entry.path} {status.st_ino} {status.st_size} {status.st_mtime_ns}")
            elif entry.name != "__pycache__" and entry.is_dir():
                _add_programs(entry.path, lines)


def _takes(
    agent: socket,
    mark: bytes,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    streams: Sequence[int],
) -> bool:
    """Hand the command over, and tell whether the agent has all of it: else it does not run it."""
    try:
        send(agent, mark)
        if agent.recv(1) != READY:
            return False
        agent.settimeout(_HANDING_OVER)
        _send_command(agent, arguments, environ, streams)
        agent.settimeout(None)
    except OSError:  # it left, or is too slow; or one of the streams is closed
        return False
    return True


def _send_command(
    agent: socket, arguments: Sequence[str], environ: Mapping[str, str], streams: Sequence[int]
) -> None:
    import _socket

    umask = os.umask(0o077)
    os.umask(umask)
    parts = [str(umask), str(len(arguments)), *arguments]
    parts += [f"{name}={value}" for name, value in environ.items()]
    message = os.fsencode("\0".join(parts))
    message = len(message).to_bytes(LENGTH, "big") + message
    here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY)
    try:
        handed = b"".join(each.to_bytes(4, sys.byteorder) for each in (*streams, here))
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handed)
        sent = agent.sendmsg([message], [rights])
    finally:
        os.close(here)
    if sent < len(message):  # it may have run by now, and sending nothing would fail
        agent.sendall(message[sent:])


def _wait(agent: socket, arguments: Sequence[str], stderr: int) -> int:
    """Wait for the exit code. A second Ctrl-C leaves; that the agent hears too."""
    try:
        code = agent.recv(1)
    except KeyboardInterrupt:
        try:
            _interrupt(agent)
            code = agent.recv(1)
        except KeyboardInterrupt:
            return _INTERRUPTED
        except OSError:
            code = b""
    except OSError:
        code = b""
    return code[0] if code else _report(arguments, stderr)


def _interrupt(agent: socket) -> None:
    try:
        agent.send(INTERRUPT)
    except OSError:  # it has just answered, or ended: what it has sent is there to be read
        pass


def _report(arguments: Sequence[str], stderr: int) -> int:
    """Say that the agent was killed in the middle; its words and form are those of any error."""
    message = "the agent ended in the middle of this command"
    reads = _command(arguments) in _READING
    hint = "" if reads else IN_DOUBT
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if any(each == "--json" or each.partition("=")[0] == "--fields" for each in options):
        value = f'"{hint}"' if hint else "null"
        text = f'{{"error":{{"code":"error","message":"{message}","hint":{value}}}}}\n'
    else:
        text = f"todo: {message}\n" + (f"hint: {hint}\n" if hint else "")
    try:
        import select

        select.select([], [stderr], [])  # it may be full, and such that writing does not wait
        os.write(stderr, text.encode())
    except OSError:
        pass
    return 1
