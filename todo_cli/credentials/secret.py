"""A password inside this process."""

from typing import NoReturn


class Secret:
    """A text that shows itself to nobody who does not ask for it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text. Keep it out of variables: a traceback may show those."""
        return self._text

    def __repr__(self) -> str:
        """Tell that there is something, not even how long it is."""
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        """Compare with another secret; a plain text is never equal."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash((Secret, self._text))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied. Raises TypeError."""
        raise TypeError("a secret cannot be pickled")
