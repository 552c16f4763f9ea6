"""The pure parts of the benchmarks. No test depends on how long anything takes."""

import json
from datetime import date, datetime

from benchmarks.commands import BARE, Command
from benchmarks.data import generate
from benchmarks.report import Report, as_json, as_text, figures
from todo_cli.domain.task import Priority, new_task


def report(commands: list[Command], times: dict[str, list[float]], psql: str | None) -> Report:
    return Report("2 cores", psql, 7, 10_000, 3, figures(commands, times))


def command(name: str, psql: str | None = None) -> Command:
    return Command(name, lambda: [name], psql)


COMMANDS = [command(BARE), command("psql -c, list"), command("todo list", "psql -c, list")]
TIMES = {BARE: [9.0, 10.0, 30.0], "psql -c, list": [25.0, 15.0, 20.0], "todo list": [90.0, 30, 50]}


def test_table_of_medians_and_ratios() -> None:
    assert as_text(report(COMMANDS, TIMES, "/bin/psql")).splitlines() == [
        "2 cores",
        "psql: /bin/psql",
        "10,000 tasks of seed 7, 3 rounds",
        "",
        "               median ms       min       max    x psql  x python",
        "python -c pass      10.0       9.0      30.0         -      1.00",
        "psql -c, list       20.0      15.0      25.0         -      2.00",
        "todo list           50.0      30.0      90.0      2.50      5.00",
    ]


def test_missing_psql_is_named() -> None:
    commands = [COMMANDS[0], COMMANDS[2]]
    times = {command.name: TIMES[command.name] for command in commands}
    text = as_text(report(commands, times, None))
    assert "psql: missing" in text
    assert text.endswith("todo list           50.0      30.0      90.0         -      5.00")


def test_json_has_the_same_figures() -> None:
    assert json.loads(as_json(report(COMMANDS, TIMES, None)))["figures"][2] == {
        "name": "todo list",
        "median": 50.0,
        "min": 30.0,
        "max": 90.0,
        "of_psql": 2.5,
        "of_python": 5.0,
    }


def test_same_seed_gives_the_same_valid_tasks() -> None:
    tasks = generate(500, seed=7)
    again = generate(500, seed=7)
    values = [task.model_dump(exclude={"id"}) for task in tasks]
    assert values == [task.model_dump(exclude={"id"}) for task in again]
    assert values != [task.model_dump(exclude={"id"}) for task in generate(500, seed=8)]
    assert tasks == [new_task(task.id, **value) for task, value in zip(tasks, values, strict=True)]


def test_tasks_are_a_mix() -> None:
    tasks = generate(500, seed=7)
    assert {type(task.due) for task in tasks} == {type(None), date, datetime}
    assert {task.priority for task in tasks} == set(Priority)
    assert {len(task.tags) for task in tasks} == {0, 1, 2, 3}
    assert None in {task.project for task in tasks}
    assert len({task.id for task in tasks}) == 500
