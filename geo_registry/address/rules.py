"""Names and composition: the standard form of a place name and of an address, and the next number."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from geo_registry.address.numbers import Door
from geo_registry.address.scheme import Level, Part, PlaceKind, Profile, is_place
from geo_registry.errors import RuleBroken
from geo_registry.gazetteer.memory import Memory
from geo_registry.text import NUMERAL_CHARACTERS, clean, fold_numerals, normal_key, to_chinese, to_int

_LEVELS: tuple[Level, ...] = get_args(Level)
_GENERICS = "路街道巷弄段衖衕组組村号號"
_COUNTED = re.compile(
    f"第?(?P<count>\\d{{1,4}}|[{NUMERAL_CHARACTERS}]+)(?P<subs>(?:[之-]\\d{{1,3}})*)(?P<word>\\D+)"
)

_keys = Memory[tuple[str, tuple[str, ...], bool, str], str](65_536)
"""Keys of names by kind, generic words and whether it is numbered, and text."""


def normal_name(profile: Profile, kind: str, text: str) -> str:
    """Return the key of a place name: 一段, 1段 and １段 share one, and so do 光明九路 and 光明9路.

    Raises:
        RuleBroken: `part-unknown` when the profile has no such part, `name-missing` for an empty name.

    """
    part = _place_part(profile, kind)
    key = (part.kind, part.suffixes, part.numbered, text)
    return _keys.get(key) or _keys.keep(key, _name_key(part, text))


def standard_name(profile: Profile, kind: str, text: str) -> str:
    """Return a place name as the profile writes it: 1段 becomes 一段 where sections are in Chinese numerals.

    Raises:
        RuleBroken: `part-unknown` when the profile has no such part, `name-missing` for an empty name.

    """
    part = _place_part(profile, kind)
    return _name_written(part, text)


def is_counted(profile: Profile, kind: str, text: str) -> bool:
    """Tell whether a name is a count and a word (218弄, 4组), which repeats from street to street.

    Raises:
        RuleBroken: as `normal_name`.

    """
    return _count_of(_place_part(profile, kind), text) is not None


def _name_key(part: Part, text: str) -> str:
    count = _count_of(part, text)
    if count is not None:
        return f"{count[0]}{normal_key(part.suffixes[0])}"
    return normal_key(fold_numerals(_packed(text), _GENERICS))


def _name_written(part: Part, text: str) -> str:
    count = _count_of(part, text)
    if count is None:
        return _packed(text)
    figure, subs = count
    written = to_chinese(int(figure)) if part.numerals == "chinese" and figure.isdecimal() else subs
    return f"{written}{part.suffixes[0]}"


def _packed(text: str) -> str:
    packed = clean(text).replace(" ", "")
    if not packed:
        raise RuleBroken("name-missing", "地名为空", field="name")
    return packed


def _count_of(part: Part, text: str) -> tuple[str, str] | None:
    """Return the count of a numbered name as key and as written (12-1, 12之1), None for a name proper."""
    found = _COUNTED.fullmatch(_packed(text)) if part.numbered else None
    if found is None or found["word"] not in part.suffixes:
        return None
    count = to_int(found["count"])
    if count is None:
        return None
    return f"{count}{found['subs'].replace('之', '-')}", f"{count}{found['subs']}"


def _place_part(profile: Profile, kind: str) -> Part:
    part = profile.by_kind.get(kind)
    if part is None or not is_place(kind):
        allowed = "、".join(one.kind for one in profile.place_parts)
        raise RuleBroken(
            "part-unknown", f"规则集 {profile.code} 没有地名要素 {kind}，可用：{allowed}", field="kind"
        )
    return part


def check_chain(profile: Profile, kinds: Sequence[str]) -> None:
    """Refuse an order of place parts the profile does not know, such as a section without a street.

    Raises:
        RuleBroken: `part-unknown` or `part-order`; the fact `field` is the position in the chain.

    """
    above: str | None = None
    for place, kind in enumerate(kinds):
        part = _place_part(profile, kind)
        fits = part.may_start if above is None else above in part.parents
        if not fits:
            allowed = "、".join(part.parents) + ("、行政区划" if part.may_start else "")
            raise RuleBroken("part-order", f"{part.title}的上级应为：{allowed}", field=str(place))
        above = kind


def compose(profile: Profile, names: Sequence[tuple[PlaceKind | str, str]], door: Door | None = None) -> str:
    """Return the standard address text without divisions: names in the order of the chain, then the door.

    Raises:
        RuleBroken: as `check_chain` and `standard_name`.

    """
    check_chain(profile, [kind for kind, _ in names])
    written = "".join(standard_name(profile, kind, name) for kind, name in names)
    return written + (door.text if door else "")


def unique_in(profile: Profile, kind: str | None) -> Level:
    """Return the level of division in which a first name stands once; None is a number without names."""
    return profile.street_unique_in if kind == "street" else "community"


def divisions_before(profile: Profile, names: Mapping[str, str | None], unique: Level) -> str:
    """Return the names of divisions that stand before an address, the largest first.

    These are the levels that the profile writes, and those below the district down to the one in which the
    first name is unique: 4组 of one village is another place than 4组 of the next.
    """
    written = levels_before(profile, unique)
    return "".join(names.get(level) or "" for level in _LEVELS if level in written)


def levels_before(profile: Profile, unique: Level) -> frozenset[Level]:
    """Return the levels of the divisions that stand before an address, as `divisions_before` says."""
    reach = _LEVELS.index(unique)
    written = {area.level for area in profile.areas if area.written}
    return frozenset(written.union(_LEVELS[_LEVELS.index("district") + 1 : reach + 1]))


def compose_full(
    profile: Profile,
    divisions: Sequence[tuple[Level, str]],
    names: Sequence[tuple[PlaceKind | str, str]],
    door: Door | None = None,
    *,
    every_level: bool = False,
) -> str:
    """Return the standard address with the divisions that belong before it, or with all that are given."""
    named: dict[str, str] = dict(divisions)
    if every_level:
        before = "".join(named.get(area.level, "") for area in profile.areas)
    else:
        before = divisions_before(profile, named, unique_in(profile, names[0][0] if names else None))
    return before + compose(profile, names, door)


def propose_number(profile: Profile, distance_m: float, side: Literal["odd", "even"]) -> int:
    """Return the number of a gate at a distance along the street from its origin, on its side.

    One number for each `step_m` metres and side: odd 2*floor(d/step)+1, even 2*max(1, ceil(d/step)),
    moved on by the profile's first number; a skipped number gives way to the next one of the same
    side. The number never falls as the distance grows.

    Raises:
        RuleBroken: `distance` for a negative or endless one, `number-impossible` above the maximum.

    """
    if not (math.isfinite(distance_m) and distance_m >= 0):
        raise RuleBroken("distance", "沿街距离应为非负数", field="distance_m")
    numbering = profile.numbering
    steps = distance_m / numbering.step_m
    number = 2 * math.floor(steps) + 1 if side == "odd" else 2 * max(1, math.ceil(steps))
    number += (numbering.first - 1) // 2 * 2
    while number in numbering.skip:
        number += 2
    if number > numbering.maximum:
        raise RuleBroken("number-impossible", f"门牌号 {number} 超出上限 {numbering.maximum}", field="number")
    return number
