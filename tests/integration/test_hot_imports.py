"""What a hot command loads of the program, against a real database."""

from tests.conftest import Command
from tests.unit.test_house import loaded_by

# What only some commands need: no hot command is to wait for it, nor a warm process to keep it.
SELDOM = {
    *("alembic", "certifi", "dateutil", "email.parser", "http.client", "keyring", "psutil"),
    *("rich", "secretstorage", "tomlkit", "unittest"),
    *(f"todo_cli.cli.{name}" for name in ("editing", "editor", "suggestions", "typed")),
    *(f"todo_cli.domain.{name}" for name in ("account", "agent", "audit", "form", "health")),
    "todo_cli.domain.people",
    *(f"todo_cli.output.{name}" for name in ("events", "screen")),
    *(f"todo_cli.services.{name}" for name in ("audit", "database", "health", "login", "users")),
    *(f"todo_cli.services.{name}" for name in ("agent_control", "profiles", "suggestions")),
    *(f"todo_cli.store.{name}" for name in ("audit", "health", "login", "login_roles", "people")),
    *(f"todo_cli.store.{name}" for name in ("rights", "schema", "suggestions", "tables")),
}
HOT = (
    *("add Buy milk due:tomorrow", "list", "list --json", "show 1", "modify 1 due:none"),
    *("done 1", "reopen 1", "rm 1", "restore 1"),
)


def test_hot_commands_load_nothing_that_only_others_need(todo: Command) -> None:
    for command in HOT:
        found = loaded_by(*command.split(), environment=todo.environment)

        assert "todo_cli.store.models" in found, command
        assert not found & SELDOM, command
        assert ("todo_cli.domain.changes" in found) == command.startswith("modify"), command
