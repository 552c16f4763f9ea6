"""What a command sees around it: the caller's environment, folder and arguments, and its own."""

import os
from pathlib import Path

import psutil
import pytest

from tests.e2e.program import until
from tests.e2e.twice import Twice

DUE = (
    "INSERT INTO todo.tasks (id, title, due_date) "
    "VALUES (gen_random_uuid(), 'x', '2026-11-18 23:30Z')"
)


@pytest.fixture
def one(twice: Twice) -> Twice:
    """Give people with one task, which is due just before midnight in UTC."""
    twice.both(DUE)
    return twice


@pytest.mark.parametrize(
    ("line", "served"),
    [
        ("for TZ in UTC Asia/Tokyo America/New_York :Europe/Rome '' Nowhere; do "
         "export TZ; todo list; done; unset TZ; todo list", 7),
        ("TODO_NOW=2020-02-29T12:00:00Z todo add leap due:tomorrow; todo list; "
         "TODO_NOW=never todo list; echo $?; TODO_NOW= todo add x due:2026-11-25", 4),
        ("for LC_ALL in C POSIX C.UTF-8 de_DE.UTF-8 nonsense; do export LC_ALL; "
         "todo add 'é 🥛'; todo list; done", 10),
        ("LANG=C todo list; LC_CTYPE=POSIX todo list; LANGUAGE=de todo show 9; echo $?", 3),
        ("PGCLIENTENCODING=LATIN1 todo add 'é 🥛'; PGTZ=Asia/Tokyo todo list", 2),
        ("PGOPTIONS='-c datestyle=german' todo list; PGDATESTYLE=german todo list", 2),
        ("TODO_DEBUG=1 todo show 99 2>&1 | grep -v '^  '", 1),
        ("todo --version; todo -q --version list", 2),
        ("env -u HOME -u PATH \"$BASH\" -c 'cd /; echo $HOME' ; HOME= todo list", 1),
        ("X=$(printf 'a\\351b') todo list", 1),
        ("export \"$(printf 'N\\303\\251=x')\"; todo list", 1),
        ("env '=nameless' 'with space=1' \"$P\" -P -m todo_cli list", 1),
    ],
)  # fmt: skip
def test_the_environment_is_that_of_each_command(one: Twice, line: str, served: int) -> None:
    one(line, served=served, variables={"P": one.agent.program.python})
    one.rows("number, title, due_date, due_all_day")


@pytest.mark.parametrize(
    ("line", "served"),
    [
        ("todo add $'caf\\xe9'; echo $?; todo add --json $'\\xff'; echo $?", 2),
        ("todo add -- - -- --json", 1),
        ("todo add ''; todo add ' '; todo add $'a\\nb' $'\\t'", 3),
        ("todo add \"$(printf '%0100000d' 1)\"; echo $?", 1),
        ("todo add --description \"$(printf '%0100000d' 1)\" x; echo $?", 1),
        ("todo done $(seq 30000) | tail -c 100; echo $?", 1),
        ("export HUGE=\"$(printf '%0120000d' 1)\"; todo list; todo list", 2),
        ("for n in {1..12}; do export HUGE$n=\"$(printf '%0100000d' 1)\"; done; todo list", 1),
        ("todo add 日本語 +täg project:é", 1),
    ],
)  # fmt: skip
def test_arguments_arrive_as_they_were_given(one: Twice, line: str, served: int) -> None:
    one(line, served=served)
    one.rows("number, title, tags, project, description")


WAYS = {
    "list": 0,
    "show 1": 0,
    "done 1": 0,
    "modify 1 title:x": 2,
    "modify 1 project:home": 0,
    "add": 2,
    "add x due:never": 2,
    "list --nope": 2,
    "list --limit x": 2,
    "list --fields nope": 2,
    "show one": 2,
    "list -x": 2,
    "list --timeout 0": 2,
    "done 1 99": 3,
    "rm 1": 0,
    "reopen 1": 5,
    "restore 1": 0,
}
URLS = {"nowhere": 2, "postgresql://a@127.0.0.1:1/b": 6, "$NOBODY": 4, "$EMPTY": 7, "": 3}


@pytest.mark.parametrize("form", ["", "--json"])
def test_every_exit_code_and_what_stands_beside_it_is_the_same(one: Twice, form: str) -> None:
    line = "".join(f"todo {way} {form}; echo code $?; " for way in WAYS)
    for url in URLS:
        line += f'TODO_PROFILE=nowhere TODO_DATABASE_URL="{url}" todo list {form}; echo code $?; '
    server = one.people[0].url.partition("@")[2]
    given = {"NOBODY": f"postgresql://nobody@{server}", "EMPTY": f"postgresql://postgres@{server}"}
    given["EMPTY"] = given["EMPTY"].replace("/todo?", "/postgres?")

    done = one(line, served=len(WAYS) + len(URLS), variables=given)

    codes = [int(each[5:]) for each in done.out.splitlines() if each.startswith(b"code ")]
    assert codes == [*WAYS.values(), *URLS.values()]


def test_every_form_of_an_answer_is_the_same(one: Twice) -> None:
    forms = ("--quiet", "--fields number,title", "--no-color", "--fields=nope", "-q --json")
    commands = ("add x", "list", "show 1", "done 1", "show 99")
    line = "".join(f"todo {form} {command}; " for form in forms for command in commands)

    one(line, served=len(forms) * len(commands))


def test_a_folder_and_what_is_relative_to_it_are_the_callers(one: Twice, tmp_path: Path) -> None:
    (tmp_path / "zone").write_bytes(Path("/usr/share/zoneinfo/Asia/Tokyo").read_bytes())
    home = os.path.relpath(one.agent.home, tmp_path)

    one("TZ=:$PWD/zone todo list", cwd=tmp_path)
    one("todo list", cwd=tmp_path, variables={"TODO_HOME": home})
    one(
        "todo add x; ls -a", cwd=tmp_path, variables={"TODO_HOME": f"./{home}/../{Path(home).name}"}
    )


@pytest.mark.parametrize(
    ("line", "served"),
    [
        ("mkdir gone; cd gone; rmdir ../gone; todo list", 1),
        ("mkdir gone; cd gone; rmdir ../gone; TODO_HOME=./home todo list; echo $?", 0),
        ("mkdir -m 0 shut; cd shut 2>/dev/null; todo list; rmdir ../shut shut 2>/dev/null", 1),
    ],
)
def test_a_folder_that_has_gone_is_no_reason_to_fail(
    one: Twice, tmp_path: Path, line: str, served: int
) -> None:
    done = one(line, served=served, cwd=tmp_path)

    assert b"Traceback" not in done.err


def idle(twice: Twice) -> list[psutil.Process]:
    """Give the workers, all of which wait for a command."""
    until(lambda: not twice.agent.busy())
    return twice.agent.processes()[1:]


def test_an_idle_worker_holds_nothing_of_its_last_client(one: Twice, tmp_path: Path) -> None:
    file, other = tmp_path / "in", tmp_path / "out"
    file.write_text("one\ntwo\n")
    lines = ["todo list | true", "todo list > /dev/full", "todo show 99", "todo add - < in > out"]
    before = {each.pid: number_of_files(each) for each in idle(one)}
    for _ in range(6):
        for line in lines:
            one.run(line, "on", cwd=tmp_path)

    for worker in idle(one):
        allowed = ("/dev/null", "socket:", "pipe:", "anon_inode:")
        assert all(each.startswith(allowed) for each in open_files(worker))
        assert worker.cwd() == "/"
        assert number_of_files(worker) <= before.get(worker.pid, 20) + 2
    assert other.read_text() == ""


def open_files(process: psutil.Process) -> list[str]:
    """Give what each descriptor of a process leads to."""
    folder = Path(f"/proc/{process.pid}/fd")
    return [str(each.readlink()) for each in folder.iterdir()]


def number_of_files(process: psutil.Process) -> int:
    return len(open_files(process))


def test_nothing_of_one_client_reaches_the_next(one: Twice, tmp_path: Path) -> None:
    odd = (
        "cd $D; umask 0; export TZ=Asia/Tokyo TODO_NOW=2020-01-01T00:00:00Z NO_COLOR=1 COLUMNS=20 "
        "TODO_PROFILE=nowhere TODO_DATABASE_URL= PGHOST=127.0.0.1 LC_ALL=C; "
        "todo list -P local --timeout 0.2 --no-color --quiet; todo --json list; todo add x --fields"
    )
    plain = one.run("todo list; todo show 1", "on")

    for _ in range(4):
        one(odd, served=3, variables={"D": str(tmp_path)})
        assert one("todo list; todo show 1", served=2) == plain


def test_many_clients_at_once_each_get_their_own(one: Twice) -> None:
    line = "{ for n in {1..8}; do todo add task $n -q & done; wait; } | sort"

    assert one(line, served=8).out.split() == [b"%d" % n for n in range(2, 10)]
