"""What every model that crosses a floor is made of."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value that crosses floors: it cannot change, and unknown fields are refused."""

    # Built when first used: no command uses more than a few of them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def utc_text(moment: datetime) -> str:
    """Give an instant as ISO 8601 in UTC with whole seconds: ``2026-11-25T16:00:00Z``."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"  # strftime takes four times as long


def due_text(due: date) -> str:
    """Give an all-day date as ``2026-11-25`` and an instant as `utc_text` does."""
    return utc_text(due) if isinstance(due, datetime) else due.isoformat()


def _instant(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _due(due: date) -> date:
    return _instant(due) if isinstance(due, datetime) else due


# What pydantic itself writes as `utc_text` and `due_text` do, and faster.
Instant = Annotated[datetime, AfterValidator(_instant)]
DueDate = Annotated[datetime | date, AfterValidator(_due)]
