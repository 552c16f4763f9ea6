"""The keyring of a real desktop: GNOME's, on a D-Bus of the test's own."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Command, Person
from tests.e2e.desktop import MISSING, Desktop, new_desktop, stop
from todo_cli.credentials import Secret, Store, forget, load, probe, save
from todo_cli.errors import AuthError

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PASSWORD = "pä ß 🗝 " * 125  # a thousand characters
NO_COLLECTION = "the keyring has no collection to keep a password in, and none can be made"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """Give a desktop session with nothing running in it, and make it that of the test."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    with new_desktop() as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def desktop(session: Desktop) -> Desktop:
    """Give a desktop session with a bus."""
    session.start_bus()
    return session


def sentence(tmp_path: Path) -> str:
    """Give the words with which a probe fails, and see that nothing was written instead."""
    with pytest.raises(AuthError) as caught:
        probe(Store.KEYRING, tmp_path)
    assert "todo login --store file" in (caught.value.hint or "")
    assert list(tmp_path.iterdir()) == []
    return caught.value.message


def test_an_unlocked_keyring_keeps_passwords(desktop: Desktop, tmp_path: Path) -> None:
    desktop.start_keyring("open sesame")

    probe(Store.KEYRING, tmp_path)
    for name, text in [("work", "an old one"), ("work:owner", "owner"), ("work", PASSWORD)]:
        save(Store.KEYRING, tmp_path, name, Secret(text))

    assert load(Store.KEYRING, tmp_path, "work") == Secret(PASSWORD)
    assert load(Store.KEYRING, tmp_path, "work:owner") == Secret("owner")
    assert [forget(Store.KEYRING, tmp_path, "work") for _ in range(2)] == [True, False]
    assert load(Store.KEYRING, tmp_path, "work") is None
    assert load(Store.KEYRING, tmp_path, "work:owner") == Secret("owner")


def test_a_login_keeps_its_password_in_the_keyring_alone(
    desktop: Desktop, tmp_path: Path, person: Person
) -> None:
    desktop.start_keyring("open sesame")
    todo = Command({"TODO_HOME": str(tmp_path)})
    url = person.url.replace("@/", ":a%20password@/")  # which this server does not ask for

    found = todo("login", "--stdin", "--json", stdin=f"{url}\n")

    assert (found.code, found.err) == (0, "")
    assert json.loads(found.out)["store"] == json.loads(todo("whoami", "--json").out)["store"]
    assert todo("add", "x").code == 0
    assert load(Store.KEYRING, tmp_path, "todo") == Secret("a password")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if "a password" in path.read_text().replace("%20", " ")]
    assert todo("logout").code == 0
    assert load(Store.KEYRING, tmp_path, "todo") is None


def test_without_a_keyring_a_login_says_so_and_uses_nothing_up(
    desktop: Desktop, tmp_path: Path, person: Person
) -> None:
    todo = Command({"TODO_HOME": str(tmp_path)})

    answer = todo("login", "--stdin", stdin=person.url)

    assert answer.code == 4
    assert "todo login --store file" in answer.err
    assert list(tmp_path.rglob("config.toml")) == []


def test_a_password_outlives_the_session_and_lies_encrypted(
    desktop: Desktop, tmp_path: Path
) -> None:
    keyring = desktop.start_keyring("open sesame")
    save(Store.KEYRING, tmp_path, "work", Secret("correct-horse"))
    stop(keyring)
    desktop.start_keyring("open sesame")

    assert load(Store.KEYRING, tmp_path, "work") == Secret("correct-horse")
    for path in desktop.folder.rglob("*"):
        assert not path.is_file() or b"correct-horse" not in path.read_bytes()


def test_without_a_bus_there_is_no_keyring(session: Desktop, tmp_path: Path) -> None:
    assert sentence(tmp_path) == "there is no keyring here that todo could use"


def test_on_a_bus_without_a_keyring_there_is_none(desktop: Desktop, tmp_path: Path) -> None:
    assert sentence(tmp_path) == "there is no keyring here that todo could use"


def test_a_keyring_that_nobody_ever_logged_in_to_has_no_collection(
    desktop: Desktop, tmp_path: Path
) -> None:
    desktop.start_keyring(None)

    assert sentence(tmp_path) == NO_COLLECTION


def test_a_locked_keyring_without_anything_that_could_ask_is_locked(
    desktop: Desktop, tmp_path: Path
) -> None:
    stop(desktop.start_keyring("open sesame"))
    desktop.start_keyring(None)

    assert sentence(tmp_path) == "the keyring is locked"


def test_a_locked_keyring_whose_question_nobody_answers_is_given_up_after_three_seconds(
    desktop: Desktop, tmp_path: Path
) -> None:
    stop(desktop.start_keyring("open sesame"))
    desktop.start_keyring(None)

    with desktop.prompter_that_nobody_answers():
        before = time.monotonic()
        assert sentence(tmp_path) == "the keyring did not answer within 3 seconds"
        assert 3 <= time.monotonic() - before < 20
    assert [each for each in desktop.left() if "keyring_child.py" in each.cmdline()] == []


def test_a_keyring_that_is_stuck_is_given_up_and_used_again_when_it_is_well(
    desktop: Desktop, tmp_path: Path
) -> None:
    keyring = desktop.start_keyring("open sesame")
    save(Store.KEYRING, tmp_path, "work", Secret("one"))
    keyring.send_signal(signal.SIGSTOP)

    with pytest.raises(AuthError, match="did not answer within 3 seconds"):
        load(Store.KEYRING, tmp_path, "work")

    keyring.send_signal(signal.SIGCONT)
    assert load(Store.KEYRING, tmp_path, "work") == Secret("one")


def test_a_session_started_by_hand_has_a_keyring(session: Desktop, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from todo_cli.credentials import Secret, Store, load, probe, save\n"
        "folder = Path(sys.argv[1])\n"
        "probe(Store.KEYRING, folder)\n"
        "save(Store.KEYRING, folder, 'work', Secret('one'))\n"
        "print(load(Store.KEYRING, folder, 'work') == Secret('one'))\n"
    )
    python = shlex.join([sys.executable, "-c", program, str(tmp_path)])
    unlock = "printf 'open sesame' | gnome-keyring-daemon --unlock --components=secrets"
    command = f"{unlock} >/dev/null && exec {python}"

    done = subprocess.run(
        ["dbus-run-session", f"--config-file={session.bus_config}", "--", "sh", "-c", command],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **session.environment},
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
