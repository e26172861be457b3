"""Acts on zones and focus areas against the real register: ground, plan, sweeps, decisions, history.

Requirements: R32, R52-R56.
"""

# ruff: noqa: ANN401  (an override may be any argument of an act)

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.area.history import history_of
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.zone import reads, work, writes
from geo_registry.zone.rules import NewMeasure
from tests import factories as make
from tests.zone.conftest import Quarter, sample_of, viewer_of

DOCUMENT = "望澜综治〔2026〕27号"


def _refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


def _polygon(west: float, east: float) -> dict[str, Any]:
    corners = [(west, -60), (east, -60), (east, 60), (west, 60), (west, -60)]
    return {"type": "Polygon", "coordinates": [[list(make.metres(*one)) for one in corners]]}


def _propose(session: Session, quarter: Quarter, *blocks: int, **over: Any) -> UUID:
    ids = [quarter.blocks[number].id for number in blocks or (0, 1)]
    values = {"name": "东渡口老街片区", "ground": "low_registration", "block_ids": ids, **over}
    return writes.propose_zone(session, quarter.officer, **values).id


def _step(session: Session, viewer: Viewer, zone_id: UUID, act: str, **over: Any) -> None:
    version = reads.zone(session, viewer, zone_id).version
    values = {"document_number": DOCUMENT, "reason": "见文", **over}
    writes.advance(session, viewer, act=act, zone_id=zone_id, version=version, **values)


def _plan(session: Session, quarter: Quarter, zone_id: UUID, **over: Any) -> None:
    values = {
        "cause": "老街隔间多、换住频繁", "responsible_id": quarter.supervisor.account_id, "sweep_weekday": 3,
        "measures": [NewMeasure("逐户核对", today() + dt.timedelta(days=30))], **over,
    }  # fmt: skip
    version = reads.zone(session, quarter.supervisor, zone_id).version
    work.make_plan(session, quarter.supervisor, zone_id=zone_id, version=version, **values)


def _started(session: Session, quarter: Quarter) -> UUID:
    zone_id = _propose(session, quarter)
    _step(session, quarter.officer, zone_id, "notify")
    _step(session, quarter.leader, zone_id, "list")
    _plan(session, quarter, zone_id)
    _step(session, quarter.leader, zone_id, "approve_plan")
    _step(session, quarter.supervisor, zone_id, "start")
    return zone_id


def _sweep(session: Session, quarter: Quarter, zone_id: UUID, **over: Any) -> None:
    values = {"held_on": today(), "units_planned": 40, "units_visited": 35, "newly_registered": 3, **over}
    version = reads.zone(session, quarter.supervisor, zone_id).version
    work.record_sweep(session, quarter.supervisor, zone_id=zone_id, version=version, **values)


def _decide(
    session: Session, quarter: Quarter, zone_id: UUID, decision: str, sample: UUID, **over: Any
) -> None:
    version = reads.zone(session, quarter.leader, zone_id).version
    values = {"document_number": DOCUMENT, "reason": "抽查结果", **over}
    writes.decide(
        session,
        quarter.leader,
        decision=decision,
        zone_id=zone_id,
        version=version,
        sample_plan_id=sample,
        **values,
    )


def test_a_zone_takes_its_areas_and_boundary_from_its_blocks(session: Session, quarter: Quarter) -> None:
    zone = reads.zone(session, quarter.leader, _propose(session, quarter, 0, 1, 2))
    assert {code for _, code, _ in zone.blocks} == {block.code for block in quarter.blocks[:3]}
    assert (zone.community_id, zone.row.state, zone.row.due_on) == (quarter.community.id, "proposed", None)
    area = "SELECT registry.area_m2(boundary) FROM registry.zone WHERE id = :id"
    assert session.execute(text(area), {"id": zone.row.id}).scalar_one() == pytest.approx(30_000, rel=0.01)


@pytest.mark.parametrize(("east", "blocks"), [(55, 1), (99, 1), (101, 2), (540, 6)])
def test_a_drawing_takes_the_blocks_that_it_covers_by_half(
    session: Session, quarter: Quarter, east: float, blocks: int
) -> None:
    done = writes.propose_zone(
        session, quarter.officer, name="所画片区", ground="high_turnover", boundary=_polygon(-60, east)
    )
    assert len(reads.zone(session, quarter.leader, done.id).blocks) == blocks


def test_ground_that_cannot_be_is_refused(session: Session, quarter: Quarter) -> None:
    def propose(**over: Any) -> None:
        values = {"name": "某片区", "ground": "high_turnover", **over}
        writes.propose_zone(session, quarter.officer, **values)

    bow = {"type": "Polygon", "coordinates": [[list(make.metres(*one)) for one in
           [(-60, -60), (60, 60), (60, -60), (-60, 60), (-60, -60)]]]}  # fmt: skip
    with _refused("ground-missing"):
        propose()
    with _refused("ground-missing"):
        propose(block_ids=[quarter.blocks[0].id], boundary=_polygon(-60, 60))
    with _refused("ground-without-blocks"):
        propose(boundary=_polygon(-60, -20))
    with _refused("geometry-unsound"):
        propose(boundary=bow)
    with _refused("block-unknown"):
        propose(block_ids=[new_id()])
    with _refused("name-length"):
        propose(block_ids=[quarter.blocks[0].id], name="片")
    with _refused("zone-ground-unknown"):
        propose(block_ids=[quarter.blocks[0].id], ground="x")
    with _refused("focus-area-unknown"):
        propose(block_ids=[quarter.blocks[0].id], focus_area_id=new_id())
    other = make.make_block(session, make.make_community(session), boundary=make.square(2000, 0, 100))
    with _refused("ground-in-districts"):
        propose(block_ids=[quarter.blocks[0].id, other.id])
    with _refused("not-allowed", Refused):
        propose(block_ids=[other.id])


def test_a_block_belongs_to_one_live_zone(session: Session, quarter: Quarter) -> None:
    zone_id = _propose(session, quarter, 0, 1)
    with _refused("block-in-zone", Conflict) as caught:
        _propose(session, quarter, 1, 2, name="另一片区")
    assert quarter.blocks[1].name in caught.value.detail
    assert "东渡口老街片区" in caught.value.detail
    _step(session, quarter.leader, zone_id, "fail")
    _propose(session, quarter, 1, 2, name="另一片区")


def test_the_whole_way_of_a_zone(session: Session, quarter: Quarter) -> None:
    """Return it once, sweep, prove it by a sample, accept and close it; every act is on the record."""
    zone_id = _started(session, quarter)
    _sweep(session, quarter, zone_id)
    _step(session, quarter.supervisor, zone_id, "submit", reason="措施在做")
    _decide(
        session, quarter, zone_id, "returned", sample_of(session, quarter, zone_id, 90), document_number=None
    )
    returned = reads.zone(session, quarter.leader, zone_id)
    assert [step.status for step in returned.steps][4:] == ["current", "todo", "todo", "todo"]
    assert returned.steps[4].title == "退回整改"
    _step(session, quarter.supervisor, zone_id, "start")
    _step(session, quarter.supervisor, zone_id, "submit")
    _decide(session, quarter, zone_id, "accepted", sample_of(session, quarter, zone_id, 119))
    _step(session, quarter.leader, zone_id, "close")
    zone = reads.zone(session, quarter.leader, zone_id)
    assert (zone.row.state, zone.closed_on, zone.next_acts) == ("closed", today(), ())
    assert [step.status for step in zone.steps][-1] == "current"
    verbs = [row.verb for row in history_of(session, quarter.supervisor, kind="zone", object_id=zone_id)]
    assert verbs[::-1] == [
        "propose", "notify", "list", "plan", "approve_plan", "start", "sweep", "submit", "return", "start", "submit",
        "accept", "close",
    ]  # fmt: skip


def test_listing_starts_the_two_months(session: Session, quarter: Quarter) -> None:
    zone_id = _propose(session, quarter)
    _step(session, quarter.officer, zone_id, "notify")
    with _refused("day-in-future"):
        _step(session, quarter.leader, zone_id, "list", on=today() + dt.timedelta(days=1))
    with _refused("document-required"):
        _step(session, quarter.leader, zone_id, "list", document_number=None)
    _step(session, quarter.leader, zone_id, "list")
    zone = reads.zone(session, quarter.leader, zone_id)
    assert zone.term is not None
    assert (zone.term.used, zone.row.is_overdue) == (0, False)
    assert zone.row.due_on == zone.row.proposed_on + dt.timedelta(days=zone.term.days)


def test_without_a_plan_nothing_starts_and_there_is_only_one(session: Session, quarter: Quarter) -> None:
    zone_id = _propose(session, quarter)
    _step(session, quarter.officer, zone_id, "notify")
    _step(session, quarter.leader, zone_id, "list")
    with _refused("zone-without-plan", Conflict) as caught:
        _step(session, quarter.leader, zone_id, "approve_plan")
    assert caught.value.detail == "该整治区还没有方案，请先制定一点一方案"
    _plan(session, quarter, zone_id)
    session.commit()
    with _refused("plan-exists", Conflict) as again:
        _plan(session, quarter, zone_id)
    assert "一点一方案" in again.value.detail


def test_a_plan_names_people_of_the_place_and_days_within_the_term(
    session: Session, quarter: Quarter
) -> None:
    zone_id = _propose(session, quarter)
    with _refused("plan-closed", Conflict):
        _plan(session, quarter, zone_id)
    _step(session, quarter.officer, zone_id, "notify")
    _step(session, quarter.leader, zone_id, "list")
    stranger = viewer_of(session, Role.SUPERVISOR, make.make_community(session))
    with _refused("responsible-unknown") as caught:
        _plan(session, quarter, zone_id, responsible_id=stranger.account_id)
    assert caught.value.facts["field"] == "responsible_id"
    late = [NewMeasure("补编门牌", today() + dt.timedelta(days=90))]
    with _refused("measure-too-late"):
        _plan(session, quarter, zone_id, measures=late)
    with _refused("weekday-invalid"):
        _plan(session, quarter, zone_id, sweep_weekday=8)
    with _refused("measures-missing"):
        _plan(session, quarter, zone_id, measures=[])


def test_an_approved_plan_is_amended_by_a_document(session: Session, quarter: Quarter) -> None:
    zone_id = _started(session, quarter)

    def amend(**over: Any) -> None:
        version = reads.zone(session, quarter.supervisor, zone_id).version
        work.amend_plan(session, quarter.supervisor, zone_id=zone_id, version=version, **over)

    more = [
        NewMeasure("补编门牌并上墙", today() + dt.timedelta(days=20)),
        NewMeasure("逐户核对全部房屋", today() + dt.timedelta(days=25), turn=1),
    ]
    with _refused("document-required"):
        amend(measures=more)
    with _refused("reason-required"):
        amend(measures=more, document_number=DOCUMENT)
    with _refused("measure-unknown"):
        amend(measures=[NewMeasure("无", today(), turn=9)], document_number=DOCUMENT, reason="补充")
    amend(measures=more, sweep_weekday=5, document_number=DOCUMENT, reason="补充")
    plan = reads.zone(session, quarter.leader, zone_id).plan
    assert plan is not None
    assert [(one.turn, one.title) for one in plan.measures] == [
        (1, "逐户核对全部房屋"),
        (2, "补编门牌并上墙"),
    ]
    assert (plan.sweep_weekday, plan.approved_on) == (5, today())


def test_measures_are_reported_and_hold_up_the_submission(session: Session, quarter: Quarter) -> None:
    zone_id = _started(session, quarter)

    def report(turn: int, done: int) -> None:
        version = reads.zone(session, quarter.supervisor, zone_id).version
        work.report_measure(
            session, quarter.supervisor, zone_id=zone_id, version=version, turn=turn, done_percent=done
        )

    with _refused("measures-open"):
        _step(session, quarter.supervisor, zone_id, "submit", reason=None)
    with _refused("done-percent"):
        report(1, 101)
    with _refused("measure-unknown", NotFound):
        report(2, 50)
    report(1, 100)
    _step(session, quarter.supervisor, zone_id, "submit", reason=None)


def test_a_sweep_is_recorded_once_a_day_and_never_ahead(session: Session, quarter: Quarter) -> None:
    early = _propose(session, quarter, 3, name="未开始的片区")
    with _refused("zone-state", Conflict):
        _sweep(session, quarter, early)
    zone_id = _started(session, quarter)
    with _refused("day-in-future"):
        _sweep(session, quarter, zone_id, held_on=today() + dt.timedelta(days=1))
    with _refused("sweep-figures"):
        _sweep(session, quarter, zone_id, units_visited=41)
    with _refused("sweep-kind"):
        _sweep(session, quarter, zone_id, kind="daily")
    _sweep(session, quarter, zone_id, kind="joint", newly_registered=12)
    session.commit()
    with _refused("sweep-exists", Conflict):
        _sweep(session, quarter, zone_id)


def test_small_numbers_of_new_registrations_are_not_told(session: Session, quarter: Quarter) -> None:
    zone_id = _started(session, quarter)
    _sweep(session, quarter, zone_id, newly_registered=9)
    assert reads.zone(session, quarter.leader, zone_id).sweeps[0].newly_registered is None
    assert (reads.told(9), reads.told(10), reads.told(0)) == (None, 10, None)


def test_only_a_sample_that_proves_it_lets_a_zone_be_accepted(session: Session, quarter: Quarter) -> None:
    zone_id = _started(session, quarter)
    _step(session, quarter.supervisor, zone_id, "submit")
    with _refused("sample-unknown"):
        _decide(session, quarter, zone_id, "accepted", new_id())
    weak = sample_of(session, quarter, zone_id, 108)
    with _refused("sample-not-met") as caught:
        _decide(session, quarter, zone_id, "accepted", weak)
    assert "90.0 %（n = 120" in caught.value.detail
    with _refused("reason-required"):
        _decide(session, quarter, zone_id, "returned", weak, reason=None)
    _decide(session, quarter, zone_id, "returned", weak)
    _step(session, quarter.supervisor, zone_id, "start")
    _step(session, quarter.supervisor, zone_id, "submit")
    with _refused("sample-used", Conflict):
        _decide(session, quarter, zone_id, "returned", weak)
    few = sample_of(session, quarter, zone_id, 20, units=20)
    with _refused("sample-not-met") as short:
        _decide(session, quarter, zone_id, "accepted", few)
    assert "样本过少" in short.value.detail
    old = sample_of(session, quarter, zone_id, 119)
    session.execute(
        text("UPDATE registry.sample_plan SET drawn_on = drawn_on - CASE id WHEN :id THEN 1 ELSE 2 END"),
        {"id": old},
    )
    session.expire_all()
    with _refused("sample-too-old"):
        _decide(session, quarter, zone_id, "accepted", old)


def test_a_decision_rests_on_the_newest_sample_and_on_all_of_it(session: Session, quarter: Quarter) -> None:
    zone_id = _started(session, quarter)
    _step(session, quarter.supervisor, zone_id, "submit")
    first = sample_of(session, quarter, zone_id, 119)
    session.execute(text("UPDATE registry.sample_plan SET drawn_on = drawn_on - 1"))
    session.expire_all()
    newest = sample_of(session, quarter, zone_id, 119)
    with _refused("sample-not-newest", Conflict) as older:
        _decide(session, quarter, zone_id, "accepted", first)
    assert "最新的样本" in older.value.detail
    unseen = make.make_unit(session, make.make_building(session), "101")
    session.execute(
        text(
            "INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight) VALUES (:plan, :unit, 999, 1)"
        ),
        {"plan": newest, "unit": unseen.id},
    )
    with _refused("sample-incomplete") as partly:
        _decide(session, quarter, zone_id, "accepted", newest)
    assert "还有 1 户未核查" in partly.value.detail


def test_acts_need_role_area_and_version(session: Session, quarter: Quarter) -> None:
    zone_id = _propose(session, quarter)
    with _refused("not-allowed", Refused):
        _step(session, quarter.leader, zone_id, "notify")
    _step(session, quarter.officer, zone_id, "notify")
    with _refused("not-allowed", Refused):
        _step(session, quarter.supervisor, zone_id, "list")
    with pytest.raises(Stale):
        writes.advance(
            session, quarter.leader, act="list", zone_id=zone_id, version=1, document_number=DOCUMENT
        )
    stranger = viewer_of(session, Role.LEADER, make.make_community(session))
    with pytest.raises(NotFound):
        reads.zone(session, stranger, zone_id)
    with _refused("not-allowed", Refused):
        writes.advance(session, stranger, act="list", zone_id=zone_id, version=2, document_number=DOCUMENT)
    with _refused("act-unknown", NotFound):
        writes.advance(session, quarter.leader, act="accept", zone_id=zone_id, version=2)


def test_a_focus_area_is_registered_and_ended(session: Session, quarter: Quarter) -> None:
    ids = [block.id for block in quarter.blocks[:2]]
    done = writes.register_focus_area(
        session, quarter.officer, name="东渡口老街", kind="old_lanes", block_ids=ids
    )
    zone = _propose(session, quarter, focus_area_id=done.id)
    assert reads.zone(session, quarter.leader, zone).focus_area_id == done.id
    with _refused("focus-kind-unknown"):
        writes.register_focus_area(session, quarter.officer, name="某处", kind="x", block_ids=ids)
    ended = writes.retire_focus_area(session, quarter.officer, focus_area_id=done.id, version=done.version)
    with _refused("focus-area-ended", Conflict):
        writes.retire_focus_area(session, quarter.officer, focus_area_id=done.id, version=ended.version)
