"""Flags > environment > config file: which database, which folders, which profile.

The one place that knows the folders and the environment variables of `todo`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from platformdirs import PlatformDirs

from todo_cli import files
from todo_cli.domain import origin
from todo_cli.domain.text import readable
from todo_cli.errors import ConflictError, NotFoundError, UsageError
from todo_cli.link.url import ConnectionUrl

STORES: Final = ("keyring", "file")  # where passwords can be kept
SEE_PROFILES: Final = "run: todo profile list"
LOCAL: Final = "local"  # the profile of the private PostgreSQL
_PROFILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# PG...; ~ is where its files lie; OpenSSL's and Kerberos' are read below it.
_OF_LIBPQ: Final = ("PG", "HOME", "OPENSSL_", "SSL_CERT_", "KRB5")
_DEFAULT_IDLE_MINUTES: Final = 15
_DEFAULT_TIMEOUT: Final = 15.0  # seconds


@dataclass(frozen=True)
class Folders:
    """Where the program keeps things; none of them is made before it is needed."""

    config: Path
    data: Path
    state: Path

    @property
    def config_file(self) -> Path:
        """The config file, which may not exist."""
        return self.config / "config.toml"

    @property
    def dumps(self) -> Path:
        """Where the private database is dumped before a migration changes it."""
        return self.state / "dumps"


@dataclass(frozen=True)
class Profile:
    """A shared database: connection URLs, and where the passwords that belong to them are kept.

    A store is None where nothing is kept, as with a URL that somebody wrote into the config file
    by hand. ``owner_url`` is the login of the database's owner, if this person has it.
    """

    url: ConnectionUrl  # by hand, it may hold a password
    store: str | None = None
    owner_url: ConnectionUrl | None = None
    owner_store: str | None = None


@dataclass(frozen=True)
class Settings:
    """What flags, environment and config file say. ``timeout`` and ``idle_seconds`` in seconds.

    ``libpq`` are the variables from which PostgreSQL's library takes what a URL leaves open.
    ``actor`` is who acts, where several programs share one login.
    """

    folders: Folders
    profile: str
    environment_url: ConnectionUrl | None
    admin_url: ConnectionUrl | None
    profiles: Mapping[str, Profile]
    default_profile: str
    timeout: float
    idle_seconds: float
    libpq: Mapping[str, str]
    actor: str | None

    def same_login(self, other: "Settings") -> bool:
        """Tell whether both mean the same database and login. Raises NotFoundError."""
        names = ("folders", "profile", "database_url", "libpq")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    @property
    def names_service(self) -> bool:
        """Whether a service file of libpq's decides which database is meant, which may change."""
        url = self.database_url
        return url is not None and (url.names_service or "PGSERVICE" in self.libpq)

    @property
    def database_url(self) -> ConnectionUrl | None:
        """The URL to connect to, None for the private database. Raises NotFoundError.

        The password of a stored login is not in it.
        """
        if self.environment_url is not None:
            return self.environment_url
        stored = self.stored
        return None if stored is None else stored.url

    @property
    def stored(self) -> Profile | None:
        """The chosen profile, None for the private database. Raises NotFoundError."""
        if self.profile != LOCAL and self.profile not in self.profiles:
            raise _no_profile(self.profile)
        return self.profiles.get(self.profile)

    def __repr__(self) -> str:
        """Show the profile alone: libpq's variables may hold a password."""
        return f"Settings(profile={self.profile!r})"


def load(
    environ: Mapping[str, str], profile: str | None = None, timeout: float | None = None
) -> Settings:
    """Put flags (the arguments), environment and config file together.

    Which database: ``profile`` > TODO_DATABASE_URL > TODO_PROFILE > the config's default >
    the private PostgreSQL. Raises UsageError for a config that cannot be read, and for a
    TODO_ACTOR that is no name.
    """
    folders = find_folders(environ)
    config = _Config(folders.config_file)
    profiles = config.profiles()
    default = config.text("default_profile") or LOCAL
    return Settings(
        folders=folders,
        profile=profile or environ.get("TODO_PROFILE") or default,
        environment_url=_url(environ.get("TODO_DATABASE_URL")) if profile is None else None,
        admin_url=_url(environ.get("TODO_ADMIN_DATABASE_URL")),
        profiles=profiles,
        default_profile=default,
        timeout=_DEFAULT_TIMEOUT if timeout is None else timeout,
        idle_seconds=60 * config.number("idle_minutes", _DEFAULT_IDLE_MINUTES),
        libpq={name: value for name, value in environ.items() if name.startswith(_OF_LIBPQ)},
        actor=origin.actor(environ.get("TODO_ACTOR")),
    )


def _url(text: str | None) -> ConnectionUrl | None:
    return ConnectionUrl(text) if text else None


def find_folders(environ: Mapping[str, str]) -> Folders:
    """Give the folders: below TODO_HOME where it is set, else the platform's own."""
    home = environ.get("TODO_HOME")
    if home:
        folder = Path(home).absolute()
        return Folders(config=folder, data=folder / "data", state=folder / "state")
    platform = PlatformDirs("todo-cli", appauthor=False)
    return Folders(
        config=platform.user_config_path,
        data=platform.user_data_path,
        state=platform.user_state_path,
    )


def use_profile(folders: Folders, name: str) -> None:
    """Make a profile the default. Raises NotFoundError."""
    config = _Config(folders.config_file)
    if name != LOCAL and name not in config.profiles():
        raise _no_profile(name)
    config.write({"default_profile": name})


def check_profile_name(name: str) -> None:
    """Raise UsageError for a name that no profile can have, or that is the private database's."""
    if name == LOCAL or not _PROFILE_NAME.fullmatch(name):
        raise UsageError(_no_name(name))


def save_profile(folders: Folders, name: str, profile: Profile) -> None:
    """Put a profile into the config file, in place of one of that name, and make it the default.

    Raises UsageError for a name that no profile can have.
    """
    check_profile_name(name)
    table = {
        each.name: value.reveal() if isinstance(value, ConnectionUrl) else value
        for each in fields(profile)
        if (value := getattr(profile, each.name)) is not None
    }
    _Config(folders.config_file).write({"default_profile": name}, add={name: table})


def remove_profile(folders: Folders, name: str) -> None:
    """Forget a profile. Raises NotFoundError, or ConflictError for the private database's."""
    if name == LOCAL:
        raise ConflictError("the profile local cannot be removed: it is the private database")
    config = _Config(folders.config_file)
    if name not in config.profiles():
        raise _no_profile(name)
    was_default = config.text("default_profile") == name
    config.write({"default_profile": LOCAL} if was_default else {}, forget=name)


def _no_profile(name: str) -> NotFoundError:
    return NotFoundError(f"no profile {readable(name)}", SEE_PROFILES)


def _no_name(name: str) -> str:
    return f"a profile cannot be called {readable(name)}"


class _Config:
    """The config file, which people edit by hand: every value is checked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = self._read()

    def text(self, key: str) -> str | None:
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(f"{key} must be a text")
        return value

    def number(self, key: str, default: float) -> float:
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self._wrong(f"{key} must be a number above 0")
        return float(value)

    def profiles(self) -> dict[str, Profile]:
        table = self._values.get("profiles", {})
        if not isinstance(table, dict):
            raise self._wrong("profiles must be a table")
        return {name: self._profile(name, values) for name, values in table.items()}

    def _profile(self, name: str, values: object) -> Profile:
        if name == LOCAL or not _PROFILE_NAME.fullmatch(name):
            raise self._wrong(_no_name(name))
        table = values if isinstance(values, dict) else {}
        if not isinstance(table.get("url"), str):
            raise self._wrong(f"profile {name} needs a url")
        for key in ("store", "owner_store"):
            if table.get(key) not in (None, *STORES):
                raise self._wrong(f"the {key} of profile {name} is none of {', '.join(STORES)}")
        if not isinstance(table.get("owner_url"), str | None):
            raise self._wrong(f"the owner_url of profile {name} must be a text")
        return Profile(
            url=ConnectionUrl(table["url"]),
            store=table.get("store"),
            owner_url=_url(table.get("owner_url")),
            owner_store=table.get("owner_store"),
        )

    def write(
        self,
        values: dict[str, str],
        add: dict[str, dict[str, str]] | None = None,
        forget: str | None = None,
    ) -> None:
        """Change the file, and keep its comments."""
        import tomlkit  # slow to import, and seldom needed

        document = tomlkit.parse(self._path.read_text("utf-8") if self._path.exists() else "")
        document.update(values)
        for name, table in (add or {}).items():
            stored: Any = document.setdefault("profiles", tomlkit.table(is_super_table=True))
            stored[name] = table
        if forget is not None:
            profiles: Any = document["profiles"]
            profiles.pop(forget)
        try:
            # It may be a link into somebody's dotfiles.
            self._path.resolve().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(self._path, tomlkit.dumps(document).encode(), private=True)
        except OSError as error:
            raise UsageError(f"cannot write {self._path}: {error.strerror}") from None

    def _read(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise UsageError(f"cannot read {self._path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self._wrong("not UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise self._wrong(f"not TOML: {error}") from None

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"the config file {self._path} is wrong: {what}")
