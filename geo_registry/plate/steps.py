"""What every act on plates has in common: the table of steps, one plate or many, all or none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text, update

from geo_registry.access import acts
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.certifying import lapse_photos
from geo_registry.address.tables import Address
from geo_registry.area.writes import Paper, begin_act, load_for_change
from geo_registry.db import Session, translated
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate.rules import MOST_AT_ONCE, STEPS, check_reason, check_step
from geo_registry.plate.tables import Plate, PlateInstallation

# What a plate says is kept from its order on; when it goes back, that is forgotten, and who puts it up.
_STEP_MANY = text("""
    UPDATE registry.plate p SET state = :state, batch_id = CAST(:batch AS uuid), act_id = s.act_id,
      task_id = CASE WHEN CAST(:batch AS uuid) IS NULL THEN NULL ELSE p.task_id END,
      made_text = CASE WHEN CAST(:batch AS uuid) IS NULL THEN NULL WHEN p.state <> 'approved' THEN p.made_text
        ELSE registry.sign_text(a.standard_text, d.name) END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:acts AS uuid[])) s (id, act_id)
      JOIN registry.plate o ON o.id = s.id JOIN registry.address a ON a.id = o.address_id
      LEFT JOIN registry.division d ON d.id = o.district_id
    WHERE p.id = s.id
""")


@dataclass(frozen=True, slots=True)
class Held:
    """One plate locked for an act on many."""

    id: UUID
    state: str
    batch_id: UUID | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    address: str
    address_state: str
    address_id: UUID


def load_step(
    session: Session, viewer: Viewer, act: str, plate_id: UUID, *, version: int, reason: str | None = None
) -> Plate:
    """Return a plate locked for an act that its state, the viewer's role and area, and its reason allow.

    Raises:
        NotFound, Refused, Stale: as `load_for_change`.
        RuleBroken: `plate-state`, `reason-required`.

    """
    step = STEPS[act]
    row = load_for_change(session, viewer, Plate, plate_id, version=version, permission=step.permission)
    if row.state not in step.sources:
        check_step(act, row.state, named(session, row.address_id))
    check_reason(act, reason)
    return row


def hold_addresses(session: Session, plate_ids: Collection[UUID]) -> None:
    """Keep the addresses of plates as they are until the transaction ends; before the plates are locked.

    Whoever gives an address another number, or ends it, has ended its plates, or does so behind this act.
    """
    addresses = select(Plate.address_id).where(Plate.id.in_(plate_ids))
    held = select(Address.id).where(Address.id.in_(addresses)).order_by(Address.id)
    with translated():
        session.execute(held.with_for_update(key_share=True)).all()


def named(session: Session, address_id: UUID) -> str:
    """Return the address of a plate, as sentences name the plate."""
    return session.execute(select(Address.standard_text).where(Address.id == address_id)).scalar_one()


def take_step(session: Session, viewer: Viewer, act: str, row: Plate, paper: Paper) -> UUID:
    """Log an act on a plate and give the plate the state that follows from it."""
    act_id = begin_act(session, viewer, act.replace("_", "-"), "plate", row, paper)
    row.state = STEPS[act].target or row.state
    return act_id


def end_evidence(session: Session, viewer: Viewer, plate: Plate, act_id: UUID) -> None:
    """Close the open installation of a plate that leaves the wall, and the certification that rests on it."""
    opened = update(PlateInstallation).where(
        PlateInstallation.plate_id == plate.id, PlateInstallation.ended_at.is_(None)
    )
    session.execute(opened.values(ended_at=func.clock_timestamp()))
    lapse_photos(session, viewer, [plate.address_id], act_id)


def lock_many(
    session: Session, viewer: Viewer, act: str, plate_ids: Sequence[UUID], *, reason: str | None = None
) -> Sequence[Held]:
    """Return plates locked in order of id for an act that every single one of them allows.

    Raises:
        NotFound: one of them does not exist.
        Refused: the role, or the area of one, does not allow it.
        RuleBroken: `count-invalid` outside of 1 to 1000 plates; `plate-state` names the first offender.

    """
    wanted = set(plate_ids)
    if not 1 <= len(plate_ids) <= MOST_AT_ONCE or len(wanted) < len(plate_ids):
        detail = f"一次办理 1 至 {MOST_AT_ONCE} 块门牌，不得重复"
        raise RuleBroken("count-invalid", detail, field="plate_ids")
    check_reason(act, reason)
    return judged(session, viewer, act, wanted)


def judged(session: Session, viewer: Viewer, act: str, wanted: set[UUID]) -> Sequence[Held]:
    """Return plates locked in order of id, each of which allows an act; none when none is wanted."""
    query = (
        select(
            Plate.id, Plate.state, Plate.batch_id, Plate.district_id, Plate.township_id, Plate.community_id,
            Address.standard_text, Address.state, Plate.address_id,
        )
        .join(Address, Address.id == Plate.address_id)
        .where(Plate.id.in_(wanted))
        .order_by(Plate.id)
        .with_for_update(of=Plate, key_share=True)
    )  # fmt: skip
    with translated():
        rows = [Held(*row) for row in session.execute(query)]
    if len(rows) < len(wanted):
        raise NotFound("plate-not-found", f"{len(wanted) - len(rows)} 块门牌不存在")
    for row in rows:
        authorize(viewer, STEPS[act].permission, row.district_id, row.township_id, row.community_id)
    for row in rows:
        check_step(act, row.state, row.address)
    return rows


def take_many(
    session: Session,
    viewer: Viewer,
    act: str,
    rows: Sequence[Held],
    paper: Paper,
    *,
    batch_id: UUID | None = None,
    cause: UUID | None = None,
) -> UUID | None:
    """Log an act on each of some locked plates and move them all in one statement; answer the first act.

    One statement, so that counters of batches change once and not once for each plate.
    """
    if not rows:
        return None
    with translated():
        session.flush()
        logged = acts.record_many(
            session, viewer, act.replace("_", "-"), "plate",
            [(row.id, row.community_id or row.township_id or row.district_id) for row in rows],
            document_number=paper.document_number, reason=paper.reason, cause=cause,
        )  # fmt: skip
        moved = {
            "state": STEPS[act].target, "batch": batch_id, "ids": [row.id for row in rows], "acts": logged,
        }  # fmt: skip
        session.execute(_STEP_MANY, moved)
    session.expire_all()
    return logged[0]
