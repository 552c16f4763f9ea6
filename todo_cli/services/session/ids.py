"""Ids made by the program: time first, so that an index grows at its end."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Make a UUIDv7: 48 bits of milliseconds since 1970, then chance (RFC 9562, section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76  # the version
    value = value & ~(0x3 << 62) | 0x2 << 62  # the variant
    return UUID(int=value)
