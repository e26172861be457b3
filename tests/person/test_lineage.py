"""Two records are made one and one is made two, by two accounts; undone exactly, or not at all."""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer, enter, hash_token
from geo_registry.area.tables import Division
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.housing.tables import HousingUnit
from geo_registry.person import lineage
from geo_registry.person.tables import Person
from geo_registry.residence import decisions
from geo_registry.residence.tables import Residence
from tests.factories import (
    days,
    live_at,
    make_account,
    make_address,
    make_building,
    make_community,
    make_person,
    make_street,
    make_unit,
)
from tests.residence.case_files import document, of_residence, take

SINCE, LATER = dt.date(2025, 3, 1), dt.date(2025, 9, 1)
NOW_KNOWN = text("""
    SELECT 'residence', id, person_id, unit_id, is_main, valid FROM registry.residence WHERE upper_inf(sys)
    UNION ALL SELECT 'hukou', id, person_id, unit_id, NULL, valid FROM registry.hukou WHERE upper_inf(sys)
    UNION ALL SELECT 'decision', id, person_id, NULL, NULL, valid FROM registry.separation_decision WHERE upper_inf(sys)
    UNION ALL SELECT status, id, person_id, residence_id, NULL, NULL FROM registry.registration
    UNION ALL SELECT 'person', id, merged_into, NULL, NULL, NULL FROM registry.person ORDER BY 2""")


@dataclass
class Desk:
    """A community with accounts that sign in at will."""

    session: Session
    community: Division

    def signed(self, role: str, area: Division | None = None) -> tuple[Session, Viewer, str]:
        """Sign an account in; give what an act begins with."""
        account = make_account(self.session, role=role, division=area or self.community)
        token = secrets.token_urlsafe(32)
        self.session.execute(
            text(
                "INSERT INTO registry.session (token_hash, account_id, expires_at)"
                " VALUES (:hash, :id, now() + interval '1 hour')"
            ),
            {"hash": hash_token(token), "id": account.id},
        )
        return self.session, enter(self.session, token), token

    def unit(self) -> HousingUnit:
        """Store a dwelling of the community."""
        street = make_street(self.session, community=self.community)
        return make_unit(
            self.session, make_building(self.session, address=make_address(self.session, street=street))
        )

    def settled(self, unit: HousingUnit, since: dt.date = SINCE, until: dt.date | None = None) -> Person:
        """Let somebody new live in a unit."""
        person = make_person(self.session)
        live_at(self.session, person, unit, valid=days(since, until))
        return person

    def known(self) -> list[Any]:
        """Return what the register says now."""
        return [tuple(row) for row in self.session.execute(NOW_KNOWN)]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session, make_community(session))


def code(call: Callable[[], object], kind: type[RegistryError]) -> str:
    with pytest.raises(kind) as refused:
        call()
    return refused.value.code


@pytest.mark.requirement("R64", "R1")
def test_two_accounts_merge_two_records_and_a_third_undoes_it_exactly(desk: Desk) -> None:
    session, (home, other) = desk.session, (desk.unit(), desk.unit())
    twin, kept = desk.settled(home), desk.settled(home, LATER)
    live_at(session, twin, other, valid=days(dt.date(2020, 1, 1), SINCE), category="lodger")
    session.execute(
        text(
            "INSERT INTO registry.hukou (person_id, division_code, valid) VALUES (:p, '320102', '[2020-01-01,)')"
        ),
        {"p": twin.id},
    )
    officer = desk.signed("officer")
    decisions.decide(*officer, twin.id, "false_alarm", "每天往返两地", SINCE)
    before = desk.known()
    head, second = desk.signed("station_head"), desk.signed("station_head")
    asked = lineage.propose(*head, "merge", twin.id, kept.id, "同一人两份证件")
    assert code(lambda: lineage.judge(*head, asked.id, "approved", version=1), Refused) == "own-request"
    assert desk.known() == before
    done = lineage.judge(*second, asked.id, "approved", version=1)
    assert done.version == 2
    session.expire_all()
    assert session.get_one(Person, twin.id).merged_into == kept.id
    assert session.execute(select(func.registry.live_person(twin.id))).scalar_one() == kept.id
    of_twin = text("SELECT count(*) FROM registry.residence WHERE person_id = :p AND upper_inf(sys)")
    assert session.execute(of_twin, {"p": twin.id}).scalar_one() == 0
    # The row that the other record had already is taken away; the rest, with hukou and decision, goes over.
    fates = text("SELECT kind, change FROM registry.person_lineage_row ORDER BY 1, 2")
    assert [tuple(row) for row in session.execute(fates)] == [
        ("hukou", "moved"), ("residence", "moved"), ("residence", "removed"), ("separation_decision", "moved"),
    ]  # fmt: skip
    assert (
        code(lambda: lineage.undo(*head, asked.id, version=2, reason="误将两人归并"), Refused)
        == "own-request"
    )
    lineage.undo(*second, asked.id, version=2, reason="误将两人归并")
    session.expire_all()
    assert desk.known() == before
    assert lineage.read(session, second[2], asked.id)["state"] == "undone"


def test_a_main_dwelling_elsewhere_is_kept_as_another_one(desk: Desk) -> None:
    session, (home, other) = desk.session, (desk.unit(), desk.unit())
    twin, kept = desk.settled(home), desk.settled(other)
    before = desk.known()
    asked = lineage.propose(*desk.signed("station_head"), "merge", twin.id, kept.id, "同一人两份证件")
    lineage.judge(*(second := desk.signed("population_office")), asked.id, "approved", version=1)
    lived = text("SELECT unit_id, is_main FROM registry.residence WHERE person_id = :p AND upper_inf(sys)")
    assert {tuple(row) for row in session.execute(lived, {"p": kept.id})} == {
        (home.id, False),
        (other.id, True),
    }
    lineage.undo(*second, asked.id, version=2, reason="误将两人归并")
    assert desk.known() == before


def test_what_was_built_on_is_not_undone(desk: Desk) -> None:
    session, home, other = desk.session, desk.unit(), desk.unit()
    twin, kept = (
        desk.settled(home),
        make_person(session, community_id=desk.community.id, district_id=desk.community.district_id),
    )
    asked = lineage.propose(*desk.signed("station_head"), "merge", twin.id, kept.id, "同一人两份证件")
    second = desk.signed("station_head")
    lineage.judge(*second, asked.id, "approved", version=1)
    session.expire_all()
    residence = session.execute(
        text("SELECT id FROM registry.residence WHERE person_id = :p AND upper_inf(sys)"), {"p": kept.id}
    ).scalar_one()
    moved = {"residence_id": residence, "since": dt.date(2026, 1, 1)}
    assert take(session, other, "change", {**document(1), **moved}) == "done"
    assert (
        code(lambda: lineage.undo(*second, asked.id, version=2, reason="误将两人归并"), Conflict)
        == "changed-since"
    )


def test_a_split_moves_chosen_dwellings(desk: Desk) -> None:
    session, (home, other) = desk.session, (desk.unit(), desk.unit())
    mixed, true_one = desk.settled(home), desk.settled(other, SINCE, LATER)
    wrong = live_at(session, mixed, other, valid=days(dt.date(2020, 1, 1), SINCE))
    before = desk.known()
    head, second = desk.signed("station_head"), desk.signed("station_head")
    nothing = lambda: lineage.propose(*head, "split", mixed.id, true_one.id, "两人混为一人")  # noqa: E731
    assert code(nothing, RuleBroken) == "residence-unknown"
    asked = lineage.propose(*head, "split", mixed.id, true_one.id, "两人混为一人", [wrong.id])
    lineage.judge(*second, asked.id, "approved", version=1)
    lived = text("SELECT count(*) FROM registry.residence WHERE person_id = :p AND upper_inf(sys)")
    assert [session.execute(lived, {"p": p.id}).scalar_one() for p in (mixed, true_one)] == [1, 2]
    lineage.undo(*second, asked.id, version=2, reason="原登记无误")
    assert desk.known() == before


def test_the_only_registration_is_not_merged_away(desk: Desk) -> None:
    session, home = desk.session, desk.unit()
    form = document(7, since=SINCE)
    assert take(session, home, "register", form) == "done"
    twin, kept = session.get_one(Person, form["person_id"]), desk.settled(home)
    head = desk.signed("station_head")
    asked = lambda: lineage.propose(*head, "merge", twin.id, kept.id, "同一人两份证件")  # noqa: E731
    assert code(asked, Conflict) == "registered-under-other"
    assert lineage.propose(*head, "merge", kept.id, twin.id, "同一人两份证件").version == 1


def test_roles_areas_and_words_are_held_to(desk: Desk) -> None:
    session, home = desk.session, desk.unit()
    twin, kept = desk.settled(home), desk.settled(home)
    far = make_community(session)
    for role, area, kind in (("officer", None, Refused), ("station_head", far, NotFound)):
        asker = desk.signed(role, area)
        with pytest.raises(kind):
            lineage.propose(*asker, "merge", twin.id, kept.id, "同一人两份证件")
    head = desk.signed("station_head")
    with pytest.raises(RuleBroken, match="text-unreadable"):
        lineage.propose(*head, "merge", twin.id, kept.id, "即 11010519491231002X")
    assert (
        code(lambda: lineage.propose(*head, "merge", twin.id, twin.id, "同一人两份证件"), RuleBroken)
        == "same-person"
    )
    asked = lineage.propose(*head, "merge", twin.id, kept.id, "同一人两份证件")
    again = lambda: lineage.propose(*head, "merge", twin.id, kept.id, "同一人两份证件")  # noqa: E731
    assert code(again, Conflict) == "already-proposed"
    second = desk.signed("station_head")
    with pytest.raises(Stale):
        lineage.judge(*second, asked.id, "refused", version=5, reason="不是同一人")
    with pytest.raises(NotFound):
        lineage.judge(*desk.signed("station_head", far), asked.id, "approved", version=1)
    with pytest.raises(NotFound):
        lineage.read(session, desk.signed("station_head", far)[2], asked.id)
    # No caller dates a refusal.
    session.execute(text("SET LOCAL registry.moment = '1999-01-01'"))
    lineage.judge(*second, asked.id, "refused", version=1, reason="不是同一人")
    decided = text(
        "SELECT decided_at > now() - interval '1 hour' FROM registry.person_lineage WHERE id = :id"
    )
    assert session.execute(decided, {"id": asked.id}).scalar_one()
    assert code(lambda: lineage.judge(*second, asked.id, "approved", version=2), Conflict) == "not-open"
    with pytest.raises(NotFound):
        lineage.judge(*second, new_id(), "approved", version=1)


def test_who_was_merged_registers_as_the_one_that_holds(desk: Desk) -> None:
    session, home = desk.session, desk.unit()
    form = document(9, since=SINCE)
    assert take(session, desk.unit(), "register", form) == "done"
    kept = desk.settled(desk.unit(), dt.date(2020, 1, 1), SINCE)
    asked = lineage.propose(
        *desk.signed("station_head"), "merge", form["person_id"], kept.id, "同一人两份证件"
    )
    lineage.judge(*desk.signed("station_head"), asked.id, "approved", version=1)
    again = {**form, "person_id": new_id(), "since": dt.date(2026, 2, 1)}
    assert take(session, home, "register", again) == "done"
    lives = text("SELECT person_id FROM registry.residence WHERE unit_id = :u AND upper_inf(sys)")
    assert session.execute(lives, {"u": home.id}).scalar_one() == kept.id


def test_a_decision_holds_for_a_time_and_ends_once(desk: Desk) -> None:
    session, home = desk.session, desk.unit()
    person = desk.settled(home)
    officer = desk.signed("officer")
    ahead = lambda: decisions.decide(  # noqa: E731
        *officer, person.id, "consistent", "户籍正在迁入", today() + dt.timedelta(days=1)
    )
    assert code(ahead, RuleBroken) == "decided-ahead"
    first = decisions.decide(*officer, person.id, "consistent", "户籍正在迁入", SINCE)
    second = decisions.decide(*officer, person.id, "false_alarm", "两处门牌实为一处", LATER)
    clash = lambda: decisions.decide(*officer, person.id, "consistent", "户籍正在迁入", SINCE)  # noqa: E731
    assert code(clash, Conflict) == "decided-already"
    assert decisions.read(session, officer[2], first.id)["to"] == LATER.isoformat()
    assert decisions.read(session, officer[2], second.id)["version"] == 1
    ended = decisions.end(*officer, second.id, version=1, ends_on=dt.date(2026, 1, 1))
    assert ended.version == decisions.read(session, officer[2], second.id)["version"] == 2
    twice = lambda: decisions.end(*officer, second.id, version=2, ends_on=dt.date(2026, 2, 1))  # noqa: E731
    assert code(twice, Conflict) == "has-ended"
    withdrawn = decisions.end(*officer, second.id, version=2, ends_on=SINCE)
    assert decisions.read(session, officer[2], second.id)["withdrawn"]
    assert withdrawn.version == 3
    for role, area, kind in (("coordinator", None, Refused), ("officer", make_community(session), NotFound)):
        with pytest.raises(kind):
            decisions.decide(*desk.signed(role, area), person.id, "consistent", "户籍正在迁入", SINCE)


def test_decisions_follow_their_person(desk: Desk) -> None:
    session, home = desk.session, desk.unit()
    person = desk.settled(home)
    decisions.decide(*desk.signed("officer"), person.id, "consistent", "户籍正在迁入", SINCE)
    far = Desk(session, make_community(session)).unit()
    residence = session.execute(text("SELECT id FROM registry.residence WHERE upper_inf(sys)")).scalar_one()
    form = of_residence(session, session.get_one(Residence, residence), since=dt.date(2026, 1, 1))
    assert take(session, far, "change", form) == "done"
    area = text("SELECT community_id FROM registry.separation_decision")
    assert session.execute(area).scalars().all() == [far.community_id]
