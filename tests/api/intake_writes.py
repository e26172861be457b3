"""Every write upon what comes in from outside and upon the check of separated persons, and who does it."""

from typing import Any

from geo_registry.db import today

DECLARED_NUMBER = "DECLAREDAB"
DECLARED, DEATH, RUN = "/v1/declarations/{declared}", "/v1/death-notices/{death}", "/v1/separation-runs/{run}"
SETTLED, LISTED = "/v1/separation-runs/{settled_run}", "/v1/separation-items/{listed}"
REFERRAL = "/v1/hukou-referrals/{hukou_referral}"
WHY = {"reason": "与登记不符，请到登记点"}
INTAKE_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "declaration_confirm": (
        f"{DECLARED}/actions/confirm",
        {"id_type": "990", "id_number": DECLARED_NUMBER, "unit_id": "{vacant}"},
        DECLARED,
    ),
    "declaration_reject": (f"{DECLARED}/actions/reject", WHY, DECLARED),
    "death_confirm": (f"{DEATH}/actions/confirm", {}, DEATH),
    "death_reject": (f"{DEATH}/actions/reject", WHY, DEATH),
    "run": (
        "/v1/separation-runs",
        {"title": "十月核对", "mode": "field_first", "area_id": "{t}", "opens_on": str(today()), "closes_on": str(today())},
        "",
    ),
    "run_close": (f"{SETTLED}/actions/close", {}, SETTLED),
    "run_find": (
        f"{RUN}/items",
        {"name": "新见者", "id_type": "990", "id_number": "FOUND0001", "unit_id": "{vacant}"},
        "",
    ),
    "item_settle": (f"{LISTED}/actions/settle", {"outcome": "not_found"}, LISTED),
    "hukou_refer": ("/v1/hukou-referrals", {"person_id": "{homeless}", "referred_to": "civil_affairs"}, ""),
    "hukou_close": (f"{REFERRAL}/actions/close", {"outcome": "hukou_given"}, REFERRAL),
}  # fmt: skip
INTAKE_AUTHORS = dict.fromkeys(INTAKE_WRITES, "officer")
