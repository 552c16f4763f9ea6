"""Completion follows the rule for words, and knows what may stand without `list`."""

import pytest

from tests.cli.test_completion import Complete, complete
from tests.conftest import Command, Person

__all__ = ["complete"]  # the fixture
pytestmark = pytest.mark.alone(reason="the shell completes in a process of its own")


def test_keys_and_choices_are_completed_in_the_case_they_are_typed_in(complete: Complete) -> None:
    assert set(complete("add", "Pro")) == {"Project:"}
    assert set(complete("list", "DUE.")) == {"DUE.before:", "DUE.after:"}
    assert set(complete("add", "Priority:H")) == {"Priority:High"}
    assert set(complete("list", "--status", "Pend")) == {"Pending"}
    assert set(complete("list", "sort:Title")) == {"sort:Title", "sort:Title-"}
    assert set(complete("list", "--fields", "ID,Nu")) == {"ID,Number"}
    assert set(complete("list", "li")) == {"limit:"}


def test_values_with_blanks_are_offered_as_attributes(complete: Complete, todo: Command) -> None:
    todo("add", "a", "project:Big house")

    assert set(complete("add", "project:")) == {"project:Big house"}
    assert set(complete("modify", "1", "Project:Big h")) == {"Project:Big house"}
    assert set(complete("add", "--project=")) == {"--project=Big house"}


def test_what_a_list_leaves_out_is_offered_where_it_means_something(
    complete: Complete, todo: Command
) -> None:
    todo("add", "a", "project:home", "+pro")

    assert set(complete("list", "-pro")) == {"-project:", "-pro"}
    assert set(complete("list", "-Project:h")) == {"-Project:home"}
    assert "-due:none" in complete("list", "-due:n")
    assert complete("list", "-lim") == complete("list", "-sort:d") == {}
    assert set(complete("modify", "1", "-pro")) == {"-pro"}
    assert complete("modify", "1", "-project:") == complete("add", "-project:") == {}


def test_tags_that_would_be_refused_are_offered_where_they_are_found(
    complete: Complete, todo: Command, person: Person
) -> None:
    person.query("INSERT INTO todo.tasks (title, tags) VALUES ('old', '{project:home,\"a,b\",aa}')")

    assert set(complete("add", "+")) == set(complete("modify", "1", "+")) == {"+aa"}
    assert set(complete("add", "--tag", "")) == {"aa"}
    assert set(complete("list", "+")) == {"+aa", "+a,b", "+project:home"}
    assert set(complete("modify", "1", "--untag", "")) == {"aa", "a,b", "project:home"}
    assert set(complete("modify", "1", "-a")) == {"-aa", "-a,b"}
    assert complete("modify", "1", "-proj") == {}


def test_words_and_options_of_a_list_are_offered_without_its_name(
    complete: Complete, todo: Command
) -> None:
    todo("add", "a", "project:home", "+errand")

    assert set(complete("+")) == {"+errand"}
    assert set(complete("-e")) == {"-errand"}
    assert set(complete("project:")) == {"project:home", "project:none"}
    assert set(complete("pro")) == {"profile", "project:"}
    assert set(complete("-pro")) == {"-project:"}
    assert set(complete("--lim")) == {"--limit"}
    assert set(complete("--status", "p")) == {"pending"}
    assert set(complete("--json", "+errand", "pri")) == {"priority:"}
    assert set(complete("--limit", "5", "--so")) == {"--sort"}
    assert set(complete("--limit", "5", "do")) == set()
    assert "list" in complete("")
    assert not any(":" in word for word in complete(""))
    assert set(complete("-q", "he")) == {"help"}


def test_help_takes_the_names_of_commands(complete: Complete) -> None:
    assert set(complete("help", "rest")) == {"restore"}
    assert set(complete("help", "db", "up")) == {"upgrade"}
    assert complete("help", "nonsense", "") == complete("help", "add", "") == {}
