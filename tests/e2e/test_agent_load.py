"""Many commands, one after the other and at once: all are answered, and nothing grows."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from tests.conftest import Person, temporary_home
from tests.e2e.agents import Agent, agents
from tests.e2e.package import PATIENT, copy_package
from tests.e2e.program import ended, until
from todo_cli import client
from todo_cli.agent.board import MOST, PERMANENT
from todo_cli.agent.worker import MOST_COMMANDS

MEMORY = 30_000_000  # bytes that a process may grow by
COMMANDS = (
    *("add task +errand due:fri", "list --json --limit 5", "show 1", "modify 1 due:none"),
    *("done 1", "reopen 1", "list --nonsense", "rm 1", "restore 1", "show 999999"),
)
WRONG = {"list --nonsense": 2, "show 999999": 3}

# One shell: so many commands as TIMES says, each by the agent if there is one that can.
SHELL = """
import os, subprocess, sys
from todo_cli import client
words = ["add", "task", "--fields", "number"]
for _ in range(int(os.environ["TIMES"])):
    code = client.hand_over(words, os.environ)
    if code is None:
        alone = [sys.executable, "-P", "-m", "todo_cli", *words]
        code = subprocess.run(alone, env={**os.environ, "TODO_AGENT": "off"}).returncode
    if code:
        sys.exit(code)
"""


@contextmanager
def slow_tasks(person: Person) -> Iterator[None]:
    """Hold a lock that every change of the person's tasks waits for."""
    with closing(person.database.open(person.database.name, person.role)) as locking:
        with locking.cursor() as cursor:
            cursor.execute("UPDATE todo.tasks SET title = title")
        yield
        locking.rollback()


def answer_all(todo: Agent, number: int) -> None:
    """Hand so many commands over, from this process."""
    mark, folder = todo.mark(), str(todo.folder)
    environ = {"TODO_HOME": str(todo.home), "PATH": os.defpath, **todo.variables}
    nowhere = os.open(os.devnull, os.O_RDWR)
    deadline = time.monotonic() + 120
    try:
        for count in range(number):
            command = COMMANDS[count % len(COMMANDS)]
            code = None
            while code is None:  # a slow machine: then nothing has been done
                code = client.run(folder, mark, command.split(), environ, [nowhere] * 3)
                assert time.monotonic() < deadline
            assert code == WRONG.get(command, 0), command
    finally:
        os.close(nowhere)


def size(processes: list[psutil.Process]) -> list[tuple[int, int]]:
    """Give of each process the descriptors and the memory, in bytes."""
    return [(each.num_fds(), each.memory_info().rss) for each in processes]


def test_a_thousand_commands_are_all_answered_and_nothing_grows(
    agent: Agent, person: Person
) -> None:
    agent.warm()
    answer_all(agent, 2 * len(COMMANDS))
    first = agent.processes()
    before = size(first)
    served, state = 0, agent.warm()
    while served < 1000 or set(state.workers) == {each.pid for each in first[1:]}:
        answer_all(agent, 100)
        served, state = served + 100, agent.warm()
        assert served <= MOST_COMMANDS * MOST  # by then one at least is worn out
    assert state.served == served + 2 * len(COMMANDS)
    assert state.agent == first[0].pid
    after = size(agent.processes())
    descriptors, memory = (max(values) for values in zip(*before, strict=True))
    assert max(each for each, _ in after[1:]) <= descriptors
    assert after[0][0] == before[0][0]
    assert max(each for _, each in after) <= memory + MEMORY
    children = psutil.Process(state.agent).children()
    assert {child.status() for child in children}.isdisjoint({psutil.STATUS_ZOMBIE})
    [(count,)] = person.query("SELECT count(*) FROM todo.tasks")
    assert count == served // len(COMMANDS) + 2


def test_eight_shells_at_once_are_all_answered_and_each_number_is_given_once(agent: Agent) -> None:
    agent.warm()
    shells = [agent.shell(SHELL, TIMES="25") for _ in range(8)]
    answers = [ended(shell) for shell in shells]
    assert {(answer.code, answer.err) for answer in answers} == {(0, "")}
    found = [json.loads(line) for answer in answers for line in answer.out.splitlines()]
    numbers = [
        task["number"] for each in found for task in (each if isinstance(each, list) else [each])
    ]
    assert sorted(numbers) == list(range(1, 201))
    assert agent.warm().served > 25
    assert len(agent.warm().workers) <= MOST


def test_eight_first_commands_at_once_leave_one_agent(agent: Agent) -> None:
    running = [agent.begin("add", "task", "--fields", "number") for _ in range(8)]
    assert {(answer.code, answer.err) for answer in map(ended, running)} == {(0, "")}
    assert len(agent.titles()) == 8
    state = agent.warm()

    def parents() -> set[int]:
        found = agents(agent.home)
        return {each.pid for each in found} - set(agent.warm().workers)

    until(lambda: parents() == {state.agent})


def test_while_workers_are_held_up_there_are_more_of_them_and_beyond_that_none_is_needed(
    hasty: Agent, person: Person
) -> None:
    assert hasty("add", "task").code == 0
    hasty.warm()
    with slow_tasks(person):
        slow = [hasty.begin("modify", "1", "due:fri") for _ in range(PERMANENT)]
        until(lambda: len(hasty.busy()) == PERMANENT)
        served = until(hasty.state).served
        until(lambda: hasty("list", "--json").code == 0 and until(hasty.state).served > served)
        while len(hasty.busy()) < MOST:  # on a slow machine, some run without the agent
            slow.append(hasty.begin("modify", "1", "due:fri"))
            until(lambda: waiting(person) == len(slow))
        answer = hasty("list", "--json")
        assert (answer.code, answer.err) == (0, "")
    assert {ended(each).code for each in slow} == {0}
    assert hasty("done", "1").code == 0


def waiting(person: Person) -> int:
    [(count,)] = person.query(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'",
        [person.role],
    )
    return int(count)


def test_a_reader_who_does_not_read_holds_nobody_else_up_and_gets_all(
    agent: Agent, person: Person
) -> None:
    add = "INSERT INTO todo.tasks (id, title) SELECT gen_random_uuid(), 'task' "
    person.query(f"{add} FROM generate_series(1, 1000)")
    agent.warm()
    readers = [agent.begin("list", "--json", "--limit", "1000") for _ in range(PERMANENT)]
    until(lambda: len(agent.busy()) == PERMANENT)
    for number in (1001, 1002):
        assert agent("add", "task").err == f"Added {number} task\n"
    for reader in readers:
        assert len(json.loads(ended(reader).out)) == 1000


def test_workers_that_are_not_needed_any_more_leave(agent: Agent, person: Person) -> None:
    with temporary_home() as folder:
        path = copy_package(Path(folder), _EXTRA_SECONDS="0.5", _TICK="0.1", **PATIENT)
        todo = replace(agent, program=replace(agent.program, path=path))
        assert todo("add", "task").code == 0
        first = todo.warm()
        with slow_tasks(person):
            slow = [todo.begin("modify", "1", "due:fri") for _ in range(PERMANENT + 1)]
            until(lambda: len(todo.busy()) == PERMANENT + 1)
        assert {ended(each).code for each in slow} == {0}
        until(lambda: set(todo.warm().workers) == set(first.workers))
        assert len(agents(todo.home)) == 1 + PERMANENT
