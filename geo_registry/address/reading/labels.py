"""From the cheapest way to the parts of a reading."""

from collections.abc import Sequence
from dataclasses import replace

from geo_registry.address.reading.compose import part_value
from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.grammar import TEXT_RULE
from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import ReadKind, ReadPart
from geo_registry.address.scheme import Profile

_DIVISIONS: tuple[ReadKind, ...] = ("province", "city", "district", "township")


def parts_of(profile: Profile, text: str, steps: Sequence[Step], contexts: Contexts) -> tuple[ReadPart, ...]:
    """Return the parts of a text: running text joined, separators left out."""
    parts: list[ReadPart] = []
    at, count = 0, len(steps)
    restart = _restart(text, steps)
    while at < count:
        step = steps[at]
        start, rule = step.start, step.rule
        if rule is TEXT_RULE:
            while at + 1 < count and steps[at + 1].rule is TEXT_RULE:
                at += 1
        end = steps[at].end
        at += 1
        if rule.name == "separator":
            continue
        kind = _kind_of(step, restart)
        if len(parts) == 1 and step.repeats and parts[0].kind in _DIVISIONS and _begins(text[start:end], parts[0]):
            kind = parts[0].kind
        if parts and kind in _DIVISIONS and parts[-1].kind == kind:
            parts[-1] = replace(parts[-1], kind="repetition")
        written = text[start:end]
        code = contexts.code(step.context) if step.is_known and not step.repeats else ""
        parts.append(ReadPart(kind, written, part_value(profile, kind, written), start, end, rule.name, code))
    return tuple(parts)


def _begins(written: str, part: ReadPart) -> bool:
    return written.startswith(part.text)


def _kind_of(step: Step, restart: Step | None) -> ReadKind:
    """Return the kind of a segment; of a block of divisions that is written twice one is a repetition."""
    kind = step.rule.kind
    if restart is None:
        return "repetition" if step.repeats else kind
    if step.start < restart.start and kind in _DIVISIONS:
        above = _DIVISIONS.index(kind) < _DIVISIONS.index(restart.rule.kind)
        return kind if above else "repetition"
    return kind


def _restart(text: str, steps: Sequence[Step]) -> Step | None:
    """Return where the divisions begin again, at least as complete as before from that level on."""
    divisions = [step for step in steps if step.rule.kind in _DIVISIONS]
    for at, step in enumerate(divisions):
        level = _DIVISIONS.index(step.rule.kind)
        if level > 1 or not at or text.startswith(text[divisions[at - 1].start : divisions[at - 1].end], step.start):
            continue
        before, behind = (
            {one.rule.kind for one in some if _DIVISIONS.index(one.rule.kind) >= level}
            for some in (divisions[:at], divisions[at:])
        )
        if len(behind) >= len(before) > level:
            return step
    return None


def _begins(written: str, part: ReadPart) -> bool:
    return written.startswith(part.text)
