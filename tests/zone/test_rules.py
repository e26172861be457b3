"""The life of a zone: one table of acts, guards in words, and a term of two calendar months (R54, R55)."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.errors import Conflict, RegistryError, RuleBroken
from geo_registry.zone import rules
from geo_registry.zone.tables import GROUNDS, ZONE_STATES

DAY = dt.date(2026, 11, 20)
PAPERS = {"document_number": "望澜综治〔2026〕27号", "reason": "期满"}


def _refused(code: str, kind: type[RegistryError] = RuleBroken) -> "pytest.RaisesExc[RegistryError]":
    return pytest.raises(kind, match=f"^{code}: ")


def test_the_table_speaks_of_the_states_that_are_stored() -> None:
    assert tuple(rules.STATE_TITLES) == ZONE_STATES
    assert len(GROUNDS) == 4
    named = {state for step in rules.TRANSITIONS.values() for state in (*step.sources, step.target)}
    assert named == set(ZONE_STATES)


def test_a_zone_goes_its_way_from_the_proposal_to_the_end() -> None:
    state = "proposed"
    for act in (
        "notify",
        "list",
        "approve_plan",
        "start",
        "submit",
        "return",
        "start",
        "submit",
        "accept",
        "close",
    ):
        state = rules.check_act(act, state, has_plan=True, **PAPERS).target
    assert state == "closed"
    assert rules.next_acts("closed") == rules.next_acts("failed") == ()
    assert rules.next_acts("submitted") == ("accept", "return")


@pytest.mark.parametrize(("act", "state"), list(itertools.product(rules.TRANSITIONS, ZONE_STATES)))
def test_every_other_act_is_refused_in_words(act: str, state: str) -> None:
    step = rules.TRANSITIONS[act]
    if state in step.sources:
        assert rules.check_act(act, state, has_plan=True, **PAPERS) is step
        return
    with _refused("zone-state", Conflict) as caught:
        rules.check_act(act, state, has_plan=True, **PAPERS)
    assert rules.STATE_TITLES[state] in caught.value.detail
    assert step.hint in caught.value.detail


@pytest.mark.parametrize(
    ("act", "state"), [("approve_plan", "listed"), ("start", "plan_approved"), ("start", "listed")]
)
def test_without_a_plan_nothing_is_approved_and_nothing_starts(act: str, state: str) -> None:
    with _refused("zone-without-plan", Conflict) as caught:
        rules.check_act(act, state, has_plan=False, **PAPERS)
    assert caught.value.detail == "该整治区还没有方案，请先制定一点一方案"


@pytest.mark.parametrize(
    ("act", "state", "code", "field"),
    [
        ("list", "notified", "document-required", "document_number"),
        ("accept", "submitted", "document-required", "document_number"),
        ("close", "accepted", "document-required", "document_number"),
        ("return", "submitted", "reason-required", "reason"),
        ("fail", "listed", "reason-required", "reason"),
    ],
)
def test_papers_are_demanded_by_name(act: str, state: str, code: str, field: str) -> None:
    with _refused(code) as caught:
        rules.check_act(act, state, has_plan=True, document_number=None, reason=None)
    assert caught.value.facts["field"] == field


def test_days_lie_between_the_act_before_and_today() -> None:
    assert rules.check_day(DAY, DAY, field="on", after=DAY) == DAY
    with _refused("day-in-future"):
        rules.check_day(DAY + dt.timedelta(days=1), DAY, field="on")
    with _refused("day-too-early"):
        rules.check_day(DAY - dt.timedelta(days=1), DAY, field="on", after=DAY)


def test_open_measures_need_a_reason_at_submission() -> None:
    rules.check_submission(0, None)
    rules.check_submission(2, "房东在外地")
    with _refused("measures-open") as caught:
        rules.check_submission(2, None)
    assert "2 项措施" in caught.value.detail


def _prove(act: str, verdict: str, submitted_on: dt.date = DAY) -> None:
    rules.check_proof(
        act, verdict=verdict, figures=" 92.0 %（n = 142）", drawn_on=DAY, submitted_on=submitted_on
    )


def test_a_decision_rests_on_a_sample_drawn_after_the_submission() -> None:
    _prove("accept", "met")
    for verdict in ("missed", "not_demonstrated", "too_few"):
        _prove("return", verdict)
        with _refused("sample-not-met") as caught:
            _prove("accept", verdict)
        assert "n = 142" in caught.value.detail
    with _refused("sample-not-checked"):
        _prove("return", "no_data")
    with _refused("sample-too-old"):
        _prove("accept", "met", DAY + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-12-31", "2027-02-28"), ("2027-12-31", "2028-02-29"), ("2026-10-08", "2026-12-08"),
        ("2026-07-31", "2026-09-30"), ("2026-11-30", "2027-01-30"), ("2027-02-28", "2027-04-28"),
    ],
)  # fmt: skip
def test_two_months_end_with_the_month(day: str, due: str) -> None:
    assert rules.add_months(dt.date.fromisoformat(day), 2) == dt.date.fromisoformat(due)


def test_the_database_counts_months_the_same(session: Session) -> None:
    days = [dt.date(2027, 11, 1) + dt.timedelta(days=number) for number in range(500)]
    found = session.execute(
        text("SELECT day, (day + interval '2 months')::date FROM unnest(CAST(:days AS date[])) AS day"),
        {"days": days},
    ).all()
    assert [(day, rules.add_months(day, 2)) for day in days] == [tuple(row) for row in found]


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.integers(0, 24))
def test_months_never_jump_over_one(day: dt.date, months: int) -> None:
    later = rules.add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


def test_the_term_counts_days_used_and_left() -> None:
    listed, due = dt.date(2026, 10, 8), dt.date(2026, 12, 8)
    term = rules.term_of(listed, due, on=DAY)
    assert term is not None
    assert (term.days, term.used, term.days_left, term.is_overdue) == (61, 43, 18, False)
    assert term.share == pytest.approx(43 / 61)
    last = rules.term_of(listed, due, on=due)
    assert last is not None
    assert (last.days_left, last.is_overdue) == (0, False)
    over = rules.term_of(listed, due, on=due + dt.timedelta(days=1))
    assert over is not None
    assert (over.days_left, over.is_overdue, over.share) == (-1, True, 1.0)
    stopped = rules.term_of(listed, due, on=due + dt.timedelta(days=30), ended_on=due)
    assert stopped is not None
    assert not stopped.is_overdue
    assert rules.term_of(None, None, on=DAY) is None


def test_measures_fit_into_the_zone_s_own_time() -> None:
    due = dt.date(2026, 12, 8)
    one = rules.NewMeasure("补编门牌", due)
    rules.check_measures([one], due_on=due)
    rules.check_measures([], due_on=due, known=(1,))
    with _refused("measures-missing"):
        rules.check_measures([], due_on=due)
    with _refused("measure-too-late"):
        rules.check_measures([rules.NewMeasure("补编门牌", due + dt.timedelta(days=1))], due_on=due)
    with _refused("measure-unknown"):
        rules.check_measures([rules.NewMeasure("补编门牌", due, turn=3)], due_on=due, known=(1, 2))
    with _refused("measures-too-many"):
        rules.check_measures([one] * 31, due_on=due)
