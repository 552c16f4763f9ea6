"""The agent of a store: started, asked how it is, and always stopped."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.commands import find_todo

_PATIENCE: Final = 60.0


class Agent:
    """The warm process of one TODO_HOME; ``todo`` is the program, this environment's by itself."""

    def __init__(self, environment: Mapping[str, str], todo: Path | None = None) -> None:
        self._environment = environment
        self._todo = todo or find_todo()

    def served(self) -> int:
        """Give how many commands it has served; none when it does not run any more."""
        return self._number("served")

    def workers(self) -> int:
        """Give how many workers it has."""
        return self._number("workers")

    def memory(self) -> int:
        """Give what it and its workers take, in bytes, each page counted once (PSS)."""
        return self._number("memory")

    def _number(self, name: str) -> int:
        status = json.loads(self.ask("status", "--json"))
        return int(status[name]) if status["running"] else 0

    def ask(self, *arguments: str) -> str:
        """Run `todo agent`, out of the reach of a Ctrl-C, and give its answer."""
        return subprocess.run(
            [str(self._todo), "agent", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(self._environment),
            text=True,
            check=True,
            timeout=_PATIENCE,
            start_new_session=True,
        ).stdout


@contextmanager
def agent(environment: Mapping[str, str], todo: Path | None = None) -> Iterator[Agent]:
    """Start the agent, and stop it at the end."""
    made = Agent(environment, todo)
    try:
        made.ask("start")
        yield made
    finally:
        made.ask("stop")


def there_is_one(environment: Mapping[str, str]) -> bool:
    """Tell whether this todo has an agent at all."""
    try:
        Agent(environment).ask("status")
    except subprocess.CalledProcessError as error:
        if error.returncode == 2:  # no such command
            return False
    return True
