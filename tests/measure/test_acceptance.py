"""Acceptance: signed once a plan and area, on a closed sample, by somebody who took no part (R17)."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.area.tables import Division
from geo_registry.area.writes import Written
from geo_registry.db import today
from geo_registry.errors import Conflict, Refused, RuleBroken
from geo_registry.measure import samples
from geo_registry.measure.acceptance import VERDICTS, acceptances, check_verdict, sign
from geo_registry.measure.writes import close_plan, draw_sample, record_building_check, record_check
from tests.factories import (
    make_account,
    make_address,
    make_block,
    make_building,
    make_community,
    make_street,
    make_unit,
    make_viewer,
)

pytestmark = pytest.mark.requirement("R17")


@pytest.fixture
def community(session: Session) -> Division:
    """Give a community of 40 units in one building of a block."""
    community = make_community(session)
    make_block(session, community)
    street = make_street(session, community=community)
    building = make_building(session, address=make_address(session, 8, street=street))
    for number in range(40):
        make_unit(session, building, f"{1 + number // 10}{number % 10:02d}")
    return community


def person(session: Session, community: Division, role: Role) -> Viewer:
    account = make_account(session, division=community, role=role, name=str(role))
    return make_viewer(role, [community.id], account_id=account.id)


def plan_of(
    session: Session, community: Division, checker: Viewer, *, right: int = 5, is_closed: bool = True
) -> Written:
    """Draw 30 units of 5 persons each, of whom `right` are registered, and close the sample."""
    steward = person(session, community, Role.STEWARD)
    plan = draw_sample(
        session, steward, name="验收", direction="field_to_register", area_kind="division",
        area_id=community.id, sample_size=30,
    )  # fmt: skip
    for unit in samples.sample_units(session, steward, plan.id).rows:
        record_check(
            session, checker, unit_id=unit.unit_id, plan_id=plan.id, persons_met=5, persons_registered=right
        )
    if is_closed:
        return close_plan(session, steward, plan_id=plan.id, version=plan.version)
    return plan


def test_an_area_is_accepted_with_its_rates(session: Session, community: Division) -> None:
    plan = plan_of(session, community, person(session, community, Role.OFFICER))
    inspector = person(session, community, Role.INSPECTOR)
    with pytest.raises(RuleBroken, match="note-missing"):
        sign(session, inspector, plan_id=plan.id, verdict="accepted")
    sign(session, inspector, plan_id=plan.id, verdict="accepted", note="三十户全部登记")
    (row,) = acceptances(session, inspector).rows
    rate = row.rates["registration_rate"]
    assert (row.area, row.verdict_title, row.plan_id) == (community.name, VERDICTS["accepted"], plan.id)
    assert (rate.n, rate.percent, rate.verdict) == (150, 100.0, "not_demonstrated")
    assert rate.low is not None
    with pytest.raises(Conflict, match="acceptance-exists"):
        sign(session, inspector, plan_id=plan.id, verdict="refused", note="重复")
    far = make_viewer(Role.INSPECTOR, [make_community(session).id])
    assert acceptances(session, far).rows == ()
    with pytest.raises(Refused):
        sign(session, far, plan_id=plan.id, verdict="accepted")


def test_a_missed_target_is_not_accepted(session: Session, community: Division) -> None:
    plan = plan_of(session, community, person(session, community, Role.OFFICER), right=2)
    inspector = person(session, community, Role.INSPECTOR)
    with pytest.raises(RuleBroken, match="rate-missed"):
        sign(session, inspector, plan_id=plan.id, verdict="accepted")
    due = today() + dt.timedelta(days=30)
    sign(session, inspector, plan_id=plan.id, verdict="put_right", note="登记率低", put_right_by=due)
    (row,) = acceptances(session, inspector, plan_id=plan.id).rows
    assert (row.put_right_by, row.is_overdue, row.note) == (due, False, "登记率低")


def test_who_checked_does_not_sign(session: Session, community: Division) -> None:
    inspector = person(session, community, Role.INSPECTOR)
    plan = plan_of(session, community, inspector)
    with pytest.raises(Refused, match="same-account"):
        sign(session, inspector, plan_id=plan.id, verdict="accepted")
    other = person(session, community, Role.INSPECTOR)
    sign(session, other, plan_id=plan.id, verdict="accepted", note="三十户全部登记")


def test_who_counted_a_building_for_it_does_not_sign(session: Session, community: Division) -> None:
    inspector = person(session, community, Role.INSPECTOR)
    plan = plan_of(session, community, person(session, community, Role.OFFICER), is_closed=False)
    steward = person(session, community, Role.STEWARD)
    (first, *_) = samples.sample_units(session, steward, plan.id).rows
    record_building_check(
        session, inspector, building_id=first.building_id, units_found=40, units_listed=40, plan_id=plan.id
    )
    with pytest.raises(Conflict, match="sample-open"):
        sign(session, inspector, plan_id=plan.id, verdict="accepted")
    close_plan(session, steward, plan_id=plan.id, version=plan.version)
    with pytest.raises(Refused, match="same-account"):
        sign(session, inspector, plan_id=plan.id, verdict="accepted")


def test_only_an_area_of_the_sample_is_signed(session: Session, community: Division) -> None:
    plan = plan_of(session, community, person(session, community, Role.OFFICER))
    inspector = person(session, community, Role.INSPECTOR)
    with pytest.raises(RuleBroken, match="area-elsewhere"):
        sign(session, inspector, plan_id=plan.id, verdict="accepted", division_id=community.township_id)
    with pytest.raises(RuleBroken, match="sample-unknown"):
        sign(session, inspector, plan_id=community.id, verdict="accepted")
    with pytest.raises(Refused):
        sign(session, person(session, community, Role.STEWARD), plan_id=plan.id, verdict="accepted")


@pytest.mark.parametrize(
    ("verdict", "note", "days", "code"),
    [
        ("good", None, None, "verdict-unknown"),
        ("accepted", None, 5, "term-invalid"),
        ("put_right", "问题", None, "term-invalid"),
        ("put_right", "问题", 0, "term-invalid"),
        ("put_right", "问题", 400, "term-invalid"),
        ("put_right", None, 5, "note-missing"),
        ("refused", " ", None, "note-missing"),
        ("refused", "张某 11010519491231002X", None, "text-illegible"),
        ("refused", "长" * 301, None, "text-illegible"),
    ],
)
def test_a_verdict_demands_its_papers(verdict: str, note: str | None, days: int | None, code: str) -> None:
    due = None if days is None else today() + dt.timedelta(days=days)
    with pytest.raises(RuleBroken, match=code):
        check_verdict(verdict, note, due, today())
