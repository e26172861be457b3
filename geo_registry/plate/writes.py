"""Acts on plates at the desk: number, approve, move, scrap, replace and end; all others in one place."""

from typing import NoReturn
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access import acts
from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.numbering.series import Parity
from geo_registry.address.places import profile_in_force
from geo_registry.address.tables import Address
from geo_registry.address.writes import number_address
from geo_registry.area.writes import (
    Paper,
    Written,
    areas_at,
    as_point,
    begin_act,
    ended,
    finish,
    succeed,
)  # fmt: skip
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate.batches import cancel_batch, close_batch, deliver_batch, order_batch, produce_batch
from geo_registry.plate.door import follow, following
from geo_registry.plate.evidence import inspect, install_plate, report_damage, report_missing, verify_plate
from geo_registry.plate.preview import kind_for
from geo_registry.plate.rules import ON_WALL
from geo_registry.plate.steps import end_evidence, hold_addresses, load_step, take_step
from geo_registry.plate.tables import Plate

__all__ = [
    "add_plate", "approve_plate", "cancel", "cancel_batch", "close_batch", "deliver_batch",
    "inspect", "install_plate", "move_plate", "number_plate", "order_batch", "produce_batch", "remove",
    "replace_plate", "report_damage", "report_missing", "scrap_plate", "supersede", "verify_plate",
]  # fmt: skip


def number_plate(
    session: Session,
    viewer: Viewer,
    *,
    address_id: UUID,
    kind: str | None = None,
    state: str = "numbered",
    lon: float | None = None,
    lat: float | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Give an address a plate, drafted or numbered; its text is composed from the address, never typed.

    Raises:
        NotFound: no such address.
        Conflict: `plate-exists`, the address has a plate of this kind.
        RuleBroken: `kind-invalid`, `state-invalid`, `not-in-force` when the address is.

    """
    address = session.execute(
        select(Address).where(Address.id == address_id).with_for_update(read=True)
    ).scalar_one_or_none()
    if address is None:
        raise NotFound("object-not-found", "没有这个地址")
    authorize(viewer, Permission.PLATE_EDIT, address.district_id, address.township_id, address.community_id)
    if state not in {"draft", "numbered"}:
        raise RuleBroken("state-invalid", "新门牌只能是草拟或已编号", field="state")
    if address.state != "current" and not (state == "draft" and address.state == "proposed"):
        raise RuleBroken(
            "not-in-force", f"{address.standard_text} 不是现行地址，不能编门牌", field="address_id"
        )
    row = _plate(address, kind_for(profile_in_force(session), address.number_text, kind), state)
    row.position = address.position if lon is None or lat is None else as_point(lon, lat)
    begin_act(session, viewer, "number", "plate", row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def add_plate(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID | None = None,
    community_id: UUID | None = None,
    number: str | None = None,
    side: Parity | None = None,
    lon: float | None = None,
    lat: float | None = None,
    kind: str | None = None,
    state: str = "numbered",
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Number a new door and give it a plate, in one go; answers the plate.

    Raises:
        Conflict: `number-taken`.
        RuleBroken: as `number_address` and `number_plate`.

    """
    address = number_address(
        session, viewer, place_name_id=place_name_id, community_id=community_id, number=number, side=side,
        lon=lon, lat=lat, accuracy="U" if lon is None else "B", document_number=document_number,
        reason=reason,
    )  # fmt: skip
    return number_plate(
        session, viewer, address_id=address.id, kind=kind, state=state, lon=lon, lat=lat,
        document_number=document_number, reason=reason,
    )  # fmt: skip


def approve_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Approve one plate for production.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, or `not-in-force` while its address is not.

    """
    row = load_step(session, viewer, "approve", plate_id, version=version)
    address = session.get_one(Address, row.address_id)
    if address.state != "current":
        _refuse_early(address.standard_text)
    take_step(session, viewer, "approve", row, Paper(document_number, reason))
    return finish(session, row)


def scrap_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Take a plate that was never mounted out of its batch; it can be ordered again.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `reason-required`.

    """
    row = load_step(session, viewer, "scrap", plate_id, version=version, reason=reason)
    take_step(session, viewer, "scrap", row, Paper(document_number, reason))
    row.batch_id = row.made_text = row.task_id = None
    return finish(session, row)


def move_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    lon: float,
    lat: float,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Move the planned place of a plate within its district; evidence of the wall stays as recorded.

    An address that stood where its plate stood goes with it; one that is certified is so no longer.

    Raises:
        Stale: `version` is not the current one.
        Refused: the address would go to where the viewer may not act.
        RuleBroken: `plate-state`, `other-district`, or `reason-required` for a certified address.

    """
    row = load_step(session, viewer, "move", plate_id, version=version)
    areas = areas_at(session, lon, lat)
    if areas is not None and areas.district_id != row.district_id:
        raise RuleBroken("other-district", "新位置在另一个区，须注销后另行编号", field="lon")
    follower = following(session, row)
    row.position = as_point(lon, lat)
    take_step(session, viewer, "move", row, Paper(document_number, reason))
    if follower is not None:
        follow(session, viewer, row, follower, lon, lat, areas, Paper(document_number, reason))
    return finish(session, row)


def replace_plate(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End a plate and number its successor at the same address; answers the new plate.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, or `not-in-force` when the address is retired.

    """
    paper = Paper(document_number, reason)
    hold_addresses(session, [plate_id])
    old = load_step(session, viewer, "replace", plate_id, version=version)
    address = session.get_one(Address, old.address_id)
    if address.state != "current":
        detail = f"{address.standard_text} 不是现行地址，门牌不能更换，只能拆除或替代"
        raise RuleBroken("not-in-force", detail)
    act_id = _end(session, viewer, "replace", old, paper)
    session.flush()
    new = _plate(address, old.kind, "numbered")
    new.position = old.position
    new.act_id = acts.record(
        session, viewer, "number", "plate", new.id, cause=act_id, document_number=document_number,
        division_id=new.community_id or new.township_id or new.district_id, reason=reason,
    )  # fmt: skip
    session.add(new)
    succeed(session, "plate", "replace", old_id=old.id, new_id=new.id, act_id=act_id)
    return finish(session, new)


def supersede(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End the use of a plate whose address got another number or name; it may still hang.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `reason-required`.

    """
    row = load_step(session, viewer, "supersede", plate_id, version=version, reason=reason)
    _end(session, viewer, "supersede", row, Paper(document_number, reason))
    return finish(session, row)


def remove(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Record that a plate was taken down for good.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `reason-required`.

    """
    row = load_step(session, viewer, "remove", plate_id, version=version, reason=reason)
    _end(session, viewer, "remove", row, Paper(document_number, reason))
    return finish(session, row)


def cancel(
    session: Session,
    viewer: Viewer,
    *,
    plate_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Cancel a plate that was never mounted.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `plate-state`, `reason-required`.

    """
    row = load_step(session, viewer, "cancel", plate_id, version=version, reason=reason)
    _end(session, viewer, "cancel", row, Paper(document_number, reason))
    return finish(session, row)


def _plate(address: Address, kind: str, state: str) -> Plate:
    return Plate(
        id=new_id(), code=new_code(), address_id=address.id, kind=kind, state=state, text=address.number_text,
        valid=Range(today(), None), district_id=address.district_id, township_id=address.township_id,
        community_id=address.community_id,
    )  # fmt: skip


def _end(session: Session, viewer: Viewer, act: str, row: Plate, paper: Paper) -> UUID:
    """End the life of a plate; what hung until now hangs no longer for the register."""
    hung = row.state in ON_WALL
    act_id = take_step(session, viewer, act, row, paper)
    if row.valid.upper is None:
        row.valid = ended(row.valid)
    if hung:
        end_evidence(session, viewer, row, act_id)
    return act_id


def _refuse_early(address: str) -> NoReturn:
    raise RuleBroken(
        "not-in-force", f"{address} 不是现行地址，门牌不能批准；请先批准地址", field="address_id"
    )
