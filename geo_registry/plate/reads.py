"""Questions about door plates: lists, one plate, those of a building, and how many are in which state."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.tables import Address
from geo_registry.area.reads import Box, outside, within
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import NotFound
from geo_registry.housing.tables import BuildingAddress
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.rules import PHASES, phase_of
from geo_registry.plate.tables import Plate


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
    """One plate with its period of validity and its areas."""

    valid_from: dt.date | None
    valid_to: dt.date | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    building_id: UUID | None


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
        query = query.where(Address.place_name_id == place_name_id)
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


def plate(session: Session, viewer: Viewer, plate_id: UUID) -> PlateDetail:
    """Return one plate, ended ones too.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _detail().where(Plate.id == plate_id, in_scope(viewer, Plate))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("plate-not-found", "没有这块门牌，或不在您的辖区内")
    return PlateDetail(*[*row[:5], phase_of(row.state), *row[5:]])


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
            Plate.community_id, carrier.scalar_subquery(),
        )
    )  # fmt: skip


def _row(row: Any) -> PlateRow:  # noqa: ANN401  (one row of `_rows`)
    return PlateRow(*[*row[:5], phase_of(row.state), *row[5:]])
