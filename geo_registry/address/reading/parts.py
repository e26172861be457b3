"""What a reading of an address text is made of: parts with their spans, inferred parents, notes."""

from dataclasses import dataclass
from typing import Any, Literal

ReadKind = Literal[
    "country", "province", "city", "district", "development_zone", "township", "community", "neighborhood",
    "hamlet", "group", "street", "section", "street_number", "sub_street", "sub_street_number",
    "lane", "sub_lane", "alley", "sub_alley", "estate", "sub_estate",
    "building", "entrance", "floor", "room",
    "occupant", "note", "repetition", "unread",
]  # fmt: skip
"""Kinds of parts. The last four are no address: a person or firm, a word that only helps to find the place
(旁边, 对面, 交叉口), a repetition of what stands elsewhere with the separators, and what nothing understood.

`street_number` is the number of a door (号) on the last named place: street, lane, group, hamlet, community.
"""


@dataclass(frozen=True, slots=True)
class ReadPart:
    """One part: `text` is `input[start:end]` as written, `value` its normal form, `rule` what found it.

    `code` is the division code when the part is a known division, else empty.
    """

    kind: ReadKind
    text: str
    value: str
    start: int
    end: int
    rule: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Inferred:
    """A parent that was not written and follows from the division table."""

    kind: ReadKind
    value: str
    code: str
    rule: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read: parts in the order of the text, without overlap; separators belong to no part.

    `standard` is the address in the spelling of the profile, `confidence` 0 to 1, `notes` are Chinese
    sentences on what was assumed or contradicts.
    """

    input: str
    standard: str
    confidence: float
    parts: tuple[ReadPart, ...]
    inferred: tuple[Inferred, ...] = ()
    notes: tuple[str, ...] = ()

    def first(self, kind: ReadKind) -> ReadPart | None:
        """Return the first part of a kind."""
        return next((part for part in self.parts if part.kind == kind), None)

    def as_json(self) -> dict[str, Any]:
        """Return the public form: `code` is left out where it is empty."""
        # Written out: dataclasses.asdict copies deeply and takes ten times as long.
        return {
            "input": self.input,
            "standard": self.standard,
            "confidence": self.confidence,
            "parts": [_part_json(part) for part in self.parts],
            "inferred": [
                {"kind": one.kind, "value": one.value, "code": one.code, "rule": one.rule}
                for one in self.inferred
            ],
            "notes": list(self.notes),
        }


def _part_json(part: ReadPart) -> dict[str, Any]:
    content = {
        "kind": part.kind, "text": part.text, "value": part.value,
        "start": part.start, "end": part.end, "rule": part.rule,
    }  # fmt: skip
    return {**content, "code": part.code} if part.code else content
