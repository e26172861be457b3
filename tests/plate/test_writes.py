"""Acts on plates: from the number to the wall and off it again."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Act
from geo_registry.address.writes import correct_address
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken, Stale
from geo_registry.plate import selection, writes
from geo_registry.plate.tables import Plate, PlateBatch, PlateInspection, PlateInstallation
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]


def test_a_plate_from_its_number_to_a_verified_wall(street_of: Lay) -> None:
    street = street_of(0)
    address = make.make_address(street.session, 1, street=street.place)
    made = writes.number_plate(street.session, street.clerk, address_id=address.id, state="draft")
    street.plates.append(made.id)
    assert (street.plate().text, street.plate().kind, made.version) == ("1号", "gate_small", 1)
    writes.approve_plate(street.session, street.clerk, plate_id=made.id, version=1)
    batch = writes.order_batch(
        street.session,
        street.clerk,
        plate_ids=[made.id],
        number="2026-01",
        maker="东塘标牌厂",
        due_on=today(),
    )
    assert (street.plate().state, street.plate().batch_id) == ("ordered", batch.id)
    batch = writes.produce_batch(street.session, street.clerk, batch_id=batch.id, version=batch.version)
    batch = writes.deliver_batch(street.session, street.clerk, batch_id=batch.id, version=batch.version)
    row = street.session.get_one(PlateBatch, batch.id)
    assert (row.state, row.made, row.stock, row.delivered_on) == ("delivered", 1, 1, today())
    plate = street.install(accuracy_m=4.2)
    street.session.refresh(row)
    assert (plate.state, row.installed, row.stock) == ("installed", 1, 0)
    writes.verify_plate(street.session, street.other, plate_id=plate.id, version=plate.version)
    street.check()
    closed = writes.close_batch(street.session, street.clerk, batch_id=batch.id, version=row.version)
    assert (street.plate().state, row.state, closed.version) == ("verified", "closed", row.version)
    verbs = street.session.execute(
        select(Act.verb).where(Act.object_id == made.id).order_by(Act.id)
    ).scalars()
    assert list(verbs) == ["number", "approve", "order", "produce", "deliver", "install", "verify"]


@pytest.mark.parametrize(
    ("field", "words"), [("number", "批11010519491231002X"), ("maker", "张三13812345678")]
)
def test_a_batch_names_no_person_by_number(street_of: Lay, field: str, words: str) -> None:
    street = street_of()
    given: dict[str, Any] = {"number": "甲", "maker": "标牌厂", field: words}
    with pytest.raises(RuleBroken, match="证件号码或电话") as told:
        writes.order_batch(street.session, street.clerk, plate_ids=street.plates, **given)
    assert (told.value.code, told.value.facts["field"]) == ("text-unreadable", field)


def test_a_new_door_and_its_plate_in_one_go(street_of: Lay) -> None:
    street = street_of(0)
    lon, lat = make.metres(40, 12)
    made = writes.add_plate(
        street.session,
        street.clerk,
        place_name_id=street.place.id,
        number="8",
        lon=lon,
        lat=lat,
        kind="gate_medium",
    )
    plate = street.session.get_one(Plate, made.id)
    assert (plate.text, plate.kind, plate.state) == ("8号", "gate_medium", "numbered")
    with pytest.raises(Conflict, match="已被使用"):
        writes.add_plate(street.session, street.clerk, place_name_id=street.place.id, number="8")
    with pytest.raises(Conflict, match="现行门牌"), street.session.begin_nested():
        writes.number_plate(street.session, street.clerk, address_id=plate.address_id, kind="gate_medium")


def test_a_plate_follows_the_profile_and_its_address(street_of: Lay) -> None:
    street = street_of(0)
    act = street.session, street.clerk
    address = make.make_address(street.session, 3, street=street.place, number_key="T3", number_text="临3号")
    made = writes.number_plate(*act, address_id=address.id)
    assert street.session.get_one(Plate, made.id).kind == "temporary"
    with pytest.raises(RuleBroken, match="小门牌"):
        writes.number_plate(*act, address_id=address.id, kind="street_sign")
    with pytest.raises(RuleBroken, match="草拟或已编号"):
        writes.number_plate(*act, address_id=address.id, state="installed")
    for state, wanted in (("retired", "draft"), ("proposed", "numbered")):
        early = make.make_address(street.session, street=street.place, state=state)
        with pytest.raises(RuleBroken, match="不是现行地址"):
            writes.number_plate(*act, address_id=early.id, state=wanted)
    draft = writes.number_plate(*act, address_id=early.id, state="draft")
    with pytest.raises(RuleBroken, match="请先批准地址"):
        writes.approve_plate(*act, plate_id=draft.id, version=1)
    with pytest.raises(RuleBroken, match="请先批准地址"):
        selection.take_step_many(*act, "approve", plate_ids=[draft.id])
    with pytest.raises(NotFound):
        writes.number_plate(*act, address_id=new_id())


def test_nobody_acts_outside_of_role_area_and_version(street_of: Lay) -> None:
    street = street_of(2, "numbered")
    plate = street.plate()
    elsewhere = make.make_viewer("clerk", [new_id()])
    for viewer in (make.make_viewer("officer"), make.make_viewer("coordinator"), elsewhere):
        with pytest.raises(Refused):
            writes.approve_plate(street.session, viewer, plate_id=plate.id, version=1)
        with pytest.raises(Refused):
            selection.take_step_many(street.session, viewer, "approve", plate_ids=street.plates)
        with pytest.raises(Refused):
            writes.number_plate(street.session, viewer, address_id=plate.address_id)
    with pytest.raises(Stale):
        writes.approve_plate(street.session, street.clerk, plate_id=plate.id, version=7)
    assert street.plate().state == "numbered"


def test_many_are_approved_all_or_none(street_of: Lay) -> None:
    street = street_of(4, "numbered")
    selection.take_step_many(
        street.session, street.clerk, "approve", plate_ids=street.plates[:3], reason="第一批"
    )
    assert [street.plate(index).state for index in range(4)] == ["approved"] * 3 + ["numbered"]
    acts = street.session.execute(select(Act.object_id, Act.cause_act_id).where(Act.verb == "approve")).all()
    assert {row.object_id for row in acts} == set(street.plates[:3])
    assert sum(row.cause_act_id is None for row in acts) == 1
    first = street.session.execute(
        text("SELECT standard_text FROM registry.address WHERE id = :id"), {"id": street.plate(0).address_id}
    ).scalar_one()
    with pytest.raises(RuleBroken, match=f"{first}门牌已批准、尚未下单，不能批准"):
        selection.take_step_many(street.session, street.clerk, "approve", plate_ids=street.plates)
    assert street.plate(3).state == "numbered"
    for wrong in ([], [street.plates[3]] * 2, [new_id() for _ in range(1001)]):
        with pytest.raises(RuleBroken, match="1000"):
            selection.take_step_many(street.session, street.clerk, "approve", plate_ids=wrong)
    with pytest.raises(NotFound):
        selection.take_step_many(
            street.session, street.clerk, "approve", plate_ids=[street.plates[3], new_id()]
        )


def test_the_wall_asks_for_a_photo_a_place_and_a_time(street_of: Lay) -> None:
    street = street_of(3, "delivered")
    now = dt.datetime.now(dt.UTC)
    faults: dict[str, dict[str, Any]] = {
        "请先上传": {"photo": "ab" * 32},
        "64 位": {"photo": "x"},
        "不能晚于现在": {"installed_at": now + dt.timedelta(hours=1)},
        "年份": {"installed_at": dt.datetime(1999, 1, 1, tzinfo=dt.UTC)},
        "时区": {"installed_at": dt.datetime(2026, 1, 1)},  # noqa: DTZ001
        "0.1 至": {"accuracy_m": 0.01},
        "60 米，超过 50 米，请说明原因": street.spot(0, 60),
        "60. 米，超过 500 米": {**street.spot(0, 600), "reason": "院落后退"},
        "经度": {"lon": 500.0},
    }
    for fault, wrong in faults.items():
        with pytest.raises(RuleBroken, match=fault):
            street.install(**wrong)
    assert street.plate().state == "delivered"
    photo = street.photo()
    plate = street.install(photo=photo, reason="院落后退", accuracy_m=999.9, **street.spot(0, 60))
    evidence = street.session.execute(select(PlateInstallation)).scalar_one()
    assert (evidence.plate_id, evidence.account_id, evidence.photo_sha256.hex()) == (
        plate.id, street.clerk.account_id, photo,
    )  # fmt: skip
    assert abs((evidence.installed_at - now).total_seconds()) < 60
    with pytest.raises(Conflict, match="另一块门牌"):
        street.install(1, photo=photo)
    with pytest.raises(RuleBroken, match="已上墙"):
        street.install()
    street.check()


def test_a_clock_a_little_ahead_is_taken_as_now(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    street.install(installed_at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2))
    evidence = street.session.execute(select(PlateInstallation)).scalar_one()
    assert evidence.installed_at <= dt.datetime.now(dt.UTC)


def test_a_plate_without_a_planned_place_takes_that_of_the_wall(street_of: Lay) -> None:
    street = street_of(1, "delivered", position=None)
    street.session.execute(text("UPDATE registry.address SET position = NULL"))
    assert street.install(**street.spot(0, 2000)).position is not None


def test_only_another_account_verifies(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    plate = street.install()
    with pytest.raises(RuleBroken, match="另一账号"):
        writes.verify_plate(street.session, street.clerk, plate_id=plate.id, version=plate.version)
    with pytest.raises(Refused):
        writes.verify_plate(
            street.session, make.make_viewer("coordinator"), plate_id=plate.id, version=plate.version
        )
    writes.verify_plate(street.session, street.other, plate_id=plate.id, version=plate.version)
    evidence = street.session.execute(select(PlateInstallation)).scalar_one()
    assert evidence.verified_by == street.other.account_id
    with pytest.raises(RuleBroken, match="已上墙并核验"):
        writes.verify_plate(street.session, street.other, plate_id=plate.id, version=plate.version)
    street.check()


def test_what_is_seen_at_a_plate_is_kept(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    plate = street.install()
    at: dict[str, Any] = {"plate_id": plate.id}
    done = writes.inspect(street.session, street.other, version=plate.version, finding="wrong_text", **at)
    with pytest.raises(RuleBroken, match="报损"):
        writes.inspect(street.session, street.other, version=done.version, finding="missing", **at)
    done = writes.report_damage(
        street.session, street.other, version=done.version, photo=street.photo(), **at
    )
    street.check()
    assert street.plate().state == "damaged"
    with pytest.raises(RuleBroken, match="请先登记上墙"):
        writes.inspect(street.session, street.other, version=done.version, **at)
    done = writes.report_missing(street.session, street.other, version=done.version, **at)
    street.check()
    findings = street.session.execute(
        select(PlateInspection.finding, PlateInspection.photo_sha256).order_by(PlateInspection.id)
    ).all()
    assert [row.finding for row in findings] == ["wrong_text", "damaged", "missing"]
    assert [row.photo_sha256 is None for row in findings] == [True, False, True]
    street.install()
    street.check()
    assert len(street.session.execute(select(PlateInstallation)).all()) == 2


def test_a_replacement_is_a_new_plate_at_the_same_address(street_of: Lay) -> None:
    street = street_of(1, "delivered")
    plate = street.install()
    new = writes.replace_plate(
        street.session, street.clerk, plate_id=plate.id, version=plate.version, reason="褪色"
    )
    street.check()
    fresh = street.session.get_one(Plate, new.id)
    assert (street.plate().state, fresh.state, fresh.address_id) == ("replaced", "numbered", plate.address_id)
    assert street.plate().valid.upper is not None
    followed = street.session.execute(text("SELECT old_id, new_id, kind FROM registry.succession")).one()
    assert tuple(followed) == (plate.id, new.id, "replace")


@pytest.mark.parametrize(("act", "states"), [("supersede", ("installed", "missing")), ("remove", ("verified", "damaged")), ("cancel", ("draft", "delivered"))])  # fmt: skip
def test_ends_of_a_plate_need_a_reason(street_of: Lay, act: str, states: tuple[str, ...]) -> None:
    for state in states:
        street = street_of(1, state)
        end = getattr(writes, act)
        with pytest.raises(RuleBroken, match="须说明事由"):
            end(street.session, street.clerk, plate_id=street.plates[0], version=1, reason=" ")
        end(street.session, street.clerk, plate_id=street.plates[0], version=1, reason="改编")
        street.check()
        assert street.plate().state == {"cancel": "cancelled"}.get(act, f"{act.rstrip('e')}ed")
        with pytest.raises(RuleBroken):
            writes.move_plate(
                street.session, street.clerk, plate_id=street.plates[0], version=2, **street.spot()
            )


def test_a_superseded_plate_is_taken_down_later(street_of: Lay) -> None:
    street = street_of(1, "installed")
    done = writes.supersede(street.session, street.clerk, plate_id=street.plates[0], version=1, reason="更名")
    writes.remove(
        street.session, street.clerk, plate_id=street.plates[0], version=done.version, reason="已摘"
    )
    street.check()
    assert street.plate().state == "removed"


def test_a_move_is_undone_by_moving_back(street_of: Lay) -> None:
    street = street_of(1, "installed")
    before = street.plate().position
    done = writes.move_plate(
        street.session, street.clerk, plate_id=street.plates[0], version=1, **street.spot(0, 9)
    )
    assert street.plate().position != before
    writes.move_plate(
        street.session,
        street.clerk,
        plate_id=street.plates[0],
        version=done.version,
        reason="撤销移动",
        **street.spot(),
    )
    assert (street.plate().position, street.plate().state) == (before, "installed")
    street.check()


def test_a_plate_never_moves_to_another_district(street_of: Lay) -> None:
    street = street_of(1)
    make.make_division(street.session, boundary=make.square(90_000, 0, 5000))
    lon, lat = make.metres(90_000, 0)
    with pytest.raises(RuleBroken, match="另一个区"):
        writes.move_plate(
            street.session, street.clerk, plate_id=street.plates[0], version=1, lon=lon, lat=lat
        )


def test_a_door_is_moved_to_another_village_with_its_plates_by_who_works_in_both(
    session: Session,
) -> None:
    here = make.make_community(session, boundary=make.square(0, 0, 1000))
    there = make.make_division(
        session, parent=session.get_one(Division, here.township_id), boundary=make.square(1000, 0, 1000)
    )
    place = make.make_street(session, community=here)
    doors = [make.make_address(session, number, street=place, position=None) for number in (20, 22)]
    dragged, beside = (make.make_plate(session, door, state="numbered") for door in doors)
    lon, lat = make.metres(900, 12)
    clerks = [
        make.make_viewer("clerk", areas, account_id=make.make_account(session).id)
        for areas in ([here.id], [here.id, there.id])
    ]
    with pytest.raises(Refused), session.begin_nested():
        writes.move_plate(session, clerks[0], plate_id=dragged.id, version=1, lon=lon, lat=lat)
    with pytest.raises(Refused), session.begin_nested():
        correct_address(session, clerks[0], address_id=doors[1].id, version=1, lon=lon, lat=lat)
    done = writes.move_plate(session, clerks[1], plate_id=dragged.id, version=1, lon=lon, lat=lat)
    correct_address(session, clerks[1], address_id=doors[1].id, version=1, lon=lon, lat=lat)
    session.expire_all()
    found = {door.community_id for door in doors} | {dragged.community_id, beside.community_id}
    assert found == {there.id}
    assert (done.version, dragged.version) == (2, 2)
    moved = session.execute(select(Act.verb, Act.object_id).where(Act.id == beside.act_id)).one()
    assert tuple(moved) == ("correct", doors[1].id)
