"""Where a person's passwords lie: the keyring of the operating system, or a file of their own.

Which of the two is the person's choice, and nothing here ever turns from one to the other. In this
process passwords are always inside `Secret`.
"""

import secrets
from enum import StrEnum
from pathlib import Path

from todo_cli.credentials import file, system_keyring
from todo_cli.credentials.secret import Secret

__all__ = ["Secret", "Store", "forget", "load", "probe", "save"]


class Store(StrEnum):
    """Where to keep passwords."""

    KEYRING = "keyring"
    FILE = "file"


def probe(store: Store, folder: Path) -> None:
    """Find out whether a store works: write, read back and delete a random value.

    ``folder`` is the config folder. Raises AuthError, which says what is wrong and the way out.
    """
    name = f"probe-{secrets.token_hex(8)}"
    save(store, folder, name, Secret(secrets.token_urlsafe(32)))
    if not forget(store, folder, name):
        raise system_keyring.failure("other", f"the {store} store")


def save(store: Store, folder: Path, name: str, secret: Secret) -> None:
    """Keep a password under a name, in place of an earlier one, and read it back.

    Raises AuthError; what was kept under the name before may then be lost.
    """
    if store is Store.KEYRING:
        system_keyring.ask("save", name, secret)
    else:
        file.save(folder, name, secret)


def load(store: Store, folder: Path, name: str) -> Secret | None:
    """Give the password under a name, None where there is none. Raises AuthError."""
    if store is Store.KEYRING:
        return system_keyring.ask("load", name).secret
    return file.load(folder, name)


def forget(store: Store, folder: Path, name: str) -> bool:
    """Delete the password under a name; tell whether there was one. Raises AuthError."""
    if store is Store.KEYRING:
        return system_keyring.ask("forget", name).found
    return file.forget(folder, name)
