"""Acts on accounts and purposes, as test_acts.py tries them: path, body, and what shows the version."""

from typing import Any

ACCOUNT = "/v1/accounts/{managed}"
ROBOT = "/v1/accounts/{robot}"
PURPOSE = "/v1/purposes/{reason}"
ACCOUNT_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "account": ("/v1/accounts", {"login": "neu", "name": "新某", "role": "clerk", "area_ids": ["{t}"]}, ""),
    "account_change": (f"{ACCOUNT}/actions/change", {"daily_limit": 7}, ACCOUNT),
    "account_disable": (f"{ACCOUNT}/actions/disable", {}, ACCOUNT),
    "account_enable": (f"{ACCOUNT}/actions/enable", {}, ACCOUNT),
    "account_password": (f"{ACCOUNT}/actions/reset-password", {}, ACCOUNT),
    "account_factor": (f"{ACCOUNT}/actions/reset-second-factor", {}, ACCOUNT),
    "account_grant": (f"{ACCOUNT}/actions/grant", {"division_id": "{far}"}, ACCOUNT),
    "account_grant_end": (f"{ACCOUNT}/actions/end-grant", {"grant_id": "{granted}"}, ACCOUNT),
    "account_token": (f"{ROBOT}/actions/issue-token", {"title": "统计接口", "days": 30}, ROBOT),
    "account_session": (f"{ROBOT}/actions/end-session", {"session_id": "{opened}"}, ROBOT),
    "purpose": (
        "/v1/purposes",
        {"code": "31", "title": "学区核验", "legal_basis": "义务教育法", "roles": ["officer"]},
        "",
    ),
    "purpose_change": (f"{PURPOSE}/actions/change", {"title": "入学核验"}, PURPOSE),
    "purpose_end": (f"{PURPOSE}/actions/end", {}, PURPOSE),
}
