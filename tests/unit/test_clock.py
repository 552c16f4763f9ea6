"""In which time zone a person is: what libc says, TZ first, then /etc/localtime, then UTC."""

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from todo_cli import clock
from todo_cli.errors import UsageError

ZONES = Path(str(files("tzdata") / "zoneinfo"))
TOKYO = ZONES / "Asia/Tokyo"
FIXED = {"TODO_NOW": "2026-11-25T16:00:00Z"}
# What libc makes of each TZ that is given on stdin, at each of the instants.
LIBC = """
import json, os, sys, time
zones, instants = json.load(sys.stdin)
for zone in zones:
    os.environ["TZ"] = zone
    time.tzset()
    found = [time.localtime(instant) for instant in instants]
    print(json.dumps([[each.tm_gmtoff, each.tm_zone] for each in found]))
"""
POSIX = [
    *("UTC0", "UTC+3", "<+03>-3", "UTC-14", "XXX-3:30:15", ":UTC+3", "JST-9", "abc1:2:3"),
    *("CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0"),
    *("NZST-12NZDT,M9.5.0,M4.1.0/3", "LHST-10:30LHDT-11,M10.1.0,M4.1.0"),
    *("IST-1GMT0,M10.5.0,M3.5.0/1", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "EST5EDT4"),
    *("EET-2EEST,M3.5.5/0,M10.5.5/0", "EET-2EEST,M3.4.4/50,M10.4.4/50"),
    *("AAA12BBB,J1/0,J365/25", "AAA3BBB5,M2.5.0,M12.5.6/167"),
    *("AAA3BBB,J60/2,J300/2", "AAA3BBB,59/2,299/2", "AAA3BBB,0/2:30,365/2", "CET-1CEST,J59,J60"),
    *("AAA23:59:59BBB-23:59:59,M3.5.0,M10.5.0",),
]  # fmt: skip
NAMES = [
    *("Europe/Berlin", ":Europe/Berlin", "Asia/Kathmandu", "EST5EDT", "Etc/GMT-5", "UTC"),
    *("", ":", "../zoneinfo/Asia/Tokyo", str(TOKYO), f":{TOKYO}"),
]
NONSENSE = [
    *("nonsense", "Nowhere/At_All", "Europe", "/", ".", "..", "../../etc/passwd", "/etc/passwd"),
    *("/dev/zero", "/dev/stdin", "zone.tab", "é", "\udcff", " ", "Europe/Berlin ", "::UTC0"),
    *("UTC+25", "UTC24", "UTC+", "UTC 3", "UT+3", "UTC+3:75", "CET-1CEST,M13.1.0,M10.5.0"),
    *("CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-1CEST,J0,J1", "CET-1CEST,J366,J1"),
    *("CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0x", "<+3>-3"),
    *("UTC\u0660", "A" * 100_000),
]


def offset(environ: dict[str, str]) -> timedelta | None:
    """Tell how far the zone of an environment is from UTC on 25 November 2026."""
    return clock.now(FIXED, clock.find_zone(environ).rules).utcoffset()


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give what is looked at in place of /etc/localtime; it is not there yet."""
    path = tmp_path / "localtime"
    monkeypatch.setattr(clock, "SYSTEM_ZONE", path)
    return path


# --- TZ -----------------------------------------------------------------------------------


def test_each_tz_is_the_zone_that_libc_takes_it_for() -> None:
    zones = [*POSIX, *NAMES]
    beginning = int(datetime(2007, 1, 1, tzinfo=UTC).timestamp())  # of the rules that are default
    instants = [beginning + 86400 * 365 * 30 * step // 4001 for step in range(4001)]
    edges = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in range(2008, 2032)]
    instants += [edge + 3600 * hour for edge in edges for hour in range(-30, 30, 7)]
    run = subprocess.run(
        [sys.executable, "-c", LIBC],
        input=json.dumps([zones, instants]),
        env={**os.environ, "TZDIR": str(ZONES)},
        capture_output=True,
        text=True,
        check=True,
    )

    for zone, line in zip(zones, run.stdout.splitlines(), strict=True):
        found = clock.find_zone({"TZ": zone, "TZDIR": str(ZONES)})
        assert found.problem is None
        for instant, [east, name] in zip(instants, json.loads(line), strict=True):
            moment = datetime.fromtimestamp(instant, UTC).astimezone(found.rules)
            shown = (moment.utcoffset(), moment.tzname())
            assert shown == (timedelta(seconds=east), name or "UTC"), (zone, instant)
            assert moment.astimezone(UTC).timestamp() == instant, (zone, instant)


@pytest.mark.parametrize("name", NONSENSE)
def test_a_tz_that_cannot_be_read_is_utc_and_a_problem(name: str) -> None:
    found = clock.find_zone({"TZ": name})

    assert (found.rules, found.name) == (UTC, "UTC")
    assert found.problem is not None
    assert found.problem.startswith("TZ='")
    assert found.problem.isprintable()
    assert len(found.problem) < 200


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert clock.find_zone({"TZ": str(tmp_path / "pipe")}).problem is not None


def test_tzdir_names_the_folder_of_zones(tmp_path: Path) -> None:
    (tmp_path / "Mars").mkdir()
    (tmp_path / "Mars/Olympus").write_bytes(TOKYO.read_bytes())
    there = {"TZDIR": str(tmp_path)}

    assert offset({"TZ": "Mars/Olympus", **there}) == hours(9)
    assert offset({"TZ": "UTC-2", **there}) == hours(2)
    assert clock.find_zone({"TZ": "Europe/Berlin", **there}).problem is not None
    assert clock.find_zone({"TZ": "Mars/Olympus", "TZDIR": ""}).problem is not None
    assert offset({"TZ": "Europe/Berlin", "TZDIR": ""}) == hours(1)


def test_where_the_system_has_no_zones_the_package_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock, "_DATABASE", str(tmp_path))

    assert offset({"TZ": "Europe/Berlin"}) == hours(1)
    assert clock.find_zone({"TZ": "Mars/Olympus"}).problem is not None
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe/Berlin").write_bytes(b"damaged")
    assert clock.find_zone({"TZ": "Europe/Berlin"}).problem is not None


# --- The system's -------------------------------------------------------------------------


def test_the_system_s_zone_is_the_file_without_a_name(system: Path) -> None:
    system.write_bytes(TOKYO.read_bytes())
    found = clock.find_zone({})

    assert offset({}) == hours(9)
    assert (found.name, found.source, found.problem) == ("JST", str(system), None)


def test_the_system_s_zone_has_the_name_that_its_link_leads_to(system: Path) -> None:
    system.symlink_to(TOKYO)

    assert offset({}) == hours(9)
    assert clock.find_zone({}).name in ("Asia/Tokyo", "Japan")


def test_a_change_of_the_system_s_zone_is_seen_at_once(system: Path) -> None:
    system.write_bytes(TOKYO.read_bytes())
    assert offset({}) == hours(9)
    system.write_bytes((ZONES / "America/New_York").read_bytes())
    assert offset({}) == hours(-5)


def test_without_a_file_it_is_utc_and_no_problem(system: Path) -> None:
    found = clock.find_zone({})

    assert (found.rules, found.source, found.problem) == (UTC, None, None)


@pytest.mark.parametrize("what", ["dangling", "circle", "folder", "pipe", "empty", "text", "cut"])
def test_a_system_s_zone_that_cannot_be_read_is_utc_and_a_problem(system: Path, what: str) -> None:
    match what:
        case "dangling":
            system.symlink_to(system.parent / "gone")
        case "circle":
            system.symlink_to(system)
        case "folder":
            system.mkdir()
        case "pipe":
            os.mkfifo(system)
        case "cut":
            system.write_bytes(TOKYO.read_bytes()[:100])
        case _:
            system.write_bytes(b"" if what == "empty" else b"Europe/Berlin\n")
    found = clock.find_zone({})

    assert (found.rules, found.source) == (UTC, str(system))
    assert found.problem == f"{system} is no time zone that can be read"


def test_a_system_s_zone_that_may_not_be_read_is_utc_and_a_problem(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, *_: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    system.write_bytes(TOKYO.read_bytes())
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)  # root may read every file
        assert clock.find_zone({}).problem == f"{system} is no time zone that can be read"


# --- Now ----------------------------------------------------------------------------------


def test_the_clock_runs_without_todo_now() -> None:
    before = datetime.now(UTC)

    assert before <= clock.now({}, UTC) <= datetime.now(UTC)


def test_todo_now_is_shown_in_the_zone() -> None:
    zone = clock.find_zone({"TZ": "Asia/Tokyo"}).rules

    assert clock.now(FIXED, zone).isoformat() == "2026-11-26T01:00:00+09:00"


@pytest.mark.parametrize("value", ["yesterday", "2026-11-25T16:00", "9999-12-31T23:00:00Z"])
def test_a_todo_now_that_cannot_be_used_is_refused(value: str) -> None:
    zone = clock.find_zone({"TZ": "UTC-14"}).rules

    with pytest.raises(UsageError):
        clock.now({"TODO_NOW": value}, zone)
