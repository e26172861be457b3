"""Acts on sheets, volumes and permits, as test_acts.py tries them: path, body, and what shows the version."""

from typing import Any

from geo_registry.db import today

DAY = today()
NEXT_YEAR = str(DAY.replace(year=DAY.year + 1, day=1))
PAPER_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "sheets": (
        "/v1/form-sheets",
        {"form": "incomer_registration", "count": 2, "issued_to": "{keeper}", "area_id": "{c}"},
        "",
    ),
    "sheets_return": ("/v1/form-sheets/actions/return", {"first": "L26-9000001"}, ""),
    "sheets_verify": ("/v1/form-sheets/actions/verify", {"first": "L26-9000002"}, ""),
    "sheets_void": ("/v1/form-sheets/actions/void", {"first": "L26-9000001", "reason": "污损"}, ""),
    "volume": ("/v1/volumes", {"title": "变更、注销表", "area_id": "{c}"}, ""),
    "volume_bind": (
        "/v1/volumes/{volume}/actions/bind",
        {"serials": ["J2601-900001"]},
        "/v1/volumes/{volume}",
    ),
    "volume_close": ("/v1/volumes/{bound_volume}/actions/close", {}, "/v1/volumes/{bound_volume}"),
    "permit": ("/v1/permits", {"registration_id": "{registered}"}, ""),
    "permit_accept": ("/v1/permits/{referral}/actions/accept", {}, "/v1/permits/{referral}"),
    "permit_refuse": (
        "/v1/permits/{referral}/actions/refuse",
        {"reason": "材料不全"},
        "/v1/permits/{referral}",
    ),
    "permit_issue": (
        "/v1/permits/{accepted_referral}/actions/issue",
        {"number": "JZ3101120001", "issued_on": str(DAY), "expires_on": NEXT_YEAR},
        "/v1/permits/{accepted_referral}",
    ),
    "permit_endorse": (
        "/v1/permits/{issued_referral}/actions/endorse",
        {"expires_on": NEXT_YEAR},
        "/v1/permits/{issued_referral}",
    ),
}
PAPER_AUTHORS = {name: "permit_desk" if name.startswith("permit") else "entry_clerk" for name in PAPER_WRITES}
