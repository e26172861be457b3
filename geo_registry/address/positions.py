"""Places of an address: the main one, and others beside it such as a back gate or the way for cars."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select, update

from geo_registry.access.rules import Permission
from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.certifying import drop_certified
from geo_registry.address.moving import settle, take_plates_along
from geo_registry.address.tables import POSITION_KINDS, Address, AddressPosition
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Areas, Paper, areas_at, as_point, begin_act, finish, load_for_change
from geo_registry.codes import new_id
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, NotFound, RuleBroken

MOST = 20


@dataclass(frozen=True, slots=True)
class Place:
    """One place of an address; the main one has no id of its own."""

    id: UUID | None
    kind: str
    lon: float
    lat: float
    is_main: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """What an act on a place answers: the address, its version now, and the place."""

    id: UUID
    version: int
    position_id: UUID


def positions(session: Session, viewer: Viewer, address_id: UUID) -> tuple[Place, ...]:
    """Return the places of an address, the main one first, the others as they were added.

    Raises:
        NotFound: no such address in the viewer's areas.

    """
    main = select(Address.position_kind, func.ST_X(Address.position), func.ST_Y(Address.position))
    row = session.execute(main.where(Address.id == address_id, in_scope(viewer, Address))).one_or_none()
    if row is None:
        raise NotFound("address-not-found", "没有这个地址，或不在您的辖区内")
    first: tuple[Place, ...] = () if row[1] is None else (Place(*[None, *row, True]),)
    spot = AddressPosition.position
    others = (
        select(AddressPosition.id, AddressPosition.kind, func.ST_X(spot), func.ST_Y(spot))
        .where(AddressPosition.address_id == address_id, AddressPosition.ended_at.is_(None))
        .order_by(AddressPosition.id)
    )
    return first + tuple(Place(*[*one, False]) for one in session.execute(others))


def add_position(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    version: int,
    kind: str,
    lon: float,
    lat: float,
    document_number: str | None = None,
    reason: str | None = None,
) -> Placed:
    """Add a place to an address; `version` is that of the address, which it raises.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `too-many-positions`.
        RuleBroken: `kind-invalid`, `other-district`.

    """
    if kind not in POSITION_KINDS:
        raise RuleBroken("kind-invalid", f"点位类型应为 {'、'.join(POSITION_KINDS)} 之一", field="kind")
    row = _loaded(session, viewer, address_id, version)
    _check_district(session, row, lon, lat)
    count = select(func.count()).where(
        AddressPosition.address_id == row.id, AddressPosition.ended_at.is_(None)
    )
    if session.execute(count).scalar_one() >= MOST:
        raise Conflict("too-many-positions", f"一个门址最多 {MOST} 个附加点位，请先删去不用的", field="kind")
    begin_act(session, viewer, "place", "address", row, Paper(document_number, reason))
    position_id = new_id()
    values = {"address_id": row.id, "kind": kind, "act_id": row.act_id, "position": as_point(lon, lat)}
    with translated():
        session.execute(insert(AddressPosition).values(id=position_id, **values))
    done = finish(session, row)
    return Placed(done.id, done.version, position_id)


def move_position(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    position_id: UUID,
    version: int,
    lon: float,
    lat: float,
    document_number: str | None = None,
    reason: str | None = None,
) -> Placed:
    """Move a place of an address that is not the main one.

    Raises:
        NotFound: the address has no such place.
        Stale: `version` is not the current one.
        RuleBroken: `other-district`.

    """
    row = _loaded(session, viewer, address_id, version)
    spot = _spot(session, row, position_id)
    _check_district(session, row, lon, lat)
    begin_act(session, viewer, "place", "address", row, Paper(document_number, reason))
    spot.position, spot.act_id = as_point(lon, lat), row.act_id
    done = finish(session, row)
    return Placed(done.id, done.version, position_id)


def end_position(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    position_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Placed:
    """End a place of an address that is not the main one.

    Raises:
        NotFound: the address has no such place.
        Stale: `version` is not the current one.

    """
    row = _loaded(session, viewer, address_id, version)
    _spot(session, row, position_id)
    act_id = begin_act(session, viewer, "place", "address", row, Paper(document_number, reason))
    gone = update(AddressPosition).where(AddressPosition.id == position_id)
    session.execute(gone.values(ended_at=func.clock_timestamp(), act_id=act_id))
    done = finish(session, row)
    return Placed(done.id, done.version, position_id)


def make_main(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    position_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Placed:
    """Make a place the main one of its address; what was the main one stays as a place beside it.

    A certified address loses its certification, which needs a reason; a place set by hand is derived.

    Raises:
        NotFound: the address has no such place.
        Stale: `version` is not the current one.
        Refused: the place lies outside of the viewer's areas.
        RuleBroken: `reason-required`, `other-district`.

    """
    row = _loaded(session, viewer, address_id, version)
    spot = _spot(session, row, position_id)
    areas = _areas_of(session, row, spot)
    drop_certified(row, reason, "换主点位")
    act_id = begin_act(session, viewer, "place", "address", row, Paper(document_number, reason))
    was, kind = row.position, row.position_kind
    row.position, row.position_kind, row.accuracy = spot.position, spot.kind, "B"
    settle(viewer, Permission.ADDRESS_CORRECT, row, areas)
    if was is None:
        gone = update(AddressPosition).where(AddressPosition.id == position_id)
        session.execute(gone.values(ended_at=func.clock_timestamp(), act_id=act_id))
    else:
        spot.position, spot.kind, spot.act_id = was, kind, act_id
    done = finish(session, row)
    take_plates_along(session, row)
    check_scope(session, row.scope_id)
    return Placed(done.id, done.version, position_id)


def _loaded(session: Session, viewer: Viewer, address_id: UUID, version: int) -> Address:
    row = load_for_change(
        session, viewer, Address, address_id, version=version, permission=Permission.ADDRESS_CORRECT
    )
    if row.state not in {"reserved", "proposed", "current"}:
        raise RuleBroken("not-in-force", f"{row.standard_text} 已注销或已删除，不能改点位", field="state")
    return row


def _spot(session: Session, row: Address, position_id: UUID) -> AddressPosition:
    query = select(AddressPosition).where(
        AddressPosition.id == position_id, AddressPosition.address_id == row.id,
        AddressPosition.ended_at.is_(None),
    )  # fmt: skip
    spot = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if spot is None:
        raise NotFound("position-not-found", f"{row.standard_text} 没有这个点位，可能已被删去")
    return spot


def _areas_of(session: Session, row: Address, spot: AddressPosition) -> Areas | None:
    """Return the areas around a place, which lies in the district of its address."""
    place = select(func.ST_X(AddressPosition.position), func.ST_Y(AddressPosition.position))
    lon, lat = session.execute(place.where(AddressPosition.id == spot.id)).one()
    return _check_district(session, row, lon, lat)


def _check_district(session: Session, row: Address, lon: float, lat: float) -> Areas | None:
    areas = areas_at(session, lon, lat)
    if areas is not None and areas.district_id != row.district_id:
        raise RuleBroken("other-district", "点位在另一个区，请核对位置", field="lon")
    return areas
