"""Text that would do harm on a terminal, and what of it has come through."""

import re
from typing import Final

# All of C0 but NUL, which no database takes, DEL and C1; line and paragraph separators; whatever
# turns the direction of text.
CONTROLS: Final = "".join(
    map(chr, [*range(1, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F)])
) + "".join(map(chr, range(0x2066, 0x2070)))
_HARMFUL: Final = re.compile(f"[{re.escape(CONTROLS)}\0]")


def harm(text: str, allowed: str = "\n") -> set[str]:
    """Give the characters that must not reach a terminal, but those that are ``allowed``."""
    return set(_HARMFUL.findall(text)) - set(allowed)
