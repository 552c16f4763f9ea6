"""What the tests of both stores of passwords have in common."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from todo_cli.credentials import Secret, Store, save
from todo_cli.errors import AuthError

PASSWORD = "correct-horse-battery-staple"
HERE = Path(__file__).parent

Use = Callable[..., None]


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Give what chooses a backend, in place of those of this machine."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "BACKEND_FOLDER"):
        monkeypatch.setenv(name, str(tmp_path))
    path = [str(HERE), str(tmp_path), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))

    def choose(backend: str, **variables: str) -> None:
        if backend:
            monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return choose


def trouble(folder: Path, store: Store = Store.KEYRING) -> AuthError:
    """Give the error that saving the password ends with, which never shows the password."""
    with pytest.raises(AuthError) as caught:
        save(store, folder, "work", Secret(PASSWORD))
    error = caught.value
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert PASSWORD not in "".join(told.format())
    assert PASSWORD not in repr(told.__dict__)
    assert PASSWORD not in f"{error!r} {error.hint} {error.__context__!r}"
    return error
