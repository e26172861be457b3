"""Acts on housing: register, correct and retire buildings; register, change and retire units."""

from typing import Any
from uuid import UUID

from sqlalchemy import Numeric, cast, func, select, text
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.numbers import Door, Fault, parse_door
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import Address
from geo_registry.area.reads import ENDED, outside
from geo_registry.area.writes import (
    Paper,
    Written,
    as_point,
    as_shape,
    begin_act,
    ended,
    finish,
    load_for_change,
    locked,
    shape_text,
)
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.housing.rules import check_facts, check_outline
from geo_registry.housing.sounds import add_sounds
from geo_registry.housing.tables import Building, BuildingAddress, Entrance, HousingUnit
from geo_registry.text import clean

# Of a new outline: its area, how far it lies from the old one, and the building it shares most ground with.
_MEASURES = text("""
    WITH new AS (SELECT ST_Multi(ST_SetSRID(ST_Force2D(ST_GeomFromGeoJSON(:shape)), 4490)) AS shape)
    SELECT ST_IsValid(new.shape) AS is_valid, ST_Area(ST_Transform(new.shape, 4326)::geography) AS area_m2,
      (SELECT ST_Distance(ST_Transform(new.shape, 4326)::geography,
                          ST_Transform(coalesce(b.outline, b.position), 4326)::geography)
       FROM registry.building b WHERE b.id = :own) AS distance_m,
      o.id AS other_id, o.share AS share
    FROM new LEFT JOIN LATERAL (
      SELECT b.id,
        ST_Area(ST_Intersection(b.outline, new.shape))
          / least(ST_Area(b.outline), ST_Area(new.shape)) AS share
      FROM registry.building b
      WHERE ST_IsValid(new.shape) AND ST_Area(new.shape) > 0 AND b.outline && new.shape
        AND b.id IS DISTINCT FROM :own
        AND b.state NOT IN ('demolished', 'not_realized', 'removed')
      ORDER BY share DESC, b.id LIMIT 1) o ON true
""")


def register_building(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    building_no: str = "",
    outline: dict[str, Any] | None = None,
    lon: float | None = None,
    lat: float | None = None,
    name: str | None = None,
    label: str | None = None,
    method: str = "outlined",
    floors: int | None = None,
    floors_below: int | None = None,
    built_year: int | None = None,
    use: str | None = None,
    unauthorised: bool = False,
    state: str = "realized",
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Register a building at an address, with its outline (GeoJSON polygon) or a point.

    Raises:
        RuleBroken: the address is not in force; the outline is unsound or under 1 m².
        Conflict: `outline-overlaps` another building by more than 80 %; `number-in-use`.

    """
    address = locked(session, Address, address_id)
    if address is None or address.state != "current":
        raise RuleBroken("address-not-current", "没有这个现行地址", field="address_id")
    authorize(
        viewer, Permission.BUILDING_REGISTER, address.district_id, address.township_id, address.community_id
    )
    check_facts(state, method, floors, floors_below, built_year)
    row = Building(
        id=new_id(), code=new_code(), name=name, label=label, method=method, floors=floors,
        floors_below=floors_below, built_year=built_year, use=use, unauthorised=unauthorised, state=state,
        valid=Range(today(), None), district_id=address.district_id, township_id=address.township_id,
        community_id=address.community_id,
    )  # fmt: skip
    _place(session, row, outline, lon, lat, is_new=True)
    act_id = begin_act(session, viewer, "register", "building", row, Paper(document_number, reason))
    session.add(row)
    done = finish(session, row)
    add_sounds(session, [name] if name else [])
    session.add(
        BuildingAddress(
            building_id=row.id, address_id=address.id, building_no=clean(building_no), is_main=True,
            valid=row.valid, act_id=act_id,
        )
    )  # fmt: skip
    with translated():
        session.flush()
    return done


def correct_building(
    session: Session,
    viewer: Viewer,
    *,
    building_id: UUID,
    version: int,
    outline: dict[str, Any] | None = None,
    lon: float | None = None,
    lat: float | None = None,
    name: str | None = None,
    label: str | None = None,
    method: str | None = None,
    floors: int | None = None,
    floors_below: int | None = None,
    built_year: int | None = None,
    use: str | None = None,
    state: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Correct what is known of a building; what is None stays as it is.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: a new outline is unsound, under 1 m², more than 20 m away, or leaves units outside.
        Conflict: `outline-overlaps` another building by more than 80 %.

    """
    row = load_for_change(
        session, viewer, Building, building_id, version=version, permission=Permission.BUILDING_CORRECT
    )
    check_facts(state or row.state, method or row.method, floors, floors_below, built_year)
    if state in ENDED["building"]:
        raise RuleBroken("state-invalid", "注销楼栋请办理注销", field="state")
    _place(session, row, outline, lon, lat, is_new=False)
    given = {
        "name": name, "label": label, "method": method, "floors": floors, "floors_below": floors_below,
        "built_year": built_year, "use": use, "state": state,
    }  # fmt: skip
    for field, value in given.items():
        if value is not None:
            setattr(row, field, value)
    begin_act(session, viewer, "correct", "building", row, Paper(document_number, reason))
    add_sounds(session, [name] if name else [])
    return finish(session, row)


def retire_building(
    session: Session,
    viewer: Viewer,
    *,
    building_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End a building that was torn down; its numbers are free for what is built there next.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `building-in-use` while it has units in use.

    """
    row = load_for_change(
        session, viewer, Building, building_id, version=version, permission=Permission.BUILDING_RETIRE
    )
    if row.state in ENDED["building"]:
        raise RuleBroken("already-retired", "该楼栋已注销", field="state")
    live = select(func.count()).where(
        HousingUnit.building_id == row.id, outside(HousingUnit.state, ENDED["housing_unit"])
    )
    units = session.execute(live).scalar_one()
    if units:
        raise Conflict("building-in-use", f"该楼栋还有 {units} 个现行户室，须先注销户室", units=units)
    begin_act(session, viewer, "retire", "building", row, Paper(document_number, reason))
    row.state, row.valid = "demolished", ended(row.valid)
    carried = select(BuildingAddress).where(
        BuildingAddress.building_id == row.id, BuildingAddress.valid.contains(func.current_date())
    )
    for number in session.execute(carried).scalars():
        number.valid = ended(number.valid)
    return finish(session, row)


def register_unit(
    session: Session,
    viewer: Viewer,
    *,
    building_id: UUID,
    unit: str,
    floor: int | None = None,
    use: str | None = None,
    area_m2: float | None = None,
    lon: float | None = None,
    lat: float | None = None,
    state: str = "realized",
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Register a unit as it is written (2单元402室); the room tells the floor where the profile says so.

    Raises:
        RuleBroken: `unit-unreadable`, the building is not in use, the point lies outside it.
        Conflict: `unit-taken`, also by a retired unit.

    """
    building = locked(session, Building, building_id)
    if building is None or building.state in ENDED["building"]:
        raise RuleBroken("building-not-current", "没有这幢现行楼栋", field="building_id")
    authorize(
        viewer, Permission.UNIT_REGISTER, building.district_id, building.township_id, building.community_id
    )
    read = _unit(profile_in_force(session), unit)
    _check_unit_free(session, building_id, read)
    row = HousingUnit(
        id=new_id(), code=new_code(), building_id=building.id, room=read.room, unit_text=read.unit_text,
        unit_key=read.unit_key, floor=read.floor if floor is None else floor, use=use, state=state,
        area_m2=None if area_m2 is None else cast(area_m2, Numeric(8, 2)), valid=Range(today(), None),
        district_id=building.district_id, township_id=building.township_id,
        community_id=building.community_id,
    )  # fmt: skip
    if lon is not None and lat is not None:
        row.position = as_point(lon, lat)
    act_id = begin_act(session, viewer, "register", "housing_unit", row, Paper(document_number, reason))
    row.entrance_id = _entrance(session, building.id, read.entrance, act_id)
    session.add(row)
    return finish(session, row)


def change_unit(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    version: int,
    use: str | None = None,
    area_m2: float | None = None,
    floor: int | None = None,
    state: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Change how a unit is used, its area, floor or state; what is None stays as it is.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: a value is not in its list or range, or the unit is retired.

    """
    row = load_for_change(
        session, viewer, HousingUnit, unit_id, version=version, permission=Permission.UNIT_CHANGE
    )
    if row.state in ENDED["housing_unit"] or state in ENDED["housing_unit"]:
        raise RuleBroken("state-invalid", "已注销的户室不能变更；注销请办理注销", field="state")
    for field, value in {"use": use, "area_m2": area_m2, "floor": floor, "state": state}.items():
        if value is not None:
            setattr(row, field, value)
    begin_act(session, viewer, "change", "housing_unit", row, Paper(document_number, reason))
    return finish(session, row)


def retire_unit(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End a unit; its key in the building is never given again.

    Raises:
        Stale: `version` is not the current one.

    """
    row = load_for_change(
        session, viewer, HousingUnit, unit_id, version=version, permission=Permission.UNIT_RETIRE
    )
    if row.state in ENDED["housing_unit"]:
        raise RuleBroken("already-retired", "该户室已注销", field="state")
    begin_act(session, viewer, "retire", "housing_unit", row, Paper(document_number, reason))
    row.state, row.valid = "retired", ended(row.valid)
    return finish(session, row)


def _place(
    session: Session, row: Building, outline: dict[str, Any] | None, lon: float | None, lat: float | None,
    *, is_new: bool,
) -> None:  # fmt: skip
    """Set the outline and the point of a building after its guards."""
    if outline is not None:
        shape = as_shape(outline, "Polygon", "outline")
        values = {"shape": shape_text(outline, "Polygon", "outline"), "own": None if is_new else row.id}
        with translated():
            measured = session.execute(_MEASURES, values).one()
        check_outline(
            is_valid=measured.is_valid, area_m2=measured.area_m2, distance_m=measured.distance_m,
            share=measured.share, other_id=measured.other_id,
        )  # fmt: skip
        row.outline = shape
    if lon is not None and lat is not None:
        row.position = as_point(lon, lat)
    elif outline is not None:
        row.position = func.ST_PointOnSurface(as_shape(outline, "Polygon", "outline"))
    elif is_new:
        raise RuleBroken("geometry-missing", "须有楼栋轮廓或位置", field="outline")


def _unit(profile: Profile, written: str) -> Door:
    # A unit is read behind a number, as it is written on paper.
    read = parse_door(profile, f"1{profile.by_kind['number'].suffixes[0]}{written}")
    if isinstance(read, Fault) or read.number_key != "1" or not read.unit_key or read.building_text:
        raise RuleBroken("unit-unreadable", f"无法识别的户室：{written[:40]}", field="unit")
    return read


def _check_unit_free(session: Session, building_id: UUID, unit: Door) -> None:
    query = select(HousingUnit.id, HousingUnit.state).where(
        HousingUnit.building_id == building_id, HousingUnit.unit_key == unit.unit_key,
        outside(HousingUnit.state, ("removed", "rejected")),
    )  # fmt: skip
    holder = session.execute(query).one_or_none()
    if holder is not None:
        was = "曾有过" if holder.state == "retired" else "已有"
        raise Conflict(
            "unit-taken", f"该楼栋{was} {unit.unit_text}", field="unit", holder_id=str(holder.id),
            holder_state=holder.state,
        )  # fmt: skip


def _entrance(session: Session, building_id: UUID, number: str | None, act_id: UUID) -> UUID | None:
    """Return the entrance of a number (2 of 2单元), registered when the building has none of that number."""
    if number is None:
        return None
    key = f"e{number}"
    query = select(Entrance.id).where(Entrance.building_id == building_id, Entrance.label_key == key)
    known = session.execute(query).scalar_one_or_none()
    if known is not None:
        return known
    row = Entrance(
        id=new_id(),
        code=new_code(),
        building_id=building_id,
        label=f"{number}单元",
        label_key=key,
        act_id=act_id,
    )
    session.add(row)
    session.flush()
    return row.id
