"""`python -m benchmarks`: make servers, fill them, time, judge, report, remove it all."""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.agent import there_is_one
from benchmarks.data import SEED, generate
from benchmarks.peers import find_peers
from benchmarks.picture import draw
from benchmarks.report import Report, as_json, as_text, machine
from benchmarks.sections import SECTIONS, Run, peers_section
from benchmarks.server import temporary_home
from benchmarks.stores import SharedServer, shared_server
from benchmarks.targets import FIXED, against_peers, judge
from todo_cli.errors import TodoError, UnavailableError


def main() -> None:
    """Run the benchmarks with the process's own arguments."""
    options = parser().parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that we clean up
    try:
        report = _run(options)
    except KeyboardInterrupt:
        sys.exit(130)
    except TodoError as error:
        sys.exit(f"benchmarks: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"benchmarks: {error.cmd[0]} failed: {error.stderr}")
    except subprocess.TimeoutExpired as error:
        sys.exit(f"benchmarks: {error.cmd[0]} hangs")
    if options.svg is not None:
        options.svg.write_text(draw(report), encoding="utf-8")
    print(as_json(report) if options.json else as_text(report))


def _run(options: argparse.Namespace) -> Report:
    begun = time.monotonic()
    wanted = [name for name in SECTIONS if not options.section or name in options.section]
    peers, left_out = find_peers(options.peers) if "peers" in wanted else ([], {})
    with _server() as (server, why), temporary_home() as home:
        run = Run(
            server=server,
            tasks=generate(options.tasks, SEED),
            rounds=options.rounds,
            rows=options.rows,
            peers=peers,
            warm=not options.cold_only and there_is_one(home),
            notes=why,
        )
        if not run.warm:
            run.notes.append("the agent was left out")
        figures = [figure for name in wanted for figure in SECTIONS[name](run)]
        aims = [*FIXED, *against_peers(figures, peers_section(options.tasks))]
        return Report(
            machine=machine(None if server is None else server.version()),
            peers=[peer.name for peer in peers],
            left_out=left_out,
            notes=run.notes,
            seed=SEED,
            tasks=options.tasks,
            rows=options.rows,
            rounds=options.rounds,
            seconds=round(time.monotonic() - begun),
            figures=figures,
            verdicts=judge(figures, aims),
        )


@contextmanager
def _server() -> Iterator[tuple[SharedServer | None, list[str]]]:
    """Give the server with TLS; without one, none and a note that says why."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(shared_server())
        except UnavailableError as error:
            yield None, [error.message]
        else:
            yield server, []


def parser() -> argparse.ArgumentParser:
    """Give what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time todo beside psql and other task managers, on servers of its own.",
    )
    names = ", ".join(SECTIONS)
    parser.add_argument(
        "section", nargs="*", type=_section, metavar="SECTION", help=f"{names} (all of them)"
    )
    parser.add_argument("--tasks", type=_positive, default=10_000, help="how many tasks (10,000)")
    parser.add_argument("--rounds", type=_positive, default=20, help="how many rounds (20)")
    parser.add_argument(
        "--rows",
        type=_positive,
        default=2_000_000,
        help="how many rows the large table has (2,000,000)",
    )
    parser.add_argument(
        "--peers",
        type=Path,
        metavar="DIR",
        help="a folder with virtual environments of todoman and topydo, made where they are "
        "missing; other task managers are those in PATH",
    )
    parser.add_argument("--cold-only", action="store_true", help="leave the agent out")
    parser.add_argument("--json", action="store_true", help="report in JSON")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw docs/agent.md's picture")
    return parser


def _section(text: str) -> str:
    if text not in SECTIONS:
        raise argparse.ArgumentTypeError(f"there is {', '.join(SECTIONS)}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("a number from 1 on is needed")
    return int(text)


if __name__ == "__main__":
    main()
