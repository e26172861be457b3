"""What the database itself refuses of plates: the wall without evidence, batches that do not balance.

Requirements: R63, R70.
"""

# The trigger's own rules, below Python: each statement is what a careless program would send.
import datetime as dt
from uuid import UUID

import psycopg.errors as pg
import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo_registry.codes import new_id
from geo_registry.plate.tables import Plate, PlateBatch, PlateInstallation
from tests import factories as make


def check(session: Session) -> None:
    """Ask now what is otherwise asked at COMMIT."""
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def refused(session: Session, constraint: str) -> None:
    with pytest.raises(DBAPIError) as caught, session.begin_nested():
        check(session)
    assert isinstance(caught.value.orig, pg.Error)
    assert caught.value.orig.diag.constraint_name == constraint


@pytest.mark.parametrize("state", ["installed", "verified"])
def test_no_plate_hangs_without_evidence(session: Session, state: str) -> None:
    plate = make.make_plate(session, state="delivered")
    session.execute(update(Plate).where(Plate.id == plate.id).values(state=state))
    refused(session, "plate_evidence")


def test_no_plate_is_stored_as_hanging_without_evidence(session: Session) -> None:
    plate = make.make_plate(session, state="delivered")
    values = {"id": plate.id, "code": plate.code, "address": plate.address_id, "district": plate.district_id}
    session.execute(
        text("""INSERT INTO registry.plate (address_id, kind, text, state, district_id)
             VALUES (:address, 'building', '1号', 'installed', :district)"""),
        values,
    )
    refused(session, "plate_evidence")


@pytest.mark.parametrize("state", ["delivered", "damaged", "missing", "removed"])
def test_no_evidence_outlives_the_wall(session: Session, state: str) -> None:
    plate = make.make_plate(session)
    check(session)
    session.execute(update(Plate).where(Plate.id == plate.id).values(state=state))
    refused(session, "plate_evidence")


def test_evidence_ends_only_with_the_wall(session: Session) -> None:
    plate = make.make_plate(session)
    ended = update(PlateInstallation).where(PlateInstallation.plate_id == plate.id)
    session.execute(ended.values(ended_at=dt.datetime.now(dt.UTC)))
    refused(session, "plate_evidence")


def test_verified_needs_a_verified_installation(session: Session) -> None:
    plate = make.make_plate(session)
    session.execute(update(Plate).where(Plate.id == plate.id).values(state="verified"))
    refused(session, "plate_evidence")


def test_plate_and_evidence_may_change_in_either_order(session: Session) -> None:
    plate = make.make_plate(session, state="delivered")
    plate.state = "installed"
    session.flush()
    evidence = make.make_installation(session, plate)
    check(session)
    evidence.ended_at = dt.datetime.now(dt.UTC)
    session.flush()
    plate.state = "missing"
    check(session)


@pytest.mark.parametrize(
    "change",
    ["installed_at = now() - interval '1 day'", "accuracy_m = 1", "position = ST_SetSRID(ST_MakePoint(121.2, 30.9), 4490)",
     "account_id = verified_by, verified_by = account_id", "verified_at = NULL, verified_by = NULL"],
)  # fmt: skip
def test_what_an_installation_recorded_stays(session: Session, change: str) -> None:
    plate = make.make_plate(session, state="verified")
    with pytest.raises(DBAPIError, match="stays"), session.begin_nested():
        session.execute(
            text(f"UPDATE registry.plate_installation SET {change} WHERE plate_id = :id"), {"id": plate.id}
        )
    with pytest.raises(DBAPIError, match="stay"), session.begin_nested():
        session.execute(text("DELETE FROM registry.plate_installation"))


def test_nobody_verifies_the_own_work(session: Session) -> None:
    plate = make.make_plate(session)
    own = update(PlateInstallation).where(PlateInstallation.plate_id == plate.id)
    with pytest.raises(DBAPIError) as caught, session.begin_nested():
        session.execute(
            own.values(verified_at=dt.datetime.now(dt.UTC), verified_by=PlateInstallation.account_id)
        )
    assert isinstance(caught.value.orig, pg.Error)
    assert caught.value.orig.diag.constraint_name == "plate_installation_verified_by_check"


def batch_of(session: Session, count: int) -> tuple[PlateBatch, list[UUID]]:
    """Store a batch with plates that are ordered."""
    community = make.make_community(session)
    street = make.make_street(session, community=community)
    batch = make._stored(
        session,
        PlateBatch(
            number=f"批{new_id().hex[:8]}", maker="东塘标牌厂", ordered=count, ordered_on=dt.date(2026, 1, 5),
            **make._areas(community),
        ),
    )  # fmt: skip
    plates = [
        make.make_plate(
            session, make.make_address(session, number, street=street), state="ordered", batch_id=batch.id
        )
        for number in range(1, count + 1)
    ]
    return batch, [plate.id for plate in plates]


def counters(session: Session, batch: PlateBatch) -> tuple[int, int, int, int]:
    session.refresh(batch)
    assert batch.made == batch.installed + batch.stock + batch.scrapped
    return batch.made, batch.installed, batch.stock, batch.scrapped


def move(session: Session, ids: list[UUID], state: str, **more: object) -> None:
    session.execute(update(Plate).where(Plate.id.in_(ids)).values(state=state, **more))


def test_counters_follow_the_plates(session: Session) -> None:
    batch, ids = batch_of(session, 6)
    assert counters(session, batch) == (0, 0, 0, 0)
    move(session, ids[:5], "produced")
    assert counters(session, batch) == (5, 0, 5, 0)
    version = batch.version
    move(session, ids[:5], "delivered")
    assert counters(session, batch) == (5, 0, 5, 0)
    assert batch.version == version
    move(session, ids[:3], "installed")
    assert counters(session, batch) == (5, 3, 2, 0)
    move(session, ids[3:4], "approved", batch_id=None)
    assert counters(session, batch) == (5, 3, 1, 1)
    move(session, ids[:1], "damaged")
    move(session, ids[:1], "replaced")
    assert counters(session, batch) == (5, 3, 1, 1)
    move(session, ids[4:], "cancelled")
    assert counters(session, batch) == (5, 3, 0, 2)
    assert session.get_one(Plate, ids[5]).batch_id == batch.id


def test_a_plate_of_one_batch_can_be_made_again_in_another(session: Session) -> None:
    first, ids = batch_of(session, 2)
    second, _ = batch_of(session, 1)
    move(session, ids, "delivered")
    move(session, ids[:1], "approved", batch_id=None)
    move(session, ids[:1], "ordered", batch_id=second.id)
    move(session, ids[:1], "produced")
    assert counters(session, first) == (2, 0, 1, 1)
    assert counters(session, second) == (1, 0, 1, 0)


@pytest.mark.parametrize(("state", "more"), [("delivered", {}), ("approved", {"batch_id": None})])
def test_a_mounted_plate_stays_with_its_batch(session: Session, state: str, more: dict[str, None]) -> None:
    batch, ids = batch_of(session, 1)
    move(session, ids, "installed")
    assert counters(session, batch) == (1, 1, 0, 0)
    with pytest.raises(DBAPIError, match="stays with its batch"), session.begin_nested():
        move(session, ids, state, **more)


def test_a_plate_in_a_batch_is_ordered_at_least(session: Session) -> None:
    _, ids = batch_of(session, 1)
    with pytest.raises(DBAPIError, match="plate_batch_check"), session.begin_nested():
        move(session, ids, "approved")


def test_counters_that_do_not_balance_are_refused(session: Session) -> None:
    batch, _ = batch_of(session, 1)
    with pytest.raises(DBAPIError, match="plate_batch_balance_check"), session.begin_nested():
        session.execute(update(PlateBatch).where(PlateBatch.id == batch.id).values(made=7))
