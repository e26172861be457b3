"""Acts of measuring: draw a sample, note what a check of a unit or a building found, close a sample."""

import datetime as dt
import secrets
from uuid import UUID

from sqlalchemy import func, insert, select

from geo_registry.access import acts
from geo_registry.access.rules import Permission, covers
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.reads import ENDED
from geo_registry.area.writes import Paper, Place, Written, begin_act, finish, load_for_change, locked
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.grid.tables import BuildingBlock
from geo_registry.housing.tables import Building, HousingUnit
from geo_registry.measure.drawing import (
    AREA_KINDS,
    MOST_UNITS,
    STRATA,
    areas_of_target,
    draw,
    frame_hash,
    frame_of,
)
from geo_registry.measure.tables import DIRECTIONS, BuildingCheck, SamplePlan, SampleUnit
from geo_registry.text import clean

OLDEST_CHECK = dt.timedelta(days=60)
MOST_PERSONS = 200


def draw_sample(
    session: Session,
    viewer: Viewer,
    *,
    name: str,
    direction: str,
    area_kind: str,
    area_id: UUID,
    sample_size: int,
    strata: str = "none",
    seed: int | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Draw a random sample of the live units of a division, block or zone; without a seed one is drawn.

    Strata are communities or blocks, each in proportion to its units.

    Raises:
        RuleBroken: `area-unknown`, `frame-empty`, `sample-too-large`; or a value outside its list.
        Refused: the role or the area does not allow it.

    """
    _check_choices(direction, area_kind, strata)
    name = clean(name)
    _demand(bool(name), "name-missing", "请填写方案名称", "name")
    areas = areas_of_target(session, area_kind, area_id)
    authorize(viewer, Permission.SAMPLE_DRAW, areas.district_id, areas.township_id, areas.community_id)
    frame = frame_of(session, area_kind, area_id, strata)
    _demand(bool(frame), "frame-empty", "该范围内没有现存户室，无法抽样；请先登记户室或换一个范围", "area_id")
    _check_size(sample_size, len(frame))
    seed = secrets.randbits(40) if seed is None else seed
    row = SamplePlan(
        id=new_id(), code=new_code(), name=name, direction=direction, area_kind=area_kind, area_id=area_id,
        seed=seed, frame_size=len(frame), frame_sha256=frame_hash(frame), sample_size=sample_size,
        state="drawn", drawn_on=today(), account_id=viewer.account_id, district_id=areas.district_id,
        township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip
    begin_act(session, viewer, "draw", "sample_plan", row, Paper(document_number, reason))
    session.add(row)
    done = finish(session, row)
    units = [
        {
            "plan_id": row.id,
            "unit_id": one.unit_id,
            "turn": turn,
            "stratum": one.stratum,
            "weight": one.weight,
        }
        for turn, one in enumerate(draw(frame, sample_size, seed), 1)
    ]
    session.execute(insert(SampleUnit), units)
    return done


def _check_choices(direction: str, area_kind: str, strata: str) -> None:
    _demand(
        direction in DIRECTIONS,
        "direction-unknown",
        f"抽样方向应为 {'、'.join(DIRECTIONS)} 之一",
        "direction",
    )
    _demand(
        area_kind in AREA_KINDS,
        "area-kind-unknown",
        f"范围类型应为 {'、'.join(AREA_KINDS)} 之一",
        "area_kind",
    )
    _demand(strata in STRATA, "strata-unknown", f"分层应为 {'、'.join(STRATA)} 之一", "strata")


def _check_size(sample_size: int, frame_size: int) -> None:
    most = min(frame_size, MOST_UNITS)
    _demand(
        1 <= sample_size <= most,
        "sample-too-large",
        f"样本量应为 1 至 {most}（该范围现有 {frame_size} 户）",
        "sample_size",
    )


def close_plan(
    session: Session,
    viewer: Viewer,
    *,
    plan_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Close a sample: no further check is taken for it.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `sample-closed` already.

    """
    row = load_for_change(
        session, viewer, SamplePlan, plan_id, version=version, permission=Permission.SAMPLE_DRAW
    )
    if row.state != "drawn":
        raise Conflict("sample-closed", "该抽样方案已结束，不需再次结束")
    row.state = "closed"
    begin_act(session, viewer, "close", "sample_plan", row, Paper(document_number, reason))
    return finish(session, row)


def record_check(
    session: Session,
    viewer: Viewer,
    *,
    unit_id: UUID,
    persons_met: int,
    persons_registered: int,
    records_checked: int = 0,
    records_right: int = 0,
    plan_id: UUID | None = None,
    checked_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Note what a check found at a unit, for a sample or by itself; in a sample each unit is checked once.

    Raises:
        RuleBroken: `count-invalid`, `day-invalid`, `unit-unknown`, `unit-not-sampled`, `sample-unknown`.
        Conflict: `check-exists`, `sample-closed`.
        Refused: the role or the area does not allow it: who answers for a block does not check it.

    """
    unit = locked(session, HousingUnit, unit_id)
    if unit is None or unit.state in ENDED["housing_unit"]:
        raise RuleBroken("unit-unknown", "没有这个现存户室，请核对后重选", field="unit_id")
    authorize(viewer, Permission.CHECK_RECORD, unit.district_id, unit.township_id, unit.community_id)
    _check_part("persons_met", persons_met, MOST_PERSONS, "见到人数应为 0 至 200")
    _check_part("persons_registered", persons_registered, persons_met, "其中已登记人数不能多于见到人数")
    _check_part("records_checked", records_checked, MOST_PERSONS, "核对登记数应为 0 至 200")
    _check_part("records_right", records_right, records_checked, "其中准确数不能多于核对登记数")
    plan = None if plan_id is None else _open_plan(session, plan_id)
    day = _checked_day(checked_on, plan)
    if plan is not None:
        member = select(SampleUnit.unit_id).where(
            SampleUnit.plan_id == plan.id, SampleUnit.unit_id == unit_id
        )
        if session.execute(member).one_or_none() is None:
            raise RuleBroken(
                "unit-not-sampled", "该户室不在本方案的样本中，请按样本清单核查", field="unit_id"
            )
    check_id = new_id()
    act_id = _note(session, viewer, "housing_unit", unit, Paper(document_number, reason))
    with translated():
        session.execute(
            select(
                func.registry.record_field_check(
                    check_id, plan_id, unit_id, day, viewer.account_id, persons_met, persons_registered,
                    records_checked, records_right, act_id,
                )
            )
        )  # fmt: skip
    return Written(check_id, 1)


def record_building_check(
    session: Session,
    viewer: Viewer,
    *,
    building_id: UUID,
    units_found: int,
    units_listed: int,
    plan_id: UUID | None = None,
    checked_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Note how many units were found in a building, and how many of these the register lists.

    Raises:
        RuleBroken: more listed than found; no such building; the day is wrong; `building-not-sampled`.
        Refused: the role or the area does not allow it.

    """
    building = locked(session, Building, building_id)
    if building is None or building.state in ENDED["building"]:
        raise RuleBroken("building-unknown", "没有这幢现存楼栋，请核对后重选", field="building_id")
    authorize(
        viewer, Permission.CHECK_RECORD, building.district_id, building.township_id, building.community_id
    )
    _demand(1 <= units_found <= 5_000, "count-invalid", "实地户数应为 1 至 5000", "units_found")
    _check_part("units_listed", units_listed, units_found, "其中已登记户数不能多于实地户数")
    plan = None if plan_id is None else _open_plan(session, plan_id)
    if plan is not None and not covers(
        (plan.community_id or plan.township_id or plan.district_id,),
        building.district_id, building.township_id, building.community_id,
    ):  # fmt: skip
        raise RuleBroken(
            "building-not-sampled", "该楼栋不在本方案的抽样范围内，请核对方案", field="building_id"
        )
    day = _checked_day(checked_on, plan)
    block = select(BuildingBlock.block_id).where(BuildingBlock.building_id == building_id)
    leaf = (
        session.execute(block).scalar()
        or building.community_id
        or building.township_id
        or building.district_id
    )
    row = BuildingCheck(
        id=new_id(), plan_id=plan_id, building_id=building_id, leaf_id=leaf, checked_on=day,
        account_id=viewer.account_id, units_found=units_found, units_listed=units_listed,
        district_id=building.district_id, township_id=building.township_id,
        community_id=building.community_id,
        act_id=_note(session, viewer, "building", building, Paper(document_number, reason)),
    )  # fmt: skip
    session.add(row)
    with translated():
        session.flush()
    return Written(row.id, 1)


def _note(session: Session, viewer: Viewer, kind: str, place: Place, paper: Paper) -> UUID:
    """Log a check of a place, which the check does not change; what was found is not in the log."""
    return acts.record(
        session, viewer, "check", kind, place.id,
        division_id=place.community_id or place.township_id or place.district_id,
        document_number=paper.document_number, reason=paper.reason,
    )  # fmt: skip


def _open_plan(session: Session, plan_id: UUID) -> SamplePlan:
    # Locked against closing, not against other checks.
    query = select(SamplePlan).where(SamplePlan.id == plan_id).with_for_update(read=True)
    with translated():
        plan = session.execute(query).scalar_one_or_none()
    if plan is None:
        raise RuleBroken("sample-unknown", "没有这个抽样方案，请从方案清单中选择", field="plan_id")
    if plan.state != "drawn":
        raise Conflict("sample-closed", "该抽样方案已结束，不再接收核查结果", field="plan_id")
    return plan


def _checked_day(checked_on: dt.date | None, plan: SamplePlan | None) -> dt.date:
    day = today() if checked_on is None else checked_on
    first = today() - OLDEST_CHECK if plan is None else plan.drawn_on
    _demand(first <= day <= today(), "day-invalid", f"核查日期应在 {first} 至今天之间", "checked_on")
    return day


def _check_part(field: str, count: int, whole: int, sentence: str) -> None:
    _demand(0 <= count <= whole, "count-invalid", sentence, field)


def _demand(is_met: bool, code: str, sentence: str, field: str) -> None:  # noqa: FBT001
    if not is_met:
        raise RuleBroken(code, sentence, field=field)
