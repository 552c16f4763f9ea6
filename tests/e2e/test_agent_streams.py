"""The streams of a command that the agent runs are the caller's, in whatever state they are."""

from pathlib import Path

import pytest

from tests.e2e.twice import Done, Twice


@pytest.fixture
def full(twice: Twice) -> Twice:
    """Give people with so many tasks that no pipe holds their list."""
    twice.fill()
    return twice


@pytest.mark.parametrize(
    ("line", "served"),
    [
        ("todo list --sort number | head -c 30; echo ${PIPESTATUS[@]}", 1),
        ("todo list --json | head -1 | wc -c; echo ${PIPESTATUS[@]}", 1),
        ("todo list --json --sort number | { sleep 1; sha256sum --zero | wc -c; }", 1),
        ("todo list --json | sleep 0.5; echo ${PIPESTATUS[@]}", 1),
        ("todo list --json | true; echo ${PIPESTATUS[@]}", 1),
        ("todo list --sort number --fields number,title", 1),
        ("todo list --json > /dev/full; echo $?", 1),
        ("todo list --sort number --fields title > $F; todo show 1 >> $F; grep -v ated $F", 2),
        ("todo list --json > $F; todo list --fields number > $F; cat $F", 2),
        ("exec 3> $F; todo list --fields title >&3; todo list --fields number >&3; cat $F", 2),
        ("todo list --fields title 1<> /dev/null; echo $?", 1),
        ("todo list 1< /dev/null; echo $?", 1),
        ("todo list --fields number 2> /dev/full", 1),
        ("todo list --fields number 0> $F", 1),
    ],
)
def test_a_long_list_comes_to_the_same_wherever_it_goes(
    full: Twice, tmp_path: Path, line: str, served: int
) -> None:
    done = full(line, served=served, variables={"F": f"{tmp_path}/file"})

    assert b"Traceback" not in done.err


@pytest.mark.parametrize(
    ("line", "served"),
    [
        ("todo list >&-; echo $?", 0),
        ("todo list --json >&-; echo $?", 0),
        ("todo show 99 2>&-; echo $?", 0),
        ("todo list <&-", 0),
        ("todo add closed >&-", 0),
        ("todo add closed 2>&-", 0),
        ("todo add closed <&- >&- 2>&-", 0),
        ("todo add - -q <&-", 0),
        ("todo add x > /dev/full", 1),
        ("todo add x -q > /dev/full", 1),
        ("todo add x 2> /dev/full", 1),
        ("todo show 99 2> /dev/full", 1),
        ("todo show 99 --json 2>&1", 1),
        ("todo add x 2>&1 | cat", 1),
        ("{ todo add x; todo list --fields title; } 2>&1", 2),
        ("todo rm 1 --purge; echo $?", 0),
        ("todo", 1),
    ],
)
def test_a_stream_that_is_closed_or_full_changes_as_little(
    twice: Twice, line: str, served: int
) -> None:
    twice.both("INSERT INTO todo.tasks (id, title) VALUES (gen_random_uuid(), 'é 🥛')")

    done = twice(line, served=served)

    assert b"Traceback" not in done.err
    twice.rows("number, title")


@pytest.mark.parametrize(
    "line",
    [
        "printf 'one\\ntwo\\n' | todo add - -q",
        "printf 'one\\r\\ntwo' | todo add -",
        "todo add - < /dev/null",
        "todo add - --json < /dev/null",
        "printf 'one\\ncaf\\351\\n' | todo add -; echo $?",
        "printf 'one\\n' > $F; todo add - -q < $F",
        "todo add - 0> $F; echo $?",
        "(sleep 0.3; echo one; sleep 0.3; echo two) | todo add -",
        "seq 3 > $F; (todo add - -q; cat) < $F",
        "seq 3 | (todo add - -q; cat)",
        # Refused in the middle: what was not read is left to the next, and what was is not.
        "(echo one; printf 'caf\\351\\n'; seq 50000) > $F; (todo add -; wc -l) < $F",
        "(echo one; printf 'caf\\351\\n'; seq 50000) | (todo add -; cat > /dev/null)",
        "seq 3 | (todo list; cat)",
        "seq 3 | (todo add one; cat)",
        "todo add - -q <<< 'from a here-string'",
    ],
)
def test_stdin_is_read_as_far_as_a_process_of_its_own_reads(
    twice: Twice, tmp_path: Path, line: str
) -> None:
    done = twice(line, variables={"F": f"{tmp_path}/file"})

    assert b"Traceback" not in done.err
    twice.rows("number, title")


def test_a_reader_sees_the_end_when_the_command_is_done(twice: Twice, tmp_path: Path) -> None:
    line = "mkfifo $F.$TODO_AGENT; (cat; echo ended) < $F.$TODO_AGENT & "
    line += "todo list --json > $F.$TODO_AGENT; wait"

    assert twice(line, variables={"F": f"{tmp_path}/fifo"}) == Done(0, b"[]\nended\n", b"")


def test_a_writer_hears_that_nobody_reads_any_more(twice: Twice) -> None:
    line = "yes | todo add -; echo ${PIPESTATUS[@]}"

    assert twice(line) == Done(
        0,
        b"141 2\n",
        b"todo: 100,000 titles at a time are the most\n",
    )
