"""What is a word, an option or an attribute: one rule for every command that takes words.

Typer knows options and arguments. What stands inline is rewritten into options before Typer reads
them: ``due:fri`` into ``--due=fri``, ``+errand`` into ``--tag=errand``. So both ways of saying it
mean the same, and of two that exclude each other the later one wins.

- ``--x`` is an option, and so is a dash with one letter; after ``--`` everything is a word.
- ``key:value`` with a key that the command has an option for, in any case, and no blank after the
  colon is an attribute, whatever the value holds. ``-key:value`` leaves out, in a search.
- ``+tag`` adds a tag, and ``-tag`` takes it away where the command can, when a letter follows and
  no white space is in it. Commas part tags.
- A key that is nearly one of these is refused, but for titles, where the word stays what it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from todo_cli.cli.later import Given, settle
from todo_cli.domain.tasks import keys
from todo_cli.domain.tasks.fields import FIELDS, is_none
from todo_cli.domain.tasks.values import split_tags
from todo_cli.domain.text import readable
from todo_cli.errors import UsageError

_CLEARED: Final = {each.option for each in FIELDS if each.is_key and not each.many}


class Use(Enum):
    """What a command does with words that are no attributes."""

    TITLE = "title"
    SEARCH = "search"
    CHANGE = "change"  # nothing: there are IDs only

    @property
    def advice(self) -> str:
        """How to say what was no attribute, though it may look like one."""
        if self is Use.CHANGE:
            return "IDs come first; a title is changed with --title only"
        return "what comes after -- is taken as it is"


@dataclass
class Reading:
    """A command line as Typer is to read it, and what it no longer tells.

    ``words`` are those before ``--`` that are no attributes, ``late`` the ones of them behind an
    attribute, ``typed`` all of them, attributes and what follows ``--`` too. ``dash`` says whether
    there is a bare ``-`` alone, ``inline`` whether there are attributes, ``bare`` whether one of
    these has no value.

    ``left_out`` are the values of each key that are not wanted, ``whole`` gives for a tag the word
    that it was a part of, ``doubtful`` are words with what may have been meant by them.
    """

    arguments: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    dash: bool = False
    inline: bool = False
    bare: bool = False
    left_out: dict[str, list[str]] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    doubtful: list[tuple[str, str]] = field(default_factory=list)


class Rule:
    """How one command reads words; ``takes_value`` has every option of it."""

    def __init__(self, use: Use, takes_value: Mapping[str, bool]) -> None:
        self.use = use
        self.takes_value = takes_value
        self._keys = [key for key in keys.KEYS if _option(key) in takes_value]

    def read(self, arguments: Sequence[str]) -> Reading:
        """Tell words from options.

        Raises UsageError for an option without its value, for ``-x`` where a tag may be meant, and
        for a word that nothing can be done with.
        """
        found = Reading()
        given: list[Given] = []
        verbatim: list[str] = []
        rest = iter(arguments)
        for argument in rest:
            if argument == "--":
                verbatim = list(rest)
            elif _is_option(argument):
                given += self._options(argument, rest)
            else:
                found.typed.append(argument)
                attributes = self.attributes(argument)
                given += attributes
                if attributes:
                    found.inline = True
                    found.bare |= argument.endswith(":")
                else:
                    found.words.append(argument)
                    found.late += [argument] if found.inline else []
        for each in settle(given, none_stays=self.use is Use.CHANGE):
            _put(each, found)
        found.arguments += ["--", *found.words, *verbatim]
        found.typed += verbatim
        found.dash = found.words == ["-"] and not verbatim
        if self.use is Use.TITLE and found.words[:1] == ["-"] and len(found.words) > 1:
            message = f"beside -, which is stdin, there is {readable(found.words[1])}"
            raise UsageError(message, self.use.advice)
        meant = ((word, self._meant(word)) for word in found.words)
        found.doubtful = [(word, other) for word, other in meant if other is not None]
        return found

    def attributes(self, argument: str) -> list[Given]:
        """Give the options that a word stands for, none for one that is no attribute.

        Raises UsageError for one that nothing can be done with.
        """
        sign, rest = argument[:1], argument[1:]
        if (pair := keys.split(argument)) and pair[0] in self._keys:
            return _named(_option(pair[0]), pair[1])
        if sign == "-" and (left_out := keys.split(rest)):
            if found := self._leave_out(*left_out):
                return found
        elif pair and self.use is not Use.TITLE:
            self._refuse_mistaken(*pair)
        option = {"+": "--tag", "-": "--untag"}.get(sign, "")
        is_tag = rest[:1].isalpha() and not is_none(rest) and not any(map(str.isspace, rest))
        return _tags(option, rest) if option in self.takes_value and is_tag else []

    def _options(self, argument: str, rest: Iterator[str]) -> list[Given]:
        """Read an option, with its value from the rest if it has none behind an equals sign."""
        if len(argument) == 2 and argument not in self.takes_value:
            _refuse_tag(argument, self.takes_value)
        name, equals, value = argument.partition("=")
        if not self.takes_value.get(name):
            return [Given(argument)]
        return _named(name, value if equals else _value(name, next(rest, None)))

    def _leave_out(self, key: str, value: str) -> list[Given]:
        """Read ``-key:value``; it may be a tag. Raises UsageError for what leaves nothing out."""
        if self.use is Use.SEARCH and key in self._keys and key in keys.LEAVING_OUT:
            if key == "tag" and not is_none(value):
                return _tags("--untag", value)
            return [Given(_option(key), value, left_out=True)]
        if key in keys.KEYS:
            searches = self.use is Use.SEARCH or key not in keys.LEAVING_OUT
            what = "nothing is left out by" if searches else "only a list leaves out"
            word = readable(f"-{key}:{value}")
            raise UsageError(f"{what} {word}", self._instead(key, value))
        if self.use is not Use.TITLE:
            self._refuse_mistaken(key, value, "-")
        return []

    def _instead(self, key: str, value: str) -> str:
        """Say what to write in place of ``-key:value``."""
        said = []
        if key in _CLEARED and key in self._keys:
            said.append(f"{'to clear it' if self.use is Use.CHANGE else 'for none'}: {key}:none")
        if self.use is Use.CHANGE:
            tag = value if key == "tag" else f"{key}:{value}"
            if is_none(value) and key == "tag":
                said.append("to take all tags away: tag:none")
            elif not any(map(str.isspace, tag)):
                said.append(f"to take a tag away: --untag {tag}")
        elif key == "sort":
            said.append(f"for the largest first: sort:{value}-")
        return "; ".join(said if self.use is Use.CHANGE else [*said, self.use.advice])

    def _refuse_mistaken(self, key: str, value: str, sign: str = "") -> None:
        """Raise UsageError for a key that is not known and may be meant to be another one."""
        meant = keys.meant(key, value, self._keys)
        if meant is None:
            return
        message = f"no such key: {readable(sign + key)}"
        if meant:
            message = f"{message}. Did you mean {readable(sign + meant)}?"
            raise UsageError(message, self.use.advice)
        raise UsageError(message, f"the keys are {', '.join(self._keys)}; {self.use.advice}")

    def _meant(self, word: str) -> str | None:
        """Give what may have been meant by a word that becomes title, as `keys.meant` does."""
        pair = keys.split(word) if self.use is Use.TITLE else None
        if pair is None:
            return None
        return "" if pair[0] in keys.KEYS else keys.meant(*pair, self._keys)


def _option(key: str) -> str:
    return f"--{key.replace('.', '-')}"


def _named(option: str, value: str) -> list[Given]:
    return _tags(option, value) if option in ("--tag", "--untag") else [Given(option, value)]


def _tags(option: str, word: str) -> list[Given]:
    """Give the tags of a word, each by itself.

    What is to go, or not to be there, may also be a tag that is the whole word: a former release
    has made such. Raises UsageError for ``none`` among others.
    """
    adds = option == "--tag"
    tags = split_tags(word) if adds else split_tags(word, "+-")
    if len(tags) > 1 and any(map(is_none, tags)):
        raise UsageError("none is no tag", "tag:none stands by itself")
    if tags == (word,):
        return [Given(option, word)]
    whole = "" if any(map(str.isspace, word)) else word
    if adds:
        return [Given(option, tag, whole=whole) for tag in tags]
    return [Given(option, tag) for tag in (*tags, whole) if tag]


def _put(each: Given, found: Reading) -> None:
    """Say an option to Typer, and keep what Typer does not know of."""
    if each.value is None:
        found.arguments.append(each.name)
    elif each.left_out:
        key = each.name.removeprefix("--").replace("-", ".")
        found.left_out.setdefault(key, []).append(each.value)
    elif each.name.startswith("--"):
        found.arguments.append(f"{each.name}={each.value}")
    else:
        found.arguments += [each.name, each.value]
    if each.whole and each.value is not None:
        found.whole[each.value] = each.whole


def _value(option: str, value: str | None) -> str:
    if value is None or _is_option(value):  # what looks like one can be given as --option=value
        raise UsageError(f"option {option} requires an argument")
    return value


def _refuse_tag(option: str, known: Mapping[str, bool]) -> None:
    if "--untag" in known:
        raise UsageError(f"no such option: {option}", f"for the tag: --untag {option[1]}")


def _is_option(argument: str) -> bool:
    dashed = argument.startswith("-") and argument[1:].isalpha()
    return argument.startswith("--") or (dashed and len(argument) == 2)
