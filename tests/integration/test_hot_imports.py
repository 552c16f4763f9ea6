"""Hot commands load what they need, and nothing that only others do."""

import importlib.util

from tests.conftest import Command
from tests.unit.test_house import loaded_by

# What only some commands need: no hot command is to wait for it, nor a warm process to keep it.
SELDOM = {
    *("alembic", "certifi", "dateutil", "email.parser", "http.client", "keyring", "psutil"),
    *("rich", "secretstorage", "tomlkit", "unittest"),
    *("todo_cli.cli.debug", "todo_cli.link.trace"),
    *(f"todo_cli.cli.{name}" for name in ("completion.suggestions", "completion.typed")),
    *(f"todo_cli.cli.tasks.{name}" for name in ("editing", "editor")),
    *(f"todo_cli.domain.{name}" for name in ("agent", "audit", "doctor", "identity", "people")),
    "todo_cli.domain.tasks.form",
    *(f"todo_cli.output.{name}" for name in ("events", "screen")),
    *(f"todo_cli.services.{name}" for name in ("agent.control", "completion.suggestions")),
    *(f"todo_cli.services.database.{name}" for name in ("maintenance", "profiles")),
    *(f"todo_cli.services.{name}" for name in ("doctor.checks", "log.audit", "people")),
    *(f"todo_cli.store.{name}" for name in ("doctor", "log", "tasks.suggestions")),
    *(f"todo_cli.store.people.{name}" for name in ("login", "login_roles", "people")),
    *(f"todo_cli.store.schema.{name}" for name in ("migrate", "rights", "tables")),
}
HOT = (
    *("add Buy milk due:tomorrow", "list", "list --json", "show 1", "modify 1 due:none"),
    *("done 1", "reopen 1", "rm 1", "restore 1"),
)


def test_every_module_that_hot_commands_are_kept_from_exists() -> None:
    ours = [name for name in SELDOM if name.startswith("todo_cli.")]

    assert [name for name in ours if importlib.util.find_spec(name) is None] == []


def test_hot_commands_load_nothing_that_only_others_need(todo: Command) -> None:
    for command in HOT:
        found = loaded_by(*command.split(), environment=todo.environment)

        assert "todo_cli.store.schema.models" in found, command
        assert not found & SELDOM, command
        assert ("todo_cli.domain.tasks.changes" in found) == command.startswith("modify"), command
