"""From a reading to the keys by which the registry is asked: areas, chains of names, doors."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import gt
from typing import NamedTuple

from geo_registry.address.numbers import Door, Fault, door_reader, parse_door
from geo_registry.address.reading.parts import Reading, ReadPart
from geo_registry.address.rules import normal_name, standard_name
from geo_registry.address.scheme import Profile, is_place
from geo_registry.gazetteer.fold import fold
from geo_registry.text import clean, normal_key, to_int

AREA_KINDS = ("province", "city", "district", "township", "community")
_UNASKED = frozenset({"country", "development_zone", "occupant", "note", "repetition", "unread"})
_DOOR_KINDS = ("street_number", "building", "entrance", "floor", "room")
_ORDER = (
    *AREA_KINDS, "neighborhood", "street", "sub_street", "section", "lane", "sub_lane", "alley", "sub_alley",
    "hamlet", "group", "street_number", "sub_street_number", "estate", "sub_estate",
    "building", "entrance", "floor", "room",
)  # fmt: skip
_NAMES = frozenset(_ORDER) - {*AREA_KINDS, *_DOOR_KINDS, "neighborhood"}
_DOUBTFUL = frozenset({"unread", "occupant", "note", "street_number"})
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
# Only these notes leave the door what it is; all others speak of what is near.
_INSIDE = frozenset({"内", "院内", "里面", "里侧", "内侧", "楼上", "楼梯口", "电梯口"})
_HINT = re.compile(r"[(\[](?:原.*|[近靠临][^0-9]*)[)\]]")
# A room whose number tells its floor; in 244-246 the one behind is rather the last of several doors.
_PAIR = re.compile(r"([1-9]\d{0,3})-([1-9]\d{2,4})")
_LONGEST_ROW = 20
# Pieces of a number rather than names: 12号A may be the door 12A号, 10号支弄 a lane.
_OF_NUMBER = re.compile(
    r".|第.*|[A-Z甲乙丙丁戊己庚辛壬癸之号临半东西南北中前后上下左右大小正侧旁边偏支弄楼座门院里巷库铺室房户间层区单元幢栋]+"
    r"|.[弄楼座门院里巷库铺室房户间层]"
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One step away from what was written, as a Chinese sentence; only a certain one leaves class B.

    A weak one bids to look further: something else may agree better. `is_retired` asks for what followed.
    """

    sentence: str
    cost: float
    is_certain: bool = True
    is_weak: bool = False
    is_retired: bool = False


ORDER = Correction("各部分的先后次序与规则不同，已按规则排列", 0.05)


class Name(NamedTuple):
    """A name of the chain: kind, text as the profile writes it, and its key."""

    kind: str
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class DoorKeys:
    """The keys of a door: number, building (3幢) and unit, each empty when it was not written.

    `is_building` tells that the number is that of a building (80栋); it stands in `number` and `text` alone.
    """

    number: str
    text: str
    building: str
    unit: str
    unit_text: str
    is_building: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One way of asking: a chain of names, the door behind them, and what this way assumes.

    `strays` are names that this way takes for areas.
    """

    names: tuple[Name, ...]
    door: DoorKeys | None
    corrections: tuple[Correction, ...] = ()
    strays: tuple[str, ...] = ()

    def but(self, names: Sequence[Name], *corrections: Correction) -> "Ask":
        """Return this way of asking with other names and further corrections."""
        return replace(self, names=tuple(names), corrections=self.corrections + corrections)

    def after(self, corrections: tuple[Correction, ...]) -> "Ask":
        """Return this way of asking with further corrections."""
        return replace(self, corrections=self.corrections + corrections) if corrections else self

    def without(self, name: Name) -> "Ask":
        """Return this way of asking with a name that may be that of an area."""
        names = tuple(one for one in self.names if one is not name)
        # An area among the names is not out of order.
        steps = tuple(step for step in self.corrections if step is not ORDER)
        return replace(self, names=names, strays=(*self.strays, name.text), corrections=steps)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a text asks for: areas as (level, text), and the ways to ask, the closest to the text first."""

    areas: tuple[tuple[str, str], ...]
    neighborhood: int | None
    asks: tuple[Ask, ...]

    @property
    def has_community(self) -> bool:
        """Whether the lowest area is a community."""
        return bool(self.areas) and self.areas[-1][0] == "community"


def asked_of(profile: Profile, reading: Reading, assumed: tuple[Correction, ...] = ()) -> Asked:
    """Return the keys of a reading, in the forms the profile stores; `assumed` is what reading it assumed."""
    parts = [part for part in reading.parts if part.kind not in _UNASKED]
    written = {part.kind: part.value for part in parts if part.kind in AREA_KINDS}
    areas = tuple((level, written[level]) for level in AREA_KINDS if level in written)
    neighborhood = next((_figure(part.value) for part in parts if part.kind == "neighborhood"), None)
    doubts = (*assumed, *_doubts(reading, parts))
    return Asked(areas, neighborhood, tuple(ask.after(doubts) for ask in _asks(profile, parts)))


@lru_cache(maxsize=131_072)
def name_of(profile: Profile, kind: str, text: str) -> Name:
    """Return a name with its key; kinds the profile does not know are compared as they stand."""
    if profile.part(kind) is None or not is_place(kind):
        packed = clean(text).replace(" ", "")
        return Name(kind, packed, normal_key(packed))
    return Name(kind, standard_name(profile, kind, text), normal_name(profile, kind, text))


@lru_cache(maxsize=4096)
def _figure(text: str) -> int | None:
    return to_int(clean(text).rstrip("鄰邻").removeprefix("第"))


def _rank(kind: str, before: str) -> int:
    """Return the place of a part in the order; an estate behind areas may bear lanes as a street does."""
    is_first = not before or before in AREA_KINDS or before == "neighborhood"
    return _RANK["street"] if kind == "estate" and is_first else _RANK[kind]


def _doubts(reading: Reading, parts: Sequence[ReadPart]) -> Iterator[Correction]:
    """Tell what of the text the keys do not hold, and where its order is unusual."""
    kinds = [part.kind for part in parts]
    ranks = list(map(_rank, kinds, ("", *kinds)))
    if any(map(gt, ranks, ranks[1:])):
        yield ORDER
    yield from _lost_figures(reading)
    yield from _two_areas(reading)
    for part in reading.parts:
        if part.kind not in _DOUBTFUL:
            continue
        if part.kind == "unread" and part.text.strip():
            is_name = _is_name(part.text)
            yield Correction(f"“{part.text}”未能识别", 0.1 if is_name else 0.3, is_name)
        elif part.kind == "occupant" and (clean(part.text)[:1].isdecimal() or _is_of_number(part.text)):
            # A figure or letter behind a door may be a piece of its number.
            yield Correction(f"“{part.text}”未能识别", 0.3, is_certain=False)
        elif part.kind == "note" and _is_near(part):
            yield Correction(f"“{part.text}”只说明在附近，不是该门牌本身", 0.4, is_certain=False)
        elif part.kind == "street_number" and part.text.isdecimal():
            yield Correction(f"“{part.text}”后未写“号”，按门牌号理解", 0.05)


def _two_areas(reading: Reading) -> Iterator[Correction]:
    """Tell of two areas of one level: the text itself does not know which one it means."""
    met: dict[str, str] = {}
    for part in reading.parts:
        level = part.rule.partition(".")[0] if part.kind == "repetition" else part.kind
        if level not in AREA_KINDS[:-1]:
            continue
        value, other = part.value, met.setdefault(level, part.value)
        if value == other:
            continue
        keys = sorted((fold(normal_key(value)), fold(normal_key(other))), key=len)
        if not keys[1].startswith(keys[0]):
            yield Correction(f"同时写了“{other}”和“{value}”", 0.3, is_certain=False)


def _is_near(part: ReadPart) -> bool:
    """Tell whether a note speaks of a place near the door, or of a number that somebody made up."""
    text = fold(normal_key(part.text))
    if part.rule == "noise":
        return text in {"自编", "以上"}
    return text not in _INSIDE and not _HINT.fullmatch(text)


def _is_of_number(text: str) -> bool:
    return _OF_NUMBER.fullmatch(clean(text).strip().upper()) is not None


def _is_name(text: str) -> bool:
    """Tell whether a text that is left over is a name, and no piece of a number."""
    return not any(char.isdecimal() for char in clean(text)) and not _is_of_number(text)


def _lost_figures(reading: Reading) -> Iterator[Correction]:
    """Tell of figures that stand between the parts of a text."""
    text, at, gaps = reading.input, 0, list[str]()
    for part in reading.parts:
        if part.start > at:
            gaps.append(text[at : part.start])
        at = max(at, part.end)
    for gap in (*gaps, text[at:]):
        if any(char.isdecimal() for char in gap):
            yield Correction(f"“{gap}”未能识别", 0.3, is_certain=False)


@dataclass(slots=True)
class _Piece:
    """Names in a row with the door behind them."""

    names: list[Name]
    door: dict[str, str]


def _pieces(profile: Profile, parts: Sequence[ReadPart]) -> list[_Piece]:
    """Cut a text where names follow a door: 柳营路125号|竹海水韵12幢."""
    pieces = [_Piece([], {})]
    for part in parts:
        if part.kind in _DOOR_KINDS:
            # A second number on one place is no door of its own: what stands first is kept.
            pieces[-1].door.setdefault(part.kind, part.value)
        elif part.kind in _NAMES:
            if pieces[-1].door and part.kind in {"estate", "sub_estate", "sub_street"}:
                pieces.append(_Piece([], {}))
            pieces[-1].names.append(name_of(profile, part.kind, part.value))
    for piece in pieces:
        if len(piece.names) < 2:
            continue
        ranks = {name: _RANK[name.kind] for name in piece.names}
        ranks.update((name, _rank(name.kind, "")) for name in piece.names[:1])
        piece.names.sort(key=ranks.__getitem__)
    return pieces


def _asks(profile: Profile, parts: Sequence[ReadPart]) -> Iterator[Ask]:
    pieces = _pieces(profile, parts)
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        unused = tuple(_unused(parts, first))
        yield from _of_pair(profile, first, unused) or [_ask(profile, tuple(first.names), first.door, unused)]
        return
    inner = {kind: value for piece in pieces[1:] for kind, value in piece.door.items()}
    names = "".join(name.text for piece in pieces[1:] for name in piece.names)
    if "street_number" not in inner:
        yield _ask(
            profile, tuple(first.names), {**inner, **first.door}, (_unchecked(names, _written(first)),)
        )
    # Which of the two numbers counts depends on where the registry keeps the buildings.
    outer = _unchecked(_written(first), names)
    yield _ask(profile, (*first.names, *last.names), last.door, (outer,))
    yield _ask(profile, tuple(last.names), last.door, (outer,))


def _of_pair(profile: Profile, piece: _Piece, corrections: tuple[Correction, ...]) -> list[Ask]:
    """Return the ways to read two figures with no word behind them: 6-402 is a door, or a room behind one."""
    pair = _PAIR.fullmatch(piece.door.get("street_number", "")) if len(piece.door) == 1 else None
    if pair is None:
        return []
    is_row = 0 < int(pair[2]) - int(pair[1]) <= _LONGEST_ROW
    asks = []
    for text in (f"{pair[0]}号", f"{pair[1]}号{pair[2]}室"):
        door, unread = _door(profile, (("street_number", text),))
        if door is not None and not unread:
            said = f"“{pair[0]}”按“{door.text}{door.unit_text}”理解"
            step = Correction(said, 0.05, is_certain=not (is_row and door.unit))
            asks.append(Ask(tuple(piece.names), door, (*corrections, step)))
    return asks + _in_lane(profile, piece, pair, corrections)


def _in_lane(
    profile: Profile, piece: _Piece, pair: re.Match[str], corrections: tuple[Correction, ...]
) -> list[Ask]:
    """Return the way to read 6-402 behind a street as number 402 of its lane 6."""
    lane = profile.part("lane")
    if lane is None or not piece.names or piece.names[-1].kind != "street":
        return []
    name = name_of(profile, "lane", f"{pair[1]}{lane.suffixes[0]}")
    door, _ = _door(profile, (("street_number", f"{pair[2]}号"),))
    step = Correction(f"“{pair[0]}”按“{name.text}{pair[2]}号”理解", 0.05, is_certain=False)
    return [Ask((*piece.names, name), door, (*corrections, step))]


def _unchecked(text: str, used: str) -> Correction:
    """Tell that a piece of the text plays no part; only of a name is that certain."""
    is_name = _is_name(text)
    return Correction(f"“{text}”未用于核对，按“{used}”匹配", 0.1 if is_name else 0.25, is_name)


def _unused(parts: Sequence[ReadPart], piece: _Piece) -> Iterator[Correction]:
    """Tell of numbers beyond the first of their kind."""
    numbers = [part for part in parts if part.kind in _DOOR_KINDS]
    if len(numbers) > len(piece.door):
        for at, part in enumerate(numbers):
            if any(one.kind == part.kind for one in numbers[:at]):
                yield Correction(f"“{part.text}”是又一个号码，未用于匹配", 0.3, is_certain=False)


def _written(piece: _Piece) -> str:
    return "".join(name.text for name in piece.names) + "".join(piece.door.values())


def _ask(
    profile: Profile, names: tuple[Name, ...], door: dict[str, str], corrections: tuple[Correction, ...]
) -> Ask:
    keys, unread = _door(profile, tuple(door.items()))
    if not unread:
        return Ask(names, keys, corrections)
    doubt = Correction(f"“{unread}”不合本地写法，未用于匹配", 0.3, is_certain=False)
    return Ask(names, keys, (*corrections, doubt))


@lru_cache(maxsize=131_072)
def _door(profile: Profile, written: tuple[tuple[str, str], ...]) -> tuple[DoorKeys | None, str]:
    """Return the keys of the parts of a door, and what of it cannot be read."""
    parts = dict(written)
    words = _words(profile)
    texts = [parts.get(kind, "").translate(words) for kind in _DOOR_KINDS]
    number, text = texts[0], "".join(texts)
    if not text:
        return None, ""
    read = parse_door(profile, text) if number or "building" in parts else _unit_alone(profile, text)
    if not isinstance(read, Fault):
        keys = _door_keys(read)
        lost = Counter(_figures(text)) - Counter(_figures(f"{keys.number} {keys.building} {keys.unit}"))
        return keys, "、".join(map(str, lost))
    read = parse_door(profile, number or texts[1])
    return (None, text) if isinstance(read, Fault) else (_door_keys(read), text.removeprefix(number))


@lru_cache(maxsize=16)
def _words(profile: Profile) -> dict[int, int]:
    """Return a table that turns the words of numbers into the script of a profile."""
    words = [word for part in profile.parts if not is_place(part.kind) for word in part.suffixes]
    words += [mark.text for mark in profile.marks]
    own = set("".join(words))
    first = dict[str, str]()
    for char in "".join(words):
        first.setdefault(fold(char), char)
    return {ord(other): ord(char) for other, char in first.items() if other not in own}


def _figures(text: str) -> list[int]:
    return [int(figure) for figure in re.findall(r"\d+", text)]


def _unit_alone(profile: Profile, text: str) -> Door | DoorKeys | Fault:
    unit = door_reader(profile).units.read(clean(text).upper())
    if unit is None or unit.building:
        return parse_door(profile, text)
    return DoorKeys("", "", "", unit.key, unit.text)


def _door_keys(door: Door | DoorKeys) -> DoorKeys:
    if isinstance(door, DoorKeys):
        return door
    return DoorKeys(
        door.number_key, door.number_text, door.building_text, door.unit_key, door.unit_text, door.is_building
    )
