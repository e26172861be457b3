"""Certifying addresses, and what ends it."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer
from geo_registry.address import positions, writes
from geo_registry.address.certifying import certify, try_certify, try_uncertify, uncertify
from geo_registry.address.tables import Address, AddressWarning
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import NotFound, Refused, RuleBroken, Stale
from geo_registry.plate import writes as plate_writes
from geo_registry.plate.door import door_of
from geo_registry.plate.line import count_certified
from geo_registry.plate.tables import Plate
from tests import factories as make

pytestmark = pytest.mark.requirement("R76")


def _clerk(session: Session) -> Viewer:
    return make.make_viewer("clerk", account_id=make.make_account(session).id)


def _now(session: Session, row: Address) -> Address:
    return session.get_one(Address, row.id, populate_existing=True)


def _warn(session: Session, row: Address, kind: str, **over: Any) -> None:  # noqa: ANN401
    session.add(
        AddressWarning(
            address_id=row.id, kind=kind, scope_id=row.scope_id, effect=1, district_id=row.district_id,
            township_id=row.township_id, community_id=row.community_id, **over,
        )
    )  # fmt: skip
    session.flush()


def test_many_addresses_are_certified_and_the_certification_is_withdrawn(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    rows = [make.make_address(session, number, street=street) for number in (1, 3, 5)]
    ids = [row.id for row in rows]
    done = certify(session, clerk, address_ids=ids, versions=[1, 1, 1], basis="visit", reason="实地核对")
    assert done.count == 3
    row = _now(session, rows[0])
    assert (row.certified_by, row.certified_basis, row.version) == (clerk.account_id, "visit", 2)
    acts = session.execute(select(Act).where(Act.verb == "certify")).scalars().all()
    assert {act.object_id for act in acts} == set(ids)
    assert [act.cause_act_id for act in acts if act.id != done.id] == [done.id] * 2
    # Again: renewed on another ground and with a last day.
    until = today() + dt.timedelta(days=365)
    certify(
        session, clerk, address_ids=ids[:1], basis="decree", document_number="东民〔2026〕1号", until=until
    )
    row = _now(session, rows[0])
    assert (row.certified_basis, row.certified_until, row.version) == ("decree", until, 3)
    with pytest.raises(RuleBroken, match="须说明事由"):
        uncertify(session, clerk, address_ids=ids[:1])
    assert uncertify(session, clerk, address_ids=ids[:1], reason="门已封堵").count == 1
    row = _now(session, rows[0])
    assert (row.certified_at, row.certified_by, row.certified_basis, row.certified_until) == (None,) * 4
    trial = try_uncertify(session, clerk, address_ids=ids)
    assert (set(trial.ready), [one.code for one in trial.refused]) == (set(ids[1:]), ["not-certified"])


def test_a_trial_tells_what_is_missing_and_the_act_takes_all_or_none(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    good = make.make_address(session, 1, street=street)
    bad = {
        "not-in-force": make.make_address(session, 3, street=street, state="proposed"),
        "position-missing": make.make_address(session, 5, street=street, position=None),
        "accuracy-unknown": make.make_address(session, 7, street=street, accuracy="U"),
        "warning-open": make.make_address(session, 9, street=street),
    }
    _warn(session, bad["warning-open"], "duplicate")
    _warn(session, good, "far_from_street")
    ids = [good.id, *(row.id for row in bad.values())]
    trial = try_certify(session, clerk, address_ids=ids, basis="visit")
    assert trial.ready == (good.id,)
    assert {one.code: one.id for one in trial.refused} == {code: row.id for code, row in bad.items()}
    assert all(one.detail and one.text for one in trial.refused)
    with pytest.raises(RuleBroken, match="另有 3 个也不能办理"):
        certify(session, clerk, address_ids=ids, basis="visit")
    assert _now(session, good).certified_at is None
    warned = {"accepted_at": dt.datetime.now(dt.UTC), "accepted_by": clerk.account_id, "reason": "同门两号"}
    row = session.get_one(AddressWarning, (bad["warning-open"].id, "duplicate"))
    for name, value in warned.items():
        setattr(row, name, value)
    session.flush()
    assert certify(session, clerk, address_ids=[bad["warning-open"].id], basis="visit").count == 1


def test_a_photo_certifies_only_what_hangs(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    hung, bare = (make.make_address(session, number, street=street) for number in (1, 3))
    make.make_plate(session, hung)
    trial = try_certify(session, clerk, address_ids=[hung.id, bare.id], basis="photo")
    assert (trial.ready, [one.code for one in trial.refused]) == ((hung.id,), ["photo-missing"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"basis": "hearsay"}, "basis-invalid"),
        ({"basis": "decree"}, "document-required"),
        ({"basis": "visit", "until": dt.date(2020, 1, 1)}, "until-past"),
    ],
)
def test_a_ground_that_does_not_hold_is_refused(session: Session, asked: dict[str, Any], code: str) -> None:
    row = make.make_address(session)
    with pytest.raises(RuleBroken) as raised:
        certify(session, _clerk(session), address_ids=[row.id], **asked)
    assert raised.value.code == code


def test_nobody_certifies_out_of_area_role_or_version(session: Session) -> None:
    row = make.make_address(session)
    for viewer in (make.make_viewer("clerk", [new_id()]), make.make_viewer("officer")):
        with pytest.raises(Refused):
            certify(session, viewer, address_ids=[row.id], basis="visit")
    with pytest.raises(Stale) as stale:
        certify(session, _clerk(session), address_ids=[row.id], versions=[7], basis="visit")
    assert stale.value.facts == {"current": 1, "object_id": str(row.id)}
    with pytest.raises(NotFound):
        certify(session, _clerk(session), address_ids=[row.id, new_id()], basis="visit")
    for wrong in ([], [row.id, row.id]):
        with pytest.raises(RuleBroken, match="1000"):
            certify(session, _clerk(session), address_ids=wrong, basis="visit")


def test_moving_or_renumbering_ends_a_certification_and_needs_a_reason(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    row = make.make_address(session, 1, street=street)
    lon, lat = make.metres(20, 12)
    certify(session, clerk, address_ids=[row.id], basis="visit")
    with pytest.raises(RuleBroken, match="移动会取消认证"):
        writes.correct_address(session, clerk, address_id=row.id, version=2, lon=lon, lat=lat)
    moved = writes.correct_address(
        session, clerk, address_id=row.id, version=2, lon=lon, lat=lat, position_kind="gate", reason="门东移"
    )
    row = _now(session, row)
    assert (row.certified_at, row.position_kind, moved.version) == (None, "gate", 3)
    # What leaves number and place as they are leaves the certification.
    certify(session, clerk, address_ids=[row.id], basis="visit")
    writes.correct_address(session, clerk, address_id=row.id, version=4, neighborhood="石桥里")
    assert _now(session, row).certified_at is not None
    with pytest.raises(RuleBroken, match="改编门牌号会取消认证"):
        writes.renumber_address(session, clerk, address_id=row.id, number="9", version=5)
    new = writes.renumber_address(session, clerk, address_id=row.id, number="9", version=5, reason="并户")
    assert session.get_one(Address, new.id).certified_at is None


def test_a_door_goes_where_its_plate_is_dragged(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    row = make.make_address(session, 1, street=street, accuracy="A")
    plate = make.make_plate(session, row, state="numbered", position=row.position)
    lon, lat = make.metres(30, 8)
    certify(session, clerk, address_ids=[row.id], basis="visit")
    with pytest.raises(RuleBroken) as raised:
        plate_writes.move_plate(session, clerk, plate_id=plate.id, version=1, lon=lon, lat=lat)
    assert (raised.value.code, raised.value.facts["field"]) == ("reason-required", "reason")
    session.expire_all()
    plate_writes.move_plate(session, clerk, plate_id=plate.id, version=1, lon=lon, lat=lat, reason="门在东侧")
    at = text("SELECT ST_AsText(ST_SnapToGrid(position, 1e-7)) FROM registry.address WHERE id = :id")
    planned = text("SELECT ST_AsText(ST_SnapToGrid(position, 1e-7)) FROM registry.plate WHERE id = :id")
    here = session.execute(at, {"id": row.id}).scalar_one()
    assert here == session.execute(planned, {"id": plate.id}).scalar_one()
    row = _now(session, row)
    assert (row.accuracy, row.certified_at) == ("B", None)
    acts = session.execute(
        select(Act).where(Act.object_id.in_([row.id, plate.id])).order_by(Act.id)
    ).scalars()
    assert [(act.verb, act.cause_act_id is None) for act in acts][-2:] == [("move", True), ("correct", False)]
    # A plate that hangs elsewhere than its door moves alone.
    apart = make.make_plate(session, make.make_address(session, 9, street=street), state="numbered")
    before = session.execute(at, {"id": apart.address_id}).scalar_one()
    plate_writes.move_plate(session, clerk, plate_id=apart.id, version=1, lon=lon, lat=lat)
    assert session.execute(at, {"id": apart.address_id}).scalar_one() == before
    assert session.get_one(Plate, apart.id).version == 2


def test_places_beside_the_main_one(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    row = make.make_address(session, 1, street=street)
    lon, lat = make.metres(9, 14)
    added = positions.add_position(
        session, clerk, address_id=row.id, version=1, kind="vehicle_gate", lon=lon, lat=lat
    )
    assert added.version == 2
    shown = positions.positions(session, clerk, row.id)
    assert [(one.kind, one.is_main) for one in shown] == [("entrance", True), ("vehicle_gate", False)]
    target: dict[str, Any] = {"address_id": row.id, "position_id": added.position_id}
    moved = positions.move_position(session, clerk, version=2, lon=lon, lat=lat + 1e-5, **target)
    certify(session, clerk, address_ids=[row.id], basis="visit")
    with pytest.raises(RuleBroken, match="换主点位会取消认证"):
        positions.make_main(session, clerk, version=moved.version + 1, **target)
    session.expire_all()
    swapped = positions.make_main(session, clerk, version=moved.version + 1, reason="正门封闭", **target)
    shown = positions.positions(session, clerk, row.id)
    assert [(one.kind, one.is_main) for one in shown] == [("vehicle_gate", True), ("entrance", False)]
    assert shown[0].lat == pytest.approx(lat + 1e-5)
    positions.end_position(session, clerk, version=swapped.version, **target)
    assert len(positions.positions(session, clerk, row.id)) == 1
    with pytest.raises(NotFound, match="没有这个点位"):
        positions.end_position(session, clerk, version=swapped.version + 1, **target)
    with pytest.raises(Stale):
        positions.add_position(session, clerk, address_id=row.id, version=1, kind="gate", lon=lon, lat=lat)
    with pytest.raises(RuleBroken, match="点位类型"):
        positions.add_position(session, clerk, address_id=row.id, version=1, kind="roof", lon=lon, lat=lat)
    with pytest.raises(NotFound):
        positions.positions(session, make.make_viewer("clerk", [new_id()]), row.id)


def test_another_main_place_is_looked_at_like_a_move(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    row = make.make_address(session, 1, street=street, accuracy="A")
    beside = make.make_address(session, 2, street=street, accuracy="A")
    lon, lat = session.execute(
        text("SELECT ST_X(position), ST_Y(position) FROM registry.address WHERE id = :id"), {"id": beside.id}
    ).one()
    added = positions.add_position(
        session, clerk, address_id=row.id, version=1, kind="gate", lon=lon, lat=lat
    )
    positions.make_main(
        session, clerk, address_id=row.id, position_id=added.position_id, version=added.version
    )
    assert _now(session, row).accuracy == "B"
    kinds = session.execute(
        text("SELECT kind FROM registry.address_warning WHERE address_id = :id"), {"id": row.id}
    ).scalars()
    assert "duplicate" in set(kinds)
    with pytest.raises(RuleBroken, match="错误提示"):
        certify(session, clerk, address_ids=[row.id], basis="visit")


def test_a_certification_runs_out_with_its_term(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    row = make.make_address(session, 1, street=street, accuracy="A")
    plate = make.make_plate(session, row, state="installed", position=row.position)
    lon, lat = make.metres(30, 8)
    certify(session, clerk, address_ids=[row.id], basis="visit", until=today() + dt.timedelta(days=1))
    box = (lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01)
    assert count_certified(session, clerk, box) == (1, 0)
    session.execute(
        text("UPDATE registry.address SET certified_until = CURRENT_DATE - 1 WHERE id = :id"), {"id": row.id}
    )
    session.expire_all()
    assert count_certified(session, clerk, box) == (0, 1)
    assert door_of(session, row.id)[4] is None
    # What has run out needs no reason to end.
    plate_writes.move_plate(session, clerk, plate_id=plate.id, version=1, lon=lon, lat=lat)
    assert _now(session, row).certified_at is None
    certify(session, clerk, address_ids=[row.id], basis="visit")
    version = _now(session, row).version
    with pytest.raises(RuleBroken, match="位置不明会取消认证"):
        writes.correct_address(session, clerk, address_id=row.id, version=version, accuracy="U")
