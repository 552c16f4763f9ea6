"""`python -m benchmarks.launcher FORMER NEW`: a warm `todo show 1` of two installs, in pairs."""

import argparse
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.agent import agent
from benchmarks.commands import WARM, Command
from benchmarks.server import temporary_server
from benchmarks.statements import SHOW
from benchmarks.timing import time_in_turn
from todo_cli.errors import UnavailableError


def main() -> None:
    """Time the two, and print what share of the former's time the new one takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launcher", description=__doc__)
    for name in ("former", "new"):
        parser.add_argument(name, type=Path, help="a `todo` that an installer has made")
    parser.add_argument("--pairs", type=int, default=400, help="how many pairs (400)")
    options = parser.parse_args()
    with ExitStack() as stack:
        former, new = (stack.enter_context(warm(todo)) for todo in (options.former, options.new))
        # In the second pair of a round the new one comes first.
        times = time_in_turn([former, new, new, former], -(-options.pairs // 2))
    print(summary([*times[0], *times[3]], [*times[1], *times[2]]))


@contextmanager
def warm(todo: Path) -> Iterator[Command]:
    """Give `todo show 1` on a private server of its own, served by an agent.

    Raises UnavailableError when the agent has served nothing.
    """
    program = todo.absolute()
    with temporary_server() as (_, environment):
        subprocess.run([program, "add", "a task"], env=environment, check=True, capture_output=True)
        with agent(environment, program) as serving:
            yield Command(WARM, SHOW, lambda: [str(program), "show", "1"], environment)
            if not serving.served():
                raise UnavailableError(f"the agent has served nothing for {program}")


def summary(former: Sequence[float], new: Sequence[float]) -> str:
    """Give a sentence on the times, in milliseconds, of pairs that belong together."""
    ratio = statistics.median(later / before for before, later in zip(former, new, strict=True))
    medians = [statistics.median(times) for times in (former, new)]
    return (
        f"{len(new)} pairs: {ratio:.2f} of the former (the median of the ratios); "
        f"medians {medians[0]:.1f} and {medians[1]:.1f} ms, "
        f"least {min(former):.1f} and {min(new):.1f} ms"
    )


if __name__ == "__main__":
    main()
