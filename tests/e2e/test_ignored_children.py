"""`todo` below a parent that ignores the end of its children: nobody could tell how one ended."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Person
from tests.e2e.births import Shell
from tests.e2e.program import Program, add, server, titles
from todo_cli.errors import UnavailableError
from todo_cli.server import cluster

IGNORING = Shell(ignored=("SIGCHLD",)).within
BACKENDS = Path(__file__).parents[1] / "unit"


def ignoring(home: Path) -> Program:
    """Give `todo` below such a parent."""
    return replace(Program(home), within=IGNORING)


def editor(home: Path, script: str) -> str:
    """Make an editor of a line of sh, whose file is $1, and give what VISUAL says for it."""
    path = home / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_first_use_sets_everything_up(home: Path) -> None:
    assert ignoring(home)("add", "task one").code == 0
    assert titles(home) == ["task one"]


def test_a_cluster_is_taken_only_when_it_is_whole(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # its exit code is lost, and counts as 0
    try:
        with monkeypatch.context() as patched:
            patched.setattr(cluster, "_INITDB", [*cluster._INITDB, "--locale-provider=nonsense"])
            with pytest.raises(UnavailableError, match=r"could not be set up: .*nonsense"):
                add(home, "task")
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert list(server(home).base.glob("cluster*")) == []
    assert add(home, "task one") == [1]


@pytest.mark.parametrize("missing", ["base/5/PG_VERSION", "base/4/PG_VERSION"])
def test_a_cluster_without_its_last_databases_or_still_in_use_is_not_whole(
    stopped_home: Path, missing: str
) -> None:
    files = server(stopped_home).cluster
    for each in files.glob("base/*/PG_VERSION"):
        if int(each.parent.name) > 5:  # the one that the program has made
            each.unlink()
    assert cluster._is_whole(files)
    (files / "postmaster.pid").write_text("1\n")
    assert not cluster._is_whole(files)
    (files / "postmaster.pid").unlink()
    (files / missing).unlink()
    assert not cluster._is_whole(files)


def test_an_editor_that_fails_is_known_to_have_failed(old_home: Path) -> None:
    visual = editor(old_home, 'sed "s/^Title:.*/Title: changed/" "$1" > "$1.new"; exit 3')
    answer = ignoring(old_home)("edit", "1", VISUAL=visual)
    assert answer.code == 1
    assert "the editor 'editor' failed with exit code 3: nothing was changed" in answer.err
    assert titles(old_home) == ["task one"]


def test_an_editor_can_wait_for_its_own_children(old_home: Path) -> None:
    wait = f"{sys.executable} -c \"import subprocess; assert subprocess.call(['false']) == 1\""
    visual = editor(old_home, f'{wait} && echo "Title: changed" > "$1"')
    answer = ignoring(old_home)("edit", "1", VISUAL=visual)
    assert answer.code == 0, answer
    assert titles(old_home) == ["changed"]


def test_a_ctrl_c_that_a_script_ignores_in_the_background_is_ignored_by_the_editor(
    old_home: Path,
) -> None:
    todo = replace(Program(old_home), within=Shell(ignored=("SIGINT", "SIGQUIT")).within)
    visual = editor(old_home, 'kill -INT $$; kill -QUIT $$; echo "Title: changed" > "$1"')
    assert todo("edit", "1", VISUAL=visual).code == 0
    assert titles(old_home) == ["changed"]


def test_a_login_keeps_and_finds_its_password_in_the_keyring(
    home: Path, person: Person, tmp_path: Path
) -> None:
    variables = {
        "PATH": os.defpath,
        "HOME": str(home),
        "TODO_HOME": str(home),
        "TODO_AGENT": "off",
        "PYTHONPATH": os.pathsep.join([Program(home).path, str(BACKENDS)]),
        "PYTHON_KEYRING_BACKEND": "keyring_backends.Good",
        "BACKEND_FOLDER": str(tmp_path),
    }
    url = person.url.replace("@/", ":a%20password@/")  # which this server does not ask for
    for arguments, given in ((("login", "--stdin"), f"{url}\n"), (("whoami", "--json"), "")):
        done = subprocess.run(
            [*IGNORING, sys.executable, "-P", "-m", "todo_cli", *arguments],
            input=given,
            capture_output=True,
            text=True,
            env=variables,
            cwd="/",
        )
        assert done.returncode == 0, done
    assert json.loads(done.stdout)["store"] == "keyring"
