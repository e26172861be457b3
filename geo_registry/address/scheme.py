"""Scheme profiles: what differs from place to place in writing, numbering and measuring, held as data.

One engine reads every scheme. A profile is a YAML file with a code, a version and a period of
validity; it says which parts an address has and in which order, how numbers are written and given
out, what plates look like, and which limits and targets hold.
"""

from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

PlaceKind = Literal[
    "street", "section", "lane", "sub_lane", "alley", "sub_alley", "estate", "hamlet", "group"
]
"""Parts of an address that are places with a row of their own."""
NumberKind = Literal["number", "building", "entrance", "floor", "room"]
"""Parts of an address that belong to the number of a door."""
PartKind = PlaceKind | NumberKind
Level = Literal["province", "city", "district", "township", "community"]
ApprovalLevel = Literal["township", "district", "city"]
Numerals = Literal["arabic", "chinese"]
Side = Literal["north", "east", "south", "west", "left", "right"]

Word = Annotated[str, Field(min_length=1, max_length=12)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
Metres = Annotated[float, Field(gt=0, le=100)]
Permille = Annotated[int, Field(ge=0, le=1000)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class _Frozen(BaseModel):
    """A value read from a profile: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AreaLevel(_Frozen):
    """行政区划层级: one level of division and the words its names end with."""

    level: Level
    titles: tuple[Word, ...]
    written: bool = False


class Part(_Frozen):
    """地址要素: one part of an address in its place in the order.

    `suffixes` are the spellings that are read, the first is the one that is written. A numbered
    part (218弄, 一段) is a count and a suffix; a named one (映月路) keeps the word it was given.
    `parents` are the parts that may stand directly above it; one with `may_start` may stand
    directly below a division.
    """

    kind: PartKind
    title: Word
    suffixes: tuple[Word, ...] = ()
    numbered: bool = False
    named: bool = False
    numerals: Numerals = "arabic"
    parents: tuple[PlaceKind, ...] = ()
    may_start: bool = False

    def __hash__(self) -> int:
        """Return a cheap hash: a part keys the cache of names, once for every row of an import."""
        return hash((self.kind, self.suffixes))


class SubNumber(_Frozen):
    """附号: how a number below a number is read and written.

    `style` is the mark that is written, `accepts` are further marks that are read as the same.
    `position` says whether it stands inside the number (119之1號) or behind it (25号附1号).
    `annex` is a second mark that makes a different number (16附2號 beside 16之2號). With
    `behind_differs` a sub-number behind the word is a different number too (1號之25 beside 1之25號).
    """

    style: Literal["之", "附", "-"]
    accepts: tuple[Word, ...] = ()
    position: Literal["inside", "behind"]
    annex: Literal["附"] | None = None
    behind_differs: bool = False
    letters: tuple[Word, ...] = ()


class NumberMark(_Frozen):
    """号前标记: a word before a number that starts a row of numbers of its own, such as 临 or 特."""

    text: Word
    accepts: tuple[Word, ...] = ()
    key: Annotated[str, Field(pattern=r"^[A-Z]$")]
    temporary: bool = False


class NamingApproval(_Frozen):
    """地名审批: kinds of place names that need approval, and by which levels, the lowest first."""

    kinds: Annotated[tuple[PlaceKind, ...], Field(min_length=1)]
    levels: Annotated[tuple[ApprovalLevel, ...], Field(min_length=1)]


class Numbering(_Frozen):
    """编号规则: how numbers are given out along a street."""

    origin: tuple[Literal["north", "east", "south", "west", "mouth"], ...]
    odd_sides: tuple[Side, ...]
    mode: Literal["order", "distance"]
    step_m: Metres
    reserve_step_m: Metres = 4.0
    insertion: Literal["sub_number", "reserved", "letter"]
    skip: tuple[Positive, ...] = ()
    first: Positive = 1
    maximum: Annotated[int, Field(ge=9, le=99_999)]


class RoomNumbering(_Frozen):
    """室号规则: how rooms are numbered and whether a room number tells its floor.

    In `floor_and_two_digits` room 1201 lies on floor 12; in `floor_and_sub` a dwelling is a floor
    and a number behind it (二樓之1).
    """

    pattern: Literal["floor_and_two_digits", "floor_and_sub", "free"]
    entrance_order: Literal["west_to_east", "east_to_west", "free"] = "free"
    max_floor: Annotated[int, Field(ge=1, le=200)] = 130
    max_basement: Annotated[int, Field(ge=0, le=20)] = 9
    basement_written: Word = "地下"
    basement_counter: Word = "层"
    basement_accepts: tuple[Word, ...] = ()


class PlateSize(_Frozen):
    """门牌规格: kind and size of a plate in millimetres."""

    kind: Literal[
        "gate_large", "gate_medium", "gate_small", "building", "unit", "room",
        "row", "side_gate", "temporary", "street_sign",
    ]  # fmt: skip
    title: Word
    width_mm: Annotated[int, Field(ge=20, le=3000)]
    height_mm: Annotated[int, Field(ge=20, le=3000)]
    thickness_mm: Annotated[float, Field(gt=0, le=10)] | None = None
    qr_mm: Annotated[int, Field(ge=10, le=300)] | None = None


class PlateLook(_Frozen):
    """门牌样式: the colours of signs; signs of streets that run north and south may have their own ground.

    A profile with a post code has it on large and building plates.
    """

    ground: Colour = "#0b4da2"
    ground_north_south: Colour = "#00704a"
    ink: Colour = "#ffffff"
    post_code: Annotated[str, Field(pattern=r"^[0-9]{3,6}$")] | None = None


class Occupancy(_Frozen):
    """居住限额: limits that make the registry warn about a dwelling; a person decides."""

    max_per_room: Positive
    min_area_m2: Annotated[float, Field(gt=0, le=100)] | None = None
    area_basis: Literal["living_area", "floor_area", "none"]
    family_exempt: bool
    notice_rooms: Positive | None = None
    notice_persons: Positive | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class RateTarget(_Frozen):
    """指标: the target of a rate in permille, and on which side of it the good results lie."""

    rate: Literal[
        "registration_rate", "accuracy_rate", "completeness_rate", "arrival_departure_rate",
        "unit_capture_rate", "entry_rate", "error_permille", "plate_on_wall_rate",
        "whereabouts_rate", "person_unit_match_rate",
    ]  # fmt: skip
    target_permille: Permille
    good: Literal["at_least", "at_most"] = "at_least"
    valid_from: date | None = None
    valid_to: date | None = None


class Measures(_Frozen):
    """考核口径: targets, the way a sampled rate is judged, and the size of workload and blocks."""

    targets: tuple[RateTarget, ...]
    verdict_method: Literal["wilson_two_sided", "exact_one_sided"] = "wilson_two_sided"
    persons_per_coordinator: tuple[Positive, Positive] = (300, 500)
    rental_units_per_coordinator: tuple[Positive, Positive] = (200, 300)
    disclosure_floor: Annotated[int, Field(ge=10)] = 10


class Deadlines(_Frozen):
    """时限: days and months within which work is due."""

    entry_days: Count = 0
    exception_working_days: Positive = 1
    presence_days: Positive = 3
    presence_inclusive: bool = True
    sweep_days: Positive = 7
    self_check_days: Positive = 14
    acceptance_months: Positive = 2
    registration_months: Positive = 12
    audit_years: Positive = 3


class Profile(_Frozen):
    """地址规则集: everything the engine needs to know about one place and one time.

    Hash and identity follow code and version, so that a profile can key a cache.
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    version: Annotated[str, Field(pattern=r"^[0-9]{4}\.[0-9]+$")]
    valid_from: date
    valid_to: date | None = None
    sources: tuple[str, ...] = ()
    script: Literal["hans", "hant"]
    areas: Annotated[tuple[AreaLevel, ...], Field(min_length=1)]
    parts: Annotated[tuple[Part, ...], Field(min_length=2)]
    street_unique_in: Literal["district", "township", "community"]
    naming: tuple[NamingApproval, ...] = ()
    sub_number: SubNumber
    marks: tuple[NumberMark, ...] = ()
    remarks: tuple[Word, ...] = ()
    numbering: Numbering
    rooms: RoomNumbering
    plates: tuple[PlateSize, ...]
    look: PlateLook = PlateLook()
    occupancy: Occupancy
    measures: Measures
    deadlines: Deadlines = Deadlines()
    examples: Annotated[tuple[str, ...], Field(min_length=3)]

    def __hash__(self) -> int:
        """Return the hash of code and version."""
        return hash((self.code, self.version))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = inconsistencies(self)
        if faults:
            raise InconsistentProfileError(faults)
        return self

    @cached_property
    def by_kind(self) -> dict[str, Part]:
        """The parts of this profile by their kind."""
        return {part.kind: part for part in self.parts}

    @cached_property
    def place_parts(self) -> tuple[Part, ...]:
        """The parts that are places with a row of their own, in order."""
        return tuple(part for part in self.parts if is_place(part.kind))

    def part(self, kind: str) -> Part | None:
        """Return the part of a kind, None when this profile has no such part."""
        return self.by_kind.get(kind)

    def naming_levels(self, kind: str) -> tuple[ApprovalLevel, ...]:
        """Return the levels that approve a name of this kind, none where it needs no approval."""
        return next((rule.levels for rule in self.naming if kind in rule.kinds), ())

    def target(self, rate: str, on: date) -> RateTarget | None:
        """Return the target of a rate that holds on a day."""
        return next((t for t in self.measures.targets if t.rate == rate and _holds(t, on)), None)


class InconsistentProfileError(ValueError):
    """A profile whose values contradict one another; `faults` are (path, message)."""

    def __init__(self, faults: "list[ProfilePathFault]") -> None:
        """Keep the faults for the report with line numbers."""
        self.faults = faults
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in faults))


ProfilePathFault = tuple[tuple[str | int, ...], str]
_PLACE_KINDS: frozenset[str] = frozenset(
    ["street", "section", "lane", "sub_lane", "alley", "sub_alley", "estate", "hamlet", "group"]
)


def is_place(kind: str) -> bool:
    """Tell whether parts of this kind are places with a row of their own, rather than pieces of a number."""
    return kind in _PLACE_KINDS


def _holds(rule: RateTarget | Occupancy, on: date) -> bool:
    return (rule.valid_from is None or rule.valid_from <= on) and (
        rule.valid_to is None or on < rule.valid_to
    )


def inconsistencies(profile: Profile) -> list[ProfilePathFault]:
    """Return what contradicts within a profile whose single values are well-formed, as (path, message)."""
    return [
        *_period_faults(profile),
        *_part_faults(profile),
        *_naming_faults(profile),
        *_number_faults(profile),
    ]


def _period_faults(profile: Profile) -> list[ProfilePathFault]:
    if profile.valid_to is not None and profile.valid_to <= profile.valid_from:
        return [(("valid_to",), f"must lie after valid_from ({profile.valid_from})")]
    return []


def _part_faults(profile: Profile) -> list[ProfilePathFault]:
    faults: list[ProfilePathFault] = []
    seen: list[str] = []
    for index, part in enumerate(profile.parts):
        path = ("parts", index)
        if part.kind in seen:
            faults.append(((*path, "kind"), f"{part.kind} stands twice; each kind once"))
        if is_place(part.kind) and any(not is_place(kind) for kind in seen):
            faults.append(((*path, "kind"), f"the place {part.kind} must stand before number and rooms"))
        strange = [kind for kind in part.parents if kind not in seen]
        if strange:
            allowed = ", ".join(kind for kind in seen if is_place(kind)) or "none"
            faults.append(
                ((*path, "parents"), f"{', '.join(strange)} must stand earlier; allowed: {allowed}")
            )
        if is_place(part.kind) and not part.parents and not part.may_start:
            faults.append((path, f"{part.kind} can stand nowhere; give it parents or may_start: true"))
        if (part.numbered or not is_place(part.kind)) and not part.suffixes:
            faults.append((path, f"a numbered part ({part.kind}) needs suffixes"))
        seen.append(part.kind)
    if "number" not in seen:
        faults.append((("parts",), "a part of kind number is missing"))
    return faults


def _naming_faults(profile: Profile) -> list[ProfilePathFault]:
    faults: list[ProfilePathFault] = []
    order = list(get_args(ApprovalLevel))
    seen: set[str] = set()
    for index, rule in enumerate(profile.naming):
        strange = [kind for kind in rule.kinds if kind not in profile.by_kind or kind in seen]
        if strange:
            message = f"{', '.join(strange)} is no part of this profile, or stands twice"
            faults.append((("naming", index, "kinds"), message))
        if list(rule.levels) != sorted(set(rule.levels), key=order.index):
            faults.append((("naming", index, "levels"), f"once each, in the order {', '.join(order)}"))
        seen.update(rule.kinds)
    return faults


def _number_faults(profile: Profile) -> list[ProfilePathFault]:
    faults: list[ProfilePathFault] = []
    numbering = profile.numbering
    if numbering.first > numbering.maximum:
        faults.append((("numbering", "first"), f"must not exceed maximum ({numbering.maximum})"))
    keys = [mark.key for mark in profile.marks]
    faults += [
        (("marks", index, "key"), f"{key} is used by an earlier mark")
        for index, key in enumerate(keys)
        if key in keys[:index]
    ]
    return faults
