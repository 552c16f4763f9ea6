"""Shells that something is wrong with: low limits, niceness, signals ignored or blocked."""

import json
import resource
import sys
from dataclasses import dataclass, field
from pathlib import Path

# A program that makes itself so and becomes the one that comes after.
_BECOME = """
import json, os, resource, signal, sys
given = json.loads(sys.argv[1])
for name, limits in given["limits"].items():
    resource.setrlimit(getattr(resource, name), limits)
for name in given["ignored"]:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_SETMASK, [getattr(signal, name) for name in given["blocked"]])
os.nice(given["niceness"])
os.umask(given["umask"])
if given["processors"]:
    os.sched_setaffinity(0, given["processors"])
if given["sacrifice"]:
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(given["sacrifice"]))
os.execvp(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class Shell:
    """What a shell leaves to its programs. ``limits`` are hard ones, ``soft`` the others.

    ``processors`` are all that they may use; with a ``sacrifice`` up to 1000 the system ends them
    before others when it has no memory left.
    """

    limits: dict[str, int] = field(default_factory=dict)
    soft: dict[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    niceness: int = 0
    umask: int = 0o022
    processors: tuple[int, ...] = ()
    sacrifice: int = 0

    @property
    def within(self) -> tuple[str, ...]:
        """What a command line in this shell begins with."""
        soft = {
            name: (value, resource.getrlimit(getattr(resource, name))[1])
            for name, value in self.soft.items()
        }
        hard = {name: (value, value) for name, value in self.limits.items()}
        given = {
            "limits": {**soft, **hard},
            "ignored": self.ignored,
            "blocked": self.blocked,
            "niceness": self.niceness,
            "umask": self.umask,
            "processors": self.processors,
            "sacrifice": self.sacrifice,
        }
        return sys.executable, "-c", _BECOME, json.dumps(given)


def inherited(process: int) -> dict[str, str]:
    """Give what a process has from its parent: limits, niceness, signals, processors."""
    folder = Path(f"/proc/{process}")
    found = {
        line[:26].strip(): line[26:].strip()
        for line in (folder / "limits").read_text().splitlines()[1:]
    }
    lines = (folder / "status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    found |= {name: status[name].strip() for name in ("SigBlk", "SigIgn", "Cpus_allowed")}
    found["niceness"] = (folder / "stat").read_text().rpartition(")")[2].split()[16]
    found["sacrifice"] = (folder / "oom_score_adj").read_text()
    return found
