"""Merging and its undoing lose no permit, mix up no documents, and leave nobody away from home."""

# ruff: noqa: ANN401  (a form may hold any value)

import datetime as dt
from typing import Any, Literal
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.errors import Conflict
from geo_registry.housing.tables import HousingUnit
from geo_registry.person import lineage
from geo_registry.person.tables import Person
from tests.factories import make_community
from tests.person.test_lineage import Desk, code
from tests.residence.case_files import document, of_person, take

SINCE, LATER = dt.date(2025, 3, 1), dt.date(2025, 9, 1)
PERMITS = text("SELECT person_id, status FROM registry.permit_referral ORDER BY referred_on, id")
WHOLE = text("""
    SELECT 'residence', id, person_id, is_main, valid::text FROM registry.residence WHERE upper_inf(sys)
    UNION ALL SELECT 'hukou', id, person_id, NULL, valid::text FROM registry.hukou WHERE upper_inf(sys)
    UNION ALL SELECT 'absence', id, person_id, NULL, valid::text FROM registry.absence WHERE upper_inf(sys)
    UNION ALL SELECT status, id, person_id, NULL, expires_on::text FROM registry.registration
    UNION ALL SELECT 'permit', id, person_id, NULL, status FROM registry.permit_referral
    UNION ALL SELECT 'hukou referral', id, person_id, NULL, community_id::text FROM registry.hukou_referral
    UNION ALL SELECT 'person', id, merged_into, NULL, NULL FROM registry.person ORDER BY 2""")

Signed = tuple[Session, Any, str]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session, make_community(session))


def known(desk: Desk) -> list[Any]:
    return [tuple(row) for row in desk.session.execute(WHOLE)]


def register(desk: Desk, unit: HousingUnit, number: int, category: str = "incomer", **over: Any) -> Person:
    """Register somebody new by a document."""
    values = {"since": SINCE, "name": "甲", "category": category, **over}
    assert take(desk.session, unit, "register", document(number, **values)) == "done"
    return person_of(desk, number)


def person_of(desk: Desk, number: int) -> Person:
    asked = select(Person).where(Person.id_index == b"document%d" % number)
    return desk.session.execute(asked).scalar_one()


def relate(
    desk: Desk,
    source: Person,
    target: Person,
    kind: Literal["merge", "split"] = "merge",
    chosen: tuple[UUID, ...] = (),
) -> tuple[UUID, Signed]:
    """Propose and approve; give the lineage with the account that may undo it."""
    head, second = desk.signed("station_head"), desk.signed("station_head")
    asked = lineage.propose(*head, kind, source.id, target.id, "同一人两份证件", chosen)
    lineage.judge(*second, asked.id, "approved", version=1)
    desk.session.expire_all()
    return asked.id, second


def undo(desk: Desk, asked: UUID, second: Signed) -> None:
    lineage.undo(*second, asked, version=2, reason="误将两人归并")
    desk.session.expire_all()


def is_refused(desk: Desk, asked: UUID, second: Signed) -> bool:
    return code(lambda: undo(desk, asked, second), Conflict) == "changed-since"


def lives(desk: Desk, person: Person) -> set[UUID]:
    asked = text(
        "SELECT unit_id FROM registry.residence WHERE person_id = :p AND upper_inf(sys) AND upper_inf(valid)"
    )
    return set(desk.session.execute(asked, {"p": person.id}).scalars())


def permit_of(desk: Desk, person: Person) -> Any:
    return desk.session.execute(text("SELECT registry.permit_of(:p)"), {"p": person.id}).scalar_one()


def test_a_permit_goes_over_and_home_again(desk: Desk) -> None:
    session, (home, other, third) = desk.session, (desk.unit(), desk.unit(), desk.unit())
    twin, kept = register(desk, home, 1), register(desk, other, 2, "lodger")
    issued = (
        "UPDATE registry.permit_referral SET status = 'issued', issued_on = CURRENT_DATE, permit_tail = '9X'"
    )
    session.execute(text(issued))
    before = known(desk)
    asked, second = relate(desk, twin, kept)
    assert permit_of(desk, kept)["tail"] == "9X"
    assert permit_of(desk, twin) is None
    undo(desk, asked, second)
    assert known(desk) == before
    relate(desk, twin, kept)
    assert take(session, third, "register", of_person(kept, since=LATER, category="incomer")) == "done"
    assert [tuple(row) for row in session.execute(PERMITS)] == [(kept.id, "issued")]


def test_a_permit_follows_its_building_to_another_area_after_a_merge(desk: Desk) -> None:
    session, home = desk.session, desk.unit()
    kept = register(desk, home, 2, "lodger")
    twin = register(desk, home, 1)
    relate(desk, twin, kept)
    far = make_community(session)
    values = {"u": home.id, "d": far.district_id, "t": far.township_id, "c": far.id}
    moved = (
        "UPDATE registry.housing_unit SET district_id = :d, township_id = :t, community_id = :c WHERE id = :u"
    )
    session.execute(text(moved), values)
    placed = text("SELECT person_id, community_id FROM registry.permit_referral")
    assert [tuple(row) for row in session.execute(placed)] == [(kept.id, far.id)]


def test_a_permit_goes_with_the_dwelling_that_is_split_off(desk: Desk) -> None:
    home, other = desk.unit(), desk.unit()
    mixed, true_one = register(desk, home, 1), register(desk, other, 2, "lodger")
    before = known(desk)
    stay = desk.session.execute(
        text("SELECT id FROM registry.residence WHERE person_id = :p"), {"p": mixed.id}
    ).scalar_one()
    asked, second = relate(desk, mixed, true_one, "split", (stay,))
    assert [tuple(row) for row in desk.session.execute(PERMITS)] == [(true_one.id, "referred")]
    undo(desk, asked, second)
    assert known(desk) == before


@pytest.mark.parametrize("has_own", [False, True])
def test_a_referral_about_the_hukou_goes_over_where_none_is_open(desk: Desk, *, has_own: bool) -> None:
    session = desk.session
    twin, kept = register(desk, desk.unit(), 1), register(desk, desk.unit(), 2)
    refer = """
        INSERT INTO registry.hukou_referral (person_id, referred_to, opened_by, district_id, township_id, community_id)
        SELECT p.id, 'police', a.id, p.district_id, p.township_id, p.community_id
        FROM registry.person p, (SELECT id FROM registry.account LIMIT 1) a WHERE p.id = ANY (:people)"""
    session.execute(text(refer), {"people": [twin.id, kept.id] if has_own else [twin.id]})
    before = known(desk)
    asked, second = relate(desk, twin, kept)
    owners = session.execute(text("SELECT person_id FROM registry.hukou_referral ORDER BY id")).scalars()
    assert set(owners) == ({twin.id, kept.id} if has_own else {kept.id})
    undo(desk, asked, second)
    assert known(desk) == before


def test_what_the_other_document_registered_since_is_not_undone(desk: Desk) -> None:
    home, other, third = desk.unit(), desk.unit(), desk.unit()
    twin, kept = register(desk, home, 1), register(desk, other, 2, "lodger")
    asked, second = relate(desk, twin, kept)
    form = of_person(twin, since=LATER, category="incomer")
    assert take(desk.session, third, "register", {**form, "person_id": new_id()}) == "done"
    assert third.id in lives(desk, kept)
    before = known(desk)
    assert is_refused(desk, asked, second)
    assert known(desk) == before


def test_a_registration_by_the_other_document_where_the_one_lives_is_not_undone(desk: Desk) -> None:
    home, other = desk.unit(), desk.unit()
    twin, kept = register(desk, home, 1), desk.settled(other)
    asked, second = relate(desk, twin, kept)
    form = of_person(twin, since=LATER, category="incomer")
    assert take(desk.session, other, "register", {**form, "person_id": new_id()}) == "done"
    assert is_refused(desk, asked, second)


def test_a_record_taken_out_and_settled_since_is_not_merged_again(desk: Desk) -> None:
    home, other, third = desk.unit(), desk.unit(), desk.unit()
    twin, kept = register(desk, home, 1), register(desk, other, 2, "lodger")
    relate(desk, twin, kept)
    stay = desk.session.execute(
        text("SELECT id FROM registry.residence WHERE unit_id = :u AND upper_inf(sys)"), {"u": home.id}
    ).scalar_one()
    asked, second = relate(desk, kept, twin, "split", (stay,))
    assert lives(desk, twin) == {home.id}
    form = of_person(twin, since=LATER, category="incomer")
    assert take(desk.session, third, "register", form) == "done"
    assert is_refused(desk, asked, second)


def away_and_here(desk: Desk, unit: HousingUnit) -> tuple[Person, Person]:
    form = document(1, since=SINCE, name="甲", category=None)
    assert take(desk.session, unit, "register", form, form="registered_not_resident") == "done"
    here = register(desk, unit, 2, "local_hukou", hukou_unit_id=unit.id)
    return person_of(desk, 1), here


@pytest.mark.parametrize("survivor", ["here", "away"])
def test_nobody_is_away_from_where_he_lives(desk: Desk, survivor: str) -> None:
    away, here = away_and_here(desk, home := desk.unit())
    before = known(desk)
    source, target = (away, here) if survivor == "here" else (here, away)
    asked, second = relate(desk, source, target)
    assert lives(desk, target) == {home.id}
    still = text("SELECT count(*) FROM registry.absence WHERE upper_inf(sys)")
    assert desk.session.execute(still).scalar_one() == 0
    undo(desk, asked, second)
    assert known(desk) == before


def test_the_desk_acts_for_who_was_merged_twice_over(desk: Desk) -> None:
    session = desk.session
    first, second = register(desk, desk.unit(), 1), register(desk, desk.unit(), 2)
    last = register(desk, home := desk.unit(), 3)
    relate(desk, first, second)
    relate(desk, second, last)
    clerk = desk.signed("entry_clerk")
    found = text("SELECT person_id FROM registry.persons_of_documents(:by, ARRAY[CAST(:d AS bytea)], '{}')")
    token = hash_token(clerk[2])
    assert session.execute(found, {"by": token, "d": b"document1"}).scalar_one() == last.id
    assert home.id in lives(desk, last)


REGISTERED = text("""
    SELECT r.unit_id, g.status, g.ended_on, g.end_reason FROM registry.registration g JOIN registry.residence r ON r.id = g.residence_id
    WHERE g.person_id = :p ORDER BY g.registered_on, g.id""")


def registered(desk: Desk, person: Person) -> dict[UUID, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in desk.session.execute(REGISTERED, {"p": person.id})}


@pytest.mark.requirement("R64")
def test_of_two_registrations_one_ends_in_the_merge_and_comes_back(desk: Desk) -> None:
    home, other = desk.unit(), desk.unit()
    twin, kept = register(desk, home, 1), register(desk, other, 2)
    before = known(desk)
    asked, second = relate(desk, twin, kept)
    assert registered(desk, kept) == {
        home.id: ("cancelled", today(), "duplicate"),
        other.id: ("active", None, None),
    }
    assert lives(desk, kept) == {home.id, other.id}
    undo(desk, asked, second)
    assert known(desk) == before


def test_the_registration_in_force_stays_before_a_lapsed_one(desk: Desk) -> None:
    home, other = desk.unit(), desk.unit()
    twin, kept = register(desk, home, 1), register(desk, other, 2)
    desk.session.execute(
        text(
            "UPDATE registry.registration SET registered_on = '2024-01-05', expires_on = '2025-01-05' WHERE person_id = :p"
        ),
        {"p": kept.id},
    )
    before = known(desk)
    asked, second = relate(desk, twin, kept)
    ends = registered(desk, kept)
    assert (ends[home.id][0], ends[other.id][0]) == ("active", "cancelled")
    undo(desk, asked, second)
    assert known(desk) == before
    asked, second = relate(desk, twin, kept)
    assert take(desk.session, other, "register", of_person(kept, since=LATER, category="incomer")) == "done"
    assert is_refused(desk, asked, second), "the main dwelling has a new registration"


def test_a_split_leaves_no_second_registration_either(desk: Desk) -> None:
    home, other = desk.unit(), desk.unit()
    mixed, own = register(desk, home, 1), register(desk, other, 2)
    before = known(desk)
    stay = text("SELECT id FROM registry.residence WHERE person_id = :p AND upper_inf(sys)")
    chosen = desk.session.execute(stay, {"p": mixed.id}).scalar_one()
    asked, second = relate(desk, mixed, own, "split", (chosen,))
    assert [one[0] for one in registered(desk, own).values()].count("active") == 1
    undo(desk, asked, second)
    assert known(desk) == before
