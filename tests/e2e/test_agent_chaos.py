"""Shells at once, while agents and workers are killed under them, again and again."""

import random
import signal
from contextlib import suppress

import psutil

from tests.conftest import Person
from tests.e2e.agents import Agent, agents
from tests.e2e.program import ended

SHELLS, TIMES, KILLS = 4, 15, 12
KINDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)

# One shell: tells the exit code of each command, after the title of its task.
SHELL = f"""
import os, subprocess, sys
from todo_cli import client
for number in range({TIMES}):
    title = f"{{os.getpid()}}-{{number}}"
    words = ["add", "--quiet", title]
    code = client.hand_over(words, os.environ)
    if code is None:
        code = subprocess.run([sys.executable, "-P", "-m", "todo_cli", *words]).returncode
    print("=", title, code, flush=True)
"""


def test_whoever_is_killed_each_command_is_done_once_or_says_that_it_may_have_been(
    agent: Agent, person: Person
) -> None:
    agent.warm()
    shells = [agent.shell(SHELL) for _ in range(SHELLS)]
    chance = random.Random(1)
    kills = 0
    while kills < KILLS and any(shell.poll() is None for shell in shells):
        found = agents(agent.home) if kills % 4 == 3 else agent.busy()
        if found:
            kills += 1
            with suppress(psutil.NoSuchProcess):
                chance.choice(found).send_signal(chance.choice(KINDS))
    answers = [ended(shell) for shell in shells]
    assert {answer.code for answer in answers} == {0}, answers
    said = [line.split() for answer in answers for line in answer.out.splitlines() if "=" in line]
    codes = {title: code for _, title, code in said}
    assert len(codes) == SHELLS * TIMES
    assert set(codes.values()) <= {"0", "1"}
    titles = [title for (title,) in person.query("SELECT title FROM todo.tasks")]
    assert len(titles) == len(set(titles))
    assert {title for title, code in codes.items() if code == "0"} <= set(titles) <= set(codes)
    doubts = sum(code == "1" for code in codes.values())
    assert sum(answer.err.count("it may have been done") for answer in answers) == doubts
