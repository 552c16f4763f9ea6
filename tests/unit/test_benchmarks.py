"""The pure parts of the benchmarks. No test depends on how long anything takes."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import peer_files, peers
from benchmarks.__main__ import parser
from benchmarks.commands import BARE, FIRST, JSON_50, PSQL, START, WARM, Command
from benchmarks.data import generate
from benchmarks.figures import Figure, figure, of_commands
from benchmarks.launcher import summary
from benchmarks.peers import Kind, find_peers
from benchmarks.picture import draw
from benchmarks.report import Report, as_json, as_text
from benchmarks.sections import peers_section
from benchmarks.statements import ADD, DONE, FILTER, LIST_50, LIST_ALL, SEARCH, Statements
from benchmarks.targets import (
    AGENT,
    FIXED,
    LOOPBACK,
    MEMORY,
    PSS,
    Target,
    Verdict,
    against_peers,
    judge,
)
from todo_cli.domain.tasks.task import new_task
from todo_cli.domain.tasks.values import Priority
from todo_cli.errors import UnavailableError

TASKWARRIOR = "Taskwarrior 2.6.2"
TODO_TXT = "todo.txt-cli 2.11.0"
BESIDE_PEERS = peers_section(10_000)


def command(who: str, what: str) -> Command:
    return Command(who, what, lambda: [who, what], {})


def report(figures: list[Figure], verdicts: list[Verdict] | None = None) -> Report:
    return Report(
        machine="2 cores, PostgreSQL 15.18",
        peers=[TASKWARRIOR],
        left_out={"dstask": "not found"},
        notes=["the agent was left out"],
        seed=7,
        tasks=10_000,
        rows=2_000_000,
        rounds=3,
        seconds=61,
        figures=figures,
        verdicts=verdicts or [],
    )


def loopback() -> list[Figure]:
    commands = [command(BARE, START), command(PSQL, LIST_50), command(WARM, JSON_50)]
    return of_commands(LOOPBACK, commands, [[9.0, 10.0, 30.0], [25.0, 15.0, 20.0], [18, 10, 12]])


def beside_peers() -> list[Figure]:
    return [
        figure(BESIDE_PEERS, what, who, [milliseconds])
        for what, who, milliseconds in (
            (LIST_50, WARM, 15.0),
            (LIST_50, FIRST, 400.0),
            (LIST_50, PSQL, 20.0),
            (LIST_50, "topydo 0.16", 900.0),
            (LIST_50, TASKWARRIOR, 90.0),
            (ADD, WARM, 15.0),
            (ADD, TODO_TXT, 13.0),
            (ADD, TASKWARRIOR, 14.0),
        )
    ]


def test_a_figure_is_the_median_with_the_smallest_and_the_largest() -> None:
    assert figure(MEMORY, PSS, AGENT, [7.0, 1.0, 3.0, 5.0], "MB") == Figure(
        MEMORY, PSS, AGENT, "MB", median=4.0, min=1.0, max=7.0
    )


def test_each_command_is_compared_with_what_psql_does_in_its_place() -> None:
    assert [each.of_psql for each in loopback()] == [None, 1.0, 0.6]


def test_without_psql_nothing_is_compared_with_it() -> None:
    [only] = of_commands(LOOPBACK, [command(WARM, JSON_50)], [[12.0]])

    assert only.of_psql is None


def test_the_text_names_what_it_depends_on_and_shows_a_table_for_each_section() -> None:
    figures = [*loopback(), figure(MEMORY, PSS, AGENT, [99.5], "MB")]

    assert as_text(report(figures)).splitlines() == [
        "2 cores, PostgreSQL 15.18",
        "10,000 tasks of seed 7, 3 rounds, 61 seconds in all",
        "peers: Taskwarrior 2.6.2",
        "left out: dstask: not found",
        "note: the agent was left out",
        "",
        "TLS on loopback                   median       min       max      unit    x psql",
        "start           python -c pass      10.0       9.0      30.0        ms         -",
        "list 50         psql                20.0      15.0      25.0        ms      1.00",
        "list 50 as JSON todo, warm          12.0      10.0      18.0        ms      0.60",
        "",
        "memory                                median       min       max      unit    x psql",
        "PSS    idle agent with two workers      99.5      99.5      99.5        MB         -",
    ]


def test_the_text_ends_with_the_verdicts() -> None:
    verdicts = [
        Verdict("list / psql", 0.6, 0.5, 0.7, "x", met=True),
        Verdict("bulk", 1234.5, 999, 1000, "ms", met=False),
    ]

    assert as_text(report(loopback(), verdicts)).splitlines()[-3:] == [
        "targets: 1 of 2 met",
        "met    list / psql      0.60 x (at most 0.70 x; at best 0.50 x)",
        "MISSED bulk           1,234 ms (at most 1,000 ms; at best 999 ms)",
    ]


def test_json_has_the_same_figures_and_verdicts() -> None:
    verdict = Verdict("list / psql", 0.6, 0.5, 0.7, "x", met=True)
    answer = json.loads(as_json(report(loopback(), [verdict])))

    assert answer["figures"][2] == {
        "section": "TLS on loopback",
        "what": "list 50 as JSON",
        "who": "todo, warm",
        "unit": "ms",
        "median": 12.0,
        "min": 10.0,
        "max": 18.0,
        "of_psql": 0.6,
    }
    assert answer["verdicts"] == [
        {
            "target": "list / psql",
            "figure": 0.6,
            "best": 0.5,
            "limit": 0.7,
            "unit": "x",
            "met": True,
        }
    ]


def test_a_target_is_met_up_to_its_limit() -> None:
    over_psql = Target(LOOPBACK, JSON_50, WARM, 0.6, (LIST_50, PSQL))
    over_python = Target(LOOPBACK, JSON_50, WARM, 1.19, (START, BARE))

    name = "TLS on loopback: list 50 as JSON, todo, warm"
    assert judge(loopback(), [over_psql, over_python]) == [
        Verdict(f"{name} / psql (list 50)", 0.6, 10 / 15, 0.6, "x", met=True),
        Verdict(f"{name} / python -c pass (start)", 1.2, 10 / 9, 1.19, "x", met=False),
    ]


def test_a_target_without_another_figure_is_an_amount() -> None:
    figures = [figure(MEMORY, PSS, AGENT, [120.5], "MB")]

    assert judge(figures, FIXED) == [
        Verdict("memory: PSS, idle agent with two workers", 120.5, 120.5, 120, "MB", met=False)
    ]


def test_what_was_not_measured_is_not_judged() -> None:
    assert judge([], FIXED) == []
    assert judge(loopback()[2:], FIXED) == []


def test_every_peer_is_to_be_beaten_but_to_append_a_line_may_be_level() -> None:
    aims = against_peers(beside_peers(), BESIDE_PEERS)

    assert [(aim.what, aim.over, aim.limit) for aim in aims] == [
        (LIST_50, (LIST_50, "topydo 0.16"), 1.0),
        (LIST_50, (LIST_50, TASKWARRIOR), 1.0),
        (ADD, (ADD, TODO_TXT), 1.2),
        (ADD, (ADD, TASKWARRIOR), 1.0),
    ]
    assert [each.met for each in judge(beside_peers(), aims)] == [True, True, True, False]


def test_statements_get_new_ids_and_another_number() -> None:
    texts = {ADD: "INSERT 'task' 'command'", DONE: "lock(ARRAY[7]) 'command' LIMIT 7"}
    statements = Statements(texts, ids=("task", "command"), number=7)

    assert statements.fresh(DONE, 12).startswith("lock(ARRAY[12]) '")
    assert statements.fresh(DONE, 12).endswith("' LIMIT 7")
    first, second = statements.fresh(ADD, 1), statements.fresh(ADD, 1)
    assert len({texts[ADD], first, second}) == 3


def test_the_picture_has_a_bar_for_everybody_and_the_longest_fills_the_line() -> None:
    root = ElementTree.fromstring(draw(report(beside_peers())))
    bars = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("height")]
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]

    widths = [float(each.attrib["width"]) for each in bars[1:]]
    assert len(widths) == len(beside_peers())
    assert widths[4] == widths[3] * 10 == max(widths[:5])
    assert widths[5] == max(widths[5:])
    assert [text for text in texts if text in {"todo", "psql, the same query", TASKWARRIOR}] == [
        *("todo", "psql, the same query", TASKWARRIOR),
        *("todo", TASKWARRIOR),
    ]
    assert "2 cores, PostgreSQL 15.18" in texts


def test_the_picture_has_a_background_of_its_own_and_says_in_words_what_it_shows() -> None:
    svg = draw(replace(report(beside_peers()), machine="2 cores & <more>"))
    title = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}title")

    assert 'fill="#ffffff"' in svg
    assert title is not None
    assert title.text is not None
    assert title.text.startswith("What a command takes with 10,000 tasks. list 50: todo 15 ms, ")
    assert "2 cores &amp; &lt;more&gt;" in svg


def test_nothing_beside_peers_makes_a_picture_without_bars() -> None:
    assert draw(report(loopback())).count("<rect") == 1


def test_peers_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    found, left_out = find_peers(None)

    assert found == []
    assert left_out["Taskwarrior"] == "not found"
    assert left_out["topydo"] == "not found (see --peers)"
    assert "dstask" in left_out


def test_a_program_that_has_only_its_name_in_common_is_no_peer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "task").write_text("#!/bin/sh\necho a runner of tasks\n")
    (tmp_path / "task").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    kind = Kind("Taskwarrior", ("task",), "--version", peer_files.taskwarrior)
    monkeypatch.setattr(peers, "KINDS", (kind,))

    assert find_peers(None)[0] == []


def test_the_same_tasks_stand_in_the_file_of_todo_txt(tmp_path: Path) -> None:
    tasks = generate(50, seed=7)
    peer_files.todo_txt("todo.sh", tmp_path, tasks)
    lines = (tmp_path / "todo.txt").read_text().splitlines()

    assert len(lines) == 50
    for line, task in zip(lines, tasks, strict=True):
        assert line[4:].startswith(task.title)
        assert [word for word in line.split() if word.startswith("@")] == [
            f"@{tag}" for tag in task.tags
        ]
        assert (f"+{task.project}" in line) == (task.project is not None)
        assert ("due:" in line) == (task.due is not None)


def test_a_peer_that_shows_too_little_is_found_out() -> None:
    tasks = generate(5, seed=7)
    shell = [
        Command("peer", what, lambda: ["/bin/echo", "a task (1)"], {})
        for what in (LIST_ALL, FILTER, SEARCH, ADD, DONE)
    ]

    with pytest.raises(UnavailableError, match="peer shows 1 tasks for 'list all' where 5"):
        peers.check("peer", shell, tasks)


def test_all_sections_are_run_unless_some_are_named() -> None:
    assert parser().parse_args([]).section == []
    assert parser().parse_args(["rows", "warm", "--tasks", "100"]).section == ["rows", "warm"]


@pytest.mark.parametrize("arguments", [["cold"], ["--tasks", "0"], ["--rounds", "many"]])
def test_a_wrong_command_line_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(arguments)

    assert "error: argument" in capsys.readouterr().err


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


def test_two_installations_are_compared_pair_by_pair() -> None:
    assert summary([10.0, 20.0, 40.0], [8.0, 18.0, 20.0]) == (
        "3 pairs: 0.80 of the former (the median of the ratios); "
        "medians 20.0 and 18.0 ms, least 10.0 and 8.0 ms"
    )
