"""What agent and workers know of each other: a little memory that they share."""

import mmap
import struct
from typing import Final, NamedTuple

PERMANENT: Final = 2  # workers that there always are
MOST: Final = 8  # workers, when all others are held up: by a pager, or a slow database

_ROW: Final = struct.Struct("qqqq")


class Row(NamedTuple):
    """One worker: its process id (0: there is none), and whether it runs a command.

    ``served`` is how many it and those before it in the same place have run, ``connections`` how
    many it keeps.
    """

    pid: int = 0
    busy: int = 0
    served: int = 0
    connections: int = 0


class Board:
    """A row for each worker, which it alone writes, and the agent while it does not live."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, MOST * _ROW.size)  # anonymous, and shared with all forks

    def __getitem__(self, place: int) -> Row:
        """Give the row of a worker."""
        return Row(*_ROW.unpack_from(self._memory, place * _ROW.size))

    def __setitem__(self, place: int, row: Row) -> None:
        """Write the row of a worker."""
        _ROW.pack_into(self._memory, place * _ROW.size, *row)

    @property
    def rows(self) -> list[Row]:
        """All rows, those of living workers or not."""
        return [self[place] for place in range(MOST)]

    @property
    def living(self) -> list[Row]:
        """The rows of living workers."""
        return [row for row in self.rows if row.pid]

    @property
    def is_full(self) -> bool:
        """Whether no worker is free; at the beginning they are not all there."""
        living = self.living
        return len(living) >= PERMANENT and all(row.busy for row in living)
