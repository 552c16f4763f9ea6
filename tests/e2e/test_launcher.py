"""`todo` as it is installed, by every path that leads to it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Answer, Person
from tests.e2e.agents import Agent, agent_home
from tests.e2e.package import CHECKOUT, PATIENT, copy_package
from tests.e2e.program import Program
from tests.packages import build, environment, pip

WHEEL, SPACE, EDITABLE = "a wheel", "a wheel in a path with a space", "pip install -e"
BESIDE = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "docs/todo.1")
DUMMY = "#!/bin/sh\necho another installation\n"


@dataclass(frozen=True)
class Way:
    """How `todo` is started: what the command line begins with, where, and by which PATH."""

    begin: tuple[str, ...]
    folder: Path = Path("/")
    path: str = os.defpath

    def __call__(self, *arguments: str, **variables: str) -> Answer:
        """Run a command to its end, which brings no agent up unless ``variables`` say so."""
        done = subprocess.run(
            [*self.begin, *arguments],
            cwd=self.folder,
            env={"PATH": self.path, "TODO_AGENT": "off", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of what is needed to build, whose commands wait for a busy agent."""
    folder = tmp_path_factory.mktemp("tree")
    copy_package(folder, **PATIENT)
    (folder / "docs").mkdir()
    for name in BESIDE:
        shutil.copy(CHECKOUT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of that copy."""
    return build(tree, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the programs of an environment that has the wheel."""
    return environment(tmp_path_factory.mktemp("environment"), str(wheel))


@pytest.fixture(scope="module", params=[WHEEL, SPACE, EDITABLE])
def scripts(
    request: pytest.FixtureRequest, tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Give the same of an environment that has `todo` in another manner, too."""
    if request.param == WHEEL:
        plain: Path = request.getfixturevalue("plain")
        return plain
    folder = tmp_path_factory.mktemp("environment") / "a space"
    what = ["-e", tree] if request.param == EDITABLE else [request.getfixturevalue("wheel")]
    return environment(folder, *map(str, what))


@pytest.fixture
def home() -> Iterator[Path]:
    """Give an empty TODO_HOME whose agents are ended."""
    with agent_home() as folder:
        yield folder


def variables(home: Path, person: Person) -> dict[str, str]:
    """Give those of somebody who has a database, and an agent."""
    known = {"TODO_HOME": str(home), "HOME": str(home), "TODO_DATABASE_URL": person.url}
    return {"TODO_AGENT": "on", **known}


def linked(name: Path, to: Path) -> Path:
    """Make a link, and the folder that it lies in."""
    name.parent.mkdir(parents=True, exist_ok=True)
    name.symlink_to(to)
    return name


def ways(scripts: Path, folder: Path) -> dict[str, Way]:
    """Give every way to start `todo`; links for it are made in ``folder``."""
    todo, todo_python = scripts / "todo", scripts / "todo-python"
    first = linked(folder / "one/todo", todo)
    second = linked(folder / "two/t", Path("../one/todo"))
    for each in (todo, todo_python):  # as pipx and uv tool do
        linked(folder / "three" / each.name, each)
    beside = linked(folder / "four/todo", todo)
    (beside.parent / "todo-python").write_text(DUMMY)
    whole = linked(folder / "environment", scripts.parent)
    return {
        "todo": Way((str(todo),)),
        "todo-python": Way((str(todo_python),)),
        "python -m": Way((str(scripts / "python"), "-P", "-m", "todo_cli")),
        "in PATH": Way(("/bin/sh", "-c", 'todo "$@"', "sh"), path=f"{scripts}:{os.defpath}"),
        "beside us": Way(("./todo",), folder=scripts),
        "below us": Way(("bin/todo",), folder=scripts.parent),
        "in an empty part of PATH": Way(
            ("/bin/sh", "-c", 'todo "$@"', "sh"), scripts, f":{os.defpath}"
        ),
        "read by sh": Way(("/bin/sh", "todo"), folder=scripts),
        "a link": Way((str(first),)),
        "a link to a link": Way((str(second),)),
        "links to both": Way((str(folder / "three/todo"),)),
        "a link beside another installation": Way((str(beside),)),
        "a link to the environment": Way((str(whole / "bin/todo"),)),
        "todo-python through such a link": Way((str(whole / "bin/todo-python"),)),
        "python -m through such a link": Way((str(whole / "bin/python"), "-P", "-m", "todo_cli")),
    }


def test_one_agent_serves_every_way_of_starting(
    scripts: Path, tmp_path: Path, home: Path, person: Person
) -> None:
    known = variables(home, person)
    agent = Agent(Program(home, str(scripts / "python"), ""), {"TODO_DATABASE_URL": person.url})
    before = agent.warm()
    for name, way in ways(scripts, tmp_path).items():
        assert way("list", "--json", **known) == Answer(0, "[]\n", ""), name
        after = agent.state()
        assert after is not None, name
        assert (after.agent, after.served) == (before.agent, before.served + 1), name
        before = after


def test_the_program_has_one_name_whatever_starts_it(plain: Path, tmp_path: Path) -> None:
    alone = {"HOME": str(tmp_path)}
    found = ways(plain, tmp_path)
    for arguments in (["help", "add"], ["list", "--lmit", "3"]):
        said = found["python -m"](*arguments, **alone)
        assert "todo" in said.out + said.err
        for name in ("todo", "todo-python"):
            assert found[name](*arguments, **alone) == said, name


def test_arguments_arrive_as_they_were_given(
    plain: Path, tmp_path: Path, home: Path, person: Person
) -> None:
    todo = ways(plain, tmp_path)["todo"]
    title = "-x  * $(date) `date` \"two\" 'one' \\ $HOME ~ é"

    assert todo("add", "--quiet", "--", title, **variables(home, person)).code == 0
    assert json.loads(todo("show", "1", "--json", **variables(home, person)).out)["title"] == title


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_closed_streams_stay_closed(
    closed: str, plain: Path, tmp_path: Path, home: Path, person: Person
) -> None:
    alone = {**variables(home, person), "TODO_AGENT": "off"}
    for name in ("todo", "a link"):
        [todo] = ways(plain, tmp_path / name)[name].begin
        command = Way(("/bin/sh", "-c", f'"$0" "$@" {closed}', todo))
        assert command("show", "7", "--json", **alone).code == 3, name


def test_the_shell_becomes_the_program(plain: Path, tmp_path: Path) -> None:
    """So signals, job control and who looks for the shell that called find what they expect."""
    for name in ("todo", "a link"):
        [todo] = ways(plain, tmp_path / name)[name].begin
        way = Way(("/bin/bash", "-c", '"$0" --show-completion; :', todo))
        answer = way(HOME=str(tmp_path), SHELL="/bin/fish")
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith("# Completion of todo for bash")


def test_completion_answers_through_the_installed_program(plain: Path, tmp_path: Path) -> None:
    answer = ways(plain, tmp_path)["todo"]("resto", _TODO_COMPLETE="1", HOME=str(tmp_path))

    assert answer.code == 0
    assert answer.out.startswith("restore\t")


def test_the_migrations_are_found(scripts: Path, tmp_path: Path) -> None:
    answer = ways(scripts, tmp_path)["todo"]("db", "history", "--json", HOME=str(tmp_path))

    known = [each["revision"] for each in json.loads(answer.out)["migrations"]]
    assert known == sorted(
        path.name.partition("_")[0] for path in (CHECKOUT / "migrations/versions").glob("*.py")
    )


def test_a_link_from_pipx_or_uv_needs_no_other_program(plain: Path, tmp_path: Path) -> None:
    """For one that reads the link would cost as much as the whole shell."""
    way = Way(ways(plain, tmp_path)["links to both"].begin, path="/nowhere")

    assert way("--version", HOME=str(tmp_path)).code == 0


def test_todo_python_is_the_way_where_no_python_lies_beside(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a target"
    pip("install", "--target", str(folder), str(wheel))
    (folder / "bin/python").write_text(DUMMY)  # such as one in ~/.local/bin
    (folder / "bin/python").chmod(0o755)
    packages = os.pathsep.join([str(folder), *filter(None, sys.path)])
    for todo in (folder / "bin/todo", linked(tmp_path / "link", folder / "bin/todo")):
        answer = Way((str(todo),))("--version", PYTHONPATH=packages, HOME=str(tmp_path))
        assert (answer.code, answer.out[:5], answer.err) == (0, "todo ", "")
