"""A plate and the door behind it: what is known of the door, and how it goes where the plate is moved."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.certifying import ERRORS, certified_today, drop_certified
from geo_registry.address.moving import settle, take_plates_along
from geo_registry.address.tables import Address, AddressWarning
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Areas, Paper, as_point, finish
from geo_registry.db import Session
from geo_registry.plate.tables import Plate

NEAR_M = 1.0
"""An address that stands no farther from its plate than this goes where the plate is moved to."""


@dataclass(frozen=True, slots=True)
class Certified:
    """Who vouches for a door since when, on what ground, and until which day."""

    at: dt.datetime
    by: str | None
    basis: str
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class DoorWarning:
    """What speaks against a door; one that was accepted has the reason."""

    kind: str
    level: str
    effect: int
    accepted_at: dt.datetime | None
    reason: str | None


def door_of(session: Session, address_id: UUID) -> tuple[Any, ...]:
    """Return version, state, place name and kind of place of a door, who certified it, and its warnings."""
    query = (
        select(
            Address.version, Address.state, Address.place_name_id, Address.position_kind,
            Address.certified_at, Account.name, Address.certified_basis, Address.certified_until,
            certified_today(),
        )
        .outerjoin(Account, Account.id == Address.certified_by)
        .where(Address.id == address_id)
    )  # fmt: skip
    row: Any = session.execute(query).one()
    certified = Certified(*row[4:8]) if row[8] else None
    own = (
        select(AddressWarning.kind, AddressWarning.effect, AddressWarning.accepted_at, AddressWarning.reason)
        .where(AddressWarning.address_id == address_id)
        .order_by(AddressWarning.effect.desc(), AddressWarning.kind)
    )
    found = tuple(
        DoorWarning(one.kind, "error" if one.kind in ERRORS else "warning", *one[1:])
        for one in session.execute(own)
    )
    return *row[:4], certified, found


def following(session: Session, plate: Plate) -> Address | None:
    """Return the address of a plate, locked, when it stands where the plate is planned or nowhere yet."""
    planned = select(Plate.position).where(Plate.id == plate.id).scalar_subquery()
    near = func.ST_DistanceSphere(Address.position, planned) <= NEAR_M
    query = (
        select(Address)
        .where(Address.id == plate.address_id, or_(Address.position.is_(None), near))
        .where(Address.state.in_(("reserved", "proposed", "current")))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.execute(query).scalar_one_or_none()


def follow(
    session: Session, viewer: Viewer, plate: Plate, row: Address, lon: float, lat: float, areas: Areas | None,
    paper: Paper,
) -> None:  # fmt: skip
    """Move an address with its plate, by an act that the plate's act caused.

    A place moved by hand is derived, whatever it was before.

    Raises:
        Refused: the new place lies outside of the viewer's areas.
        RuleBroken: `reason-required` for an address that is certified.

    """
    drop_certified(row, paper.reason, "移动")
    settle(viewer, Permission.PLATE_EDIT, row, areas)
    plate.township_id, plate.community_id = row.township_id, row.community_id
    with session.no_autoflush:
        row.act_id = acts.record(
            session, viewer, "correct", "address", row.id, cause=plate.act_id, reason=paper.reason,
            division_id=row.community_id or row.township_id or row.district_id,
            document_number=paper.document_number,
        )  # fmt: skip
    row.position, row.accuracy = as_point(lon, lat), "B"
    finish(session, row)
    take_plates_along(session, row)
    check_scope(session, row.scope_id)
