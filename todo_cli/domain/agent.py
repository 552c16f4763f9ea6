"""What `todo agent` shows, as frozen models."""

from todo_cli.domain.base import Frozen


class AgentReport(Frozen, extra="ignore"):
    """What an agent says of itself; one of another version may say more.

    ``agent`` and ``workers`` are process ids, ``begun`` is by the machine's monotonic clock.
    """

    agent: int
    version: str
    begun: float
    workers: tuple[int, ...]
    served: int
    connections: int


class AgentView(Frozen):
    """The agent: ``uptime`` in seconds, ``memory`` in bytes, with that of its workers.

    ``served`` counts the commands it has answered, ``connections`` those to databases that are
    open. What is not known is None: all of it when none runs, most when it does not answer.
    ``host`` is the machine where its processes are, when they cannot be seen from here: another
    one, or this one with another container.
    """

    running: bool
    pid: int | None = None
    version: str | None = None
    uptime: int | None = None
    workers: int | None = None
    served: int | None = None
    connections: int | None = None
    memory: int | None = None
    host: str | None = None
    folder: str
