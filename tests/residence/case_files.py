"""Cases as the desk keeps them, stored at once for the tests of the register."""

# ruff: noqa: ANN401  (a form may hold any value)

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo_registry.access.tables import Account
from geo_registry.codes import new_id
from geo_registry.housing.tables import HousingUnit
from geo_registry.person.tables import Person
from geo_registry.registration.tables import CasePerson, RegistrationCase
from geo_registry.residence.tables import Residence
from tests.factories import make_account

_DOCUMENT = ("id_type", "id_number", "id_index", "id_tail", "name", "sex", "birth_year", "birth_month")
COLLECTED = dt.datetime(2026, 1, 5, 10, tzinfo=dt.UTC)


def document(number: int, **over: Any) -> dict[str, Any]:
    """Return what a form says of somebody whom nobody knows yet."""
    return {
        "person_id": new_id(), "name": f"人{number}", "sex": "1", "birth_year": 1980, "birth_month": 5, "id_type": "111",
        "id_number": b"sealed%d" % number, "id_index": b"document%d" % number, "id_tail": "0X", **over,
    }  # fmt: skip


def of_person(person: Person, **over: Any) -> dict[str, Any]:
    """Return what a form says of a person, taken from the register."""
    return {"person_id": person.id, **{name: getattr(person, name) for name in _DOCUMENT}, **over}


def of_residence(session: Session, residence: Residence, **over: Any) -> dict[str, Any]:
    """Return a form about a residence and its person."""
    person = session.get_one(Person, residence.person_id)
    return of_person(person, residence_id=residence.id, **over)


def make_case(
    session: Session, clerk: Account, unit: HousingUnit, action: str, *forms: dict[str, Any], **over: Any
) -> RegistrationCase:
    """Store a case that waits for the station, with its forms."""
    case = RegistrationCase(
        id=new_id(), serial=f"T{new_id()}", action=action, form_version=1, status="station_review",
        unit_id=unit.id, building_id=unit.building_id, district_id=unit.district_id, forms=len(forms),
        collected_by=clerk.id, collected_at=COLLECTED, entered_by=clerk.id,
        **{"form": "incomer_registration" if action == "register" else "change_cancel", **over},
    )  # fmt: skip
    session.add(case)
    session.flush()
    for turn, form in enumerate(forms, start=1):
        values = {"is_open": False, "category": "incomer" if action == "register" else None, **form}
        session.add(CasePerson(case_id=case.id, turn=turn, district_id=unit.district_id, **values))
    session.flush()
    return case


def apply(session: Session, case_id: UUID, months: int = 12) -> str:
    """Apply a case to the register as the act that passes it does."""
    applied = func.registry.apply_case(case_id, new_id(), months)
    return str(session.execute(select(applied)).scalar_one())


def take(session: Session, unit: HousingUnit, action: str, *forms: dict[str, Any], **over: Any) -> str:
    """Store a case by a clerk of its own and apply it; answer what the register says."""
    answer = apply(session, make_case(session, make_account(session), unit, action, *forms, **over).id)
    session.expire_all()
    return answer
