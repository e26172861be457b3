"""How good a hit is, why, and in which order hits stand: pure rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from geo_registry.address.search.query import Query
from geo_registry.gazetteer.fold import fold
from geo_registry.text import natural_order

Match = Literal["A", "B", "C"]
Grade = tuple[Match, str, float]
"""Class, reason and score (0 to 100)."""

KIND_ORDER = {"street": 0, "building": 1, "address": 2, "unit": 3, "plate": 4}
_BASE: dict[str, float] = {"A": 100.0, "B": 80.0, "C": 50.0}
# What nearness adds to a candidate, and the squared distance in degrees (2 km) at which half of it is left.
# With all of it a candidate stays below every B, retired ones included.
_GAIN, _HALF_WAY = 4.0, 0.018**2
_WAYS = {
    "alias": "曾用名", "initials": "拼音首字母", "pinyin": "拼音", "prefix": "前缀",
    "edit": "一字之差", "sound": "同音", "other": "一字之差", "inside": "名称中间",
    "behind": "前面的文字未识别",
}  # fmt: skip
# Ways that lead to a candidate only, and what others are less sure of.
_UNSURE = {"other", "inside", "behind"}
_LESS = {"sound": 2.0, "edit": 3.0, "behind": 1.0, "other": 5.0, "inside": 6.0}
_OTHER_DOORS = {"beside": ("号与弄不同：此处为沿街门牌", 5), "inside": ("未写弄号", 2), "prefix": ("前缀", 1)}
_STATES = {
    "current": "现行", "proposed": "拟定", "reserved": "预留", "retired": "已注销",
    "realized": "现行", "planned": "规划", "under_construction": "在建", "under_conversion": "改建中",
    "in_conversion": "改建中", "out_of_use": "停用", "demolished": "已拆除", "not_realized": "未建",
    "draft": "草拟", "numbered": "已编号", "approved": "已核准", "ordered": "已下单",
    "produced": "已制作", "delivered": "已交付", "installed": "已上墙", "verified": "已核验",
    "damaged": "破损", "missing": "缺失",
    "replaced": "已更换", "superseded": "已废止", "cancelled": "已取消", "removed": "已撤销",
    "rejected": "未通过",
}  # fmt: skip
_USES = {
    "self_occupied": "自住", "let_whole": "整租", "let_rooms": "分租", "collective_dormitory": "宿舍",
    "vacant": "空置", "non_residential": "非居住", "under_demolition": "征拆中",
}  # fmt: skip
_KINDS = {
    "street": "道路", "section": "路段", "lane": "弄", "sub_lane": "支弄", "alley": "巷", "sub_alley": "支巷",
    "estate": "小区", "hamlet": "自然村", "group": "组", "building": "楼栋", "address": "地址",
    "unit": "户室", "plate": "门牌",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search; `highlight` are half-open ranges of `text`, `note` one line about the object.

    kind: street (any place name), address (a door without a building), building, unit or plate.
    """

    kind: str
    id: UUID
    code: str
    text: str
    highlight: tuple[tuple[int, int], ...]
    match: Match
    reason: str
    score: float
    lon: float | None
    lat: float | None
    building_id: UUID | None
    unit_id: UUID | None
    note: str
    order: tuple[int, str, str] = (0, "", "")


def match_of_place(row: Any, query: Query, *, certain: bool, missing: str) -> Grade:  # noqa: ANN401  (find_places)
    """Return the grade of a place name: how it was found, if it is the only one, which areas were typed."""
    if missing:
        return "C", f"未登记 {missing}", _BASE["C"]
    if stranger := _strange_division(row, query):
        return "C", f"区划不符：{stranger}", _BASE["C"] - 10
    if row.way == "exact":
        return _aged("A", "", _BASE["A"], row.state)
    match: Match = "B" if (certain and row.way not in _UNSURE) or row.way == "alias" else "C"
    less = min(len(row.normal_name), 20) / 10 if row.way == "prefix" else _LESS.get(row.way, 0.0)
    return _aged(match, _WAYS[row.way], _BASE[match] - less, row.state)


def in_divisions(places: list[Any], query: Query) -> list[Any]:
    """Return the place names in the divisions that were typed; all of them when none lies there."""
    return [row for row in places if not _strange_division(row, query)] or places


def match_of_door(
    row: Any,  # noqa: ANN401  (a row of find_doors)
    query: Query,
    building: str | None,
    unit: str | None,
    place: Grade,
    *,
    is_sole: bool = False,
) -> Grade:
    """Return the grade of a door, building, unit or plate (a row of find_doors) below a place of a grade.

    `is_sole` tells that one unit alone has the room asked for, so that its entrance need not be typed.
    """
    match, reason, score = place
    if stranger := _strange_division(row, query):
        return "C", f"区划不符：{stranger}", _BASE["C"] - 10
    if row.way in _OTHER_DOORS:
        reason, less = _OTHER_DOORS[row.way]
        return "C", reason, min(score, _BASE["C"]) - less
    if row.way == "all":
        return match, reason or "该路门牌", score - 30
    if row.way == "building" and match == "A":
        match, reason, score = "B", "按楼栋号", _BASE["B"]
    elif building and row.building_no and row.building_no != building:
        return "C", f"楼栋号不同：{row.building_no}", _BASE["C"] - 3
    return _aged(*_grade_of_unit(row, unit, (match, reason, score), is_sole=is_sole), row.address_state)


def _grade_of_unit(row: Any, unit: str | None, door: Grade, *, is_sole: bool) -> Grade:  # noqa: ANN401  (find_doors)
    """Return the grade of what was found at a door, by whether a unit was asked for."""
    match, reason, score = door
    if unit is None:
        return match, reason, score - {"unit": 5, "plate": 10}.get(row.kind, 0)
    if row.kind != "unit":
        return "C", reason if match == "C" else "上级地址", score - 25
    if row.unit_key == unit:
        return door
    if is_room_of(row.unit_key, unit):
        # Above its building, also where the entrance leaves a choice.
        if is_sole and match != "C":
            return "B", "补全单元", min(score, _BASE["B"])
        return "C", "未写单元", score - 22
    return "C", "户室相近", min(score, _BASE["C"]) - 1


def is_room_of(unit_key: str, room: str) -> bool:
    """Return whether a unit is that room behind some entrance or floor that was not typed."""
    return unit_key.endswith(f"/{room}")


def _aged(match: Match, reason: str, score: float, state: str) -> Grade:
    """Let what is current stand before what is history."""
    if state == "retired":
        return ("B" if match == "A" else match), reason or "历史地址", score - 25
    return match, reason or "一致", score


def _strange_division(row: Any, query: Query) -> str | None:  # noqa: ANN401  (a row with district, township, community)
    for level, name in query.divisions:
        own, typed = fold(getattr(row, level, None) or ""), fold(name)
        if own and own != typed and not own.startswith(typed[:-1]):
            return name
    return None


def ranked(hits: Iterable[Hit], near: tuple[float, float] | None) -> list[Hit]:
    """Return hits without doubles: by score, then nearest first, then in natural order.

    What is near the middle of the map gains on other candidates, but never on what is certain.
    """
    best: dict[tuple[str, UUID], Hit] = {}
    for hit in hits:
        known = best.get((hit.kind, hit.id))
        if known is None or known.score < hit.score:
            best[hit.kind, hit.id] = hit
    return sorted(
        best.values(), key=lambda hit: (-_biased(hit, near), squared_distance(hit, near), *_natural(hit))
    )


def _biased(hit: Hit, near: tuple[float, float] | None) -> float:
    if hit.match != "C" or near is None or hit.lon is None:
        return hit.score
    # In steps of a quarter, so that neighbours keep their natural order.
    return hit.score + round(4 * _GAIN / (1 + squared_distance(hit, near) / _HALF_WAY)) / 4


def squared_distance(place: Any, near: tuple[float, float] | None) -> float:  # noqa: ANN401  (has lon and lat)
    """Return the squared distance in steps of about 100 m, so that neighbours keep their natural order."""
    if near is None or place.lon is None or place.lat is None:
        return 0.0
    return float(round(((place.lon - near[0]) * 0.86) ** 2 + (place.lat - near[1]) ** 2, 6))


def _natural(hit: Hit) -> tuple[Any, ...]:
    number, building, unit = hit.order
    return KIND_ORDER[hit.kind], number, natural_order(building), natural_order(unit), natural_order(hit.text)


def note_of(
    kind: str, state: str, *, units: int | None = None, name: str | None = None, use: str | None = None,
    area_m2: float | None = None,
) -> str:  # fmt: skip
    """Return one line about an object: 楼栋 · 映月新村 · 24户 · 现行."""
    pieces = [_KINDS.get(kind, kind), name or "", f"{units}户" if units else "", _USES.get(use or "", "")]
    pieces += [f"{float(area_m2):g} m²" if area_m2 else "", _STATES.get(state, state)]
    return " · ".join(piece for piece in pieces if piece)
