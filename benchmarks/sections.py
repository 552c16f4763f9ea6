"""The parts of a run, each with stores and agents of its own."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from benchmarks import agent as agents
from benchmarks import figures, rows, targets
from benchmarks.commands import (
    BESIDE_PEERS,
    BULK,
    FAR_AWAY,
    FIRST,
    JSON_50,
    JSON_ALL,
    LIKE,
    TABLE_50,
    VERSION,
    WARM,
    WHOLE,
    Command,
    find_psql,
    of_psql,
    of_todo,
    starts,
)
from benchmarks.figures import Figure
from benchmarks.peers import Peer
from benchmarks.server import say
from benchmarks.stores import SharedServer, Store, private_store
from benchmarks.timing import WARM_UP_ROUNDS, time_in_turn
from tests.faults import fault_proxy
from todo_cli.domain.tasks.task import NewTask

_SIZES: Final = (100, 1_000)  # beside that of the run
_FEW: Final = 5  # rounds of what takes long
_SOME: Final = 10  # of what takes a while
_LATENCY: Final = targets.ROUND_TRIP / 2000  # seconds, in each direction
_WORKERS: Final = 2  # of which the target speaks


@dataclass(frozen=True)
class Run:
    """What the sections have in common, and what they have to say.

    Without ``warm`` nothing is measured with the agent. ``notes`` is added to.
    """

    server: SharedServer | None
    tasks: Sequence[NewTask]
    rounds: int
    rows: int
    peers: Sequence[Peer]
    warm: bool
    notes: list[str] = field(default_factory=list)


def whole_commands(run: Run) -> list[Figure]:
    """Time whole commands over TLS and by the private server's socket."""
    found: list[Figure] = []
    if run.server is not None:
        with run.server.store(run.tasks) as store:
            found += _timed(run, targets.LOOPBACK, store, _all(run, store, WHOLE))
        with run.server.store(run.tasks[:1]) as store:  # what adds so much would slow the lists
            bulk = of_todo(store, [BULK], warm=run.warm)
            found += _timed(run, targets.LOOPBACK, store, bulk, _FEW)
    with private_store(run.tasks, find_psql()) as store:
        found += _timed(run, targets.SOCKET, store, _all(run, store, WHOLE), _SOME)
    return found


def beside_peers(run: Run) -> list[Figure]:
    """Time what peers can do too, with few, more and many tasks."""
    sizes = sorted({len(run.tasks), *(size for size in _SIZES if size < len(run.tasks))})
    return [figure for size in sizes for figure in _with_peers(run, run.tasks[:size])]


def first_of_many(run: Run) -> list[Figure]:
    """Time the first 50 of a hundred tasks and of all, in turn."""
    if run.server is None or not run.warm:
        run.notes.append(f"{targets.SIZES}: this needs a server with TLS, and the agent")
        return []
    with ExitStack() as stack:
        commands: list[Command] = []
        for who, tasks in ((targets.FEW, run.tasks[: _SIZES[0]]), (targets.ALL, run.tasks)):
            store = stack.enter_context(run.server.store(tasks))
            stack.enter_context(agents.agent(store.environment))
            ours = of_todo(store, (JSON_50, TABLE_50), warm=True)
            commands += [replace(each, who=who) for each in ours if each.who == WARM]
        commands.sort(key=lambda each: each.what)
        say(f"{targets.SIZES} ...")
        times = time_in_turn(commands, run.rounds)
    return figures.of_commands(targets.SIZES, commands, times)


def far_away(run: Run) -> list[Figure]:
    """Time commands whose server is a round trip of 50 ms away."""
    if run.server is None:
        run.notes.append(f"{targets.NETWORK}: this needs a server with TLS")
        return []
    with (
        run.server.store(run.tasks) as near,
        fault_proxy(run.server.address, latency=_LATENCY) as proxy,
    ):
        url = proxy.url(near.url)
        far = replace(near, url=url, environment={**near.environment, "TODO_DATABASE_URL": url})
        return _timed(run, targets.NETWORK, far, _all(run, far, FAR_AWAY), _SOME)


def large_table(run: Run) -> list[Figure]:
    """Time queries in a small and in a large table."""
    say(f"{targets.ROWS} ...")
    return rows.query_times(run.tasks, run.rows, min(run.rounds, _SOME))


def memory(run: Run) -> list[Figure]:
    """Give what an idle agent takes after everyday commands, and after large answers."""
    if not run.warm:
        return []
    say(f"{targets.MEMORY} ...")
    with private_store(run.tasks, None) as store, agents.agent(store.environment) as agent:
        return [
            _taken(run, store, agent, targets.PSS, FAR_AWAY),
            _taken(run, store, agent, targets.PSS_AFTER_ALL, [JSON_ALL]),
        ]


SECTIONS: Final[dict[str, Callable[[Run], list[Figure]]]] = {
    "warm": whole_commands,
    "sizes": first_of_many,
    "peers": beside_peers,
    "network": far_away,
    "rows": large_table,
    "memory": memory,
}


def peers_section(tasks: int) -> str:
    """Give the name of the section in which there are so many tasks."""
    return f"{tasks:,} tasks beside peers"


def _with_peers(run: Run, tasks: Sequence[NewTask]) -> list[Figure]:
    section = peers_section(len(tasks))
    with _home_of(run, tasks) as store, tempfile.TemporaryDirectory(prefix="todo-") as folder:
        theirs: list[Command] = []
        for peer in run.peers:
            own = Path(folder) / peer.kind.name
            own.mkdir()
            theirs += peer.commands(own, tasks)
        return _timed(run, section, store, [*_all(run, store, BESIDE_PEERS), *theirs], _SOME)


@contextmanager
def _home_of(run: Run, tasks: Sequence[NewTask]) -> Iterator[Store]:
    if run.server is None:
        with private_store(tasks, find_psql()) as store:
            yield store
    else:
        with run.server.store(tasks) as store:
            yield store


def _all(run: Run, store: Store, wanted: Sequence[str]) -> list[Command]:
    """Give what is wanted of todo and of psql, and the bare interpreter.

    What is warm comes right after psql with the same. What takes long comes last, because whoever
    follows it finds the processor's caches cold; that is not the bare interpreter.
    """
    ours = of_todo(store, wanted, warm=run.warm)
    places = [LIKE.get(what, what) for what in wanted]
    quick = [*of_psql(store, wanted), *(each for each in ours if each.who == WARM)]
    quick.sort(key=lambda each: places.index(LIKE.get(each.what, each.what)))
    bare, libraries = starts(store.environment)
    slow = [libraries, *(each for each in ours if each.who == FIRST)]
    return [*quick[:1], bare, *quick[1:], *slow]


def _timed(
    run: Run, section: str, store: Store, commands: Sequence[Command], most: int | None = None
) -> list[Figure]:
    """Time the commands of a store with its agent at work; see that it was. ``most`` rounds do."""
    say(f"{section} ...")
    rounds = run.rounds if most is None else min(run.rounds, most)
    if not run.warm:
        return figures.of_commands(section, commands, time_in_turn(commands, rounds))
    with agents.agent(store.environment) as agent:
        before = agent.served()
        times = time_in_turn(commands, rounds)
        served = max(0, agent.served() - before)
    given = sum(each.who == WARM and each.what != VERSION for each in commands)
    expected = given * (WARM_UP_ROUNDS + rounds)
    if served < expected:
        run.notes.append(f"{section}: the agent served {served} of {expected} warm commands")
    return figures.of_commands(section, commands, times)


def _taken(run: Run, store: Store, agent: agents.Agent, name: str, wanted: Sequence[str]) -> Figure:
    """Give what the agent takes when some commands have been through it, in turn."""
    commands = [each for each in of_todo(store, wanted, warm=True) if each.who == WARM]
    time_in_turn(commands, _FEW)
    megabytes = agent.memory() / 1_000_000
    if agent.workers() != _WORKERS:
        run.notes.append(f"{targets.MEMORY}, {name}: the agent has {agent.workers()} workers")
    return figures.figure(targets.MEMORY, name, targets.AGENT, [megabytes], "MB")
