"""验收: what a team says of an area after a sample, signed once by somebody who took no part (R17).

A sample is signed when it is closed: no further check comes in, so that its rates stay those of the day.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from geo_registry.access import acts
from geo_registry.access.audit import legible
from geo_registry.access.rules import Permission, covers
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account, Act
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.reads import within
from geo_registry.area.tables import Division
from geo_registry.area.writes import Paper, Written, locked
from geo_registry.codes import new_id
from geo_registry.db import Session, today, translated
from geo_registry.errors import Conflict, Refused, RuleBroken
from geo_registry.measure.figures import Rate
from geo_registry.measure.samples import plan_result
from geo_registry.measure.tables import Acceptance, BuildingCheck, SamplePlan, SampleUnit
from geo_registry.pages import Page, checked_limit, cut, read_cursor

VERDICTS = {"accepted": "验收合格", "put_right": "限期整改", "refused": "不予通过"}
LONGEST_TERM = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """One signed acceptance with the rates it rests on: n, interval and verdict."""

    id: UUID
    plan_id: UUID
    plan: str
    drawn_on: dt.date
    division_id: UUID
    area: str
    verdict: str
    note: str | None
    put_right_by: dt.date | None
    is_overdue: bool
    signed_by: str | None
    signed_at: dt.datetime
    rates: dict[str, Rate]

    @property
    def verdict_title(self) -> str:
        """The verdict in words."""
        return VERDICTS[self.verdict]


def sign(
    session: Session,
    viewer: Viewer,
    *,
    plan_id: UUID,
    verdict: str,
    division_id: UUID | None = None,
    note: str | None = None,
    put_right_by: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Sign what is found of an area on a closed sample; without an area that of the sample itself.

    Raises:
        RuleBroken: `verdict-unknown`, `area-elsewhere`, `term-invalid`, `note-missing`, `text-illegible`,
            `rate-missed`.
        Conflict: `sample-open`, `acceptance-exists`.
        Refused: `same-account`, who checked in this sample; or the role or the area does not allow it.

    """
    plan = locked(session, SamplePlan, plan_id)
    if plan is None:
        raise RuleBroken("sample-unknown", "没有这个抽样方案，请从方案清单中选择", field="plan_id")
    authorize(viewer, Permission.SAMPLE_SIGN, plan.district_id, plan.township_id, plan.community_id)
    if plan.state != "closed":
        raise Conflict("sample-open", "抽样方案还在核查或已取消：请由数据管理员结束后再签署", field="plan_id")
    area = _area_of(session, plan, division_id)
    told = check_verdict(verdict, note, put_right_by, today())
    if _took_part(session, viewer, plan):
        raise Refused("same-account", "您参加过本方案的核查，不能签署，请另一名验收员签署")
    if verdict == "accepted":
        _check_proof({one.verdict for one in plan_result(session, viewer, plan_id).values()}, told)
    signed = select(Acceptance.id).where(Acceptance.plan_id == plan_id, Acceptance.division_id == area.id)
    if session.execute(signed).first() is not None:
        raise Conflict("acceptance-exists", "该区域已按本方案签署过，一个方案只签署一次")
    return _signed(session, viewer, plan, area, (verdict, told, put_right_by), Paper(document_number, reason))


def check_verdict(verdict: str, note: str | None, put_right_by: dt.date | None, today: dt.date) -> str | None:
    """Return the note of a verdict when all that it demands is given.

    Raises:
        RuleBroken: `verdict-unknown`, `term-invalid`, `note-missing`, `text-illegible`.

    """
    if verdict not in VERDICTS:
        raise RuleBroken("verdict-unknown", f"结论应为 {'、'.join(VERDICTS)} 之一", field="verdict")
    told = legible(note) if note and note.strip() else None
    if told is not None and not 0 < len(told) <= 300:
        raise RuleBroken("text-illegible", "说明不超过 300 字，不写证件号码和电话", field="note")
    if (put_right_by is None) == (verdict == "put_right"):
        detail = "限期整改须写明期限，其他结论不写期限"
        raise RuleBroken("term-invalid", detail, field="put_right_by")
    if put_right_by is not None and not today < put_right_by <= today + LONGEST_TERM:
        detail = f"整改期限应在明天至 {today + LONGEST_TERM} 之间"
        raise RuleBroken("term-invalid", detail, field="put_right_by")
    if verdict != "accepted" and told is None:
        raise RuleBroken("note-missing", "整改或不予通过须写明问题", field="note")
    return told


def _check_proof(verdicts: set[str], note: str | None) -> None:
    """Let an area be accepted that missed no target, with a note where the sample does not prove it."""
    if "missed" in verdicts:
        detail = "样本结果未达到目标，不能验收合格：请限期整改或不予通过"
        raise RuleBroken("rate-missed", detail, field="verdict")
    if verdicts != {"met"} and note is None:
        detail = "样本未证实登记率和准确率都达到目标，验收合格须写明依据"
        raise RuleBroken("note-missing", detail, field="note")


def acceptances(
    session: Session,
    viewer: Viewer,
    *,
    area_id: UUID | None = None,
    plan_id: UUID | None = None,
    after: str | None = None,
    limit: int = 20,
) -> Page[AcceptanceRow]:
    """Return signed acceptances with their rates, the latest first."""
    query = _rows().where(in_scope(viewer, Acceptance))
    if area_id is not None:
        query = query.where(within(Acceptance, area_id))
    if plan_id is not None:
        query = query.where(Acceptance.plan_id == plan_id)
    if after is not None:
        query = query.where(Acceptance.id < read_cursor(after, UUID)[0])
    rows = session.execute(query.order_by(Acceptance.id.desc()).limit(checked_limit(limit) + 1)).all()
    found = [_row(session, viewer, row) for row in rows]
    return cut(found, limit, lambda row: (row.id,))


def _row(session: Session, viewer: Viewer, row: Any) -> AcceptanceRow:  # noqa: ANN401  (a row)
    """Return one acceptance; whose sample lies outside the viewer's areas is told without rates."""
    sees = covers(viewer.areas, row.district, row.township, row.own_community)
    rates = plan_result(session, viewer, row.plan_id) if sees else {}
    overdue = row.put_right_by is not None and row.put_right_by < today()
    return AcceptanceRow(
        row.id, row.plan_id, row.plan, row.drawn_on, row.division_id, row.area, row.verdict, row.note,
        row.put_right_by, overdue, row.signed_by, row.signed_at, rates,
    )  # fmt: skip


def _rows() -> Select[Any]:
    signer = select(Account.name).where(Account.id == Acceptance.signed_by).scalar_subquery()
    return (
        select(
            Acceptance.id, Acceptance.plan_id, SamplePlan.name.label("plan"), SamplePlan.drawn_on,
            Acceptance.division_id, Division.name.label("area"), Acceptance.verdict, Acceptance.note,
            Acceptance.put_right_by, signer.label("signed_by"), Acceptance.signed_at,
            SamplePlan.district_id.label("district"), SamplePlan.township_id.label("township"),
            SamplePlan.community_id.label("own_community"),
        )
        .join(SamplePlan, SamplePlan.id == Acceptance.plan_id)
        .join(Division, Division.id == Acceptance.division_id)
    )  # fmt: skip


def _area_of(session: Session, plan: SamplePlan, division_id: UUID | None) -> Division:
    """Return the area that is signed: the smallest one around the sample, or one that lies in it."""
    own = plan.community_id or plan.township_id or plan.district_id
    query = select(Division).where(
        Division.id == (division_id or own), Division.valid.contains(func.current_date())
    )
    found = session.execute(query).scalar_one_or_none()
    if found is None or not covers((own,), found.id, found.township_id, found.district_id):
        raise RuleBroken("area-elsewhere", "该区域不在本方案的抽样范围内，请核对后重选", field="division_id")
    return found


def _took_part(session: Session, viewer: Viewer, plan: SamplePlan) -> bool:
    """Tell whether the viewer noted a check of a unit of the sample or of a building for it."""
    units = select(SampleUnit.unit_id).where(SampleUnit.plan_id == plan.id)
    began = dt.datetime.combine(plan.drawn_on, dt.time(), dt.UTC) - dt.timedelta(days=1)
    mine = (
        Act.account_id == viewer.account_id, Act.verb == "check", Act.object_kind == "housing_unit",
        Act.at >= began, Act.object_id.in_(units),
    )  # fmt: skip
    buildings = select(BuildingCheck.id).where(
        BuildingCheck.plan_id == plan.id, BuildingCheck.account_id == viewer.account_id
    )
    found = select(or_(select(Act.id).where(*mine).exists(), buildings.exists()))
    return bool(session.execute(found).scalar())


def _signed(
    session: Session,
    viewer: Viewer,
    plan: SamplePlan,
    area: Division,
    said: tuple[str, str | None, dt.date | None],
    paper: Paper,
) -> Written:
    verdict, note, put_right_by = said
    act_id = acts.record(
        session, viewer, "sign", "sample_plan", plan.id, division_id=area.id,
        document_number=paper.document_number, reason=paper.reason,
    )  # fmt: skip
    row = Acceptance(
        id=new_id(), plan_id=plan.id, division_id=area.id, verdict=verdict, note=note,
        put_right_by=put_right_by, signed_by=viewer.account_id, act_id=act_id,
        district_id=area.district_id or area.id,
        township_id=area.id if area.level == "township" else area.township_id,
        community_id=area.id if area.level == "community" else None,
    )  # fmt: skip
    session.add(row)
    with translated():
        session.flush()
    return Written(row.id, 1)
