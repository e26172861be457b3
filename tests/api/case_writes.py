"""Acts on cases of registration, as test_acts.py tries them, and the cases that they need."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from geo_registry.access import cipher
from geo_registry.db import today

FILLED = {
    "name": "陈小满", "id_type": "111", "id_number": "110105199003070033", "category": "incomer", "relation_to_head": "0",
    "hukou_code": "341225", "hukou_address": "柳沟镇12号", "since": str(today()), "stay_reason": "work", "lodging": "rented",
}  # fmt: skip
CASE, STATION = "/v1/registrations/{drafted_case}", "/v1/registrations/{station_case}"
CASE_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "case": (
        "/v1/registrations", {"action": "register", "form": "incomer_registration", "unit_id": "{unit}"}, ""
    ),
    "case_fill": (f"{CASE}/actions/fill", {"forms": [FILLED]}, CASE),
    "case_submit": (f"{CASE}/actions/submit", {}, CASE),
    "case_void": (f"{CASE}/actions/void", {"reason": "重复受理"}, CASE),
    "case_take": (
        "/v1/registrations/{waiting_case}/actions/take", {}, "/v1/registrations/{waiting_case}"
    ),
    "case_pass": (f"{STATION}/actions/pass", {}, STATION),
    "case_return": (f"{STATION}/actions/return", {"reason": "户籍地址不全"}, STATION),
}  # fmt: skip
CASE_AUTHORS = {
    **dict.fromkeys(("case", "case_fill", "case_submit", "case_void"), "entry_clerk"),
    "case_take": "officer",
    **dict.fromkeys(("case_pass", "case_return"), "station_head"),
}
CASE_NAMES = ("drafted_case", "waiting_case", "station_case")
_STATES = {"drafted_case": "draft", "waiting_case": "submitted", "station_case": "station_review"}
_NUMBERS = {
    "drafted_case": "110105199003070113", "waiting_case": "110105199003070199", "station_case": "110105199003070279",
}  # fmt: skip
_CASE = text("""
    INSERT INTO registry.registration_case (id, serial, action, form, form_version, status, unit_id, building_id, forms,
      collected_by, collected_at, entered_by, submitted_at, due_on, officer_by, officer_at, district_id)
    VALUES (:id, :serial, 'register', 'incomer_registration', 1, :status, :unit, :building, 1, :keeper, now(), :keeper, now(),
      CURRENT_DATE + 5, CASE WHEN :status = 'station_review' THEN CAST(:judge AS uuid) END, now(), :district)
""")
_FORM = text("""
    INSERT INTO registry.case_person (id, case_id, turn, person_id, name, sex, birth_year, birth_month, id_type, id_number, id_index,
      id_tail, category, relation_to_head, hukou_code, hukou_address, since, stay_reason, lodging, district_id)
    VALUES (:id, :id, 1, :person, '陈小满', '1', 1990, 3, '111', :cipher, :index, :tail, 'incomer', '0', '341225000000', '柳沟镇12号',
      CURRENT_DATE, 'work', 'rented', :district)
""")


def add_cases(connection: Connection, ids: dict[str, UUID]) -> None:
    """Store a draft, a case that waits for the officer and one that waits for the station, each complete."""
    for name, status in _STATES.items():
        own, number = ids[name], _NUMBERS[name]
        places = {"unit": ids["vacant"], "building": ids["building"], "district": ids["d"]}
        people = {"keeper": ids["keeper"], "judge": ids["managed"]}
        connection.execute(
            _CASE, {"id": own, "serial": f"J2601-{name}", "status": status, **places, **people}
        )
        sealed = {
            "person": own, "cipher": cipher.seal("person", "id_number", own, number),
            "index": cipher.blind_index("111", number), "tail": number[-2:],
        }  # fmt: skip
        connection.execute(_FORM, {"id": own, "district": ids["d"], **sealed})
