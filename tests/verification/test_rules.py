"""Rules of dwellings: the life of a row, what a decision rests on, and what the rules of letting advise."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.errors import Conflict, RuleBroken
from geo_registry.residence.profile import Occupancy
from geo_registry.verification import rules
from geo_registry.verification.occupancy import findings_of
from geo_registry.verification.rules import Said
from geo_registry.verification.tables import NOTE_KINDS, REFUSAL_REASONS

DAY = dt.date(2026, 11, 23)
LIVES = (rules.VERIFICATION, rules.NOTE, rules.TIP)
ALLOWED = {
    "核实": {("open", act) for act in ("visit", "statement", "approve", "refuse", "withdraw")}
    | {("approved", "print")},
    "备注": {("open", "hand-over"), ("handed_over", "close")},
    "线索": {("pending", "process"), ("pending", "ignore")},
}
OTHERS = ("neighbour", "staff", "landlord", "committee")


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.code)
def test_every_act_in_every_state(life: rules.Life) -> None:
    for state, act in itertools.product(life.states, life.steps):
        if (state, act) in ALLOWED[life.noun]:
            assert life.step(act, state).target in life.states
            assert act in life.next_acts(state)
        else:
            with pytest.raises(Conflict, match=life.code) as refused:
                life.step(act, state)
            assert life.states[state] in refused.value.detail
            assert act not in life.next_acts(state)


@pytest.mark.requirement("R44", "R47")
@given(
    st.sampled_from((None, DAY)),
    st.lists(st.tuples(st.sampled_from(("applicant", *OTHERS)), st.booleans()), max_size=6),
    st.sampled_from((None, "居委会开具了说明")),
)
def test_an_approval_rests_on_a_visit_and_two_statements(
    visited_on: dt.date | None, said: list[tuple[str, bool]], note: str | None
) -> None:
    missing = rules.missing_for_approval(visited_on, [Said(*one) for one in said], note)
    own = [lives for speaker, lives in said if speaker == "applicant"]
    others = [lives for speaker, lives in said if speaker != "applicant"]
    is_agreed = all(own) and all(others)
    may = visited_on is not None and any(own) and any(others) and (is_agreed or note is not None)
    assert (missing is None) == may
    if missing is not None:
        assert missing.facts["field"] in {"visited_on", "speaker", "note"}


@pytest.mark.requirement("R100", "R44")
def test_each_refusal_has_one_of_the_coded_reasons_and_says_what_follows() -> None:
    assert set(rules.REFUSALS) == set(REFUSAL_REASONS)
    assert set(rules.NOTES) == set(NOTE_KINDS)
    for code, reason in rules.REFUSALS.items():
        assert "不出具居住证明" in reason.follows
        rules.check_refusal(code, DAY, "说法与实际不符")
    with pytest.raises(RuleBroken, match="refusal-unknown"):
        rules.check_refusal("bad_manners", DAY, "不客气")
    with pytest.raises(RuleBroken, match="visit-missing"):
        rules.check_refusal("group_renting", None, "人多")
    with pytest.raises(RuleBroken, match="note-missing"):
        rules.check_refusal("false_statement", DAY, None)
    rules.check_refusal("false_statement", None, "租约系伪造")


def test_a_proof_holds_for_a_year_at_most() -> None:
    assert rules.proof_until(None, DAY) == dt.date(2027, 11, 23)
    assert rules.proof_until(DAY + dt.timedelta(days=1), DAY) == DAY + dt.timedelta(days=1)
    for wrong in (DAY, DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=367), dt.date.max):
        with pytest.raises(RuleBroken, match="until-invalid"):
            rules.proof_until(wrong, DAY)


def test_texts_about_dwellings_hold_no_number_of_a_person() -> None:
    assert rules.written("  三楼  东侧 ", "note", 20) == "三楼 东侧"
    assert rules.written("  ", "note", 20) is None
    for wrong in ("11010519491231002X 住此", "电话13812345678", "长" * 21, "坏\x07字"):
        with pytest.raises(RuleBroken, match="text-illegible"):
            rules.written(wrong, "note", 20)


def test_a_tip_is_looked_into_for_thirty_days() -> None:
    assert not rules.is_too_old(DAY - dt.timedelta(days=30), DAY)
    assert rules.is_too_old(DAY - dt.timedelta(days=31), DAY)


SHANGHAI = Occupancy(max_per_room=2, min_area_m2=5, concentrated_rooms=10, concentrated_persons=15)


@pytest.mark.requirement("R100")
@pytest.mark.parametrize(
    ("persons", "rooms", "area", "over"),
    [
        (4, 2, 60.0, set()),
        (5, 2, 60.0, {"max_per_room"}),
        (4, 2, 19.0, {"min_area_m2"}),
        (15, 8, 200.0, {"concentrated"}),
        (3, 10, 200.0, {"concentrated"}),
        (0, 1, 30.0, set()),
    ],
)
def test_the_rules_of_letting_are_told_with_their_figures(
    persons: int, rooms: int, area: float, over: set[str]
) -> None:
    found, unknown = findings_of(SHANGHAI, persons=persons, rooms=rooms, area_m2=area)
    assert {one.rule for one in found if one.is_over} == over
    assert unknown == ()
    assert all(str(persons) in one.sentence for one in found)


def test_what_is_not_known_is_named_and_not_judged() -> None:
    found, unknown = findings_of(SHANGHAI, persons=9, rooms=None, area_m2=None)
    assert unknown == ("rooms", "area_m2")
    assert {one.rule for one in found} == {"concentrated"}
    flagged = Occupancy(max_per_room=3, min_area_m2=4, flag_persons=6)
    found, _ = findings_of(flagged, persons=6, rooms=3, area_m2=60)
    assert {one.rule for one in found if one.is_over} == {"flag_persons"}
