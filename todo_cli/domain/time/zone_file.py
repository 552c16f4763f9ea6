"""Zone files (TZif, RFC 9636), of which the standard library has to be kept from damaged ones.

At some of them its reader never ends, and what it makes of others ends the whole process.
"""

import io
import struct
from datetime import tzinfo
from functools import lru_cache
from operator import lt
from typing import Final
from zoneinfo import ZoneInfo

_HEADER: Final = struct.Struct(">4sc15x6L")  # its counts are those of RFC 9636, section 3.1
_TYPE: Final = struct.Struct(">lBB")  # seconds east of UTC, 1 in summer time, where its name begins
_DAY: Final = 86400  # seconds


@lru_cache(maxsize=4)  # an agent reads the same one for every command
def read(data: bytes) -> tzinfo:
    """Give the zone of a file with these bytes. Raises ValueError where it is damaged, or none."""
    try:
        _check(data)
        return ZoneInfo.from_file(io.BytesIO(data))
    except (struct.error, AssertionError, LookupError) as error:
        raise ValueError("no zone file") from error


def _check(data: bytes) -> None:
    version = _HEADER.unpack_from(data)[1]
    if version == b"\0":
        _check_block(data, 0, "l")
        return
    end = _check_block(data, _check_block(data, 0, "l"), "q")
    if data[end : end + 1] != b"\n" or data.find(b"\n", end + 1) < 0:
        raise ValueError("the footer is cut off")


def _check_block(data: bytes, start: int, form: str) -> int:
    """Check a header and what it announces, and give where that ends. Times are ``form``."""
    magic, _, utc, standard, leaps, times, types, characters = _HEADER.unpack_from(data, start)
    at = start + _HEADER.size
    moments = struct.Struct(f">{times}{form}")
    places = at + moments.size
    kinds = places + times
    leap = struct.calcsize(f">{form}l")
    end: int = kinds + types * _TYPE.size + characters + leaps * leap + standard + utc
    if magic != b"TZif" or end > len(data):
        raise ValueError("no zone file, or cut off")
    known = moments.unpack_from(data, at)
    offsets = list(_TYPE.iter_unpack(data[kinds : kinds + types * _TYPE.size]))
    is_sound = (
        all(map(lt, known, known[1:]))
        and max(data[places:kinds], default=0) < types
        and all(abs(east) < _DAY and dst < 2 and name < characters for east, dst, name in offsets)
    )
    if not is_sound:
        raise ValueError("a damaged zone file")
    return end
