"""The versions that .ci/run takes."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINES = (ROOT / ".ci/constraints.txt").read_text().splitlines()
CONSTRAINTS = [line for line in LINES if line and not line.startswith("#")]


def test_they_are_names_and_versions_and_nothing_that_leads_to_one_machine() -> None:
    for line in CONSTRAINTS:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; [a-z_0-9 .'=!<>]+)?", line, re.I), line


def test_there_is_one_for_all_that_the_project_asks_for() -> None:
    known = {line.partition("==")[0] for line in CONSTRAINTS}
    optional = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    for group in optional:
        wanted += group

    assert {re.split("[><=]", each)[0] for each in wanted} <= known


def test_every_python_that_is_named_is_one_that_the_project_allows() -> None:
    prefix = "Programming Language :: Python :: 3."
    named = [each for each in PROJECT["project"]["classifiers"] if each.startswith(prefix)]

    assert PROJECT["project"]["requires-python"] == f">=3.{named[0].removeprefix(prefix)}"
    assert named == [f"{prefix}{minor}" for minor in range(11, 11 + len(named))]
