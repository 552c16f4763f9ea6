"""Where process ids and paths mean the same: what the file of a held lock says of that."""

import os
import sys
from types import SimpleNamespace

import pytest

from todo_cli.server import place
from todo_cli.server.place import here, parse

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these places")


def test_a_place_is_written_and_read_as_it_is() -> None:
    now = here()._replace(worse="24 open files, niceness 19")

    assert parse(now.text) == now
    assert now.shows_processes
    assert now.shows_files


def test_a_machines_name_is_one_line_of_text_whatever_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = SimpleNamespace(nodename="two\nlines\udcff\x1bä")
    monkeypatch.setattr(os, "uname", lambda: named)

    assert ascii(here().host) == ascii(r"two\nlines\udcff\x1bä")
    assert parse(here().text.encode().decode()) == here()
    assert here().shows_processes


@pytest.mark.parametrize("text", ["", "\n", "\0\n\n\n", "1\n" * 50])
def test_a_file_without_sense_is_a_place_of_which_nothing_is_known(text: str) -> None:
    found = parse(text)

    assert not found.shows_processes
    assert parse("").name == "another machine"
    assert parse("a\x1b[2Jb").name == "a[2Jb"


@on_linux
@pytest.mark.parametrize("part", ["boot", "processes"])
def test_another_start_of_the_machine_or_another_container_shows_other_processes(part: str) -> None:
    assert not here()._replace(**{part: "another"}).shows_processes
    assert here()._replace(host="renamed").shows_processes


def test_without_ids_of_its_starts_a_machine_is_known_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, "_boot_id", lambda: "")

    assert here().shows_processes
    assert not here()._replace(host="another").shows_processes


@on_linux
def test_who_sees_the_processes_of_others_in_proc_shows_none_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(place, "_link", lambda path: "pid:[1]" if "ns" in path else "1")

    assert not here().shows_processes
