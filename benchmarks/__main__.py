"""`python -m benchmarks`: set up a server, fill it, time the commands, report, remove it all."""

import argparse
import signal
import subprocess
import sys

from benchmarks.commands import commands, find_psql
from benchmarks.data import SEED, generate
from benchmarks.report import Report, as_json, as_text, figures, machine
from benchmarks.server import fill, temporary_server
from benchmarks.timing import time_in_turn
from todo_cli.errors import TodoError


def main() -> None:
    """Run the benchmarks with the process's own arguments."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that we clean up
    try:
        report = _run(options.tasks, options.rounds)
    except KeyboardInterrupt:
        sys.exit(130)
    except TodoError as error:
        sys.exit(f"benchmarks: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"benchmarks: {error.cmd[0]} failed: {error.stderr}")
    print(as_json(report) if options.json else as_text(report))


def _run(tasks: int, rounds: int) -> Report:
    psql = find_psql()
    with temporary_server() as (server, environment), temporary_server() as (_, bulk):
        statements = fill(server, generate(tasks, SEED))
        timed = commands(server, statements, psql, bulk["TODO_HOME"])
        times = time_in_turn(timed, rounds, environment)
        return Report(
            machine=machine(server.status().version),
            psql=None if psql is None else str(psql),
            seed=SEED,
            tasks=tasks,
            rounds=rounds,
            figures=figures(timed, times),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time todo.")
    parser.add_argument("--tasks", type=_positive, default=10_000, help="how many tasks (10,000)")
    parser.add_argument("--rounds", type=_positive, default=20, help="how many rounds (20)")
    parser.add_argument("--json", action="store_true", help="report in JSON")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("a number from 1 on is needed")
    return int(text)


if __name__ == "__main__":
    main()
