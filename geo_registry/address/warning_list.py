"""The work list of warnings: what speaks against addresses, ranked by effect; one is cured, or accepted."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, case, func, select, update

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.bulk import Many, check_reason
from geo_registry.address.certifying import ERRORS
from geo_registry.address.near import is_known
from geo_registry.address.tables import WARNINGS, Address, AddressWarning, PlaceName
from geo_registry.address.warnings import check_scope
from geo_registry.area.reads import located, within
from geo_registry.area.writes import Written, division_areas
from geo_registry.base import SRID
from geo_registry.db import Session
from geo_registry.errors import Conflict, NotFound, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning: an error bars certification, a warning asks for a reason; `effect` ranks it."""

    address_id: UUID
    kind: str
    level: str
    effect: int
    address: str
    number_text: str
    scope_id: UUID
    place_name_id: UUID | None
    street: str | None
    lon: float | None
    lat: float | None
    plate_id: UUID | None
    version: int
    found_at: dt.datetime
    accepted_at: dt.datetime | None
    accepted_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class WarningCounts:
    """Open warnings by kind, and how many were accepted."""

    by_kind: dict[str, int]
    total: int
    accepted: int


def warnings(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
    kind: str | None = None,
    accepted: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[Warned]:
    """Return warnings that are open, or those that were accepted; the greatest effect first."""
    row = AddressWarning
    query = _narrowed(_rows(), viewer, area_id, place_name_id)
    query = query.where(row.accepted_at.is_not(None) if accepted else row.accepted_at.is_(None))
    if kind is not None:
        query = query.where(row.kind == kind)
    if after is not None:
        effect, address_id, last = read_cursor(after, int, UUID, str)
        below = func.row(-row.effect, row.address_id, row.kind) > func.row(-effect, address_id, last)
        query = query.where(below)
    query = query.order_by((-row.effect).cast(Integer), row.address_id, row.kind)
    found = session.execute(query.limit(checked_limit(limit) + 1)).all()
    rows = [Warned(*one) for one in found]
    return cut(rows, limit, lambda one: (one.effect, one.address_id, one.kind))


def warning_counts(
    session: Session, viewer: Viewer, *, area_id: UUID | None = None, place_name_id: UUID | None = None
) -> WarningCounts:
    """Return how many warnings an area or a street has."""
    is_open = AddressWarning.accepted_at.is_(None)
    counted = select(AddressWarning.kind, func.count().filter(is_open), func.count().filter(~is_open))
    found = session.execute(_narrowed(counted.group_by(AddressWarning.kind), viewer, area_id, place_name_id))
    rows = [(str(kind), int(count), int(settled)) for kind, count, settled in found.all()]
    by_kind = {kind: count for kind, count, _ in rows if count}
    ordered = {kind: by_kind[kind] for kind in WARNINGS if kind in by_kind}
    return WarningCounts(ordered, sum(ordered.values()), sum(settled for _, _, settled in rows))


def accept_warning(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    kind: str,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Accept a warning with a reason: the address is right as it is.

    Raises:
        NotFound: the address has no such warning.
        Conflict: `already-accepted`.
        RuleBroken: `reason-required`.

    """
    check_reason(reason, "接受提示")
    row, address = _locked(session, viewer, address_id, kind)
    if row.accepted_at is not None:
        raise Conflict("already-accepted", f"{address.standard_text} 的这条提示已接受，不必再办")
    values = {"accepted_at": func.now(), "accepted_by": viewer.account_id, "reason": reason}
    return _settled(session, viewer, "accept", address, kind, document_number, reason, values)


def reopen_warning(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    kind: str,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Take back that a warning was accepted.

    Raises:
        NotFound: the address has no such warning.
        RuleBroken: `not-accepted`.

    """
    row, address = _locked(session, viewer, address_id, kind)
    if row.accepted_at is None:
        raise RuleBroken("not-accepted", f"{address.standard_text} 的这条提示尚未接受，无须撤回")
    values = {"accepted_at": None, "accepted_by": None, "reason": None}
    return _settled(session, viewer, "reopen", address, kind, document_number, reason, values)


def check_again(
    session: Session, viewer: Viewer, *, place_name_id: UUID | None = None, community_id: UUID | None = None
) -> Many:
    """Find anew what speaks against the numbers of a street or of a community without names.

    Answers the street and how many open warnings it has.

    Raises:
        NotFound: no such place name that the viewer knows.
        RuleBroken: `scope-missing`.

    """
    if place_name_id is not None:
        query = select(PlaceName).where(PlaceName.id == place_name_id, is_known(viewer))
        street = session.execute(query).scalar_one_or_none()
        if street is None:
            raise NotFound("place-name-not-found", "没有这个地名，或不在您的辖区内")
        authorize(viewer, Permission.ADDRESS_CORRECT, street.district_id, street.township_id,
                  street.community_id)  # fmt: skip
        return Many(street.id, 1, check_scope(session, street.id))
    if community_id is None:
        raise RuleBroken("scope-missing", "须指明地名或所在社区", field="place_name_id")
    areas = division_areas(session, community_id)
    authorize(viewer, Permission.ADDRESS_CORRECT, areas.district_id, areas.township_id, areas.community_id)
    return Many(community_id, 1, check_scope(session, community_id))


def _rows() -> Select[Any]:
    plate = located("plate")
    ended = ("replaced", "superseded", "removed", "cancelled")
    sign = (
        select(plate.id)
        .where(plate.address_id == Address.id, plate.state.not_in(ended))
        .order_by(plate.id)
        .limit(1)
        .scalar_subquery()
    )
    # A door without a place of its own is shown at the middle of its street.
    spot = func.coalesce(
        Address.position, func.ST_SetSRID(func.ST_LineInterpolatePoint(_longest(), 0.5), SRID)
    )
    return (
        select(
            AddressWarning.address_id, AddressWarning.kind,
            case((AddressWarning.kind.in_(ERRORS), "error"), else_="warning"),
            AddressWarning.effect, Address.standard_text, Address.number_text, AddressWarning.scope_id,
            Address.place_name_id, PlaceName.full_name, func.ST_X(spot), func.ST_Y(spot), sign,
            Address.version, AddressWarning.found_at, AddressWarning.accepted_at, Account.name,
            AddressWarning.reason,
        )
        .join(Address, Address.id == AddressWarning.address_id)
        .outerjoin(PlaceName, PlaceName.id == Address.place_name_id)
        .outerjoin(Account, Account.id == AddressWarning.accepted_by)
    )  # fmt: skip


def _longest() -> Any:  # noqa: ANN401  (an SQL expression)
    return func.ST_GeometryN(PlaceName.axis, 1)


def _narrowed(query: Any, viewer: Viewer, area_id: UUID | None, place_name_id: UUID | None) -> Any:  # noqa: ANN401
    """Return a select of warnings within the viewer's areas, an area and a street."""
    query = query.where(in_scope(viewer, AddressWarning))
    if area_id is not None:
        query = query.where(within(AddressWarning, area_id))
    if place_name_id is not None:
        query = query.where(AddressWarning.scope_id == place_name_id)
    return query


def _locked(session: Session, viewer: Viewer, address_id: UUID, kind: str) -> tuple[AddressWarning, Address]:
    address = session.get(Address, address_id, populate_existing=True)
    if address is None:
        raise NotFound("address-not-found", "没有这个地址")
    authorize(
        viewer, Permission.ADDRESS_CORRECT, address.district_id, address.township_id, address.community_id
    )
    query = (
        select(AddressWarning)
        .where(AddressWarning.address_id == address_id, AddressWarning.kind == kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound("warning-not-found", f"{address.standard_text} 没有这条提示，可能已经改正")
    return row, address


def _settled(
    session: Session, viewer: Viewer, verb: str, address: Address, kind: str, document_number: str | None,
    reason: str | None, values: dict[str, Any],
) -> Written:  # fmt: skip
    acts.record(
        session, viewer, f"{verb}-warning", "address", address.id, document_number=document_number,
        reason=reason, division_id=address.community_id or address.township_id or address.district_id,
    )  # fmt: skip
    row = update(AddressWarning).where(AddressWarning.address_id == address.id, AddressWarning.kind == kind)
    session.execute(row.values(**values))
    return Written(address.id, address.version)
