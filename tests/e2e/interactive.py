"""bash, zsh and fish as somebody sits in front of them, in a pseudo-terminal."""

import fcntl
import os
import pty
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.package import QUIET, shared_copy

SHELLS = ("bash", "zsh", "fish")
PROMPT = "ready> "
_SECONDS = 60.0  # no test waits that long, unless it fails
# control-T, with which no other key begins: what stands on the line goes into a file.
_DUMP = b"\x14"

# A file is renamed when it is whole, so that whoever waits for it never sees a half.
_LINE = '{ printf %s "$LINE" >"$DUMP.new" && mv "$DUMP.new" "$DUMP"; }'
_START = {
    "bash": f"""
PS1='{PROMPT}' HISTFILE=
bind 'set enable-bracketed-paste off'
dump() {{ local LINE=$READLINE_LINE; READLINE_LINE= READLINE_POINT=0; {_LINE}; }}
bind -x '"\\C-t": dump'
""",
    "zsh": f"""
PROMPT='{PROMPT}' PROMPT_EOL_MARK=
unsetopt beep
dump() {{ local LINE=$BUFFER; BUFFER=; {_LINE} }}
zle -N dump
bindkey '^T' dump
""",
    "fish": f"""
function fish_prompt; printf '{PROMPT}'; end
function fish_greeting; end
function dump; commandline >$DUMP.new; commandline ''; mv $DUMP.new $DUMP; end
bind \\ct dump
""",
}
_PROGRAM = """#!{python} -P
import sys
sys.path.insert(0, {checkout!r})
from todo_cli.services.completion import suggestions
suggestions.DEADLINE = 60.0  # this machine may be busy
from todo_cli.cli.app import main
main()
"""


class Shell:
    """A shell that waits at its prompt."""

    def __init__(self, name: str, home: Path, master: int) -> None:
        self.name = name
        self.home = home
        self._master = master
        self._dump = home / "line"
        self.screen = ""  # all that it has ever shown

    def type(self, keys: str) -> str:
        """Type keys and give what then stands on the line, which is empty after that."""
        self._dump.unlink(missing_ok=True)
        os.write(self._master, keys.encode() + _DUMP)
        self.until(self._dump.exists)
        return self._dump.read_text().removesuffix("\n")

    def press(self, keys: str) -> None:
        """Type keys and nothing behind them, for which a shell may leave out what it would show."""
        os.write(self._master, keys.encode())

    def wait_for(self, text: str) -> None:
        """Wait until the shell has shown this."""
        self.until(lambda: text in self.screen)

    def until(self, arrived: Callable[[], bool]) -> None:
        """Read what the shell shows until something has come about."""
        deadline = time.monotonic() + _SECONDS
        while not arrived():
            assert time.monotonic() < deadline, f"it never came; the screen:\n{self.screen}"
            if select.select([self._master], [], [], 0.01)[0]:
                self.screen += os.read(self._master, 65536).decode(errors="replace")


@contextmanager
def opened(
    shell: str, home: Path, environment: Mapping[str, str], start: str = ""
) -> Iterator[Shell]:
    """Open a shell whose home is ``home`` and which runs ``start`` first, and close it."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} on this machine")
    for name in (".bashrc", ".zshrc"):
        (home / name).touch()
    # Else fish begins to read all man pages of the machine, and goes on for long after its end.
    (home / ".local/share/fish/generated_completions").mkdir(parents=True, exist_ok=True)
    arguments = {
        "bash": ["bash", "--noprofile", "-i"],
        "zsh": ["zsh", "--no-global-rcs", "-i"],
        "fish": ["fish", "--private", "-i"],
    }
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    process = subprocess.Popen(
        arguments[shell],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={
            "HOME": str(home),
            "PATH": f"{home / 'bin'}{os.pathsep}{os.defpath}",
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(home),  # else fish leaves a folder in /tmp
            "DUMP": str(home / "line"),
            **environment,
        },
        cwd=home,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        begin = home / f"begin.{shell}"
        begin.write_text(f"{start}\n{_START[shell]}")
        found = Shell(shell, home, master)
        os.write(master, f". {begin}\n".encode())
        found.wait_for(PROMPT)
        yield found
    finally:
        process.kill()
        process.wait()
        os.close(master)


def program(home: Path) -> None:
    """Put `todo` where a shell of this home finds it."""
    path = home / "bin" / "todo"
    path.parent.mkdir()
    path.write_text(_PROGRAM.format(python=sys.executable, checkout=str(shared_copy(**QUIET))))
    path.chmod(0o755)
