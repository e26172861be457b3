"""Cases change the register: what each kind of act leaves, now and as it was known."""

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo_registry.person.tables import Person
from geo_registry.residence.tables import Hukou, Registration, Residence
from tests.factories import days, live_at, make_person, make_unit
from tests.residence.case_files import document, of_residence, take

SINCE = dt.date(2026, 1, 5)


@pytest.mark.requirement("R1")
def test_a_newcomer_is_one_live_record_however_often_he_registers(session: Session) -> None:
    first, second = make_unit(session), make_unit(session)
    form = document(1, since=SINCE, hukou_code="320102", hukou_address="某路1号")
    assert take(session, first, "register", form) == "done"
    again = {**form, "person_id": make_person(session).id, "since": dt.date(2026, 3, 1)}
    assert take(session, first, "register", again) == "already-registered"
    assert take(session, second, "register", again) == "done"
    person = session.execute(select(Person).where(Person.id_index == b"document1")).scalar_one()
    assert person.id == form["person_id"]
    lived = session.scalars(
        select(Residence)
        .where(Residence.person_id == person.id, func.upper_inf(Residence.sys))
        .order_by(Residence.valid)
    ).all()
    assert [(r.unit_id, r.valid) for r in lived] == [
        (first.id, days(SINCE, dt.date(2026, 3, 1))), (second.id, days(dt.date(2026, 3, 1)))
    ]  # fmt: skip
    assert session.scalars(select(Registration.status).order_by(Registration.id)).all() == [
        "cancelled",
        "active",
    ]
    assert session.scalars(select(Hukou.address_text)).all() == ["某路1号"]


def test_a_mistake_never_was_and_stays_known(session: Session) -> None:
    unit = make_unit(session)
    residence = live_at(session, make_person(session), unit, valid=days(SINCE))
    assert take(session, unit, "cancel", of_residence(session, residence, end_reason="wrong")) == "done"
    assert not session.get_one(Residence, residence.id).sys.upper_inf


@pytest.mark.requirement("R103")
def test_live_registrations_lie_in_dwellings_on_the_map(session: Session) -> None:
    mapped, far = make_unit(session), make_unit(session)
    for number, unit in enumerate((mapped, mapped, far)):
        assert take(session, unit, "register", document(number, since=SINCE)) == "done"
    rate = select(func.registry.person_unit_match_rate(None).table_valued("matched", "live").render_derived())
    assert tuple(session.execute(rate).one()) == (3, 3)
    far.state = "removed"
    session.flush()
    assert tuple(session.execute(rate).one()) == (2, 3)
    own = select(
        func.registry.person_unit_match_rate(mapped.district_id)
        .table_valued("matched", "live")
        .render_derived()
    )
    assert tuple(session.execute(own).one()) == (2, 2)
