"""Zones, moments and short forms that the tests of dates share."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from todo_cli.domain.time.dates import Due, parse

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
APIA = ZoneInfo("Pacific/Apia")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
BEIRUT = ZoneInfo("Asia/Beirut")
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, APIA, ZoneInfo("Pacific/Kiritimati"), UTC)

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=BERLIN)  # a Wednesday


def on(day: str, zone: ZoneInfo = BERLIN) -> datetime:
    """Give ten in the morning of a day."""
    return datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def instant(text: str, now: datetime = NOW) -> datetime:
    """Parse ``text``, check that it is an instant, and take it to UTC."""
    due = parse(text, now)
    assert isinstance(due, datetime)
    assert due.tzinfo is now.tzinfo
    return due.astimezone(UTC)


def shown(due: Due | None) -> str:
    """Give a due date as text without its zone: exact, and its type can be told."""
    assert due is not None
    return due.replace(tzinfo=None).isoformat() if isinstance(due, datetime) else due.isoformat()
