"""Cases that once left the register wrong: each leaves it as the case says."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo_registry.db import today
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import Person
from geo_registry.residence.tables import Absence, Hukou, Registration, Residence
from tests.factories import days, live_at, make_person, make_unit
from tests.residence.case_files import document, of_person, of_residence, take

SINCE = dt.date(2026, 1, 5)
JUNE = dt.date(2026, 6, 1)
AUGUST = dt.date(2026, 8, 1)
TOWN: dict[str, Any] = {"hukou_code": "320102000000", "hukou_address": "甲路1号"}
AWAY: dict[str, Any] = {"form": "registered_not_resident"}
pytestmark = pytest.mark.requirement("R1")


def _register(session: Session, unit: HousingUnit, **over: Any) -> Residence:  # noqa: ANN401  (items of a form)
    assert take(session, unit, "register", document(1, since=SINCE, **over)) == "done"
    query = select(Residence).where(Residence.unit_id == unit.id, func.upper_inf(Residence.sys))
    return session.scalars(query).one()


def _person(session: Session) -> Person:
    return session.execute(select(Person).where(Person.id_index == b"document1")).scalar_one()


def _known(session: Session, kind: type[Any]) -> list[Any]:
    return list(session.scalars(select(kind).where(func.upper_inf(kind.sys)).order_by(kind.valid)))


def _statuses(session: Session) -> list[str]:
    return list(session.scalars(select(Registration.status).order_by(Registration.id)))


def test_a_correction_puts_the_hukou_right_in_place(session: Session) -> None:
    unit, home = make_unit(session), make_unit(session)
    residence = _register(session, unit, **TOWN)
    corrected = of_residence(session, residence, hukou_code="330102000000", hukou_address="乙路2号")
    assert take(session, unit, "correct", corrected) == "done"
    [hukou] = _known(session, Hukou)
    assert (hukou.address_text, hukou.valid) == ("乙路2号", days(SINCE))
    assert take(session, unit, "correct", of_residence(session, residence, hukou_unit_id=home.id)) == "done"
    [hukou] = _known(session, Hukou)
    assert (hukou.unit_id, hukou.address_text, hukou.division_code) == (home.id, None, None)


def test_a_corrected_end_ends_the_registration(session: Session) -> None:
    unit = make_unit(session)
    residence = _register(session, unit)
    assert take(session, unit, "correct", of_residence(session, residence, ends_on=JUNE)) == "done"
    registration = session.scalars(select(Registration)).one()
    assert (registration.status, registration.ended_on) == ("cancelled", JUNE)


def test_one_mistaken_absence_leaves_the_others(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    assert take(session, unit, "register", document(1, since=SINCE, category=None), **AWAY) == "done"
    person = _person(session)
    session.execute(text("UPDATE registry.absence SET valid = '[2020-01-01,2021-01-01)'"))
    session.expire_all()
    assert take(session, unit, "register", of_person(person, since=JUNE, category=None), **AWAY) == "done"
    wrong = of_person(person, end_reason="wrong", ends_on=AUGUST)
    assert take(session, other, "cancel", wrong) == "residence-gone"
    assert take(session, unit, "cancel", wrong) == "done"
    assert [one.valid for one in _known(session, Absence)] == [days(dt.date(2020, 1, 1), dt.date(2021, 1, 1))]


def test_the_dead_are_not_registered_until_the_death_is_put_right(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    residence = _register(session, unit, **TOWN)
    died = of_residence(session, residence, ends_on=JUNE, end_reason="deceased")
    assert take(session, unit, "cancel", died) == "done"
    again = of_person(_person(session), since=AUGUST, category="incomer")
    assert take(session, other, "register", again) == "has-died"
    assert take(session, other, "register", again, **AWAY) == "has-died"
    assert take(session, unit, "correct", of_residence(session, residence, end_reason="left_area")) == "done"
    [hukou] = _known(session, Hukou)
    assert (hukou.valid, hukou.end_reason) == (days(SINCE), None)
    assert session.scalars(select(Registration.end_reason)).all() == ["left_area"]
    assert take(session, other, "register", again) == "done"


def test_who_has_left_may_die(session: Session) -> None:
    unit = make_unit(session)
    residence = _register(session, unit, **TOWN)
    left = of_residence(session, residence, ends_on=JUNE, end_reason="left_area")
    assert take(session, unit, "cancel", left) == "done"
    died = of_residence(session, residence, ends_on=AUGUST, end_reason="deceased")
    assert take(session, unit, "cancel", died) == "done"
    [hukou] = _known(session, Hukou)
    assert (hukou.valid, hukou.end_reason) == (days(SINCE, AUGUST), "deceased")
    assert _known(session, Residence)[0].end_reason == "left_area"
    assert take(session, unit, "cancel", died) == "has-ended"


def test_nobody_is_away_from_where_the_hukou_is_no_more(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    assert take(session, unit, "register", document(1, since=SINCE, category=None), **AWAY) == "done"
    moved = of_person(_person(session), since=JUNE, hukou_unit_id=other.id, category="local_hukou")
    assert take(session, other, "register", moved, form="resident_not_registered_here") == "done"
    assert [one.valid for one in _known(session, Absence)] == [days(SINCE, JUNE)]


def test_a_second_home_that_is_registered_becomes_the_main_one(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    residence = _register(session, unit)
    person = session.get_one(Person, residence.person_id)
    live_at(session, person, other, valid=days(dt.date(2026, 2, 1)), is_main=False)
    form = of_person(person, since=JUNE, category="incomer")
    assert take(session, other, "register", form) == "done"
    assert [(one.unit_id, one.is_main) for one in _known(session, Residence) if one.valid.upper_inf] == [
        (other.id, True)
    ]
    assert _statuses(session) == ["cancelled", "active"]


@pytest.mark.parametrize("is_new", [True, False])
def test_who_registers_at_a_main_dwelling_keeps_no_registration_of_a_second_home(
    session: Session, *, is_new: bool
) -> None:
    unit, other, next_one = make_unit(session), make_unit(session), make_unit(session)
    person = session.get_one(Person, _register(session, unit).person_id)
    second = live_at(session, person, other, valid=days(dt.date(2026, 2, 1)), is_main=False)
    day = today()
    double = Registration(residence_id=second.id, person_id=person.id, registered_on=day - dt.timedelta(days=9),
        expires_on=day + dt.timedelta(days=90), district_id=other.district_id, status="active")  # fmt: skip
    session.add(double)
    session.flush()
    if not is_new:
        session.execute(
            text("UPDATE registry.registration SET status = 'expired' WHERE residence_id <> :r"),
            {"r": second.id},
        )
    place = next_one if is_new else unit
    assert take(session, place, "register", of_person(person, since=JUNE, category="incomer")) == "done"
    live = session.scalars(select(Registration).where(Registration.status == "active")).one()
    assert session.get_one(Residence, live.residence_id).unit_id == place.id
    assert (double.status, double.ended_on, double.end_reason) == ("cancelled", day, "duplicate")
    kept = session.get_one(Residence, second.id)
    assert (kept.unit_id, kept.valid.upper_inf, kept.end_reason) == (other.id, True, None)


def test_a_registration_that_ran_out_was_live_before(session: Session) -> None:
    residence = _register(session, make_unit(session))
    last = today() - dt.timedelta(days=3)
    values = {"from": last - dt.timedelta(days=365), "until": last}
    session.execute(
        text(
            "UPDATE registry.registration SET registered_on = :from, expires_on = :until, status = 'expired'"
        ),
        values,
    )
    query = text("SELECT status FROM registry.registration_then(:stay, :day, CURRENT_DATE)")
    told = [
        session.execute(query, {"stay": residence.id, "day": last + dt.timedelta(days=n)}).scalar_one()
        for n in (-1, 0)
    ]
    assert told == ["active", "expired"]


def test_a_document_merged_twice_over_is_that_of_the_last_record(session: Session) -> None:
    first, second, last = (make_person(session) for _ in range(3))
    first.merged_into = second.id
    session.flush()
    second.merged_into = last.id
    session.flush()
    case = session.execute(text("SELECT registry.new_id()")).scalar_one()
    told = session.execute(
        text(
            "SELECT registry.live_person(:id) = :last, registry.standing_of(:index, NULL, :case) ->> 'known'"
        ),
        {"id": first.id, "last": last.id, "index": first.id_index, "case": case},
    ).one()
    assert tuple(told) == (True, "true")


def test_what_is_still_to_come_is_no_fact(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    residence = _register(session, unit)
    ahead = today() + dt.timedelta(days=30)
    assert take(session, other, "change", of_residence(session, residence, since=ahead)) == "day-later"
    leaves = of_residence(session, residence, ends_on=ahead, end_reason="left_area")
    assert take(session, unit, "cancel", leaves) == "day-later"
    assert _statuses(session) == ["active"]
