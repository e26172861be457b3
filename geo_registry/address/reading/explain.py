"""How certain a reading is, and what a person should know about it."""

from collections.abc import Sequence
from functools import cache

from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import Inferred, ReadKind, ReadPart
from geo_registry.address.reading.resolution import Resolution

FACTORS: dict[str, float] = {
    "division.short": 0.99, "division.former": 0.97, "division.unknown": 0.9, "division.alike": 0.9,
    "division.ambiguous": 0.85,
    "division.contradicts": 0.6, "parent.inferred": 0.98, "name.unknown": 0.93, "name.plain": 0.85,
    "name.mostly": 0.7, "number.bare": 0.95, "number.pair": 0.92, "occupant": 0.97,
    "note": 0.98, "repetition": 0.98, "nothing": 0.2,
}  # fmt: skip
"""The confidence is the product of these, each once for what it names; 1 when nothing had to be assumed."""

_DIVISIONS = frozenset(["province", "city", "district", "township", "community"])
_NO_ADDRESS = frozenset(["note", "repetition", "occupant", "unread"])
_BARE = frozenset(["number.bare", "building.bare", "building.letter", "entrance.bare", "room.bare"])


def confidence(parts: Sequence[ReadPart], resolution: Resolution, inferred: Sequence[Inferred]) -> float:
    """Return how certain a reading is, 0 to 1."""
    if not parts:
        return 0.0
    reasons = {_reason(part.kind, part.rule, "-" in part.text) for part in parts} - {""}
    reasons |= _whole(parts, resolution)
    for step in resolution.known:
        if step.known and step.known.is_short:
            reasons.add("division.short")
        if step.known and step.known.is_former:
            reasons.add("division.former")
    if inferred:
        reasons.add("parent.inferred")
    product = 1.0
    for reason in sorted(reasons):
        product *= FACTORS[reason]
    return round(product, 3)


def _whole(parts: Sequence[ReadPart], resolution: Resolution) -> set[str]:
    """Return what speaks against a reading as a whole."""
    running = sum([len(part.text) for part in parts if part.rule.startswith("text.")])
    reasons = set[str]()
    if len(resolution.deepest) > 1:
        reasons.add("division.ambiguous")
    if not resolution.is_consistent:
        reasons.add("division.contradicts")
    if all(part.kind in _NO_ADDRESS for part in parts):
        reasons.add("nothing")
    if running > 6 and 2 * running > sum(len(part.text) for part in parts):
        reasons.add("name.mostly")
    return reasons


@cache
def _reason(kind: ReadKind, rule: str, is_dashed: bool) -> str:  # noqa: FBT001  (a key of the cache)
    if rule in _BARE:
        return "number.bare"
    if kind in {"occupant", "note", "repetition"}:
        return kind
    if rule == "number.pair" and is_dashed:
        return "number.pair"
    if kind in _DIVISIONS and rule.endswith((".suffix", ".alike")):
        return "division.unknown" if rule.endswith(".suffix") else "division.alike"
    if rule.startswith("text."):
        return "name.unknown" if rule == "text.name" else "name.plain"
    return ""


def notes(parts: Sequence[ReadPart], resolution: Resolution, inferred: Sequence[Inferred]) -> tuple[str, ...]:
    """Return in Chinese what was assumed, left out or contradicts."""
    former = (step for step in resolution.known if step.known and step.known.is_former)
    found = [note for step in former if (note := _former(step, parts, resolution))]
    ambiguous = [
        part.text
        for part in parts
        if part.kind in _DIVISIONS and part.rule.endswith(".known") and not part.code
    ]
    found += [
        f"没有“{part.text}”，按{part.value}理解，请核对" for part in parts if part.rule.endswith(".alike")
    ]
    if len(resolution.deepest) > 1 and ambiguous:
        found.append(f"“{ambiguous[-1]}”有多处同名，未能确定是哪一处")
    if not resolution.is_consistent:
        found.append("所写的行政区划互不隶属，请核对")
    if inferred:
        found.append("未写而推定的上级：" + "、".join(one.value for one in inferred))
    found += _left_out(parts)
    pairs = [part.text for part in parts if part.rule == "number.pair" and "-" in part.text]
    found += [f"“{pair}”按一个门牌号理解" for pair in pairs]
    return tuple(found)


def _former(step: Step, parts: Sequence[ReadPart], resolution: Resolution) -> str:
    place = resolution.place(step)
    if place is None:
        return ""
    written = next((part.text for part in parts if part.start == step.start), "")
    behind = resolution.successors(place) or [resolution.name(place)]
    what = "旧区划名" if step.rule.kind in _DIVISIONS else "旧名"
    return f"“{written}”是{what}，现为{'、'.join(behind)}"


def _left_out(parts: Sequence[ReadPart]) -> list[str]:
    found = []
    for kind, sentence in (
        ("repetition", "重复的内容未写入标准地址"),
        ("occupant", "单位或人名未写入标准地址"),
        ("note", "方位等说明未写入标准地址"),
    ):
        texts = [part.text for part in parts if part.kind == kind]
        if texts:
            found.append(f"{sentence}：{'、'.join(texts)}")
    return found
