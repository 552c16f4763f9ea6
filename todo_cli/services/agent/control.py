"""How the agent is, starting it and stopping it, for whoever asks for that."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import todo_cli
from todo_cli import client, settings
from todo_cli.domain.agent import AgentReport, AgentView
from todo_cli.domain.doctor import Finding, ok, warning
from todo_cli.errors import TodoError, UnavailableError, UsageError
from todo_cli.services.agent import starting

if TYPE_CHECKING:
    import psutil

_WITHOUT: Final = "commands work without it"
_PAUSE: Final = 0.02
_ANSWERING: Final = 1.0  # seconds; where all workers are busy, there is one more after 0.1
_STARTING: Final = 10.0
_NAMING: Final = 5.0  # seconds until an agent that is being started has written its process id
_STOPPING: Final = 20.0  # seconds; it stops the private server, too


def status(environ: Mapping[str, str]) -> AgentView:
    """Look at the agent without starting it. Raises TodoError where there can be none."""
    folder = _find_folder(environ)
    return _view(folder, _ask(folder, _ANSWERING))


def start(environ: Mapping[str, str]) -> tuple[AgentView, bool]:
    """Have an agent run that answers, and tell whether it was started now.

    Raises UsageError when it is switched off, TodoError and UnavailableError when it does not run.
    """
    _check_wanted(environ)
    folder = _find_folder(environ)
    report = _ask(folder, _ANSWERING)
    if report is not None or _is_listening(folder):
        return _view(folder, report), False
    started = False
    deadline = time.monotonic() + _STARTING
    while report is None and time.monotonic() < deadline:
        if not starting.is_alive(folder):
            if started:
                raise TodoError("the agent ended as soon as it was started", "run: todo doctor")
            started = _launch(environ, folder)
        report = _ask(folder, _ANSWERING)
    if report is None and not _is_listening(folder):  # it may wait for a database
        words = f"the agent does not answer within {_STARTING:g} s"
        raise UnavailableError(words, _WITHOUT)
    return _view(folder, report), started


def stop(environ: Mapping[str, str]) -> bool:
    """Stop the agent, and the private server if nobody else uses it; tell whether one ran.

    Raises TodoError and UnavailableError when it does not leave.
    """
    return _end(_find_folder(environ), signal.SIGTERM)


def restart(environ: Mapping[str, str]) -> tuple[AgentView, bool]:
    """Have a new agent run, and tell whether it took the place of one; the private server goes on.

    Raises as `start` and `stop`.
    """
    _check_wanted(environ)
    starting.check_fit()
    ran = _end(_find_folder(environ), signal.SIGHUP)
    found, _ = start(environ)
    return found, ran


def process_id(environ: Mapping[str, str]) -> int | None:
    """Give the process id of the agent, None when none can be seen from here."""
    with suppress(TodoError, OSError):
        process = _process(_find_folder(environ))
        return None if process is None else process.pid
    return None


def is_off(environ: Mapping[str, str]) -> bool:
    """Tell whether no command uses the agent or starts it."""
    return environ.get("TODO_AGENT") == "off"


def look(environ: Mapping[str, str]) -> Finding:
    """Tell for `todo doctor` how the agent is; it is nothing that a command needs."""
    if is_off(environ):
        return ok("off (TODO_AGENT)")
    if sys.platform == "win32":
        return ok("there is none on Windows")
    try:
        found = status(environ)
    except TodoError as error:
        return warning(error.message, error.hint or _WITHOUT)
    except OSError as error:  # a file system without locks, for one
        return warning(f"it cannot be looked at: {error.strerror}", _WITHOUT)
    if found.host is not None:
        return ok(f"running on {found.host}, or in another container; a command here sends it away")
    if not found.running:
        return ok("not running; it starts by itself after a command")
    if found.version is None:
        return ok("running, and busy or just being started")
    if found.version != todo_cli.__version__:
        words = f"that of version {found.version} runs, and this is {todo_cli.__version__}"
        return warning(words, "run: todo agent restart")
    workers = f"{found.workers} worker{'' if found.workers == 1 else 's'}"
    commands = f"{found.served} command{'' if found.served == 1 else 's'}"
    return ok(f"running: {workers}, {commands} answered")


def _check_wanted(environ: Mapping[str, str]) -> None:
    """Raise UsageError when there is to be no agent, or the settings that it reads are wrong."""
    if is_off(environ):
        raise UsageError("the agent is switched off: TODO_AGENT is off", "unset TODO_AGENT")
    settings.load(environ)


def _find_folder(environ: Mapping[str, str]) -> Path:
    """Give the agent's folder, there or not. Raises TodoError when it cannot be trusted."""
    if sys.platform == "win32":
        raise TodoError("there is no agent on Windows", _WITHOUT)
    folder = Path(client.folder(environ))
    try:
        found = folder.lstat()
    except OSError:
        return folder
    try:
        client.check_folder(found)
    except PermissionError:
        if folder.is_symlink() or found.st_uid != os.geteuid():
            words = f"the agent's folder is somebody else's, or a link: {folder}"
            raise TodoError(words, "move it out of the way") from None
        words = f"the agent's folder is open to others: {folder}"
        raise TodoError(words, f"run: chmod 700 {shlex.quote(str(folder))}") from None
    return folder


def _launch(environ: Mapping[str, str], folder: Path) -> bool:
    """Start an agent; tell whether it was us who did. Raises TodoError, UnavailableError."""
    try:
        starting.launch(environ)
    except TimeoutError:  # somebody else does just now
        return False
    except OSError as error:
        words = f"the agent cannot be started in {folder}: {error.strerror or error}"
        raise TodoError(words, _WITHOUT) from None
    return True


def _ask(folder: Path, seconds: float) -> AgentReport | None:
    """Ask an agent how it is; None when there is none, or it does not answer in time."""
    deadline = time.monotonic() + seconds
    while starting.is_alive(folder):
        with suppress(OSError, ValueError):  # it starts, or leaves, or is of a strange version
            return _ask_once(folder, deadline)
        if time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    return None


def _ask_once(folder: Path, deadline: float) -> AgentReport:
    connection = client.connect(str(folder))
    try:
        connection.settimeout(max(_PAUSE, deadline - time.monotonic()))
        client.send(connection, client.STATUS)
        answer = bytearray()
        while more := connection.recv(4096):
            answer += more
    finally:
        connection.close()
    return AgentReport.model_validate_json(answer)


def _is_listening(folder: Path) -> bool:
    """Tell whether an agent would take a command, now or as soon as one of its workers is free."""
    try:
        client.connect(str(folder)).close()
    except (BlockingIOError, TimeoutError):  # so many wait already
        return True
    except OSError:
        return False
    return True


def _view(folder: Path, report: AgentReport | None) -> AgentView:
    """Put together what is known; where nothing was reported, the lock file tells a little."""
    host = starting.elsewhere(folder)
    if report is None:
        process = _process(folder)
        pid = None if process is None else process.pid
        return AgentView(running=starting.is_alive(folder), pid=pid, host=host, folder=str(folder))
    return AgentView(
        running=True,
        pid=report.agent if host is None else None,
        host=host,
        version=report.version,
        uptime=int(time.monotonic() - report.begun),
        workers=len(report.workers),
        served=report.served,
        connections=report.connections,
        memory=_memory((report.agent, *report.workers)) if host is None else None,
        folder=str(folder),
    )


def _memory(pids: Iterable[int]) -> int:
    """Give the memory of processes, in bytes: what they share counts once where that is known."""
    import psutil

    total = 0
    for pid in pids:
        with suppress(psutil.Error):  # it has just left
            found = psutil.Process(pid).memory_full_info()
            total += getattr(found, "pss", found.rss)
    return total


def _process(folder: Path) -> "psutil.Process | None":
    """Give the process of the agent that lives, None when it is not known yet.

    Whatever a lock file names is looked at: it must be an agent, and that of this folder.
    """
    import psutil

    said = starting.what_it_says(folder)
    if said is None or starting.elsewhere(folder) is not None:
        return None
    try:
        process = psutil.Process(int(said.partition("\n")[0]))
        arguments = process.cmdline()
        its_folder = arguments[arguments.index(starting.PROGRAM) + 1]
        return process if folder.samefile(its_folder) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _end(folder: Path, number: signal.Signals) -> bool:
    """Tell the agent to leave, and wait until it has; tell whether there was one.

    Raises UnavailableError when it does not, or cannot be told from here.
    """
    told: psutil.Process | None = None
    begin = time.monotonic()
    while starting.is_alive(folder):
        if host := starting.elsewhere(folder):
            words = f"the agent runs on {host}, or in another container"
            raise UnavailableError(words, "stop it there: todo agent stop")
        process = _process(folder)
        if process is not None and process != told:
            _tell(process, number)
            told = process
        waited = time.monotonic() - begin
        if told is None and waited > _NAMING:
            words = f"something that is no agent has locked {folder / starting.LOCK}"
            raise UnavailableError(words, _WITHOUT)
        if told is not None and waited > _STOPPING:
            words = f"the agent, process {told.pid}, does not leave within {_STOPPING:g} s"
            raise UnavailableError(words, "run: todo agent status")
        time.sleep(_PAUSE)
    return told is not None


def _tell(process: "psutil.Process", number: signal.Signals) -> None:
    import psutil

    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:  # it has just left by itself
        pass
    except psutil.AccessDenied:
        raise TodoError(f"process {process.pid}, the agent, is somebody else's") from None
