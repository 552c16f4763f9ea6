"""What is known about commands, fields and verbs in several places is the same in all of them."""

import typer
from typer.core import TyperGroup

from todo_cli import client
from todo_cli.cli.app import app
from todo_cli.cli.groups import HELP_OPTIONS
from todo_cli.domain.query.filters import Empty, SortField
from todo_cli.domain.tasks import fields, verbs
from todo_cli.domain.tasks.changes import Changes
from todo_cli.domain.tasks.fields import FIELDS
from todo_cli.domain.tasks.keys import KEYS
from todo_cli.domain.tasks.task import NewTask, TaskView
from todo_cli.store.tasks.columns import SET_COLUMNS, TABLE


def tree() -> TyperGroup:
    """Give `todo` itself."""
    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    return found


def options(command: str = "") -> dict[str, bool]:
    """Give a command's options, of the root those that stand on every command.

    Each with whether it takes a value.
    """
    parameters = tree().commands[command].params if command else tree().commands["show"].params
    return {
        name: not getattr(each, "is_flag", False)
        for each in parameters
        for name in each.opts
        if each.param_type_name == "option"
    }


def test_the_client_knows_the_commands_that_the_tree_has() -> None:
    hot = client._HOT - {""}

    assert hot == {"add", "list", "show", "modify", *(each.name for each in verbs.VERBS)}
    assert hot <= set(tree().commands)
    assert client._READING <= client._HOT
    assert {each for each in client._COLD if each not in HELP_OPTIONS} <= set(options("rm"))


def test_the_client_knows_the_global_options_and_which_of_them_take_a_value() -> None:
    everywhere = options()

    assert {name for name, takes in everywhere.items() if not takes} == client._FLAGS
    assert {name for name, takes in everywhere.items() if takes} == client._VALUED


def test_the_client_knows_every_option_of_a_list() -> None:
    assert set(options("list")) - set(options()) == client._LISTING


def test_every_field_is_set_by_add_and_modify_and_looked_for_by_list() -> None:
    for field in FIELDS:
        option = f"--{field.option}"
        assert (option in options("add")) == (field is not fields.TITLE), field
        assert option in options("modify"), field
        assert (option in options("list")) == (field.sought is not None), field
        assert (field.option in KEYS) == field.is_key, field


def test_every_field_is_in_the_models_and_in_the_table_of_the_database() -> None:
    assert {each.name for each in FIELDS} == set(NewTask.model_fields) - {"id"}
    assert {each.name for each in FIELDS} <= set(TaskView.model_fields)
    one = {each.name for each in FIELDS if not each.many}
    assert one == set(Changes.model_fields) - {"clear_tags", "add_tags", "remove_tags"}
    assert set(SET_COLUMNS) <= set(TABLE.c.keys())
    for each in FIELDS:
        if each is not fields.TITLE:
            assert NewTask.model_fields[each.name].default == each.empty, each


def test_a_list_can_be_sorted_by_fields_of_a_task_alone_and_want_what_may_be_missing() -> None:
    assert set(SortField) <= set(TaskView.model_fields)
    assert set(Empty) == {each.name for each in FIELDS if each.sought and each.may_be_empty}


def test_every_verb_is_a_command_and_leads_from_some_states_to_another() -> None:
    for verb in verbs.VERBS:
        assert verb.name in tree().commands
        assert verb.to not in verb.movable
        assert set(verb.movable) <= set(verb.allowed)
