"""Well-formed addresses of a profile, part by part in normal form, for properties of reading and writing."""

from collections.abc import Sequence
from typing import cast

from hypothesis import strategies as st

from geo_registry.address.numbers import make_door
from geo_registry.address.reading.parts import ReadKind, ReadPart
from geo_registry.address.scheme import Part, Profile
from geo_registry.gazetteer.fold import fold
from geo_registry.gazetteer.table import (
    CITY,
    COMMUNITY,
    DISTRICT,
    FULL,
    SHORT,
    TOWNSHIP,
    Gazetteer,
    Node,
    columns,
    index_of,
)
from geo_registry.text import to_chinese

Pieces = list[tuple[ReadKind, str]]

_NODES = [
    Node("甲子縣", CITY, -1, "90"),
    Node("東乙鎮", TOWNSHIP, 0, "9001"),
    Node("中山里", COMMUNITY, 1, "9001-001"),
    Node("甲丑市", CITY, -1, "91"),
    Node("南丙区", DISTRICT, 3, "9101"),
    Node("北丁镇", TOWNSHIP, 4, "9101001"),
    Node("沿山村", COMMUNITY, 5, "910100101"),
]
KNOWN = Gazetteer(
    columns(_NODES),
    index_of(
        [(fold(node.name), place, node.level, FULL) for place, node in enumerate(_NODES)]
        + [("甲丑", 3, CITY, SHORT)]
    ),
)
"""A made-up table of divisions in both scripts."""
_VILLAGE: Pieces = [
    ("city", "甲丑市"),
    ("district", "南丙区"),
    ("township", "北丁镇"),
    ("community", "沿山村"),
]
DIVISIONS: dict[str, Pieces] = {
    "road-section": [("city", "甲子縣"), ("township", "東乙鎮"), ("community", "中山里"), ("neighborhood", "12鄰")],
    "shanghai": [("city", "甲丑市"), ("district", "南丙区")],
    "village": _VILLAGE,
    "national": _VILLAGE,
}  # fmt: skip
"""The divisions that stand before an address of each profile that is shipped."""

_NAMES = {
    "street": ("映月", "中山", "三民", "光明六", "人民东", "解放"), "estate": ("春晖", "金都", "竹海"),
    "hamlet": ("彭家", "苏家"), "lane": ("文昌",), "alley": ("文昌",),
}  # fmt: skip
_COUNT = st.integers(1, 399)


def parts_of(pieces: Sequence[tuple[ReadKind, str]]) -> list[ReadPart]:
    """Return read parts that lie side by side in the order given."""
    parts: list[ReadPart] = []
    for kind, text in pieces:
        start = parts[-1].end if parts else 0
        parts.append(ReadPart(kind, text, text, start, start + len(text), "given"))
    return parts


@st.composite
def addresses(draw: st.DrawFn, profile: Profile, divisions: Pieces) -> Pieces:
    """Draw a whole address: divisions as given, a chain of places, a number, perhaps a unit."""
    chain = draw(_chain(profile))
    counts_units = "estate" in {kind for kind, _ in chain} and "building" in profile.by_kind
    door: Pieces = draw(_building(profile)) if counts_units else [("street_number", draw(_number(profile)))]
    return [*divisions, *chain, *door, *draw(_unit(profile))]


@st.composite
def _chain(draw: st.DrawFn, profile: Profile) -> Pieces:
    starts = [part for part in profile.place_parts if part.may_start]
    part: Part | None = draw(st.sampled_from(starts))
    pieces: Pieces = []
    while part is not None:
        pieces.append((cast("ReadKind", part.kind), draw(_name(profile, part, first=not pieces))))
        below = [one for one in profile.place_parts if part.kind in one.parents and one.numbered]
        part = draw(st.sampled_from([None, *below]))
    return pieces


@st.composite
def _name(draw: st.DrawFn, profile: Profile, part: Part, *, first: bool) -> str:
    names = _NAMES.get(part.kind)
    others = {word for one in profile.place_parts if one is not part and one.named for word in one.suffixes}
    suffix = next((word for word in part.suffixes if word not in others), part.suffixes[0])
    if names and part.named and (first or not part.numbered):
        return draw(st.sampled_from(names)) + suffix
    count = draw(st.integers(1, 20 if part.numerals == "chinese" else 999))
    return f"{to_chinese(count) if part.numerals == 'chinese' else count}{part.suffixes[0]}"


@st.composite
def _number(draw: st.DrawFn, profile: Profile) -> str:
    marks = [mark.text for mark in profile.marks if mark.temporary]
    return make_door(
        profile, draw(_COUNT), subs=tuple(draw(st.lists(st.integers(1, 99), max_size=1))),
        annex=(draw(st.integers(1, 9)),) if draw(st.booleans()) and profile.sub_number.annex else (),
        mark=draw(st.sampled_from(["", *marks])),
    ).text  # fmt: skip


@st.composite
def _building(draw: st.DrawFn, profile: Profile) -> Pieces:
    part = profile.by_kind["building"]
    return [("building", f"{draw(st.integers(1, 99))}{part.suffixes[0]}")]


@st.composite
def _unit(draw: st.DrawFn, profile: Profile) -> Pieces:
    """Draw entrance, floor and room; a floor that the room number tells is not written."""
    pieces: Pieces = []
    entrance, rooms = profile.part("entrance"), profile.rooms
    if entrance and draw(st.booleans()):
        pieces.append(("entrance", f"{draw(st.integers(1, 9))}{entrance.suffixes[0]}"))
    floor = draw(st.sampled_from([0, -1, 1, 2, 12, min(40, rooms.max_floor)]))
    is_sub = rooms.pattern == "floor_and_sub"
    if floor and draw(st.booleans()):
        pieces.append(
            ("floor", make_door(profile, 1, floor=floor).text.removeprefix(make_door(profile, 1).text))
        )
        room = f"之{draw(st.integers(1, 30))}" if is_sub else ""
    else:
        room = f"{draw(st.integers(1, 30))}{draw(st.integers(1, 30)):02}室"
    if room and draw(st.booleans()):
        pieces.append(("room", room))
    return pieces
