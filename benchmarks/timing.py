"""Whole processes, timed in turn: A B C A B C ..., so that noise hits all of them alike."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.commands import Command

_WARM_UP_ROUNDS: Final = 2


def time_in_turn(
    commands: Sequence[Command], rounds: int, environment: Mapping[str, str]
) -> dict[str, list[float]]:
    """Give each command's times in milliseconds, one for each round. Warm-up is not counted.

    Raises CalledProcessError when a command fails.
    """
    times: dict[str, list[float]] = {command.name: [] for command in commands}
    for number in range(_WARM_UP_ROUNDS + rounds):
        for command in commands:
            taken = _time(command, environment)
            if number >= _WARM_UP_ROUNDS:
                times[command.name].append(taken)
    return times


def _time(command: Command, environment: Mapping[str, str]) -> float:
    arguments = command.arguments()
    start = time.perf_counter()
    subprocess.run(
        arguments,
        input=command.stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, **command.variables},
        check=True,
    )
    return 1000 * (time.perf_counter() - start)
