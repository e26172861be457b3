"""P5 for every kind of look: an account of another area sees nothing by any of them, one of the area something."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_registry.access import cipher
from geo_registry.access.rules import ALLOWED, Role
from geo_registry.access.viewer import hash_token
from geo_registry.codes import new_id
from geo_registry.residence.reads import words_of_name

from .conftest import NUMBERS, Town, sign_in
from .test_apart import ANY_PURPOSE
from .test_look_walls import NEEDED

pytestmark = pytest.mark.commits
IDS = ("case", "lineage", "declaration", "death", "run", "twin", "village", "asked", "sheet")
# All of it lies in the first township, and is about 张三丰 there.
PAPERS = """
    INSERT INTO registry.division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id)
    SELECT :village, 'cn', '990101001001', 'community', '村', '村', id, district_id, id FROM registry.division WHERE code = '990101001';
    UPDATE registry.building SET community_id = :village WHERE id = :building;
    UPDATE registry.housing_unit SET community_id = :village WHERE building_id = :building;
    INSERT INTO registry.registration (residence_id, person_id, status, registered_on, expires_on, district_id)
    SELECT id, person_id, 'active', CURRENT_DATE, CURRENT_DATE + 365, district_id FROM registry.residence WHERE person_id = :person;
    INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
    SELECT :twin, name, sex, birth_year, birth_month, id_type, id_number, '\\x01', id_tail FROM registry.person WHERE id = :person;
    INSERT INTO registry.residence (person_id, unit_id, category) VALUES (:twin, :unit, 'incomer');
    INSERT INTO registry.registration_case (id, serial, action, form, form_version, status, unit_id, building_id, collected_by, collected_at,
      entered_by, submitted_at, district_id)
    SELECT :case, '居登1', 'register', 'incomer_registration', 1, 'submitted', :unit, :building, a.id, now() - interval '1 hour', a.id, now(), :d
    FROM registry.account a WHERE a.login = 'auditor';
    INSERT INTO registry.case_person (id, case_id, turn, person_id, name, sex, id_type, id_number, id_index, id_tail, district_id)
    SELECT :sheet, :case, 1, id, name, sex, id_type, id_number, id_index, id_tail, :d FROM registry.person WHERE id = :person;
    INSERT INTO registry.person_lineage (id, kind, from_id, to_id, reason, proposed_by, district_id, township_id, community_id)
    SELECT :lineage, 'merge', :twin, :person, '同一个人', a.id, :d, :t, :village FROM registry.account a WHERE a.login = 'auditor';
    INSERT INTO registry.declaration (id, kind, address_text, name, id_type, id_number, id_index, id_tail, on_day, district_id, township_id, community_id)
    SELECT :declaration, 'arrival', '映月路6号', name, id_type, id_number, id_index, id_tail, CURRENT_DATE, :d, :t, :village
    FROM registry.person WHERE id = :person;
    INSERT INTO registry.death_notice (id, source, id_type, id_index, died_on, person_id, district_id, township_id, community_id)
    SELECT :death, '殡葬', id_type, id_index, CURRENT_DATE, id, :d, :t, :village FROM registry.person WHERE id = :person;
    INSERT INTO registry.separation_run (id, title, mode, opens_on, closes_on, district_id, township_id)
    VALUES (:run, '核查', 'data_only', CURRENT_DATE, CURRENT_DATE, :d, :t);
    INSERT INTO registry.separation_item (run_id, person_id, name, sex, id_type, id_number, id_index, id_tail, district_id, township_id, community_id)
    SELECT :run, id, name, sex, id_type, id_number, id_index, id_tail, :d, :t, :village FROM registry.person WHERE id = :person;
    INSERT INTO registry.separation_decision (person_id, status, reason, decided_by, district_id, township_id, community_id)
    SELECT :person, 'consistent', '实际居住已核', a.id, :d, :t, :village FROM registry.account a WHERE a.login = 'auditor';
    INSERT INTO registry.disclosure (id, number, state, seed, requested_by, requested_at, expires_at, purpose, case_number, recipient, reason,
      object_kind, object_id, with_numbers, district_id, township_id, community_id)
    SELECT :asked, 'D1', 'approved', decode(repeat('00', 32), 'hex'), a.id, now(), now() + interval '1 day', 'any', '来函1号', '民政局', '核对名单之用', 'building', :building,
      false, :d, :t, :village FROM registry.account a WHERE a.login = 'auditor'"""
CALL = text("CALL registry.look(:id, :token, :action, 'any', '居登-1183', :kind, :object, :subject, :fields, NULL, NULL,"
            " NULL, NULL, NULL, NULL, 50, :words, NULL, NULL)")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aim:
    """What an action looks at, by the names of the town."""

    kind: str
    thing: str | None = None
    by_number: bool = False
    fields: tuple[str, ...] = ()
    words: str | None = None


AIMS = {
    "occupants": Aim("building", "building"), "dwellings": Aim("person", by_number=True),
    "person": Aim("person", "person", fields=("name",)), "subject": Aim("person", by_number=True),
    "export": Aim("disclosure", "asked"), "name": Aim("division", "village", words="张三丰"),
    "case": Aim("registration_case", "case"), "check": Aim("registration_case", "case", by_number=True),
    "paper": Aim("registration_case", "case", fields=("form", "sheet")), "ledger": Aim("division", "village", words="{}"),
    "permit": Aim("person", by_number=True), "separation": Aim("division", "village", words="decided"),
    "run": Aim("separation_run", "run"), "duplicates": Aim("division", "village"),
    "lineage": Aim("person_lineage", "lineage"), "declaration": Aim("declaration", "declaration"),
    "death": Aim("death_notice", "death"),
}  # fmt: skip


@pytest.fixture
def filled(town: Town) -> tuple[Town, dict[str, UUID]]:
    """Give the town with something of every kind in its first township."""
    ids = {
        **{name: new_id() for name in IDS},
        "building": town.buildings[1],
        "unit": town.units[1],
        "person": town.persons[1],
    }
    with town.owner.begin() as connection:
        connection.execute(ANY_PURPOSE, {"roles": [role.value for role in Role]})
        for name, code in (("d", "990101"), ("t", "990101001")):
            found = connection.execute(
                text("SELECT id FROM registry.division WHERE code = :code"), {"code": code}
            )
            ids[name] = found.scalar_one()
        for statement in PAPERS.split(";"):
            connection.execute(text(statement), ids)
    return town, ids


def _answer(town: Town, ids: dict[str, UUID], action: str, token: str) -> tuple[str, str | None]:
    aim = AIMS[action]
    words = words_of_name(aim.words) if action == "name" and aim.words else aim.words
    subject = cipher.blind_index("111", NUMBERS[0]) if aim.by_number else None
    if action == "name" and words:
        subject = hashlib.sha256(words.encode()).digest()
    values: dict[str, Any] = {
        "id": new_id(), "token": hash_token(token), "action": action, "kind": aim.kind, "subject": subject,
        "object": ids[aim.thing] if aim.thing else None, "fields": [str(ids.get(field, field)) for field in aim.fields], "words": words,
    }  # fmt: skip
    with town.app.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        decision, told = connection.execute(CALL, values).one()
    return decision, told


def test_every_action_is_tried() -> None:
    assert set(AIMS) == set(NEEDED)


@pytest.mark.promise("P5")
@pytest.mark.parametrize("action", sorted(AIMS))
def test_nothing_of_another_area_is_seen_by_any_look(
    filled: tuple[Town, dict[str, UUID]], action: str
) -> None:
    town, ids = filled
    for role in Role:
        if NEEDED[action].isdisjoint(ALLOWED[role]):
            continue
        for code in ("990101001", "990101002"):
            token = f"{role}-{code}"
            with town.owner.begin() as connection:
                token = sign_in(connection, token, role, code)
            decision, told = _answer(town, ids, action, token)
            marks = [mark for mark in ("张", str(ids["person"]), "1183", "401室") if mark in (told or "")]
            if code == "990101002":
                assert decision == "not-found" or not marks, (role, decision, told)
            elif role is not Role.COORDINATOR and action != "export":
                # Coordinators open the cases of their own blocks alone; a file is made by who asked for it.
                assert (decision, bool(marks)) == ("granted", True), (role, decision, told)
