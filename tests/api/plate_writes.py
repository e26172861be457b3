"""Writes on names, numbers and plates beyond the first ones, with what each needs; who does them."""

from typing import Any

TASK = "/v1/plate-tasks/{plate_task}"
REPORT = "/v1/plate-reports/{reported}/actions"
PLATE_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "street_number": (
        "/v1/streets/{street}/actions/number",
        {"slots": [{"number": "12", "lon": 121.4055, "lat": 31.1052}]},
        "/v1/streets/{street}",
    ),
    "street_renumber": (
        "/v1/streets/{street}/actions/renumber",
        {"changes": [{"address_id": "{bare}", "number": "93"}]},
        "/v1/streets/{street}",
    ),
    "street_take_back": (
        "/v1/streets/{shifted}/actions/take-back-renumbering",
        {"reason": "录错了号"},
        "/v1/lanes/{shifted}",
    ),
    "estate_take_back": (
        "/v1/streets/{taken}/actions/take-back-intake",
        {"reason": "选错了表"},
        "/v1/lanes/{taken}",
    ),
    "estate": (
        "/v1/estates/intake",
        {
            "estate": {"name": "清源小区", "area_id": "{c}"},
            "rows": [[2, "1", "1", 1, "101", None, 80.5, 121.4081, 31.1081]],
            "document_number": "月地名〔2026〕6号",
        },
        "",
    ),
    "certificate": ("/v1/address-certificates", {"change_id": "{moved}"}, ""),
    "plate_report": ("/v1/plate-reports", {"kind": "damaged", "plate_id": "{hung}"}, ""),
    "plate_report_accept": (f"{REPORT}/accept", {}, "/v1/plate-reports/{reported}"),
    "plate_report_reject": (f"{REPORT}/reject", {"reason": "现场完好"}, "/v1/plate-reports/{reported}"),
    "plate_report_merge": (
        f"{REPORT}/merge",
        {"into_id": "{reported_too}"},
        "/v1/plate-reports/{reported}",
    ),
    "plate_task": ("/v1/plate-tasks", {"plate_ids": ["{delivered}"], "title": "补装"}, ""),
    "plate_task_assign": (f"{TASK}/actions/assign", {"due_on": "2099-01-01"}, TASK),
    "plate_task_cancel": (f"{TASK}/actions/cancel", {"reason": "改由社区安装"}, TASK),
}
NAMED = "/v1/naming-cases/{named}"
PLATE_WRITES |= {
    "naming": (
        "/v1/naming-cases",
        {"action": "name", "kind": "street", "name": "松涛路", "area_id": "{t}"},
        "",
    ),
    "naming_submit": ("/v1/naming-cases/{named_back}/actions/submit", {}, "/v1/naming-cases/{named_back}"),
    "naming_approve": (f"{NAMED}/actions/approve", {}, NAMED),
    "naming_return": (f"{NAMED}/actions/return", {"note": "宜用旧名"}, NAMED),
    "naming_reject": (f"{NAMED}/actions/reject", {"note": "与规划不符"}, NAMED),
    "naming_withdraw": (f"{NAMED}/actions/withdraw", {}, NAMED),
    "naming_publish": (
        "/v1/naming-cases/{named_ok}/actions/publish",
        {"decree_number": "东民〔2026〕5号", "decree_on": "2026-01-05"},
        "/v1/naming-cases/{named_ok}",
    ),
    "naming_enforce": (
        "/v1/naming-cases/{named_out}/actions/enforce",
        {},
        "/v1/naming-cases/{named_out}",
    ),
}
SPOT = "/v1/addresses/{certified}/positions/{spot}/actions"
AT = {"lon": 121.40605, "lat": 31.10605}
CERTIFIED = "/v1/addresses/{certified}"
PLATE_WRITES |= {
    "certify": ("/v1/addresses/actions/certify", {"address_ids": ["{certified}"], "basis": "visit"}, ""),
    "uncertify": (
        "/v1/addresses/actions/uncertify",
        {"address_ids": ["{certified}"], "reason": "门前施工"},
        "",
    ),
    "address_remove": (
        "/v1/addresses/actions/remove",
        {"address_ids": ["{planned}"], "reason": "重复录入"},
        "",
    ),
    "address_restore": ("/v1/addresses/actions/restore", {"address_ids": ["{binned}"]}, ""),
    "plate_restore": ("/v1/plates/{dropped}/actions/restore", {}, "/v1/plates/{dropped}"),
    "position": ("/v1/addresses/{certified}/positions", {"kind": "stairway", **AT}, CERTIFIED),
    "position_move": (f"{SPOT}/move", AT, CERTIFIED),
    "position_end": (f"{SPOT}/end", {}, CERTIFIED),
    "position_main": (f"{SPOT}/main", {"reason": "大门改在东侧"}, CERTIFIED),
    "warning_accept": (
        "/v1/address-warnings/{bare}/no_position/actions/accept",
        {"reason": "整栋拆除中"},
        "",
    ),
    "warning_reopen": ("/v1/address-warnings/{unplaced}/no_position/actions/reopen", {}, ""),
    "plate_renew": (
        "/v1/plates/actions/renew",
        {"plate_ids": ["{produced}"], "reason": "道路更名"},
        "",
    ),
    "plate_cancels": ("/v1/plates/actions/cancel", {"plate_ids": ["{drafted}"], "reason": "错编"}, ""),
    "plates_to_building": (
        "/v1/plates/actions/move-to-building",
        {"plate_ids": ["{beside_house}"], "reason": "按楼门定位"},
        "",
    ),
}
PLATE_AUTHORS: dict[str, str] = {}
