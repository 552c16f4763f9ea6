"""`python -m benchmarks.release DIR`: the program of the last release, from the project's history.

docs/releases.txt names its commit. Tests run it on the schema of today; installed from DIR, it is
what a benchmark compares with.
"""

import argparse
import io
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final, NamedTuple

from todo_cli.errors import UnavailableError

ROOT: Final = Path(__file__).parents[1]


class Release(NamedTuple):
    """A version, and the commit that it was made of."""

    version: str
    commit: str


def main() -> None:
    """Unpack the last release, and say which it is."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.release", description="Unpack the program of the last release."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to; made if need be")
    release, folder = last_release(), parser.parse_args().folder
    try:
        unpack(release, folder)
    except UnavailableError as error:
        sys.exit(f"benchmarks: {error.message}\nhint: {error.hint}")
    sys.stdout.write(f"todo {release.version} is in {folder}\n")


def releases() -> list[Release]:
    """Give all releases, the oldest first, as docs/releases.txt has them."""
    lines = (ROOT / "docs" / "releases.txt").read_text(encoding="utf-8").splitlines()
    return [Release(*line.split()) for line in lines if line and not line.startswith("#")]


def last_release() -> Release:
    """Give the newest release."""
    return releases()[-1]


def unpack(release: Release, folder: Path) -> None:
    """Put what git tracked at a release into a folder, from where Python can run it.

    Raises UnavailableError where the history is not at hand: a shallow clone, an sdist, no git.
    """
    command = ["git", "-c", f"safe.directory={ROOT}", "archive", "--format=tar", release.commit]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise UnavailableError(
            f"the commit of release {release.version} is not in this copy of the project",
            "make a whole clone; a shallow one becomes whole by: git fetch --unshallow",
        ) from None
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        # Python before 3.11.4 has no filters; our own history needs none.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(folder)


if __name__ == "__main__":
    main()
