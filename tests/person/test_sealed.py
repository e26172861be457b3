"""Forms, declarations, lists and what was known before are sealed anew with the persons themselves."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

import geo_registry.tables  # noqa: F401  (every table is known)
from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.base import Base
from geo_registry.codes import new_id
from geo_registry.person import rotation
from geo_registry.person.tables import Person
from geo_registry.settings import Settings, make_secrets
from tests.factories import make_unit
from tests.residence.case_files import document, take

NUMBERS = ("id_number", "phone", "permit_number", "totp_secret")
OTHERS = """
    INSERT INTO registry.declaration (id, kind, address_text, district_id, name, id_type, id_number, id_index, id_tail, phone, on_day)
    VALUES (:id, 'arrival', '某路1号', :id, '某', '111', :declared, 'i', '1X', :phone, CURRENT_DATE);
    INSERT INTO registry.separation_run (id, title, mode, opens_on, closes_on, district_id)
    VALUES (:id, '核查', 'register_first', CURRENT_DATE, CURRENT_DATE, :id);
    INSERT INTO registry.separation_item (id, run_id, name, sex, id_type, id_number, id_index, id_tail, district_id)
    VALUES (:id, :id, '某', '1', '111', :listed, 'i', '1X', :id);
    INSERT INTO registry.permit_referral (id, person_id, registration_id, referred_on, permit_number, district_id)
    SELECT :id, g.person_id, g.id, CURRENT_DATE, :permit, :id FROM registry.registration g
"""


def test_every_sealed_column_is_rotated() -> None:
    stored = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in NUMBERS
    }
    assert stored == {(sealed.table, sealed.column) for sealed in rotation.SEALED}


@pytest.mark.promise("P22")
@pytest.mark.commits
def test_everything_sealed_for_a_person_is_sealed_anew(
    committed: Engine, database: cluster.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Settings(home=tmp_path, database_url=database.owner)
    make_secrets(config)
    monkeypatch.setattr(cipher, "settings", lambda: config)
    own, number = new_id(), "310112199003000017"
    known = {"id_number": number, "phone": "13900000000"}
    sealed = {
        "person_id": own, "id_number": cipher.seal("person", "id_number", own, number),
        "id_index": cipher.blind_index("111", number), "phone": cipher.seal("person", "phone", own, "13900000000"),
    }  # fmt: skip
    with Session(committed) as session, session.begin():
        unit = make_unit(session)
        assert take(session, unit, "register", document(1, **sealed)) == "done"
        person = session.get_one(Person, own)
        (residence,) = session.execute(text("SELECT id FROM registry.residence")).one()
        corrected = {**sealed, "residence_id": residence, "name": "新名"}
        assert take(session, unit, "correct", document(1, **corrected)) == "done"
        assert person.name == "新名"
        values = {
            name: cipher.seal(*where, own, "某值")
            for name, where in (
                ("declared", ("declaration", "id_number")), ("phone", ("declaration", "phone")),
                ("listed", ("separation_item", "id_number")), ("permit", ("permit_referral", "permit_number")),
            )
        }  # fmt: skip
        for statement in OTHERS.split(";"):
            session.execute(text(statement), {"id": own, **values})
    done = rotation.rotate(committed, batch=2)
    # The person, what was known before, two forms, a declaration of two values, an item and a permit.
    assert (done.key_id, done.resealed) == (2, 2 + 2 + 4 + 2 + 1 + 1)
    with committed.connect() as connection:
        for column in rotation.SEALED:
            query = select(column.rows.c[column.owner], column.value).where(column.value.is_not(None))
            for owner, value in connection.execute(query):
                opened = cipher.open_(column.kind, column.column, owner, bytes(value))
                expected = known[column.column] if column.kind == "person" else "某值"
                assert (value[1], opened) == (2, expected)
        history = text("SELECT count(*) FROM registry.person_history")
        # Sealed anew is no correction.
        assert connection.execute(history).scalar_one() == 1
