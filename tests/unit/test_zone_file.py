"""Zone files that are damaged: refused, or a zone that works, and never the end of the program."""

import struct
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from todo_cli.domain.time import posix_zone, zone_file

FOLDER = Path(str(files("tzdata") / "zoneinfo"))
NEW_YORK = (FOLDER / "America/New_York").read_bytes()
FILES = [NEW_YORK, *((FOLDER / name).read_bytes() for name in ("Europe/Berlin", "Asia/Tokyo"))]
MOMENTS = [
    datetime(year, month, 1, tzinfo=UTC) for year in (1901, 1950, 2026, 2090) for month in (1, 7)
]
DAMAGE = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=4)


@given(st.sampled_from(FILES), DAMAGE, st.integers(0, 5000))
@settings(derandomize=True, deadline=None, max_examples=1000)
def test_a_damaged_file_is_refused_or_a_zone(
    data: bytes, damage: list[tuple[int, int]], length: int
) -> None:
    changed = bytearray(data)
    for place, value in damage:
        changed[place % len(data)] = value
    try:
        zone = zone_file.read(bytes(changed[:length]))
    except ValueError:
        return
    for moment in MOMENTS:
        assert moment.astimezone(zone).astimezone(UTC) == moment


def small(*moments: int) -> bytes:
    """Give a file with changes of the clock at these moments."""
    header = struct.pack(">4sc15x6L", b"TZif", b"\0", 0, 0, 0, len(moments), 2, 8)
    changes = struct.pack(f">{len(moments)}l", *moments) + bytes(len(moments))
    return header + changes + struct.pack(">lBBlBB", 0, 0, 0, 3600, 1, 4) + b"AAA\0BBB\0"


def test_changes_that_are_not_in_order_are_refused() -> None:
    assert zone_file.read(small(1, 2))
    with pytest.raises(ValueError, match="damaged"):
        zone_file.read(small(2, 1))


@pytest.mark.parametrize("version", [b"1", b"2"])
def test_a_file_that_announces_more_than_it_has_is_refused_at_once(version: bytes) -> None:
    for place in range(6):
        counts = [0, 0, 0, 0, 1, 4]
        counts[place] = 2**32 - 1
        header = struct.pack(">4sc15x6L", b"TZif", b"\0" if version == b"1" else version, *counts)
        with pytest.raises(ValueError, match="no zone file"):
            zone_file.read(header + b"\0\0\0\0\0\0UTC\0")


@pytest.mark.parametrize("length", range(0, len(NEW_YORK) - 100, 97))
def test_a_file_that_is_cut_off_is_refused(length: int) -> None:
    with pytest.raises(ValueError):
        zone_file.read(NEW_YORK[:length])


def test_every_zone_of_this_machine_can_be_read() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    zones = [data for path in files if (data := path.read_bytes()).startswith(b"TZif")]

    assert len(zones) > 300
    for data in zones:
        assert zone_file.read(data)


@given(
    st.text("AB<>+-0123456789:,./MJ", max_size=30) | st.from_regex(posix_zone._FORM, fullmatch=True)
)
@settings(derandomize=True, deadline=None, max_examples=500)
def test_any_text_is_a_posix_zone_or_refused(text: str) -> None:
    try:
        zone = posix_zone.read(text)
    except ValueError:
        return
    for moment in MOMENTS:
        assert moment.astimezone(zone).astimezone(UTC) == moment
    for moment in (datetime.min, datetime.max):  # noqa: DTZ901 - made aware
        assert moment.replace(tzinfo=zone).utcoffset() is not None
