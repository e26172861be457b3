"""From the cheapest way to the parts of a reading."""

from collections.abc import Sequence
from dataclasses import replace

from geo_registry.address.reading.compose import part_value
from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.grammar import TEXT_RULE
from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import ReadKind, ReadPart
from geo_registry.address.scheme import Profile

_DIVISIONS = frozenset(["province", "city", "district", "township"])


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


def _kind_of(step: Step, restart: int) -> ReadKind:
    """Return the kind of a segment; of a block of divisions that is written twice one is a repetition."""
    kind = step.rule.kind
    if restart and step.start < restart:
        return "repetition" if kind in _DIVISIONS else kind
    return "repetition" if step.repeats and not restart else kind


def _restart(text: str, steps: Sequence[Step]) -> int:
    """Return where the divisions begin again from the province, in at least as much depth as before; else 0."""
    divisions = [step for step in steps if step.rule.kind in _DIVISIONS]
    for at, step in enumerate(divisions):
        above = divisions[at - 1]
        if at and step.rule.kind == "province" and not text.startswith(text[above.start : above.end], step.start):
            before, behind = ({one.rule.kind for one in some} for some in (divisions[:at], divisions[at:]))
            if len(behind) >= len(before):
                return step.start
    return 0
