"""Questions about door plates: lists, one plate with its evidence, those of a building, and counts by state.

Production batches stand in `stock`, rates on the wall and what is missing in `rates`; asked here as well.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import METRES_PER_DEGREE
from geo_registry.address.tables import Address
from geo_registry.area.reads import Box, outside, within
from geo_registry.area.tables import Division
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.housing.tables import BuildingAddress
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.door import Certified, DoorWarning, door_of
from geo_registry.plate.rates import (
    REASONS,
    MissingRow,
    WallRate,
    missing,
    rate_on_wall,
    rates_of_batches,
    rates_of_streets,
    rates_on_wall,
)
from geo_registry.plate.rules import PHASES, STEPS, acts_in, phase_of
from geo_registry.plate.stock import BatchDetail, BatchRow, batch, batches
from geo_registry.plate.tables import Plate, PlateBatch, PlateInspection, PlateInstallation

__all__ = [
    "REASONS", "BatchDetail", "BatchRow", "Inspection", "Installation", "MissingRow", "NearPlate",
    "PlateCounts", "PlateDetail", "PlateRow", "PlateToVerify", "WallRate", "batch", "batches",
    "chosen_plates", "missing", "nearest_to_install", "plate", "plate_counts", "plates", "plates_of_building",
    "rate_on_wall", "rates_of_batches", "rates_of_streets", "rates_on_wall", "to_verify",
]  # fmt: skip
_INSTALLER, _VERIFIER = aliased(Account), aliased(Account)


@dataclass(frozen=True, slots=True)
class PlateRow:
    """One plate; `phase` is what the map shows: draft, numbered, made, on_wall, or ended."""

    id: UUID
    code: str
    kind: str
    text: str
    state: str
    phase: str
    address_id: UUID
    address: str
    version: int
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class PlateDetail(PlateRow):
    """One plate with its period of validity, its areas, and what its sign says when it was ordered."""

    valid_from: dt.date | None
    valid_to: dt.date | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    building_id: UUID | None
    batch_id: UUID | None
    batch_number: str | None
    made_text: str | None
    acts: tuple[str, ...]
    installation: "Installation | None"
    inspections: "tuple[Inspection, ...]"
    address_version: int
    address_state: str
    place_name_id: UUID | None
    position_kind: str
    certified: Certified | None
    warnings: tuple[DoorWarning, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """The evidence that a plate hangs: photo, place, time and people; metres from the planned place."""

    photo: str
    installed_at: dt.datetime
    installer: str
    lon: float
    lat: float
    accuracy_m: float | None
    distance_m: float | None
    verified_at: dt.datetime | None
    verifier: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What somebody found at a plate."""

    finding: str
    inspected_at: dt.datetime
    inspector: str
    photo: str | None


@dataclass(frozen=True, slots=True)
class NearPlate(PlateRow):
    """A plate to be mounted, and how far away its planned place is."""

    distance_m: float


@dataclass(frozen=True, slots=True)
class PlateToVerify(PlateRow):
    """A plate on the wall that waits for a second account, with its evidence."""

    district: str | None
    made_text: str | None
    evidence: Installation


@dataclass(frozen=True, slots=True)
class PlateCounts:
    """Plates in use by state, and by what the map shows (草拟 已编号 已制作 已上墙)."""

    by_state: dict[str, int]
    by_phase: dict[str, int]
    total: int


def plates(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    address_id: UUID | None = None,
    place_name_id: UUID | None = None,
    batch_id: UUID | None = None,
    state: str | None = None,
    kind: str | None = None,
    box: Box | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[PlateRow]:
    """Return plates in order of id; `area_id` is a district, township or community."""
    query = _rows().where(in_scope(viewer, Plate))
    if area_id is not None:
        query = query.where(within(Plate, area_id))
    if address_id is not None:
        query = query.where(Plate.address_id == address_id)
    if place_name_id is not None:
        query = query.where(Address.scope_id == place_name_id)
    if batch_id is not None:
        query = query.where(Plate.batch_id == batch_id)
    if state is not None:
        query = query.where(Plate.state == state)
    if kind is not None:
        query = query.where(Plate.kind == kind)
    if box is not None:
        query = query.where(Plate.position.op("&&")(func.ST_MakeEnvelope(*box, SRID)))
    if after is not None:
        query = query.where(Plate.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(Plate.id).limit(checked_limit(limit) + 1)).all()
    return cut([_row(row) for row in found], limit, lambda row: (row.id,))


def chosen_plates(session: Session, viewer: Viewer, plate_ids: Collection[UUID]) -> tuple[PlateRow, ...]:
    """Return plates by their ids in one read, each once, in the order of the ids.

    Raises:
        NotFound: one of them does not exist or lies outside the viewer's areas.

    """
    wanted = dict.fromkeys(plate_ids)
    query = _rows().where(Plate.id.in_(wanted), in_scope(viewer, Plate))
    found = {row.id: _row(row) for row in session.execute(query)}
    if len(found) < len(wanted):
        raise NotFound("plate-not-found", f"{len(wanted) - len(found)} 块门牌不存在，或不在您的辖区内")
    return tuple(found[one] for one in wanted)


def plate(session: Session, viewer: Viewer, plate_id: UUID) -> PlateDetail:
    """Return one plate, ended ones too, with its evidence and the acts that viewer and state allow.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _detail().where(Plate.id == plate_id, in_scope(viewer, Plate))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("plate-not-found", "没有这块门牌，或不在您的辖区内")
    acts = tuple(act for act in acts_in(row.state) if viewer.may(STEPS[act].permission))
    seen = session.execute(_inspections().where(PlateInspection.plate_id == plate_id))
    inspections = tuple(Inspection(*[*one[:3], _hex(one.photo_sha256)]) for one in seen)
    evidence = _installation(session, plate_id)
    door = door_of(session, row.address_id)
    return PlateDetail(*[*row[:5], phase_of(row.state), *row[5:], acts, evidence, inspections, *door])


def to_verify(
    session: Session, viewer: Viewer, *, after: str | None = None, limit: int = 50
) -> Page[PlateToVerify]:
    """Return the plates on the wall that nobody has verified yet, in order of id, with their evidence."""
    query = (
        _rows()
        .add_columns(Division.name, Plate.made_text, *_evidence())
        .join(PlateInstallation, PlateInstallation.plate_id == Plate.id)
        .join(_INSTALLER, _INSTALLER.id == PlateInstallation.account_id)
        .outerjoin(_VERIFIER, _VERIFIER.id == PlateInstallation.verified_by)
        .outerjoin(Division, Division.id == Plate.district_id)
        .where(Plate.state == "installed", PlateInstallation.ended_at.is_(None), in_scope(viewer, Plate))
    )
    if after is not None:
        query = query.where(Plate.id > read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(Plate.id).limit(checked_limit(limit) + 1)).all()
    rows = [
        PlateToVerify(*[*row[:5], phase_of(row.state), *row[5:12], Installation(row[12].hex(), *row[13:])])
        for row in found
    ]
    return cut(rows, limit, lambda row: (row.id,))


def nearest_to_install(
    session: Session, viewer: Viewer, *, lon: float, lat: float, radius_m: float = 500, limit: int = 50
) -> tuple[NearPlate, ...]:
    """Return the plates around a point that wait to be mounted, the nearest first."""
    point = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)
    metres = func.ST_DistanceSphere(Plate.position, point)
    # The box holds the circle at every latitude of the country.
    reach = radius_m / METRES_PER_DEGREE * 1.7
    query = (
        _rows()
        .add_columns(metres)
        .where(Plate.position.op("&&")(func.ST_Expand(point, reach)), metres <= radius_m)
        .where(Plate.state.in_(STEPS["install"].sources), in_scope(viewer, Plate))
        .order_by(metres, Plate.id)
        .limit(checked_limit(limit))
    )
    found = session.execute(query)
    return tuple(NearPlate(*[*row[:5], phase_of(row.state), *row[5:]]) for row in found)


def plates_of_building(session: Session, viewer: Viewer, building_id: UUID) -> tuple[PlateRow, ...]:
    """Return the plates in use at the addresses a building carries today, in order of kind and text."""
    carried = select(BuildingAddress.address_id).where(
        BuildingAddress.building_id == building_id, BuildingAddress.valid.contains(func.current_date())
    )
    query = (
        _rows()
        .where(Plate.address_id.in_(carried), in_scope(viewer, Plate), outside(Plate.state, PHASES["ended"]))
        .order_by(Plate.kind, Plate.text, Plate.id)
        .limit(1000)
    )
    return tuple(_row(row) for row in session.execute(query))


def plate_counts(
    session: Session, viewer: Viewer, *, box: Box | None = None, area_id: UUID | None = None
) -> PlateCounts:
    """Return how many plates in use a box or an area holds in each state."""
    query = select(Plate.state, func.count()).where(
        in_scope(viewer, Plate), outside(Plate.state, PHASES["ended"])
    )
    if box is not None:
        query = query.where(Plate.position.op("&&")(func.ST_MakeEnvelope(*box, SRID)))
    if area_id is not None:
        query = query.where(within(Plate, area_id))
    query = query.group_by(Plate.state).order_by(Plate.state)
    by_state = {state: int(count) for state, count in session.execute(query)}
    by_phase = {phase: sum(by_state.get(state, 0) for state in states) for phase, states in PHASES.items()}
    del by_phase["ended"]
    return PlateCounts(by_state, by_phase, sum(by_state.values()))


@cache
def _rows() -> Select[Any]:
    return select(
        Plate.id, Plate.code, Plate.kind, Plate.text, Plate.state, Plate.address_id, Address.standard_text,
        Plate.version, func.ST_X(Plate.position), func.ST_Y(Plate.position),
    ).join(Address, Address.id == Plate.address_id)  # fmt: skip


@cache
def _detail() -> Select[Any]:
    carrier = (
        select(BuildingAddress.building_id)
        .where(
            BuildingAddress.address_id == Plate.address_id,
            BuildingAddress.valid.contains(func.current_date()),
        )
        .order_by(BuildingAddress.building_no)
        .limit(1)
    )
    return (
        _rows()
        .add_columns(
            func.lower(Plate.valid), func.upper(Plate.valid), Plate.district_id, Plate.township_id,
            Plate.community_id, carrier.scalar_subquery(), Plate.batch_id, PlateBatch.number,
            Plate.made_text,
        )
        .outerjoin(PlateBatch, PlateBatch.id == Plate.batch_id)
    )  # fmt: skip


def _evidence() -> tuple[Any, ...]:
    """Return the columns of `Installation`."""
    place, planned = PlateInstallation.position, func.coalesce(Plate.position, Address.position)
    return (
        PlateInstallation.photo_sha256, PlateInstallation.installed_at, _INSTALLER.name,
        func.ST_X(place), func.ST_Y(place), PlateInstallation.accuracy_m,
        func.ST_DistanceSphere(place, planned), PlateInstallation.verified_at, _VERIFIER.name,
    )  # fmt: skip


def _installation(session: Session, plate_id: UUID) -> Installation | None:
    query = (
        select(*_evidence())
        .join(Plate, Plate.id == PlateInstallation.plate_id)
        .join(Address, Address.id == Plate.address_id)
        .join(_INSTALLER, _INSTALLER.id == PlateInstallation.account_id)
        .outerjoin(_VERIFIER, _VERIFIER.id == PlateInstallation.verified_by)
        .where(PlateInstallation.plate_id == plate_id, PlateInstallation.ended_at.is_(None))
    )
    row = session.execute(query).one_or_none()
    return None if row is None else Installation(row[0].hex(), *row[1:])


@cache
def _inspections() -> Any:  # noqa: ANN401  (a select of many columns)
    return (
        select(
            PlateInspection.finding,
            PlateInspection.inspected_at,
            Account.name,
            PlateInspection.photo_sha256,
        )
        .join(Account, Account.id == PlateInspection.account_id)
        .order_by(PlateInspection.inspected_at.desc(), PlateInspection.id.desc())
        .limit(50)
    )


def _hex(sha256: bytes | None) -> str | None:
    return None if sha256 is None else sha256.hex()


def _row(row: Any) -> PlateRow:  # noqa: ANN401  (one row of `_rows`)
    return PlateRow(*[*row[:5], phase_of(row.state), *row[5:]])
