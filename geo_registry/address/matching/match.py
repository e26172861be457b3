"""What a match is: one reading, its grade, the candidates, and in sentences what was assumed."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from geo_registry.address.reading.parts import Reading

Grade = Literal["A", "B", "C", "none"]
"""A agrees exactly with one current object; B does so after one certain correction, which a reason names;
C are candidates that a person has to choose from; none has no candidate."""
CandidateKind = Literal["address", "unit", "building", "street"]


@dataclass(frozen=True, slots=True)
class Successor:
    """What followed a retired object, the last of its line; `building_id` carries the new address."""

    kind: CandidateKind
    id: UUID
    code: str
    text: str
    state: str
    lon: float | None
    lat: float | None
    building_id: UUID | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One object a text may mean; `score` is 0 to 1, `reasons` are Chinese sentences on what was assumed.

    `address_id` is the door of a building or a unit. `successors` follow a retired object.
    """

    kind: CandidateKind
    id: UUID
    code: str
    text: str
    state: str
    score: float
    reasons: tuple[str, ...]
    lon: float | None
    lat: float | None
    address_id: UUID | None = None
    building_id: UUID | None = None
    unit_id: UUID | None = None
    successors: tuple[Successor, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A text matched: `best` is given with A and B alone, `candidates` are the best first and hold it too."""

    reading: Reading
    grade: Grade
    best: Candidate | None
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
