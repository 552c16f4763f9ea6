"""The shape of the schema, compared with the one that the migrations make, and put back.

What an owner has added and what only looks on (a view, an index) is no difference. What runs with
everybody's data, or could refuse it, is one: triggers, rules, policies, constraints, functions.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection

from todo_cli.store.schema import catalog
from todo_cli.store.schema.attempts import attempt, run
from todo_cli.store.schema.catalog import Object

_LONGEST: Final = 200  # characters of a definition that is shown

# What may be there beside what the migrations make.
_ADDITIONS: Final = {
    "table",
    "view",
    "materialized view",
    "foreign table",
    "sequence",
    "type",
    "index",
    "extended statistics",
    "statistics target of",
    "storage parameters of",
    "publication",
    "event trigger",
    "foreign key elsewhere",
    "view elsewhere",
}

# What others are parts of.
_WHOLES: Final = (
    "table",
    "trigger",
    "partition",
    "column",
    "view",
    "materialized view",
    "foreign table",
    "function",
    "index",
    "unique index",
)

# What belongs to the database as a whole, and so is not made aside.
_ELSEWHERE: Final = {
    "publication",
    "publication in part",
    "event trigger",
    "foreign key elsewhere",
    "view elsewhere",
}

_Key = tuple[str, str]
Shape = Mapping[_Key, Object]


class Expected(NamedTuple):
    """What the migrations make, and how the same is printed once a dump of it was restored.

    A definition that was printed, read and printed again may have other parentheses.
    """

    made: Shape
    restored: Shape

    def fits(self, found: Object) -> bool:
        """Tell whether something is as it should be."""
        key = _key(found)
        wanted = self.made[key].definition, self.restored.get(key, self.made[key]).definition
        return found.definition in wanted


def read(connection: Connection) -> Shape:
    """Give every object by kind and name, in an order in which they can be made."""
    return {_key(each): each for each in catalog.read(connection)}


def read_expected(connection: Connection, present: Shape) -> Expected:
    """Read what the migrations have just made aside, of which all but the result is taken back.

    ``present`` is the shape that it will be compared with.
    """
    here = {key: each for key, each in read(connection).items() if each.kind not in _ELSEWHERE}
    made = _partitioned(here, present)
    for each in _wanting(present, Expected(made, {})):
        if each.mend is not None and each.drop is not None:
            attempt(connection, each.drop, each.mend)
    return Expected(made, _partitioned(read(connection), present))


def differences(present: Shape, expected: Expected) -> list[str]:
    """Give what is missing, different, or not of this program, one line each."""
    lines = []
    for each in _wanting(present, expected):
        found = present.get(_key(each))
        if found is not None:
            lines.append(f"{_name(each)}: different{_definition(found)}")
        elif not _goes_with(each, expected.made, present):
            lines.append(f"{_name(each)}: missing")
    lines += [
        f"{_name(each)}: not of this program{_definition(each)}"
        for each in _strange(present, expected)
        if each.kind not in _ADDITIONS
    ]
    return lines


def added(present: Shape, expected: Expected) -> list[str]:
    """Give what the owner has added that is no difference."""
    return [_name(each) for each in _strange(present, expected) if each.kind in _ADDITIONS]


def repair(connection: Connection, expected: Expected) -> None:
    """Take away what does not belong there and put back what can be put back.

    What cannot be is left as it was: rows are in the way, or something else depends on it.
    """
    present = read(connection)
    for each in reversed(list(_strange(present, expected))):
        if each.kind not in _ADDITIONS and each.drop is not None:
            attempt(connection, each.drop)
    run(connection, "SET LOCAL check_function_bodies = off")  # what they name may come later
    for each in _wanting(read(connection), expected):
        if each.mend is not None and not attempt(connection, each.mend) and each.drop is not None:
            attempt(connection, each.drop, each.mend)


def _key(each: Object) -> _Key:
    return each.kind, each.name


def _wanting(present: Shape, expected: Expected) -> Iterable[Object]:
    """Give what is expected and is not there, or not as it should be."""
    for key, each in expected.made.items():
        if key not in present or not expected.fits(present[key]):
            yield each


def _strange(present: Shape, expected: Expected) -> Iterable[Object]:
    """Give what is there and not expected, without what goes with something of that kind."""
    for key, each in present.items():
        if key not in expected.made and not _goes_with(each, present, expected.made):
            yield each


def _goes_with(each: Object, here: Shape, there: Shape) -> bool:
    """Tell whether something is a part of what is here, and not there or there as another kind."""
    _, of_, table = each.name.rpartition(" of ")
    wholes = {(kind, name) for kind in _WHOLES for name in (each.part_of, of_ and table)}
    return any(whole in here and whole not in there for whole in wholes)


def _partitioned(shape: Shape, present: Shape) -> Shape:
    """Expect of every partition that is there what is expected of the default one.

    The migrations make those from this month on, and the owner's commands some more now and then.
    So one is missing only where a later one is there.
    """
    expected = dict(shape)
    for default in shape.values():
        if (default.kind, default.definition) != ("partition", "DEFAULT"):
            continue
        made, there = _partitions(shape, default), _partitions(present, default)
        last = max(made & there, default="")
        for name in made - there:
            if name > last:
                gone = [key for key, each in expected.items() if _is_about(each, name)]
                for key in gone:
                    del expected[key]
        pattern = [each for each in shape.values() if _is_about(each, default.name)]
        for name in there - made:
            like = [_renamed(each, default.name, name) for each in pattern]
            expected |= {_key(each): each for each in like}
            expected[default.kind, name] = present[default.kind, name]
    return expected


def _partitions(shape: Shape, default: Object) -> set[str]:
    """Give the names of the partitions beside a default one."""
    return {
        each.name
        for each in shape.values()
        if (each.kind, each.part_of) == (default.kind, default.part_of) and each != default
    }


def _is_about(each: Object, table: str) -> bool:
    ends = each.name.endswith(f" of {table}")
    return ends or table in (each.name, each.part_of) or each.name.startswith(f"{table}.")


def _renamed(each: Object, old: str, new: str) -> Object:
    return Object._make(value and value.replace(old, new) for value in each)


def _name(each: Object) -> str:
    return f"{each.kind} {each.name}"


def _definition(each: Object) -> str:
    """Give a definition that fits on a line."""
    fits = len(each.definition) <= _LONGEST and "\n" not in each.definition
    return f" ({each.definition})" if each.definition and fits else ""
