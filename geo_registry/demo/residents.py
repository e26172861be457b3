"""Who lives and lived where: the rows of `residents.parquet` of one district."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import pyarrow as pa

from geo_registry.demo import households, names
from geo_registry.demo.households import Member
from geo_registry.demo.people import Person, Registrar
from geo_registry.demo.units import UNIT_REFERENCE, Units

RESIDENTS: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("person_key", "name", "sex")),
        ("birth_date", pa.date32()),
        *((name, pa.string()) for name in ("id_type", "id_number", "phone", "kind")),
        *((name, pa.string()) for name in UNIT_REFERENCE),
        ("since", pa.date32()),
        ("until", pa.date32()),
        ("relation_to_head", pa.string()),
        ("registered", pa.bool_()),
        ("registered_on", pa.date32()),
        ("registered_until", pa.date32()),
        ("hukou_scope", pa.string()),
        *((f"hukou_{name}", pa.string()) for name in UNIT_REFERENCE),
        ("hukou_division_code", pa.string()),
    ]
)
_OWN: Final = (
    "person_key",
    "name",
    "sex",
    "birth_date",
    "id_type",
    "id_number",
    "phone",
    "kind",
    "since",
    "until",
    "relation_to_head",
    "registered",
    "registered_on",
    "registered_until",
    "hukou_scope",
    "hukou_division_code",
)
# Share of owners and tenants whose hukou is in this district.
_LOCAL_SHARE: Final = {
    "self_occupied": 0.88,
    "let_whole": 0.2,
    "let_rooms": 0.05,
    "collective_dormitory": 0.02,
}
LOW_RATE: Final = 0.78
RATE: Final = 0.96


@dataclass(frozen=True, slots=True)
class Hukou:
    """Where a person's hukou is: here, at another unit of the town, elsewhere (12-digit code), or none."""

    scope: str | None
    unit: int | None = None
    division_code: str | None = None


HERE: Final = Hukou("here")
NONE: Final = Hukou(None)


@dataclass(frozen=True, slots=True)
class Stay:
    """A person in a unit for a time, with what the register knows of it."""

    person: Person
    member: Member
    kind: str
    hukou: Hukou
    unit: int
    since: date
    until: date | None = None
    registered: bool = False
    registered_on: date | None = None
    registered_until: date | None = None

    @property
    def own_values(self) -> tuple[Any, ...]:
        """The values of the columns that are not references to units."""
        p, h = self.person, self.hukou
        scope = "here" if h.unit == self.unit else h.scope
        return (
            p.key,
            p.name,
            p.sex,
            p.birth_date,
            p.id_type,
            p.id_number,
            p.phone,
            self.kind,
            self.since,
            self.until,
            self.member.relation,
            self.registered,
            self.registered_on,
            self.registered_until,
            scope,
            h.division_code,
        )

    @property
    def hukou_unit(self) -> int | None:
        """The other unit of the town where the hukou is."""
        return None if self.hukou.unit == self.unit else self.hukou.unit


@dataclass(slots=True)
class Census:
    """The units of a district while people move in; `earliest` is the first day a unit is taken from."""

    rng: Random
    today: date
    district_code: str
    units: Units
    built: list[int]
    low_community: str
    registrar: Registrar
    homes: list[int] = field(default_factory=list)
    earliest: dict[int, date] = field(default_factory=dict)
    stays: list[Stay] = field(default_factory=list)

    def settle(self) -> None:
        """Fill the units with their present people."""
        uses = self.units.columns["use"]
        self.homes = [i for i, use in enumerate(uses) if use == "self_occupied"]
        if not self.homes:
            return
        for unit, use in enumerate(uses):
            if use in households.OF_USE:
                self._household(unit, use)
            else:
                self.earliest[unit] = self.today - timedelta(days=self.rng.randint(20, 700))

    def table(self) -> pa.Table:
        """Return the columns of `residents.parquet`."""
        return _table(self.stays, self.units.table())

    def opened(self, unit: int) -> date:
        """Return the day from which people could live in a unit."""
        return date(self.built[self.units.draft_of[unit]], 7, 1)

    def _household(self, unit: int, use: str) -> None:
        members = households.OF_USE[use](self.rng)
        stays = self._move_in(unit, use, members)
        self.earliest[unit] = min(stay.since for stay in stays)
        rate = LOW_RATE if self.units.columns["community_code"][unit] == self.low_community else RATE
        # Most of those who are missing are missing as whole households.
        together = 1 - (1 - rate) * 0.6
        is_known = self.rng.random() < together
        self.stays += [
            self._register(stay, is_known and self.rng.random() < rate / together) for stay in stays
        ]

    def _move_in(self, unit: int, use: str, members: list[Member]) -> list[Stay]:
        rng = self.rng
        if use != "self_occupied" and rng.random() < 0.006:
            return self._foreigners(unit, members)
        is_family = use in {"self_occupied", "let_whole"}
        is_local = rng.random() < _LOCAL_SHARE[use]
        elsewhere = self.registrar.elsewhere()
        family_hukou = self._hukou(use, elsewhere, is_local=is_local)
        surnames = _surnames(rng, members, is_family=is_family)
        since = self._since(unit, use, members[0])
        found = []
        for member, surname in zip(members, surnames, strict=True):
            division = self.district_code if is_local else elsewhere
            hukou = family_hukou
            if not is_family and not is_local:
                division = self.registrar.elsewhere()
                hukou = Hukou("elsewhere", division_code=f"{division}000000")
            person = self.registrar.person(member, surname, division)
            kind, own = self._kind(member, hukou, is_local=is_local, is_owner=use == "self_occupied")
            arrived = since if is_family else self._since(unit, use, member)
            found.append(Stay(person, member, kind, own, unit, max(arrived, person.birth_date)))
        return found

    def _foreigners(self, unit: int, members: list[Member]) -> list[Stay]:
        since = self._since(unit, "let_whole", members[0])
        people = [(self.registrar.foreigner(member), member) for member in members]
        return [Stay(p, member, "overseas", NONE, unit, max(since, p.birth_date)) for p, member in people]

    def _hukou(self, use: str, elsewhere: str, *, is_local: bool) -> Hukou:
        if not is_local:
            return Hukou("elsewhere", division_code=f"{elsewhere}000000")
        if self.rng.random() < (0.86 if use == "self_occupied" else 0.08):
            return HERE
        return self._elsewhere_in_town()

    def _elsewhere_in_town(self) -> Hukou:
        return Hukou("town", unit=self.rng.choice(self.homes))

    def _kind(self, member: Member, hukou: Hukou, *, is_local: bool, is_owner: bool) -> tuple[str, Hukou]:
        """Return a member's category and own hukou: some of a family differ from the rest."""
        draw = self.rng.random()
        if member.age == 0 and draw < 0.2:
            return "unsettled", NONE
        if not is_local:
            return "incomer", hukou
        if is_owner and member.relation in {households.PARENT, households.GRANDCHILD} and draw < 0.12:
            return "lodger", self._elsewhere_in_town()
        if draw > 0.998:
            return "unsettled", NONE
        return "local_hukou", self._elsewhere_in_town() if is_owner and 0.95 < draw <= 0.998 else hukou

    def _since(self, unit: int, use: str, head: Member) -> date:
        rng, today = self.rng, self.today
        opened = self.opened(unit)
        if use == "self_occupied":
            grown = today - timedelta(days=int(max(1, head.age - rng.randint(20, 30)) * 365.25))
            first = max(opened, grown)
            days = (today - first).days
            return (
                first + timedelta(days=int(days * rng.random() ** 1.7))
                if days > 0
                else today - timedelta(days=30)
            )
        mean = 420 if use == "let_rooms" else 760
        return max(opened, today - timedelta(days=2 + int(min(rng.expovariate(1 / mean), 4500))))

    def _register(self, stay: Stay, is_registered: bool) -> Stay:  # noqa: FBT001 - a drawn chance, used once
        rng, today = self.rng, self.today
        if is_registered:
            first = max(stay.since, today - timedelta(days=364))
            on = first + timedelta(days=rng.randint(0, (today - first).days))
            return _registered(stay, on, is_live=True)
        days = (today - stay.since).days - 400
        if days > 0 and rng.random() < 0.45:
            return _registered(
                stay, stay.since + timedelta(days=rng.randint(max(0, days - 700), days)), is_live=False
            )
        return stay


def _registered(stay: Stay, on: date, *, is_live: bool) -> Stay:
    until = date(on.year + 1, on.month, min(on.day, 28) if on.month == 2 else on.day)
    return Stay(
        stay.person, stay.member, stay.kind, stay.hukou, stay.unit, stay.since, stay.until, is_live, on, until
    )


def _surnames(rng: Random, members: list[Member], *, is_family: bool) -> list[str]:
    drawn = names.surnames(rng, len(members))
    if not is_family:
        return drawn
    father = next((i for i, m in enumerate(members[:2]) if m.sex == "1"), 0)
    kin = {households.SON, households.DAUGHTER, households.GRANDCHILD}
    return [
        drawn[father] if member.relation in kin else own for member, own in zip(members, drawn, strict=True)
    ]


def _table(stays: list[Stay], plates: pa.Table) -> pa.Table:
    columns: dict[str, Any] = {name: [] for name in _OWN}
    values: Iterable[tuple[Any, ...]] = zip(*(stay.own_values for stay in stays), strict=True)
    columns |= dict(zip(_OWN, values, strict=False))
    units = plates.select(UNIT_REFERENCE).take(pa.array([stay.unit for stay in stays], pa.int64()))
    hukou = plates.select(UNIT_REFERENCE).take(pa.array([stay.hukou_unit for stay in stays], pa.int64()))
    for name in UNIT_REFERENCE:
        columns[name], columns[f"hukou_{name}"] = units[name], hukou[name]
    return pa.table({name: columns[name] for name in RESIDENTS.names}, schema=RESIDENTS)
