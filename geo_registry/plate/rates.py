"""Questions about the wall: the share of addresses with a plate on it, and those without."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, case, distinct, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.near import is_known
from geo_registry.address.places import begins_with
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.reads import outside, within
from geo_registry.area.tables import Division
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.plate.rules import ENDED, ON_WALL
from geo_registry.plate.tables import Plate, PlateBatch

Grouping = Literal["district", "township", "community", "street"]
MOST_GROUPS = 1000
OF_VILLAGES = ("hamlet", "group")
"""Kinds of places whose names repeat from village to village."""
REASONS: dict[str, tuple[str, ...]] = {
    "none": (),
    "numbered": ("draft", "numbered", "approved"),
    "ordered": ("ordered",),
    "stock": ("produced", "delivered"),
    "damaged": ("damaged",),
    "missing": ("missing",),
    "unverified": ("installed",),
}
"""Why an address has no plate on the wall; `unverified` ones hang, and are listed only when asked for."""
_LISTED = tuple(reason for reason in REASONS if reason != "unverified")


@dataclass(frozen=True, slots=True)
class WallRate:
    """上墙率 of an area, a street or a batch: current addresses with a plate on the wall, of all.

    `percent` is None where there are no addresses.
    """

    id: UUID | None
    name: str
    code: str
    addresses: int
    on_wall: int
    verified: int
    percent: float | None


@dataclass(frozen=True, slots=True)
class MissingRow:
    """One address without a plate on the wall, and why."""

    address_id: UUID
    address: str
    number: int
    place_name_id: UUID | None
    community: str | None
    reason: str
    plate_id: UUID | None
    plate_state: str | None
    plate_version: int | None
    batch_id: UUID | None
    batch_number: str | None
    lon: float | None
    lat: float | None


def rates_on_wall(
    session: Session,
    viewer: Viewer,
    *,
    by: Grouping = "community",
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
) -> tuple[WallRate, ...]:
    """Return the rate on the wall of each part of an area, at most 1000 parts in order of code or name.

    Hamlets and groups stand under the name of their village.

    Addresses without a community or a street count in one part without an id.

    Raises:
        RuleBroken: `area-required` for streets of no area.

    """
    if by == "street":
        if area_id is None and place_name_id is None:
            raise RuleBroken("area-required", "按道路统计须指明区域或道路", field="area_id")
        village = case((PlaceName.kind.in_(OF_VILLAGES), func.coalesce(Division.name, "")), else_="")
        part, code = Address.place_name_id, PlaceName.code
        name: Any = village.concat(PlaceName.full_name)
    else:
        part = {
            "district": Address.district_id,
            "township": Address.township_id,
            "community": Address.community_id,
        }[by]
        name, code = Division.name, Division.code
    counted = _counted(part.label("part")).where(in_scope(viewer, Address))
    if area_id is not None:
        counted = counted.where(within(Address, area_id))
    if place_name_id is not None:
        counted = counted.where(Address.scope_id == place_name_id)
    inner = counted.group_by(part).subquery()
    source = PlaceName if by == "street" else Division
    query = (
        select(
            inner.c.part, func.coalesce(name, "（未划分）"), func.coalesce(code, ""),
            inner.c.addresses, inner.c.on_wall, inner.c.verified,
        )
        .outerjoin(source, source.id == inner.c.part)
        .order_by(name if by == "street" else code, inner.c.part)
        .limit(MOST_GROUPS)
    )  # fmt: skip
    if by == "street":
        query = query.outerjoin(Division, Division.id == PlaceName.community_id)
    return tuple(_rate(*row) for row in session.execute(query))


def rates_of_streets(
    session: Session, viewer: Viewer, area_id: UUID, *, text: str = "", limit: int = 100
) -> tuple[tuple[WallRate, ...], bool]:
    """Return the rates of the streets of an area in order of sound, and whether there are more.

    A street is taken when its name holds `text`, or its sound or initials begin with it; those without an
    address too. One that runs through the viewer's areas without lying in them is taken for its addresses
    there. Only what is listed is counted, so a city answers as fast as a village.
    """
    inside = in_scope(viewer, PlaceName) & within(PlaceName, area_id)
    holds = (
        select(Address.id)
        .where(Address.scope_id == PlaceName.id, within(Address, area_id), in_scope(viewer, Address))
        .exists()
    )
    names = (
        select(PlaceName.id, PlaceName.kind, PlaceName.full_name, PlaceName.code, Division.name)
        .outerjoin(Division, Division.id == PlaceName.community_id)
        .where(is_known(viewer), PlaceName.state == "current", or_(inside, holds))
        .order_by(PlaceName.pinyin, PlaceName.full_name, PlaceName.id)
        .limit(checked_limit(limit) + 1)
    )  # fmt: skip
    if text:
        names = names.where(or_(begins_with(text), PlaceName.full_name.contains(text, autoescape=True)))
    found = session.execute(names).all()
    listed = found[:limit]
    counted = _counted(Address.place_name_id.label("part")).where(
        in_scope(viewer, Address), within(Address, area_id), Address.scope_id.in_([row.id for row in listed])
    )
    counts = {row[0]: row[1:] for row in session.execute(counted.group_by(Address.place_name_id))}
    rates = tuple(
        _rate(id_, _title(kind, name, village), code, *counts.get(id_, (0, 0, 0)))
        for id_, kind, name, code, village in listed
    )
    return rates, len(found) > limit


def _title(kind: str, name: str, village: str | None) -> str:
    return f"{village or ''}{name}" if kind in OF_VILLAGES else name


def rate_on_wall(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
    batch_id: UUID | None = None,
) -> WallRate:
    """Return the rate on the wall of an area, a street, the addresses of a batch, or all the viewer sees."""
    counted = _counted(null().label("part")).where(in_scope(viewer, Address))
    if area_id is not None:
        counted = counted.where(within(Address, area_id))
    if place_name_id is not None:
        counted = counted.where(Address.scope_id == place_name_id)
    if batch_id is not None:
        counted = counted.where(Address.id.in_(select(Plate.address_id).where(Plate.batch_id == batch_id)))
    row = session.execute(counted).one()
    return _rate(area_id or place_name_id or batch_id, "", "", *row[1:])


def rates_of_batches(
    session: Session, viewer: Viewer, *, area_id: UUID | None = None, limit: int = 100
) -> tuple[WallRate, ...]:
    """Return the rate on the wall of the current addresses of each batch, the latest batch first."""
    chosen = select(PlateBatch.id, PlateBatch.number, PlateBatch.code).where(
        in_scope(viewer, PlateBatch), PlateBatch.state != "cancelled"
    )
    if area_id is not None:
        chosen = chosen.where(within(PlateBatch, area_id))
    latest = chosen.order_by(PlateBatch.id.desc()).limit(checked_limit(limit)).subquery()
    made = aliased(Plate)
    hangs = (Plate.address_id == Address.id) & Plate.state.in_(ON_WALL)
    query = (
        select(
            latest, func.count(distinct(Address.id)), func.count(distinct(Plate.address_id)),
            func.count(distinct(case((Plate.state == "verified", Plate.address_id)))),
        )
        .outerjoin(made, made.batch_id == latest.c.id)
        .outerjoin(Address, (Address.id == made.address_id) & (Address.state == "current"))
        .outerjoin(Plate, hangs & outside(Plate.state, ENDED))
        .group_by(*latest.c)
        .order_by(latest.c.id.desc())
    )  # fmt: skip
    return tuple(_rate(*row) for row in session.execute(query))


def _rate(part: UUID | None, name: str, code: str, addresses: int, on_wall: int, verified: int) -> WallRate:
    percent = 100 * on_wall / addresses if addresses else None
    return WallRate(part, name, code, addresses, on_wall, verified, percent)


def missing(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
    reason: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[MissingRow]:
    """Return current addresses without a plate on the wall, of a street in order of number, else of id.

    Raises:
        RuleBroken: `reason-unknown`, `limit-invalid`, `cursor-invalid`.

    """
    if reason is not None and reason not in REASONS:
        raise RuleBroken("reason-unknown", f"原因应为 {'、'.join(REASONS)} 之一", field="reason")
    query = _missing().where(in_scope(viewer, Address))
    why = query.selected_columns[5]
    query = query.where(why == reason) if reason else query.where(why.in_(_LISTED))
    if area_id is not None:
        query = query.where(within(Address, area_id))
    size = checked_limit(limit) + 1
    if place_name_id is None:
        if after is not None:
            query = query.where(Address.id > read_cursor(after, UUID)[0])
        found = session.execute(query.order_by(Address.id).limit(size)).all()
        return cut([MissingRow(*row) for row in found], limit, lambda row: (row.address_id,))
    query = query.where(Address.scope_id == place_name_id)
    if after is not None:
        query = query.where(func.row(Address.number, Address.id) > func.row(*read_cursor(after, int, UUID)))
    found = session.execute(query.order_by(Address.number, Address.id).limit(size)).all()
    return cut([MissingRow(*row) for row in found], limit, lambda row: (row.number, row.address_id))


def _counted(part: Any) -> Select[Any]:  # noqa: ANN401  (a labelled column)
    """Return current addresses joined with their plates on the wall; an address may have several kinds."""
    hangs = (Plate.address_id == Address.id) & Plate.state.in_(ON_WALL)
    return (
        select(
            part,
            func.count(distinct(Address.id)).label("addresses"),
            func.count(distinct(Plate.address_id)).label("on_wall"),
            func.count(distinct(case((Plate.state == "verified", Plate.address_id)))).label("verified"),
        )
        .outerjoin(Plate, hangs & outside(Plate.state, ENDED))
        .where(Address.state == "current")
    )


def _missing() -> Select[Any]:
    """Return each current address with the plate that has come furthest."""
    order = [state for states in REASONS.values() for state in states]
    furthest = (
        select(Plate.id, Plate.state, Plate.version, Plate.batch_id, Plate.position)
        .where(Plate.address_id == Address.id, outside(Plate.state, ENDED))
        .order_by(
            case((Plate.state.in_(ON_WALL), 0), else_=1),
            func.array_position(order, Plate.state).desc().nulls_last(), Plate.id,
        )
        .limit(1)
        .lateral("furthest")
    )  # fmt: skip
    named = {state: reason for reason, states in REASONS.items() for state in states}
    why = case(
        (furthest.c.id.is_(None), literal("none")),
        *((furthest.c.state == state, literal(reason)) for state, reason in named.items()),
    )
    place = func.coalesce(furthest.c.position, Address.position)
    return (
        select(
            Address.id, Address.standard_text, Address.number, Address.place_name_id, Division.name, why,
            furthest.c.id, furthest.c.state, furthest.c.version, furthest.c.batch_id, PlateBatch.number,
            func.ST_X(place), func.ST_Y(place),
        )
        .select_from(Address)
        .outerjoin(furthest, literal(value=True))
        .outerjoin(PlateBatch, PlateBatch.id == furthest.c.batch_id)
        .outerjoin(Division, Division.id == Address.community_id)
        .where(Address.state == "current")
    )  # fmt: skip
