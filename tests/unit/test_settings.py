"""Flags > environment > config file > the private PostgreSQL."""

import json
from pathlib import Path

import pytest

from tests.conftest import Command
from todo_cli import settings
from todo_cli.errors import NotFoundError
from todo_cli.link.url import ConnectionUrl
from todo_cli.settings import Settings

CONFIG = """
# kept
default_profile = "work"
idle_minutes = 0.5

[profiles.work]
url = "postgresql://alice:secret@db.example.com:5432/todo?sslmode=require"

[profiles.home]
url = "postgresql://nas/todo"
"""


def load(home: Path, profile: str | None = None, **environ: str) -> Settings:
    return settings.load({"TODO_HOME": str(home), **environ}, profile)


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def test_without_anything_it_is_the_private_database(tmp_path: Path) -> None:
    found = load(tmp_path)

    assert (found.profile, found.database_url) == ("local", None)
    assert (found.timeout, found.idle_seconds) == (15.0, 900.0)
    assert list(tmp_path.iterdir()) == []


def test_each_source_gives_way_to_the_one_above_it(configured: Path) -> None:
    other = "postgresql://other/db"

    assert load(configured).profile == "work"
    nas = ConnectionUrl("postgresql://nas/todo")
    assert load(configured, TODO_PROFILE="home").database_url == nas
    both = load(configured, TODO_PROFILE="home", TODO_DATABASE_URL=other)
    assert both.database_url == ConnectionUrl(other)
    assert load(configured, "home", TODO_DATABASE_URL=other).database_url == nas
    assert load(configured, "local", TODO_DATABASE_URL=other).database_url is None
    assert load(configured).idle_seconds == 30.0


def test_an_empty_variable_is_none_at_all(configured: Path) -> None:
    found = load(configured, TODO_DATABASE_URL="", TODO_PROFILE="", TODO_ADMIN_DATABASE_URL="")

    assert (found.profile, found.admin_url) == ("work", None)


def test_a_profile_that_does_not_exist_is_not_found(configured: Path) -> None:
    for arguments in ({"profile": "nowhere"}, {"TODO_PROFILE": "nowhere"}):
        with pytest.raises(NotFoundError):
            assert load(configured, **arguments).database_url


def test_todo_home_moves_all_folders(tmp_path: Path) -> None:
    folders = settings.find_folders({"TODO_HOME": str(tmp_path)})

    assert folders.config == tmp_path
    assert folders.data == tmp_path / "data"


def test_settings_never_show_a_url(configured: Path) -> None:
    assert "secret" not in repr(load(configured))


def test_profiles_are_listed_without_secrets(configured: Path) -> None:
    todo = Command({"TODO_HOME": str(configured)})

    assert json.loads(todo("profile", "list", "--json").out) == [
        {"name": "local", "default": False, "url": None},
        {"name": "home", "default": False, "url": "postgresql://nas/todo"},
        {"name": "work", "default": True, "url": "postgresql://db.example.com:5432/todo"},
    ]
    assert todo("profile", "list").out.splitlines()[1] == "home\tno\tpostgresql://nas/todo"


def test_a_profile_is_used_and_removed_and_comments_stay(configured: Path) -> None:
    todo = Command({"TODO_HOME": str(configured)})
    config = configured / "config.toml"

    assert todo("profile", "use", "home").err == "The default profile is now home.\n"
    assert load(configured).profile == "home"
    assert todo("profile", "remove", "home").err == "Removed the profile home.\n"
    assert load(configured).profile == "local"
    assert "# kept" in config.read_text()
    assert todo("profile", "use", "local").code == 0
    assert config.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in configured.iterdir()] == ["config.toml"]


def test_a_profile_that_is_not_there_cannot_be_used_or_removed(configured: Path) -> None:
    todo = Command({"TODO_HOME": str(configured)})

    assert todo("profile", "use", "nowhere").code == 3
    assert todo("profile", "remove", "nowhere").code == 3
    assert todo("profile", "remove", "local").code == 5
    assert (configured / "config.toml").read_text() == CONFIG


def test_a_default_profile_that_is_gone_can_be_mended(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('default_profile = "gone"')
    todo = Command({"TODO_HOME": str(tmp_path)})

    assert todo("list").err == "todo: no profile 'gone'\nhint: run: todo profile list\n"
    assert todo("profile", "list").code == 0
    assert todo("profile", "use", "local").code == 0
    assert load(tmp_path).database_url is None


def test_a_linked_config_stays_a_link_and_keeps_its_umlauts(tmp_path: Path) -> None:
    real, home = tmp_path / "dotfiles", tmp_path / "home"
    real.mkdir()
    home.mkdir()
    (real / "todo.toml").write_text('# Übung\n[profiles.a]\nurl = "postgresql://h/d"\n', "utf-8")
    (home / "config.toml").symlink_to(real / "todo.toml")

    assert Command({"TODO_HOME": str(home)})("profile", "use", "a", LC_ALL="C").code == 0

    assert (home / "config.toml").is_symlink()
    text = (real / "todo.toml").read_text("utf-8")
    assert "# Übung" in text
    assert 'default_profile = "a"' in text
