"""Acts on addresses: number, approve, correct, renumber, retire; those on place names stand in `naming`."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.certifying import check_certified, drop_certified, forget
from geo_registry.address.moving import settle, take_plates_along
from geo_registry.address.naming import correct_street, name_street, rename_street, retire_street
from geo_registry.address.numbering.numbered import series_of
from geo_registry.address.numbering.numbering import (
    Proposal,
    as_typed,
    let_go,
    lock_scope,
    propose,
    read_door,
    refuse_taken,
    written_before,
)  # fmt: skip
from geo_registry.address.numbering.reserving import Wish, release_numbers, reserve_numbers
from geo_registry.address.numbering.series import Parity
from geo_registry.address.numbering.storing import Numbering, store_followers
from geo_registry.address.numbers import Door
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import POSITION_KINDS, Address, PlaceName
from geo_registry.address.warnings import check_scope
from geo_registry.area.reads import located
from geo_registry.area.rules import check_position
from geo_registry.area.writes import (
    Areas,
    Paper,
    Written,
    areas_at,
    as_point,
    begin_act,
    division_areas,
    ended,
    finish,
    load_for_change,
)  # fmt: skip
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, NotFound, RuleBroken

__all__ = [
    "Proposal", "Wish", "Written", "approve_address", "correct_address", "correct_street", "name_street",
    "number_address", "propose", "release_numbers", "rename_street", "renumber_address", "reserve_numbers",
    "retire_address", "retire_street",
]  # fmt: skip

ACCURACIES = ("A", "B", "U")
_END_PLATES = text("SELECT registry.end_plates(:act, CAST(:ids AS uuid[]))")


def number_address(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID | None = None,
    community_id: UUID | None = None,
    number: str | None = None,
    side: Parity | None = None,
    lon: float | None = None,
    lat: float | None = None,
    accuracy: str = "U",
    position_source: str | None = None,
    neighborhood: str | None = None,
    officially_assigned: bool = True,
    state: str = "current",
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Give a door a number on a place name, or in a community without street names.

    Without `number` it is the next free one of `side`, or of the side the point lies on.

    Raises:
        Conflict: `number-taken`; a retired number is taken for good.
        RuleBroken: the number cannot be read, the street is not in force, the point lies in another district.

    """
    _check_values(accuracy, state)
    profile = profile_in_force(session)
    scope_id = place_name_id or community_id
    if scope_id is None:
        raise RuleBroken("scope-missing", "须指明地名或所在社区", field="place_name_id")
    lock_scope(session, scope_id)
    street = None if place_name_id is None else _street(session, place_name_id, state)
    areas = _areas(session, street, community_id, lon, lat)
    authorize(viewer, Permission.ADDRESS_NUMBER, areas.district_id, areas.township_id, areas.community_id)
    if number is None:
        series = series_of(session, profile, scope_id)
        spot = None if lon is None or lat is None else series.spot(lon, lat)
        number = as_typed(profile, series.next_at(side, spot).number_text)
    door = read_door(profile, number)
    row = _address(session, profile, street, community_id, door, areas)
    row.accuracy, row.position_source, row.state = accuracy, position_source, state
    row.neighborhood, row.officially_assigned = neighborhood, officially_assigned
    if lon is not None and lat is not None:
        row.position = as_point(lon, lat)
    over = refuse_taken(session, scope_id, [door])
    act_id = begin_act(session, viewer, "number", "address", row, Paper(document_number, reason))
    let_go(session, over, act_id)
    session.add(row)
    return _checked(session, row)


def approve_address(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Put a proposed address into force.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: it is not proposed, or its place name is not in force yet.

    """
    # The street first, as whoever retires it does: no number comes into force on a name that ends meanwhile.
    lock_scope(session, _scope_of(session, address_id))
    row = load_for_change(
        session, viewer, Address, address_id, version=version, permission=Permission.ADDRESS_APPROVE
    )
    if row.state not in {"proposed", "reserved"}:
        raise RuleBroken("not-proposed", f"{row.standard_text} 不是拟定地址", field="state")
    if row.place_name_id is not None:
        _street(session, row.place_name_id, "current")
    begin_act(session, viewer, "approve", "address", row, Paper(document_number, reason))
    row.state, row.officially_assigned = "current", True
    row.valid = Range(today(), None)
    return _checked(session, row)


def correct_address(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    version: int,
    lon: float | None = None,
    lat: float | None = None,
    accuracy: str | None = None,
    position_source: str | None = None,
    position_kind: str | None = None,
    neighborhood: str | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Correct the position of an address or what is noted beside it; its number is changed by renumbering.

    An address that is moved, or whose place is unknown, is no longer certified, which needs a reason.

    Raises:
        Stale: `version` is not the current one.
        Refused: the new place lies outside of the viewer's areas.
        RuleBroken: `not-in-force` of one that has ended, `reason-required`, `kind-invalid`, or the point
            lies in another district.

    """
    row = load_for_change(
        session, viewer, Address, address_id, version=version, permission=Permission.ADDRESS_CORRECT
    )
    if row.state not in {"reserved", "proposed", "current"}:
        raise RuleBroken("not-in-force", f"{row.standard_text} 已注销或已删除，不能更正", field="state")
    _check_values(accuracy or "U", "current")
    if position_kind is not None and position_kind not in POSITION_KINDS:
        detail = f"点位类型应为 {'、'.join(POSITION_KINDS)} 之一"
        raise RuleBroken("kind-invalid", detail, field="position_kind")
    if lon is not None and lat is not None:
        point, areas = as_point(lon, lat), areas_at(session, lon, lat)
        drop_certified(row, reason, "移动")
        row.position = point
        if areas is not None and areas.district_id != row.district_id:
            raise RuleBroken("other-district", "新位置在另一个区，须注销后另行编号", field="lon")
        settle(viewer, Permission.ADDRESS_CORRECT, row, areas)
    if accuracy == "U":
        drop_certified(row, reason, "改为位置不明")
    row.accuracy = accuracy or row.accuracy
    row.position_source = position_source or row.position_source
    row.position_kind = position_kind or row.position_kind
    row.neighborhood = neighborhood or row.neighborhood
    begin_act(session, viewer, "correct", "address", row, Paper(document_number, reason))
    done = _checked(session, row)
    take_plates_along(session, row)
    return done


def renumber_address(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    number: str,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Give a door another number: a new address follows the old one, which is retired and stays findable.

    Buildings and typed positions pass to the new number from today on; plates are superseded (cancelled when
    they never hung) and drafted anew. Answers the new address.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `number-taken`.
        RuleBroken: `reason-required` for one that is certified.

    """
    # The street first, as whoever renames it does: two orders would wait for each other.
    lock_scope(session, _scope_of(session, address_id))
    old = load_for_change(
        session, viewer, Address, address_id, version=version, permission=Permission.ADDRESS_NUMBER
    )
    if old.state != "current":
        raise RuleBroken("not-in-force", f"{old.standard_text} 不是现行地址", field="state")
    check_certified(old, reason, "改编门牌号")
    profile = profile_in_force(session)
    door = read_door(profile, number)
    street = None if old.place_name_id is None else _street(session, old.place_name_id, "current")
    areas = Areas(old.district_id, old.township_id, old.community_id)
    row = _address(session, profile, street, None if street else old.scope_id, door, areas)
    over = refuse_taken(session, old.scope_id, [door])
    act_id = begin_act(session, viewer, "renumber", "address", row, Paper(document_number, reason))
    let_go(session, over, act_id)
    numbering = Numbering(row.id, row.code, "number", door, row.standard_text, areas)
    store_followers(session, [(old.id, old.standard_text, numbering)], act_id)
    return _checked(session, session.get_one(Address, row.id))


def retire_address(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End an address; it stays findable, and its number is never given again.

    Its plates end with it: superseded when they hung, cancelled when they never did.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `address-in-use` while a building carries it.
        RuleBroken: `already-retired`, or `not-in-force` of one that never was: that one is removed.

    """
    row = load_for_change(
        session, viewer, Address, address_id, version=version, permission=Permission.ADDRESS_RETIRE
    )
    if row.state == "retired":
        raise RuleBroken("already-retired", f"{row.standard_text} 已注销", field="state")
    if row.state != "current":
        detail = f"{row.standard_text} 不是现行地址，不能注销；误录的请删除，预留的请解除预留"
        raise RuleBroken("not-in-force", detail, field="state")
    if session.execute(_carriers(row.id).limit(1)).first() is not None:
        raise Conflict("address-in-use", f"{row.standard_text} 还有楼栋在用，须先注销楼栋或改编门牌号")
    act_id = begin_act(session, viewer, "retire", "address", row, Paper(document_number, reason))
    row.state, row.valid = "retired", ended(row.valid)
    forget(row)
    with translated():
        session.flush()
        session.execute(_END_PLATES, {"act": act_id, "ids": [row.id]})
    return _checked(session, row)


def _checked(session: Session, row: Address) -> Written:
    """Send the changes of an address, and look again for what speaks against the numbers of its street."""
    done = finish(session, row)
    check_scope(session, row.scope_id)
    return done


def _check_values(accuracy: str, state: str) -> None:
    if accuracy not in ACCURACIES:
        raise RuleBroken(
            "accuracy-invalid", "位置精度应为 A（实测）、B（推算）或 U（不明）", field="accuracy"
        )
    if state not in {"reserved", "proposed", "current"}:
        raise RuleBroken("state-invalid", "新地址只能是预留、拟定或现行", field="state")


def _street(session: Session, place_name_id: UUID, state: str) -> PlaceName:
    """Return a place name that may bear an address in a state: the parent is in force before its child."""
    street = session.get(PlaceName, place_name_id, populate_existing=True)
    if street is None:
        raise RuleBroken("place-name-unknown", "没有这个地名", field="place_name_id")
    if street.state != "current" and not (street.state == "proposed" and state != "current"):
        detail = f"{street.full_name} 尚未生效或已注销，不能编现行门牌号"
        raise RuleBroken("parent-not-current", detail, field="place_name_id")
    return street


def _areas(
    session: Session,
    street: PlaceName | None,
    community_id: UUID | None,
    lon: float | None,
    lat: float | None,
) -> Areas:
    """Return the areas of a door: of the community given, else around its point, else those of its street."""
    given = None if community_id is None else division_areas(session, community_id)
    if lon is not None and lat is not None:
        check_position(lon, lat)
        found = areas_at(session, lon, lat)
        district = street.district_id if street else given.district_id if given else None
        if found is not None and found.district_id != district:
            raise RuleBroken("other-district", "位置不在地名所在的区", field="lon")
        if given is None and found is not None and found.community_id is not None:
            return found
    if given is not None:
        if street is not None and given.district_id != street.district_id:
            raise RuleBroken("area-mismatch", "社区与地名不在同一区", field="community_id")
        return given
    if street is None:
        raise RuleBroken("scope-missing", "须指明地名或所在社区", field="place_name_id")
    return Areas(street.district_id, street.township_id, street.community_id)


def _scope_of(session: Session, address_id: UUID) -> UUID:
    found = session.execute(select(Address.scope_id).where(Address.id == address_id)).scalar_one_or_none()
    if found is None:
        raise NotFound("object-not-found", "没有这个对象")
    return found


def _address(
    session: Session, profile: Profile, street: PlaceName | None, community_id: UUID | None, door: Door,
    areas: Areas,
) -> Address:  # fmt: skip
    area_id = areas.community_id or areas.township_id or areas.district_id
    before = written_before(session, profile, area_id, street.id if street else None)
    text_before = before + (street.full_name if street else "")
    return Address(
        id=new_id(), code=new_code(), place_name_id=street.id if street else None,
        scope_id=street.id if street else community_id, number=door.number, number_key=door.number_key,
        number_text=door.number_text, standard_text=text_before + door.number_text,
        valid=Range(today(), None), district_id=areas.district_id, township_id=areas.township_id,
        community_id=areas.community_id if street else community_id,
    )  # fmt: skip


def _carriers(address_id: UUID) -> Any:  # noqa: ANN401  (a select over a noun above)
    carried, building = located("building_address"), located("building")
    return (
        select(carried.building_id)
        .join(building.id.table, building.id == carried.building_id)
        .where(carried.address_id == address_id, carried.valid.op("@>")(today()))
        .where(building.state.not_in(("demolished", "not_realized", "removed")))
    )
