"""The two kinds of people; by itself, because the command line names them to whoever asks."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may do: a member keeps tasks, an auditor reads what everybody changed."""

    MEMBER = "member"
    AUDITOR = "auditor"
