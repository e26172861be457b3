"""From the cheapest way to the parts of a reading."""

from collections.abc import Sequence
from dataclasses import replace

from geo_registry.address.reading.compose import part_value
from geo_registry.address.reading.context import Contexts
from geo_registry.address.reading.grammar import TEXT_RULE
from geo_registry.address.reading.lattice import Step
from geo_registry.address.reading.parts import ReadPart
from geo_registry.address.scheme import Profile

_DIVISIONS = frozenset(["province", "city", "district", "township"])


def parts_of(profile: Profile, text: str, steps: Sequence[Step], contexts: Contexts) -> tuple[ReadPart, ...]:
    """Return the parts of a text: running text joined, separators left out."""
    parts: list[ReadPart] = []
    at, count = 0, len(steps)
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
        kind = "repetition" if step.repeats else rule.kind
        if parts and kind in _DIVISIONS and parts[-1].kind == kind:
            parts[-1] = replace(parts[-1], kind="repetition")
        written = text[start:end]
        code = contexts.code(step.context) if step.is_known and not step.repeats else ""
        parts.append(ReadPart(kind, written, part_value(profile, kind, written), start, end, rule.name, code))
    return tuple(parts)
