"""From the cheapest way to the parts of a reading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from geo_registry.address.profile import load_profile
from geo_registry.address.reading.compose import part_value
from geo_registry.address.reading.costs import CLASSES
from geo_registry.address.reading.grammar import Endings
from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import ReadKind, ReadPart
from geo_registry.address.reading.resolution import Resolution
from geo_registry.address.reading.segments import SEPARATOR, TEXT, Place
from geo_registry.address.scheme import Profile, is_place
from geo_registry.text import NUMERAL_CHARACTERS

_LEVELS: tuple[ReadKind, ...] = ("province", "city", "district", "township")
_BESIDE = frozenset(["note", "repetition"])
_BELOW_CITY = frozenset(["district", "township", "community"])
_RURAL = frozenset(["community", "hamlet", "group", "neighborhood"])
_INSIDE = frozenset(["building", "entrance", "floor", "room"])
_DOOR = frozenset(["street_number", *_INSIDE])
_NUMBERED = frozenset(["street", "section", "lane", "group"])
_FLOOR = re.compile(f"(?:\\d{{1,2}}|[{NUMERAL_CHARACTERS}]{{1,3}})[楼层]")
_TITLES = frozenset("省市区县旗盟州镇乡道村")
_BELOW = re.compile(r"[BbＢｂ]([0-9])")
_PERSON = re.compile(r"(?:先生|女士|小姐|师傅|老师|阿姨|经理|老板|同学|[某收])$")
_ESTATE, _MARKET, _TOWER, _FIRM, _VILLAGE, _AREA = (
    CLASSES.index(name) for name in ("estate", "market", "tower", "firm", "village", "area")
)
_SINGLE = frozenset("里苑坊轩阁庭")
_SITES = frozenset([_ESTATE, _MARKET, _TOWER, _AREA])


def parts_of(
    profile: Profile, text: str, folded: str, steps: Sequence[Step], endings: Endings, resolution: Resolution
) -> tuple[ReadPart, ...]:
    """Return the parts of a text: running text joined and named for what it is, separators left out."""
    restart = _restart(folded, steps)
    if not resolution.is_sure:
        steps = _without_short(steps, resolution)
    parts: list[ReadPart] = []
    slip: Place | None = None
    for at, first in enumerate(steps):
        start, end = first.start, first.end
        if first.rule is SEPARATOR:
            continue
        if first.rule is TEXT:
            behind = [one.rule for one in islice(steps, at + 1, at + 9) if one.rule.column >= 0]
            following = behind[0].kind if any(one is not TEXT for one in behind) else None
            parts += (
                _counted_text(profile, text[start:end], start, parts)
                or _division_text(resolution, text[start:end], folded[start:end], start, parts)
                or _texts(text, folded, (start, end), endings, parts, following)
            )
            continue
        written, place, rule = text[start:end], resolution.place(first), first.rule.name
        kind = _beside_others(_kind_of(first, restart), first, written, parts)
        if kind == "street":
            kind = _street_again(written, parts)
        if parts and kind in _LEVELS and parts[-1].kind == kind:
            # 温州 温州市, 金华 兰溪市: the name that stands nearer to the rest counts.
            parts[-1] = replace(parts[-1], kind="repetition")
        if first.known is None and kind in _DIVISIONS:
            place = resolution.nearly(first, folded[start:end], slip)
            slip, rule = (place, f"{kind}.alike") if place else (slip, rule)
        if place is None or kind == "repetition" or not resolution.bears(place, kind):
            parts.append(ReadPart(kind, written, _value(profile, kind, written), start, end, rule))
        else:
            name, code = resolution.name(place), resolution.code(place)
            value = name if kind in _DIVISIONS else _value(profile, kind, written)
            parts.append(ReadPart(kind, written, value, start, end, rule, code))
    return tuple(parts)


def told_by_a_firm(parts: Sequence[ReadPart]) -> int:
    """Return where a door number ends that may be another part, with a firm alone behind it; else 0.

    What stands behind tells what the number of a name is (a door, a building, a booth). A firm is not written
    into the standard text: it shall not tell.
    """
    first = next((at for at, part in enumerate(parts) if part.kind == "occupant"), 0)
    if first < 2 or any(part.kind not in {"occupant", "note"} for part in parts[first:]):
        return 0
    number = next(at for at in range(first - 1, -1, -1) if parts[at].kind != "note" or not at)
    is_door = number and parts[number].kind == "street_number"
    return parts[number].end if is_door and parts[number - 1].kind not in _NUMBERED else 0


_DIVISIONS = frozenset([*_LEVELS, "community"])


def _value(profile: Profile, kind: ReadKind, written: str) -> str:
    if profile.script == "hans" and is_place(kind) and kind not in profile.by_kind:
        profile = load_profile("national")
    if kind == "floor" and (below := _BELOW.match(written)):
        written = f"负{below[1]}"
    return part_value(profile, kind, written)


def _without_short(steps: Sequence[Step], resolution: Resolution) -> list[Step]:
    """Return the steps, a lone name in short joined to the text behind it: 望江新园 lies in no 望江县.

    Names of cities are used bare: 义乌国际商贸城 lies in 义乌市.
    """
    joined: list[Step] = []
    for step in steps:
        above = joined[-1] if joined else None
        is_lone = above and above.known and above.rule.kind in _BELOW_CITY and not resolution.is_city(above)
        if step.rule is TEXT and above and is_lone:
            joined[-1] = step._replace(start=above.start)
        else:
            joined.append(step)
    return joined


def _counted_text(profile: Profile, written: str, start: int, before: Sequence[ReadPart]) -> list[ReadPart]:
    """Return running text that is a mere count: 四楼 is a floor, a figure behind a village its number."""
    kind: ReadKind | None = None
    if _FLOOR.fullmatch(written):
        kind = "floor"
    elif written.isdecimal() and before and before[-1].kind in _RURAL:
        kind = "street_number"
    if kind is None:
        return []
    rule = "floor.suffix" if kind == "floor" else "number.bare"
    return [ReadPart(kind, written, _value(profile, kind, written), start, start + len(written), rule)]


def _division_text(
    resolution: Resolution, written: str, folded: str, start: int, before: Sequence[ReadPart]
) -> list[ReadPart]:
    """Return running text that is the name of a division the rest lies in: 春晖公司附近杭州市 上城区."""
    place = resolution.named(folded) if folded[-1] in _TITLES else None
    if place is None or (kind := resolution.level(place)) not in _DIVISIONS:
        return []
    is_again = any(part.kind == kind for part in before)
    name, code = resolution.name(place), resolution.code(place)
    return [
        ReadPart("repetition" if is_again else kind, written, name, start, start + len(written),
                 f"{kind}.known", "" if is_again else code)
    ]  # fmt: skip


def _texts(
    text: str,
    folded: str,
    span: tuple[int, int],
    endings: Endings,
    before: Sequence[ReadPart],
    following: str | None,
) -> Iterator[ReadPart]:
    """Yield running text as an estate, a part of one, a hamlet or an occupant."""
    start, end = span
    kind = _text_kind(folded[start:end], endings.classes[end], before, following)
    middle = _middle(folded, endings, start, end) if kind == "estate" else 0
    pieces = [(start, middle), (middle, end)] if middle else [(start, end)]
    for at, (first, last) in enumerate(pieces):
        written = text[first:last]
        if kind == "estate" and (at or any(part.kind == "estate" for part in before)):
            kind = "sub_estate"
        yield ReadPart(kind, written, written.strip(), first, last, f"text.{_rule_name(kind)}")


def _rule_name(kind: ReadKind) -> str:
    return {"estate": "name", "sub_estate": "name", "hamlet": "village"}.get(kind, kind)


def _text_kind(folded: str, ending: int, before: Sequence[ReadPart], following: str | None) -> ReadKind:
    if _PERSON.search(folded):
        return "occupant"
    above = [part.kind for part in before if part.kind not in _BESIDE]
    # Divisions stand before all the rest, wherever they were written.
    last = next((kind for kind in reversed(above) if kind not in _LEVELS), above[-1] if above else "")
    if (
        last == "occupant"
        or (last in _INSIDE and ending not in _SITES)
        or (last in _DOOR and ending == _FIRM and following is None)
    ):
        return "occupant"
    is_village = ending == _VILLAGE or (not ending and (last in _RURAL or last in _LEVELS))
    return "hamlet" if following in {"street_number", "group"} and is_village else "estate"


def _middle(folded: str, endings: Endings, start: int, end: int) -> int:
    """Return where a part of an estate begins behind the estate's own name (西溪花园|蒹葭苑), else 0."""
    if not endings.classes[end] or endings.starts[end] <= start:
        return 0
    for at in range(start + 3, endings.starts[end]):
        if endings.classes[at] in _SITES and start < endings.starts[at] <= at - 2:
            return at
    # Two names of usual length, the second with a word of one character: 竹海水韵|春风里.
    return end - 3 if end - start == 7 and folded[end - 1] in _SINGLE else 0


def _beside_others(kind: ReadKind, step: Step, written: str, parts: Sequence[ReadPart]) -> ReadKind:
    """Return the kind of a segment behind those read before it."""
    if len(parts) == 1 and step.repeats and parts[0].kind in _LEVELS and written.startswith(parts[0].text):
        return parts[0].kind
    if kind == "estate" and any(part.kind == kind for part in parts):
        return "sub_estate"
    if kind == "group" and step.rule.name == "group.suffix" and parts and parts[-1].kind == "occupant":
        return "occupant"
    is_again = step.known is None and any(part.kind == kind and part.text == written for part in parts)
    return "repetition" if is_again and kind in _DIVISIONS else kind


def _street_again(written: str, parts: list[ReadPart]) -> ReadKind:
    """Return what a street is behind the parts read; of one written twice that with the number counts."""
    for at, part in enumerate(parts):
        if part.kind == "street" and part.text == written:
            if any(one.kind == "street_number" for one in parts[at:]):
                return "repetition"
            parts[at] = replace(part, kind="repetition")
    return "street"


def _kind_of(step: Step, restart: Step | None) -> ReadKind:
    """Return the kind of a segment; of a block of divisions that is written twice one is a repetition."""
    kind = step.rule.kind
    if restart is None:
        return "repetition" if step.repeats else kind
    if step.start < restart.start and kind in _LEVELS:
        above = _LEVELS.index(kind) < _LEVELS.index(restart.rule.kind)
        return kind if above else "repetition"
    return kind


def _restart(folded: str, steps: Sequence[Step]) -> Step | None:
    """Return where the divisions begin again, at least as complete as before from that level on.

    A block that begins with the province again, or contradicts, counts before the first one; not one in
    short, and not one at the very end.
    """
    divisions = [step for step in steps if step.rule.kind in _LEVELS]
    for at, step in enumerate(divisions):
        level, above = _LEVELS.index(step.rule.kind), divisions[at - 1]
        if level > 1 or not at or folded.startswith(folded[above.start : above.end], step.start):
            continue
        if step.repeats and (level or _is_shorter(step, divisions[:at]) or divisions[-1].end == len(folded)):
            continue
        before, behind = (
            {one.rule.kind for one in some if _LEVELS.index(one.rule.kind) >= level}
            for some in (divisions[:at], divisions[at:])
        )
        if len(behind) >= len(before) > level:
            return step
    return None


def _is_shorter(step: Step, before: Sequence[Step]) -> bool:
    """Tell whether a division is written shorter than before."""
    same = [one for one in before if one.rule is step.rule]
    return any(one.end - one.start > step.end - step.start for one in same)
