"""From parts to the standard text: what a profile writes, in its order, with its words and numerals."""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache, reduce
from typing import get_args

from geo_registry.address.numbers import Door, door_reader
from geo_registry.address.reading.parts import Inferred, ReadKind, ReadPart
from geo_registry.address.rules import levels_before, standard_name, unique_in
from geo_registry.address.scheme import Level, Profile, is_place
from geo_registry.gazetteer.memory import Memory
from geo_registry.text import NUMERAL_CHARACTERS, clean, to_int

_LEVELS: tuple[Level, ...] = get_args(Level)
_ABOVE = (*_LEVELS[:3], "development_zone", *_LEVELS[3:])
"""What stands before all names: the divisions, with a development zone behind its district."""
_NUMBERS: dict[str, str] = {
    "street_number": "number", "sub_street_number": "number", "building": "building", "entrance": "entrance",
    "floor": "floor", "room": "room",
}  # fmt: skip
_UNWRITTEN: frozenset[ReadKind] = frozenset(
    ["country", "neighborhood", "occupant", "note", "repetition", "unread"]
)
_STREETS: frozenset[ReadKind] = frozenset(["street", "section", "lane", "sub_lane", "alley", "sub_alley"])
_TEXTS: frozenset[ReadKind] = frozenset(["estate", "sub_estate", "hamlet"])
_BLANKS = re.compile(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")
_MARKS = frozenset("第附付临")
_SUFFIX = re.compile("[A-Z甲乙丙丁]$|[门楼院库]")
"""What belongs to a number when it stands right behind its word: 8号甲, 8号门."""
_NUMERAL = re.compile(f"[{NUMERAL_CHARACTERS}]+")
_BARE = re.compile(r"[A-Z]?\d{1,5}[A-Z]?|[A-Z]")
_values = Memory[tuple[str, str, str, str], str](65_536)
"""Normal forms by code and version of the profile, kind and text."""
_doors = Memory[tuple[str, str, str], str](32_768)
"""Standard forms of numbers with units, empty where there is none, by code and version and text."""


def compose(
    profile: Profile,
    parts: Iterable[ReadPart],
    inferred: Iterable[Inferred] = (),
    *,
    every_level: bool = False,
) -> str:
    """Return the standard text: the divisions the profile writes, then places, door and unit.

    A division that was read is preferred to an inferred one of the same level. The other parts keep the order
    of the text, but a number in front of its street moves behind it. A floor that the room number tells is
    not written again.
    """
    read = tuple(parts)
    local = [one for one in read if one.kind not in _UNWRITTEN and one.kind not in _ABOVE]
    crossings = [one.start for one in read if one.rule == "crossing"]
    first = next((one.kind for one in local if one.kind not in _NUMBERS), None)
    above = divisions_text(profile, read, inferred, before=None if every_level else unique_in(profile, first))
    return _joined(above, _local_text(profile, _ordered(_apart(local, crossings))))


def divisions_text(
    profile: Profile, parts: Iterable[ReadPart], inferred: Iterable[Inferred] = (), *, before: Level | None
) -> str:
    """Return the divisions in front of a name that is unique in a level; all of them for None.

    Beside those that the registry writes stays what was read above them, for without it the place is lost,
    and what is of a level that the profile does not know.
    """
    kept, stays = _written(profile, before)
    found: dict[str, str] = {one.kind: one.value for one in inferred if one.kind in kept}
    found.update([(one.kind, one.value) for one in parts if one.kind in stays])
    return "".join([found.get(level, "") for level in _ABOVE])


@lru_cache(maxsize=64)
def _written(profile: Profile, before: Level | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the divisions that are written in any case, and those that are where they were read."""
    kept = levels_before(profile, before) if before else frozenset(_LEVELS)
    known = {area.level for area in profile.areas}
    first = min(map(_LEVELS.index, kept), default=0)
    stays = [
        level for place, level in enumerate(_LEVELS) if level in kept or level not in known or place < first
    ]
    return frozenset(kept), frozenset([*stays, "development_zone"])


def part_value(profile: Profile, kind: ReadKind, text: str) -> str:
    """Return the normal form of one part as the profile writes it: 二单元 is 2单元, 付106号 is 附106号.

    Divisions and parts the profile does not know keep their clean text.
    """
    key = (profile.code, profile.version, kind, text)
    value = _values.get(key)
    return _values.keep(key, _value(profile, kind, text)) if value is None else value


def _value(profile: Profile, kind: ReadKind, text: str) -> str:
    written = clean(text)
    packed = written.replace(" ", "")
    if kind in _NUMBERS:
        return _number_value(profile, kind, packed) if packed else ""
    if kind == "neighborhood":
        return _in_digits(packed)
    if is_place(kind) and kind in profile.by_kind and packed:
        return _BLANKS.sub("", written) if kind == "estate" else standard_name(profile, kind, packed)
    return _BLANKS.sub("", written)


@lru_cache(maxsize=64)
def _settled(profile: Profile) -> re.Pattern[str]:
    """Return the expression of numbers and units that are written already as the profile writes them."""
    counts = {
        "number": r"[1-9]\d{0,3}", "building": r"[1-9]\d{0,3}", "entrance": r"[1-9]\d?", "room": r"[1-9]\d*",
    }  # fmt: skip
    parts = [(profile.part(kind), count) for kind, count in counts.items()]
    return re.compile("".join(f"(?:{count}{re.escape(part.suffixes[0])})?" for part, count in parts if part))


def _number_value(profile: Profile, kind: str, packed: str) -> str:
    if kind in {"street_number", "sub_street_number"}:
        if _settled(profile).fullmatch(packed):
            return packed
        # 付 is written for 附 everywhere.
        packed = packed.replace("付", "附")
        for written in (packed, _in_digits(packed)):
            door = door_reader(profile).parse(written)
            if isinstance(door, Door) and not door.is_building:
                return door.text
        return _in_digits(packed)
    part = profile.part(_NUMBERS[kind])
    folded = _in_digits(packed).upper().removeprefix("第")
    if kind == "floor":
        folded = folded.removesuffix("F")
    if part and _BARE.fullmatch(folded):
        folded += next(word for word in part.suffixes if word != "之")
    units = door_reader(profile).units
    floor = profile.part("floor")
    if kind == "room" and floor and folded.startswith(("之", "-")):
        # Such a room is written by the floor it lies on, 二樓之1.
        on_first, first = units.read(f"1{floor.suffixes[0]}{folded}"), units.read(f"1{floor.suffixes[0]}")
        return on_first.text.removeprefix(first.text) if on_first and first else folded
    unit = units.read(folded)
    return unit.building_text + unit.text if unit else folded


def _in_digits(text: str) -> str:
    return _NUMERAL.sub(_digits, text)


def _digits(run: re.Match[str]) -> str:
    value = to_int(run.group())
    return run.group() if value is None else str(value)


def _apart(local: Sequence[ReadPart], crossings: Collection[int]) -> list[tuple[ReadKind, str]]:
    """Return kinds and values; a blank keeps names apart that did not stand side by side, 与 two streets.

    What stood between them, a gap or a word that is not written, told where one ends.
    """
    found: list[tuple[ReadKind, str]] = []
    for at, one in enumerate(local):
        above = local[at - 1] if at else None
        is_name = above is not None and above.kind in _TEXTS and one.kind in _TEXTS
        gap = " " if is_name and above is not None and above.end != one.start else ""
        if above is not None and above.kind == one.kind == "street":
            found += [("note", "与")] * any(above.end <= start < one.start for start in crossings)
        found.append((one.kind, gap + one.value))
    return found


def _ordered(local: list[tuple[ReadKind, str]]) -> list[tuple[ReadKind, str]]:
    """Move numbers that stand in front of a street behind it; a code (S12) stays where it is."""
    first = next((place for place, (kind, _) in enumerate(local) if kind not in _NUMBERS), 0)
    if not first or local[first][0] not in _STREETS or local[0][1].isascii():
        return local
    behind = next((place for place in range(first, len(local)) if local[place][0] in _NUMBERS), len(local))
    return local[first:behind] + local[:first] + local[behind:]


def _local_text(profile: Profile, local: Iterable[tuple[ReadKind, str]]) -> str:
    text, run = "", list[str]()
    for kind, value in local:
        if kind in _NUMBERS:
            run.append(part_value(profile, kind, value))
        else:
            name = part_value(profile, kind, value)
            text = _joined(_joined(text, _door_text(profile, run)), f" {name}" if value[:1] == " " else name)
            run.clear()
    return _joined(text, _door_text(profile, run)) if run else text


def _joined(text: str, more: str) -> str:
    """Return two texts side by side; a blank keeps apart what would read as one: SOHO T3, 至尊门第 10幢."""
    is_torn = more[:1].isascii() and more[:1].isalnum() and text[-1:].isascii() and text[-1:].isalnum()
    is_one = (text[-1:] in _MARKS and more[:1].isdecimal()) or (text[-1:] == "号" and _SUFFIX.match(more))
    return f"{text} {more}" if (is_torn or is_one) and text else text + more


def _door_text(profile: Profile, run: Sequence[str]) -> str:
    """Return number and unit as one door where they read as one, else side by side as they are."""
    if not run:
        return ""
    key = (profile.code, profile.version, "".join(run))
    text = _doors.get(key)
    if text is None:
        text = _doors.keep(key, _whole_door(profile, run))
    return text or reduce(_joined, run, "")


def _whole_door(profile: Profile, run: Sequence[str]) -> str:
    """Return the standard form of numbers that are one door with its unit and no more, else nothing."""
    text = "".join(run)
    if _settled(profile).fullmatch(reduce(_joined, run)):
        return text
    door = door_reader(profile).parse(text)
    is_whole = isinstance(door, Door) and not door.names and door.note is None
    return door.text if isinstance(door, Door) and is_whole else ""
