"""A run of the tests: whatever ends it, nothing of it stays; and who starts it changes nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

import pytest

from tests import run
from tests.conftest import temporary_home
from tests.e2e.births import Shell
from tests.e2e.package import CHECKOUT
from tests.e2e.program import until

_BEGIN = """\
import os, pathlib, signal, subprocess, sys, time
from tests import run
from tests.e2e.agents import Agent, agents
from tests.e2e.program import Program, server, servers, watchers

def test_of_a_run(home):
    far = home / ("far" * 40)  # so that its socket lies elsewhere
"""
_EVERYTHING = """\
agent = Agent(Program(home))
assert agent("add", "x").code == 0
agent.warm()
far.mkdir()
assert Program(far)("add", "x").code == 0
assert agents(home) and servers(home) and watchers(home)
pathlib.Path("begun").write_text(f"{run.folder()}\\n{server(far).socket_folder}")
pathlib.Path("begun").rename("said")
"""
_HEARS = """\
program = "import signal; print([n for n in (1, 2, 3) if signal.getsignal(n) is signal.SIG_IGN])"
said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
assert said == "[]\\n"
"""
_LEAVES = "subprocess.Popen(['sleep', '1000'], cwd=run.folder()); run._SECONDS = 0"


@contextmanager
def begun(
    folder: Path, test: str, *options: str, within: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Begin a run of one test in a folder, whose temporary files lie there too."""
    file = folder / "test_it.py"
    file.write_text(_BEGIN + indent(test, "    "))
    (folder / "tmp").mkdir()
    plugins = ("-p", "tests.conftest", "-p", "no:cacheprovider")
    where = ("-c", os.devnull, f"--rootdir={folder}", str(file))
    with subprocess.Popen(
        [*within, sys.executable, "-m", "pytest", "-q", *plugins, *options, *where],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(folder / "tmp")},
        cwd=folder,
        start_new_session=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_home() as made:
        yield made


def assert_nothing_stays(folder: Path) -> None:
    place, sockets = map(Path, (folder / "said").read_text().splitlines())
    assert run.running(place) == []
    assert place not in sockets.parents
    assert not sockets.exists()
    assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("processes", ["-n0", "-n1"])
def test_ctrl_c_leaves_neither_processes_nor_folders(folder: Path, processes: str) -> None:
    with begun(folder, f"{_EVERYTHING}time.sleep(600)", processes) as running:
        until(lambda: (folder / "said").exists() or running.poll() is not None)
        assert running.poll() is None, running.communicate()[0]
        os.killpg(running.pid, signal.SIGINT)
        out, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.INTERRUPTED, out
    assert_nothing_stays(folder)


def test_a_killed_process_of_the_tests_leaves_nothing_either(folder: Path) -> None:
    test = f"{_EVERYTHING}os.kill(os.getpid(), signal.SIGKILL)"
    with begun(folder, test, "-n1") as running:
        out, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.TESTS_FAILED, out
    assert_nothing_stays(folder)


def test_a_run_that_leaves_a_process_fails_and_names_it(folder: Path) -> None:
    with begun(folder, _LEAVES, "-n0") as running:
        out, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.TESTS_FAILED, out
    assert "left behind: " in out
    assert "sleep 1000" in out
    assert list((folder / "tmp").iterdir()) == []


def test_in_the_background_of_a_script_the_tests_programs_hear_every_signal(folder: Path) -> None:
    within = Shell(ignored=("SIGINT", "SIGQUIT", "SIGHUP")).within
    with begun(folder, _HEARS, "-n1", within=within) as running:
        out, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.OK, out
