"""Every write upon records of persons, with what it needs and who does it."""

from typing import Any

from geo_registry.db import today

LINEAGE, MERGED = "/v1/lineages/{lineage}", "/v1/lineages/{merged}"
DECISION = "/v1/separation-decisions/{decision}"
WHY = {"reason": "两份证件经核对"}
PERSON_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "lineage": (
        "/v1/lineages", {"kind": "merge", "from_id": "{other_twin}", "to_id": "{person}", **WHY}, ""
    ),
    "lineage_approve": (f"{LINEAGE}/actions/approve", {}, LINEAGE),
    "lineage_refuse": (f"{LINEAGE}/actions/refuse", WHY, LINEAGE),
    "lineage_undo": (f"{MERGED}/actions/undo", WHY, MERGED),
    "decision": (
        "/v1/separation-decisions",
        {"person_id": "{person}", "status": "false_alarm", "from": str(today()), **WHY},
        "",
    ),
    "decision_end": (f"{DECISION}/actions/end", {}, DECISION),
}  # fmt: skip
PERSON_AUTHORS = {
    **dict.fromkeys(("lineage", "lineage_approve", "lineage_refuse", "lineage_undo"), "station_head"),
    **dict.fromkeys(("decision", "decision_end"), "officer"),
}
