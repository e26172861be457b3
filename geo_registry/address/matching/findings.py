"""What was found for a text, with every step it took to get there, and the grade of it all: pure rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from geo_registry.address.known_places import PlaceRow
from geo_registry.address.matching.keys import Ask, Correction
from geo_registry.address.matching.lookup import Followed
from geo_registry.address.matching.match import Candidate, CandidateKind, Grade, Match, Successor
from geo_registry.address.reading.parts import Reading

CURRENT = frozenset({"current", "realized", "under_conversion", "in_conversion", "out_of_use"})
_STATES = {
    "retired": "已注销", "reserved": "为预留", "proposed": "为拟定", "planned": "在规划中",
    "under_construction": "在建", "not_realized": "未建成",
}  # fmt: skip
_EXACT = "写明的各部分与登记完全一致"
_MANY = "有 {} 个同样可能的结果，请选择"
_UNSURE = "不能确定，请从候选中选择"
_NOTHING = "没有找到可能的地址"


@dataclass(slots=True)  # frozen it takes three times as long to make
class Finding:
    """One object a text may mean, and what had to be assumed for it; never changed."""

    kind: CandidateKind
    id: UUID
    code: str
    text: str
    state: str
    lon: float | None
    lat: float | None
    address_id: UUID | None
    building_id: UUID | None
    unit_id: UUID | None
    agreeing: int
    corrections: tuple[Correction, ...]
    cost: float = field(init=False, default=0.0)
    """How far the object lies from what was written."""

    def __post_init__(self) -> None:
        """Add up the steps once: findings are compared often."""
        if self.corrections:
            self.cost = sum(step.cost for step in self.corrections)

    @property
    def is_certain(self) -> bool:
        """Whether at most one step was taken, and none that leaves a choice."""
        return len(self.corrections) <= 1 and all(step.is_certain for step in self.corrections)

    @property
    def is_retired(self) -> bool:
        """Whether the object or its door is history, which something may have followed."""
        return any(step.is_retired for step in self.corrections)

    def candidate(self, successors: tuple[Successor, ...] = ()) -> Candidate:
        """Return the public form."""
        reasons = tuple(dict.fromkeys(step.sentence for step in self.corrections)) or (_EXACT,)
        return Candidate(
            kind=self.kind, id=self.id, code=self.code, text=self.text, state=self.state,
            score=round(max(0.05, 1.0 - self.cost), 3), reasons=reasons, lon=self.lon, lat=self.lat,
            address_id=self.address_id, building_id=self.building_id, unit_id=self.unit_id,
            successors=successors,
        )  # fmt: skip


def of_place(row: PlaceRow, agreeing: int, corrections: Sequence[Correction]) -> Finding:
    """Return a street or another place name as what was meant."""
    return Finding(
        kind="street", id=row.id, code=row.code, text=row.full_name, state=row.state, lon=None, lat=None,
        address_id=None, building_id=None, unit_id=None, agreeing=agreeing,
        corrections=(*corrections, *_aged(row.state, row.full_name)),
    )  # fmt: skip


def of_door(row: Any, ask: Ask, agreeing: int, corrections: Sequence[Correction]) -> Finding:  # noqa: ANN401  (match_doors)
    """Return the unit, building or address of a door as what was meant."""
    door = ask.door
    steps = [*corrections, *_aged(row.state, row.text)]
    has_building = bool(door and (door.building or door.is_building)) and row.building_id is not None
    asks_building = bool(door and door.building)
    if asks_building and not has_building and door is not None:
        steps.append(Correction(f"{row.text} 没有登记 {door.building}", 0.3, is_certain=False))
    common = {
        "lon": row.lon, "lat": row.lat, "address_id": row.id, "agreeing": agreeing,
        "building_id": row.building_id if has_building or row.carriers == 1 or row.unit_id else None,
    }  # fmt: skip
    if row.unit_id is not None and door is not None:
        steps += _of_unit(row, door.unit, is_open=not asks_building and row.carriers > 1)
        text = f"{row.text}{row.building_no or ''}{row.unit_text}"
        return Finding(
            "unit", row.unit_id, row.unit_code, text, row.unit_state, unit_id=row.unit_id,
            corrections=tuple(steps), **common,
        )  # fmt: skip
    if door is not None and door.unit:
        steps.append(_without_unit(door.unit_text, has_units=bool(row.has_units)))
    if has_building:
        steps += _aged(row.building_state, f"{row.text}{row.building_no}")
        return Finding(
            "building", row.building_id, row.building_code, f"{row.text}{row.building_no}",
            row.building_state, unit_id=None, corrections=tuple(steps), **common,
        )  # fmt: skip
    return Finding(
        "address", row.id, row.code, row.text, row.state, unit_id=None, corrections=tuple(steps), **common
    )


def _aged(state: str, text: str) -> tuple[Correction, ...]:
    if state in CURRENT:
        return ()
    sentence = f"{text} {_STATES.get(state, '不是现行')}"
    return (Correction(sentence, 0.12, is_retired=state == "retired"),)


def _of_unit(row: Any, asked: str, *, is_open: bool) -> list[Correction]:  # noqa: ANN401  (match_doors)
    steps = []
    if row.unit_key != asked:
        steps.append(Correction(f"未写单元，按“{row.unit_text}”理解", 0.1))
    if is_open:
        steps.append(Correction(f"未写楼栋，按“{row.building_no or row.text}”理解", 0.1))
    return steps + list(_aged(row.unit_state, row.unit_text))


def _without_unit(text: str, *, has_units: bool) -> Correction:
    if has_units:
        return Correction(f"没有登记 {text}，只对上门牌", 0.3, is_certain=False)
    return Correction(f"该处尚未登记户室，{text} 未核对", 0.15, is_weak=True)


def match_of(
    reading: Reading, findings: Iterable[Finding], successors: Mapping[UUID, Followed], limit: int
) -> Match:
    """Return the graded match of a text from all that was found for it."""
    ranked = _ranked(findings)
    if not ranked:
        return Match(reading, "none", None, (), (_NOTHING,))
    grade, reasons = _grade(ranked)
    first = ranked[0]
    none = Followed()
    following, lines = successors.get(first.id, none)
    if not following:
        following, lines = successors.get(first.address_id or first.id, none)
    candidates = tuple(
        one.candidate(following if one is first else successors.get(one.id, none).successors)
        for one in ranked[:limit]
    )
    if grade == "B" and first.state == "retired" and lines == len(following) == 1:
        return _followed(reading, candidates, following[0], limit)
    if grade == "B" and first.state == "retired" and following:
        others = " 等" if lines > len(following) else ""
        split = "已分为 " + "、".join(one.text for one in following) + others
        grade, reasons = "C", (*candidates[0].reasons, split)
    return Match(reading, grade, candidates[0] if grade in {"A", "B"} else None, candidates, reasons)


def _ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return every object once, by its shortest way, the closest first."""
    best: dict[tuple[str, UUID], Finding] = {}
    for one in findings:
        known = best.get((one.kind, one.id))
        if known is None or one.cost < known.cost:
            best[one.kind, one.id] = one
    return sorted(best.values(), key=lambda one: (round(one.cost, 3), -one.agreeing, one.text, str(one.id)))


def _grade(ranked: Sequence[Finding]) -> tuple[Grade, tuple[str, ...]]:
    first = ranked[0]
    rivals = [one for one in ranked[1:] if one.cost < first.cost + 0.001]
    if rivals:
        return "C", (_MANY.format(len(rivals) + 1),)
    if not first.corrections:
        return "A", (_EXACT,)
    reasons = tuple(dict.fromkeys(step.sentence for step in first.corrections))
    return ("B", reasons) if first.is_certain else ("C", (*reasons, _UNSURE))


def _followed(reading: Reading, candidates: tuple[Candidate, ...], following: Successor, limit: int) -> Match:
    """Return a match with what followed a retired object as the best answer."""
    old = candidates[0]
    reason = f"原址 {old.text} 已注销，今为 {following.text}"
    best = Candidate(
        kind=following.kind, id=following.id, code=following.code, text=following.text, state=following.state,
        score=old.score, reasons=(reason,), lon=following.lon, lat=following.lat,
        address_id=following.id if following.kind == "address" else None,
        building_id=following.building_id, unit_id=following.id if following.kind == "unit" else None,
    )  # fmt: skip
    others = tuple(one for one in candidates if one.id != best.id)
    return Match(reading, "B", best, (best, *others)[:limit], (reason,))
