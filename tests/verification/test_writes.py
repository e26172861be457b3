"""Acts on dwellings: verification to the proof, notes to the officer, tips to their end."""

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from geo_registry.access.tables import Act
from geo_registry.area.writes import Written
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.verification import notes, reads, rules, tips, writes
from geo_registry.verification.certificate import certificate_pdf
from geo_registry.verification.tables import Tip, Verification
from tests.factories import make_community, make_viewer
from tests.verification.conftest import House, account_of


def _approved(house: House) -> Written:
    done = house.ready()
    return writes.approve(
        house.session, house.viewer("officer"), verification_id=done.id, version=done.version
    )


@pytest.mark.requirement("R44", "R47")
def test_the_story_of_a_proof(house: House) -> None:
    officer, session = house.viewer("officer"), house.session
    done = house.opened()
    detail = reads.verification(session, officer, done.id)
    assert detail.missing is not None
    assert "走访" in detail.missing
    with pytest.raises(RuleBroken, match="visit-missing"):
        writes.approve(session, officer, verification_id=done.id, version=done.version)
    done = _approved_after_all(house, done)
    detail = reads.verification(session, officer, done.id)
    number = detail.row.certificate_number
    assert number is not None
    assert number.startswith(f"ZS{today().year}-")
    assert detail.row.certificate_until == today() + dt.timedelta(days=365)
    assert [one.speaker for one in detail.statements] == ["applicant", "committee"]
    assert detail.may == ("print",)
    first = writes.print_proof(session, officer, verification_id=done.id)
    again = writes.print_proof(session, officer, verification_id=done.id)
    assert (first.turn, again.turn) == (1, 2)
    assert reads.verification(session, officer, done.id).prints == 2
    verbs = session.execute(select(Act.verb).where(Act.object_id == done.id).order_by(Act.id)).scalars().all()
    assert verbs == ["open", "visit", "hear", "hear", "approve", "print", "print"]


def _approved_after_all(house: House, done: Written) -> Written:
    worker, session = house.viewer("coordinator"), house.session
    done = writes.visit(session, worker, verification_id=done.id, version=done.version)
    for speaker in ("applicant", "committee"):
        with pytest.raises(RuleBroken, match="statement"):
            writes.approve(session, house.viewer("officer"), verification_id=done.id, version=done.version)
        done = writes.hear(
            session, worker, verification_id=done.id, version=done.version, speaker=speaker, lives_there=True
        )
    return writes.approve(session, house.viewer("officer"), verification_id=done.id, version=done.version)


@pytest.mark.requirement("R47")
def test_the_paper_names_the_dwelling_and_no_person(house: House) -> None:
    done = _approved(house)
    detail = reads.verification(house.session, house.viewer("officer"), done.id)
    pdf = certificate_pdf(detail, turn=2)
    assert pdf.startswith(b"%PDF-")
    assert len(pdf) > 3000


@pytest.mark.requirement("R44", "R100")
def test_who_opened_it_does_not_decide_it(house: House) -> None:
    officer = house.viewer("officer")
    done = house.ready("officer")
    for act, more in ((writes.approve, {}), (writes.refuse, {"refusal": "illegal_building"})):
        decide: Callable[..., Any] = act
        with pytest.raises(Refused, match="same-account"):
            decide(house.session, officer, verification_id=done.id, version=done.version, **more)
    assert not {"approve", "refuse"} & set(reads.verification(house.session, officer, done.id).may)
    head = house.viewer("station_head")
    assert {"approve", "refuse"} <= set(reads.verification(house.session, head, done.id).may)
    writes.approve(house.session, head, verification_id=done.id, version=done.version)


@pytest.mark.requirement("R100")
@pytest.mark.parametrize("refusal", sorted(rules.REFUSALS))
def test_a_refusal_carries_a_coded_reason(house: House, refusal: str) -> None:
    done = house.ready()
    done = writes.refuse(
        house.session, house.viewer("officer"), verification_id=done.id, version=done.version, refusal=refusal,
        note="现场与说法不符",
    )  # fmt: skip
    detail = reads.verification(house.session, house.viewer("officer"), done.id)
    assert (detail.row.state, detail.row.refusal) == ("refused", refusal)
    assert detail.follows == rules.REFUSALS[refusal].follows
    assert detail.row.certificate_number is None


def test_statements_against_call_for_a_note(house: House) -> None:
    done, officer = house.ready(), house.viewer("officer")
    done = writes.hear(
        house.session, officer, verification_id=done.id, version=done.version, speaker="staff",
        lives_there=False,
    )  # fmt: skip
    with pytest.raises(RuleBroken, match="note-missing"):
        writes.approve(house.session, officer, verification_id=done.id, version=done.version)
    writes.approve(
        house.session, officer, verification_id=done.id, version=done.version, note="物业人员系新到岗"
    )


ACTS: dict[str, tuple[Callable[..., Any], str, dict[str, Any]]] = {
    "visit": (writes.visit, "coordinator", {}),
    "statement": (writes.hear, "coordinator", {"speaker": "staff", "lives_there": True}),
    "approve": (writes.approve, "officer", {}),
    "refuse": (writes.refuse, "officer", {"refusal": "group_renting"}),
    "withdraw": (writes.withdraw, "coordinator", {"reason": "申请人已搬走"}),
}


@pytest.mark.requirement("R44")
@pytest.mark.parametrize(("end", "act"), list(itertools.product(["approve", "refuse", "withdraw"], ACTS)))
def test_a_verification_that_ended_takes_no_act(house: House, end: str, act: str) -> None:
    done = house.ready()
    first, role, more = ACTS[end]
    done = first(house.session, house.viewer(role), verification_id=done.id, version=done.version, **more)
    second, role, more = ACTS[act]
    with pytest.raises(Conflict, match="verification-state"):
        second(house.session, house.viewer(role), verification_id=done.id, version=done.version, **more)
    if end != "approve":
        with pytest.raises(Conflict, match="verification-state"):
            writes.print_proof(house.session, house.viewer("officer"), verification_id=done.id)


def test_one_dwelling_is_verified_once_at_a_time(house: House) -> None:
    house.opened()
    with pytest.raises(Conflict, match="verification-open"):
        house.opened("officer")
    house.opened("officer", unit=1)
    with pytest.raises(RuleBroken, match="case-elsewhere"):
        writes.open_verification(
            house.session, house.viewer("officer"), unit_id=house.units[0].id, case_id=house.units[0].id
        )


def test_acts_need_the_version_the_area_and_the_block(house: House) -> None:
    done = house.opened()
    with pytest.raises(Stale):
        writes.visit(
            house.session, house.viewer("officer"), verification_id=done.id, version=done.version + 1
        )
    far = make_viewer("officer", [make_community(house.session).id])
    with pytest.raises(Refused):
        writes.visit(house.session, far, verification_id=done.id, version=done.version)
    with pytest.raises(NotFound):
        reads.verification(house.session, far, done.id)
    other = house.viewer("coordinator", "另一名")
    with pytest.raises(Refused, match="not-your-block"):
        writes.visit(house.session, other, verification_id=done.id, version=done.version)
    with pytest.raises(Refused, match="not-your-block"):
        writes.open_verification(house.session, other, unit_id=house.units[1].id)
    assert reads.verifications(house.session, other).rows == ()
    with pytest.raises(Refused):
        house.opened("clerk")
    with pytest.raises(RuleBroken, match="unit-unknown"):
        writes.open_verification(house.session, house.viewer("officer"), unit_id=house.community.id)
    yesterday = today() - dt.timedelta(days=1)
    with pytest.raises(RuleBroken, match="day-invalid"):
        writes.visit(
            house.session, house.viewer("officer"), verification_id=done.id, version=done.version,
            visited_on=yesterday,
        )  # fmt: skip


@pytest.mark.requirement("R47")
def test_the_register_of_proofs_shows_its_gaps(house: House) -> None:
    officer = house.viewer("officer")
    _approved(house)
    house.session.execute(text("SELECT nextval('registry.certificate_number')"))
    done = house.opened(unit=1)
    done = _approved_after_all(house, done)
    register = reads.proofs(house.session, officer)
    last = int(register.rows[0].certificate_number.split("-")[1])
    assert (register.issued, register.last, len(register.rows)) == (2, last, 2)
    assert last - 1 in register.gaps
    assert last not in register.gaps
    (row,) = reads.proofs(house.session, officer, limit=1).rows
    more = reads.proofs(
        house.session, officer, limit=1, after=reads.proofs(house.session, officer, limit=1).next
    )
    assert {row.verification_id, more.rows[0].verification_id} == {
        one.verification_id for one in register.rows
    }
    assert more.next is None


def test_an_expired_proof_is_not_printed(house: House) -> None:
    done = _approved(house)
    row = house.session.get_one(Verification, done.id)
    row.certificate_until = today() - dt.timedelta(days=1)
    house.session.flush()
    with pytest.raises(Conflict, match="proof-expired"):
        writes.print_proof(house.session, house.viewer("officer"), verification_id=done.id)


# -- notes --


def _noted(house: House, kind: str = "overcrowded") -> Written:
    return notes.note_dwelling(
        house.session, house.viewer("coordinator"), unit_id=house.units[0].id, kind=kind
    )


@pytest.mark.requirement("R38")
def test_a_note_goes_to_the_beat_officer_and_comes_back_with_an_outcome(house: House) -> None:
    session, keeper, officer = house.session, house.viewer("coordinator"), house.viewer("officer")
    done = _noted(house)
    with pytest.raises(Conflict, match="note-open"):
        _noted(house)
    with pytest.raises(Conflict, match="note-state"):
        notes.close_note(session, officer, note_id=done.id, version=done.version, outcome="put_right")
    done = notes.hand_over(session, keeper, note_id=done.id, version=done.version)
    row = notes.note(session, keeper, done.id)
    assert (row.state, row.handed_to_id) == ("handed_over", officer.account_id)
    assert row.noted_on == today()
    assert [one.id for one in notes.notes(session, officer, handed_to_me=True).rows] == [done.id]
    with pytest.raises(Conflict, match="note-state"):
        notes.hand_over(session, keeper, note_id=done.id, version=done.version)
    with pytest.raises(Refused, match="officers-only"):
        notes.close_note(session, keeper, note_id=done.id, version=done.version, outcome="put_right")
    with pytest.raises(RuleBroken, match="outcome-invalid"):
        notes.close_note(session, officer, note_id=done.id, version=done.version, outcome="fined")
    done = notes.close_note(session, officer, note_id=done.id, version=done.version, outcome="put_right")
    with pytest.raises(Conflict, match="note-state"):
        notes.close_note(session, officer, note_id=done.id, version=done.version, outcome="put_right")
    _noted(house)


@pytest.mark.requirement("R38")
def test_a_note_holds_a_dwelling_and_nobody(house: House) -> None:
    columns = set(
        house.session.execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'dwelling_note'")
        ).scalars()
    )
    assert {"unit_id", "kind", "noted_on", "handed_to"} <= columns
    assert not {"person_id", "name", "note", "reason"} & columns


def test_a_note_is_handed_to_an_officer_of_the_area_alone(house: House) -> None:
    keeper, done = house.viewer("coordinator"), _noted(house)
    with pytest.raises(Conflict, match="officer-missing"):
        notes.hand_over(house.session, keeper, note_id=done.id, version=done.version)
    house.viewer("officer")
    with pytest.raises(RuleBroken, match="officer-unknown"):
        notes.hand_over(
            house.session, keeper, note_id=done.id, version=done.version, account_id=keeper.account_id
        )
    assert len(notes.officers_for(house.session, keeper, done.id)) == 1


# -- tips --


def _told(house: House, by: str = "volunteer", kind: str = "arrived", unit: int = 0) -> Written:
    return tips.give_tip(
        house.session, house.viewer(by), unit_id=house.units[unit].id, kind=kind, note="夜间有灯"
    )


@pytest.mark.requirement("R46", "R97")
def test_a_tip_goes_to_the_coordinator_of_the_block_and_is_closed(house: House) -> None:
    session, keeper, giver = house.session, house.viewer("coordinator"), house.viewer("volunteer")
    done = _told(house)
    row = tips.tip(session, keeper, done.id)
    assert (row.assigned_to, row.is_assigned_to_me, row.is_mine) == ("coordinator", True, False)
    assert row.expires_on == today() + dt.timedelta(days=30)
    with pytest.raises(Conflict, match="tip-pending"):
        _told(house, "officer")
    with pytest.raises(RuleBroken, match="outcome-invalid"):
        tips.process_tip(session, keeper, tip_id=done.id, version=done.version, outcome="rewarded")
    with pytest.raises(Refused):
        tips.process_tip(session, giver, tip_id=done.id, version=done.version, outcome="registered")
    done = tips.process_tip(session, keeper, tip_id=done.id, version=done.version, outcome="registered")
    for act, more in ((tips.process_tip, {"outcome": "changed"}), (tips.ignore_tip, {"reason": "重复"})):
        close: Callable[..., Any] = act
        with pytest.raises(Conflict, match="tip-state"):
            close(session, keeper, tip_id=done.id, version=done.version, **more)
    seen = tips.tip(session, giver, done.id)
    # The giver hears that it was looked into, not what was found of the people there.
    assert (seen.state, seen.outcome, seen.is_mine) == ("processed", None, True)
    assert tips.tip(session, keeper, done.id).outcome == "registered"


@pytest.mark.requirement("R97")
def test_thanks_count_what_led_to_something_and_name_nobody(house: House) -> None:
    session, keeper, giver = house.session, house.viewer("coordinator"), house.viewer("volunteer")
    first, second = _told(house), _told(house, unit=1)
    tips.process_tip(session, keeper, tip_id=first.id, version=first.version, outcome="nothing_found")
    tips.ignore_tip(session, keeper, tip_id=second.id, version=second.version, reason="房屋空置")
    own = tips.thanks(session, giver)
    assert (own.own_given, own.own_processed, own.areas) == (2, 1, ())
    (area,) = tips.thanks(session, house.viewer("officer")).areas
    assert (area.area, area.given, area.processed) == (house.community.name, 2, 1)
    assert tips.tip(session, keeper, second.id).reason == "房屋空置"
    with pytest.raises(RuleBroken, match="tip-kind"):
        _told(house, kind="quarrel")


@pytest.mark.requirement("R84")
def test_a_volunteer_sees_the_own_tips_alone(house: House) -> None:
    done = _told(house)
    other = house.viewer("volunteer", "另一名")
    assert tips.tips(house.session, other).rows == ()
    with pytest.raises(NotFound):
        tips.tip(house.session, other, done.id)
    assert len(tips.tips(house.session, house.viewer("volunteer")).rows) == 1
    assert len(tips.tips(house.session, house.viewer("entry_clerk")).rows) == 1


def test_another_coordinator_leaves_a_tip_alone_and_an_officer_may_close_it(house: House) -> None:
    other = house.viewer("coordinator", "另一名")
    house.assign(other, "deputy")
    done = _told(house)
    with pytest.raises(Refused, match="not-yours"):
        tips.ignore_tip(house.session, other, tip_id=done.id, version=done.version, reason="重复")
    with pytest.raises(RuleBroken, match="reason-required"):
        tips.ignore_tip(house.session, house.viewer("officer"), tip_id=done.id, version=done.version)
    tips.ignore_tip(
        house.session, house.viewer("officer"), tip_id=done.id, version=done.version, reason="重复"
    )


def test_a_tip_waits_for_whoever_works_where_nobody_has_the_block(house: House) -> None:
    account_of(house.session, house.viewer("coordinator")).is_active = False
    house.session.flush()
    done = _told(house)
    assert tips.tip(house.session, house.viewer("officer"), done.id).assigned_to is None


@pytest.mark.requirement("R46")
def test_a_tip_that_nobody_looked_into_expires_by_an_act(house: House) -> None:
    session = house.session
    old, fresh = _told(house), _told(house, unit=1)
    session.execute(
        text("UPDATE registry.tip SET given_at = now() - interval '31 days' WHERE id = :id"), {"id": old.id}
    )
    session.expire_all()
    version = tips.tip(session, house.viewer("officer"), old.id).version
    with pytest.raises(Conflict, match="tip-expired"):
        tips.process_tip(
            session, house.viewer("officer"), tip_id=old.id, version=version, outcome="registered"
        )
    assert tips.expire_tips(session) == 1
    assert tips.expire_tips(session) == 0
    states = {row.id: row.state for row in session.execute(select(Tip.id, Tip.state))}
    assert states == {old.id: "expired", fresh.id: "pending"}
    verbs = session.execute(select(Act.verb).where(Act.object_id == old.id)).scalars().all()
    assert "expire" in verbs


def test_no_more_than_fifty_tips_a_day(house: House) -> None:
    giver = house.viewer("volunteer")
    house.session.execute(
        text("""
            INSERT INTO registry.tip (unit_id, building_id, kind, state, given_by, district_id)
            SELECT u.id, u.building_id, 'left', 'processed', :by, u.district_id
            FROM registry.housing_unit u, generate_series(1, 50) WHERE u.id = :unit"""),
        {"by": giver.account_id, "unit": house.units[0].id},
    )
    with pytest.raises(Conflict, match="tips-many"):
        _told(house)


def test_every_refusal_says_what_to_do(house: House) -> None:
    """No refusal ends without a Chinese sentence."""
    tried: list[Callable[[], object]] = [
        lambda: _told(house, kind="quarrel"),
        lambda: _noted(house, "noise"),
        lambda: house.opened("clerk"),
    ]
    for call in tried:
        with pytest.raises(RegistryError) as refused:
            call()
        assert len(refused.value.detail) >= 6
