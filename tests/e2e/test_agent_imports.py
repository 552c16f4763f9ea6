"""A hot command loads and opens next to nothing: that is what makes it instant."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.agents import Agent

# Runs `todo`, and tells at its end what it has loaded and opened since the interpreter was ready.
SPY = """
import sys
before = set(sys.modules)
opened = []
def note(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
sys.addaudithook(note)
import os
leave = os._exit
def tell(code):
    os.write(int(os.environ["TELL"]), repr((set(sys.modules) - before, opened)).encode())
    leave(code)
os._exit = tell
from todo_cli.entry import main
main()
"""
OURS = {"todo_cli", "todo_cli.entry", "todo_cli.client"}


@pytest.mark.parametrize(
    "words",
    [
        *("list", "list --json", "add task due:fri", "show 1", "done 1"),
        *("+tag", "-tag", "project:x", "--limit 5"),
    ],
)
def test_a_hot_command_loads_the_client_alone_and_opens_no_other_file(
    agent: Agent, words: str
) -> None:
    assert agent("add", "task").code == 0
    state = agent.warm()
    end, theirs = os.pipe()
    with os.fdopen(end) as told:
        environment = {
            **{"PYTHONPATH": agent.program.path, "TODO_HOME": str(agent.home), "TZ": "UTC"},
            **{"PATH": os.defpath, "TELL": str(theirs), **agent.variables},
        }
        command = [agent.program.python, "-P", "-c", SPY, *words.split()]
        done = subprocess.run(command, env=environment, pass_fds=[theirs], capture_output=True)
        os.close(theirs)
        loaded, opened = ast.literal_eval(told.read())
    assert done.returncode == 0, done.stderr
    assert agent.warm().served == state.served + 1
    assert loaded - set(sys.builtin_module_names) <= {*OURS, "_socket", "__future__"}
    package = Path(agent.program.path.split(os.pathsep)[0])
    for path in opened:
        ours_too = path in (str(agent.folder), ".") or Path(path).is_relative_to(package)
        assert ours_too or Path(path).name.startswith(("__future__.", "_socket.")), path
