"""A database that moves to a newer PostgreSQL, which prints definitions differently."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import Database
from tests.integration.test_repair import maintainer_of
from tests.integration.test_restore import as_superuser, of_page, rows_of
from tests.servers import DATABASE, OWNER, add_task
from todo_cli.link.connect import open_connection
from todo_cli.link.driver import DriverConnection
from todo_cli.store.people.roles import create_database


def run(program: Path, socket: Path, *arguments: str) -> None:
    command = [str(program), "-h", str(socket), "-U", OWNER, "-d", DATABASE, *arguments]
    subprocess.run(command, env={"PATH": os.defpath}, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("older", ["debian", "16"])
def test_a_dump_restored_on_a_newer_server_is_sound_after_its_repair(
    older: str, tmp_path: Path
) -> None:
    old, new, file = servers.binaries(older), servers.binaries("18"), tmp_path / "team.dump"
    if not (old / "pg_dump").exists():
        pytest.skip(f"{old} has no pg_dump")
    with servers.database_on(old, bypassrls=False) as before, servers.running(new) as socket:
        add_task(before.new_person(), "kept")
        run(old / "pg_dump", before.socket, *of_page("pg_dump"), f"--file={file}")

        def connect(name: str, role: str) -> DriverConnection:
            return open_connection(host=str(socket), dbname=name, user=role)

        with as_superuser(connect) as cursor:
            create_database(cursor, OWNER, DATABASE)
        run(new / "pg_restore", socket, *of_page("pg_restore"), str(file))
        after = Database(DATABASE, OWNER, socket, connect)
        with maintainer_of(after) as todo:
            lost = todo("db", "check")
            assert (lost.code, todo("db", "check", "--repair").code) == (7, 0)
            assert todo("db", "check").code == 0
        assert not any(": different" in line for line in lost.out.splitlines()), lost.out
        assert rows_of(after) == rows_of(before)
