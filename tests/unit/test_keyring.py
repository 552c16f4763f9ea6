"""The keyring, with backends good and bad; see e2e/test_secret_service.py for a real one.

The backends are those of keyring_backends.py: the child process finds them as it would anybody's.
"""

import builtins
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from keyring import errors

from tests.unit.stores import HERE, PASSWORD, Use, trouble, use
from todo_cli.credentials import Secret, Store, forget, load, probe, save, system_keyring
from todo_cli.errors import AuthError

assert use

FAILURES = [
    ("keyring.backends.fail.Keyring", "there is no keyring here that todo could use"),
    (
        "keyring.backends.null.Keyring",
        "the keyring is switched off: the backend keyring.backends.null.Keyring keeps nothing",
    ),
    (
        "nobody.Keyring",
        "the keyring backend that was chosen cannot be loaded (ModuleNotFoundError)",
    ),
    (
        "keyring_backends.Missing",
        "the keyring backend that was chosen cannot be loaded (AttributeError)",
    ),
    (
        "keyring_backends.PlaintextOfMine",
        "the keyring backend keyring_backends.PlaintextOfMine is not safe enough for a password",
    ),
    (
        "keyring_backends.Lying",
        "the keyring is not to be trusted: keyring_backends.Lying did not give back what it was"
        " given",
    ),
    ("keyring_backends.Dying", "the keyring failed (it ended without an answer)"),
]


def test_the_keyring_files_our_passwords_under_todo_cli(tmp_path: Path, use: Use) -> None:
    use("keyring_backends.Good")

    save(Store.KEYRING, tmp_path, "work", Secret(PASSWORD))

    assert json.loads((tmp_path / "good.json").read_text()) == {"todo-cli/work": PASSWORD}
    assert not (tmp_path / "credentials").exists()


@pytest.mark.parametrize(("backend", "sentence"), FAILURES)
def test_a_backend_that_will_not_do_is_named_with_the_way_out(
    tmp_path: Path, use: Use, backend: str, sentence: str
) -> None:
    use(backend)

    error = trouble(tmp_path)

    assert error.message == sentence
    assert "todo login --store file" in (error.hint or "")
    assert "TODO_DATABASE_URL" in (error.hint or "")
    with pytest.raises(AuthError):
        probe(Store.KEYRING, tmp_path)
    assert not (tmp_path / "credentials").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("NoKeyringError", "there is no keyring here that todo could use"),
        ("KeyringLocked", "the keyring is locked"),
        ("LockedException", "the keyring is locked"),
        ("PromptDismissedException", "the keyring is locked"),
        ("InitError", "the keyring has no collection to keep a password in, and none can be made"),
        ("PasswordSetError", "the keyring refused to keep the password"),
        (
            "SecretServiceNotAvailableException",
            "the keyring cannot be used: D-Bus says SecretServiceNotAvailableException",
        ),
        ("KeyringError", "the keyring failed (KeyringError)"),
        ("RuntimeError", "the keyring failed (RuntimeError)"),
    ],
)
def test_an_error_is_told_by_its_kind_and_never_in_the_words_of_the_backend(
    tmp_path: Path, use: Use, name: str, sentence: str
) -> None:
    if not hasattr(errors, name) and not hasattr(builtins, name):
        pytest.importorskip("secretstorage", reason="there is no Secret Service on this system")
    use("keyring_backends.Failing", BACKEND_ERROR=name)

    assert trouble(tmp_path).message == sentence


def test_a_keyring_that_does_not_delete_is_no_keyring(tmp_path: Path, use: Use) -> None:
    use("keyring_backends.Keeping")

    with pytest.raises(AuthError, match="refused to delete"):
        probe(Store.KEYRING, tmp_path)


def test_what_a_lying_keyring_has_kept_is_deleted_again(tmp_path: Path, use: Use) -> None:
    use("keyring_backends.Lying")

    trouble(tmp_path)

    assert json.loads((tmp_path / "good.json").read_text()) == {}


def test_a_keyring_that_hangs_is_ended_after_three_seconds_with_all_that_it_started(
    tmp_path: Path, use: Use
) -> None:
    use("keyring_backends.Hanging")
    before = time.monotonic()

    error = trouble(tmp_path)

    assert error.message == "the keyring did not answer within 3 seconds"
    assert "unlock it and try again" in (error.hint or "")
    assert 3 <= time.monotonic() - before < system_keyring._START_LIMIT
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert not any(runs(pid) for pid in pids)


def test_a_keyring_that_hangs_when_it_is_asked_is_ended_too(tmp_path: Path, use: Use) -> None:
    use("keyring_backends.Hanging")

    with pytest.raises(AuthError) as caught:
        load(Store.KEYRING, tmp_path, "work")

    assert caught.value.message == "the keyring did not answer within 3 seconds"
    assert not any(runs(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def runs(pid: int) -> bool:
    """Tell whether a process has not ended, within a second; one not waited for has."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            return False
        time.sleep(0.01)
    return True


def test_a_backend_that_hangs_while_it_is_loaded_is_ended_too(
    tmp_path: Path, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_backend.py").write_text("import time\ntime.sleep(1000)\n")
    use("slow_backend.Keyring")
    monkeypatch.setattr(system_keyring, "_LIMIT", 0.5)

    for call in (load, forget):
        with pytest.raises(AuthError, match=r"did not answer within 0\.5 seconds"):
            call(Store.KEYRING, tmp_path, "work")


def test_a_backend_that_prints_and_asks_disturbs_nothing(
    tmp_path: Path, use: Use, capfd: pytest.CaptureFixture[str]
) -> None:
    use("keyring_backends.Chatty")

    save(Store.KEYRING, tmp_path, "work", Secret(PASSWORD))

    assert load(Store.KEYRING, tmp_path, "work") == Secret(PASSWORD)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_no_password_is_in_the_arguments_or_the_environment_of_the_child(
    tmp_path: Path, use: Use
) -> None:
    names = ("TODO_DATABASE_URL", "TODO_ADMIN_DATABASE_URL", "PGPASSWORD")
    url = f"postgresql://me:{PASSWORD}@example.com/db"
    use("keyring_backends.Nosy", **dict.fromkeys(names, url))

    save(Store.KEYRING, tmp_path, "work", Secret(PASSWORD))

    seen = (tmp_path / "seen").read_text()
    assert "keyring_child.py" in seen
    assert PASSWORD not in seen
    assert "TODO_" not in seen


def test_what_the_parents_parent_did_with_signals_does_not_reach_the_child(
    tmp_path: Path, use: Use
) -> None:
    use("keyring_backends.Signalled")
    numbers = (signal.SIGCHLD, signal.SIGALRM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [*numbers, signal.SIGTERM])
    try:
        save(Store.KEYRING, tmp_path, "work", Secret(PASSWORD))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

    assert (tmp_path / "signals").read_text() == "[] [True, True]"


def test_the_folder_that_one_is_in_lends_no_module_to_the_child(
    tmp_path: Path, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "keyring.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path / "here")
    use("keyring_backends.Good")

    probe(Store.KEYRING, tmp_path)


def test_the_backends_of_keyrings_alt_are_refused(tmp_path: Path, use: Use) -> None:
    package = tmp_path / "keyrings" / "alt"
    package.mkdir(parents=True)
    text = "import keyring_backends\nclass EncryptedKeyring(keyring_backends.Good): pass\n"
    (package / "file.py").write_text(text)
    use("keyrings.alt.file.EncryptedKeyring")

    assert trouble(tmp_path).message == (
        "the keyring backend keyrings.alt.file.EncryptedKeyring is not safe enough for a password"
    )


CHAIN = """
from keyring_backends import Good

class First(Good):
    priority = 9
    file = "first.json"

class Plaintext(Good):
    priority = {plain}
    file = "plain.json"
"""


def install_chain(folder: Path, plain: float) -> None:
    """Install a package with two backends, so that keyring chains them by itself."""
    (folder / "chain.py").write_text(CHAIN.format(plain=plain))
    about = folder / "chain-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: chain\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[keyring.backends]\nchain = chain\n")


def test_a_chain_of_keyrings_is_its_first(tmp_path: Path, use: Use) -> None:
    install_chain(tmp_path, plain=5)
    use("")

    save(Store.KEYRING, tmp_path, "work", Secret(PASSWORD))

    assert PASSWORD in (tmp_path / "first.json").read_text()
    assert not (tmp_path / "plain.json").exists()


def test_a_chain_that_begins_with_plain_text_is_refused(tmp_path: Path, use: Use) -> None:
    install_chain(tmp_path, plain=9.5)
    use("")

    assert "chain.Plaintext is not safe enough" in trouble(tmp_path).message


def test_the_keyring_is_no_concern_of_the_program_itself(tmp_path: Path, use: Use) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from todo_cli.credentials import Secret, Store, load, save\n"
        "save(Store.FILE, Path(sys.argv[1]), 'work', Secret('x'))\n"
        "load(Store.KEYRING, Path(sys.argv[1]), 'work')\n"
        "print(*{'keyring', 'secretstorage', 'typer', 'rich', 'pydantic'} & {*sys.modules})\n"
    )
    use("keyring_backends.Good")

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=HERE.parents[1],
        check=False,
    )

    assert (done.stdout, done.stderr) == ("\n", "")
