"""Writes on dwellings, premises and acceptances, with what each needs; who does them."""

from typing import Any

OF = "/v1/verifications/{to_verify}"
NOTED = "/v1/dwelling-notes/{noted}"
HANDED = "/v1/dwelling-notes/{handed}"
TOLD = "/v1/tips/{told}"
FIRM = "/v1/premises/{firm}"
DWELLING_WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "verification": ("/v1/verifications", {"unit_id": "{vacant}"}, ""),
    "verification_visit": (f"{OF}/actions/visit", {}, OF),
    "verification_statement": (f"{OF}/actions/statement", {"speaker": "staff", "lives_there": True}, OF),
    "verification_approve": (f"{OF}/actions/approve", {}, OF),
    "verification_refuse": (f"{OF}/actions/refuse", {"refusal": "group_renting"}, OF),
    "verification_withdraw": (f"{OF}/actions/withdraw", {"reason": "已搬走"}, OF),
    "verification_print": ("/v1/verifications/{proven}/certificate", {}, ""),
    "note": ("/v1/dwelling-notes", {"unit_id": "{unit}", "kind": "overcrowded"}, ""),
    "note_hand_over": (f"{NOTED}/actions/hand-over", {}, NOTED),
    "note_close": (f"{HANDED}/actions/close", {"outcome": "put_right"}, HANDED),
    "tip": ("/v1/tips", {"unit_id": "{vacant}", "kind": "arrived"}, ""),
    "tip_process": (f"{TOLD}/actions/process", {"outcome": "registered"}, TOLD),
    "tip_ignore": (f"{TOLD}/actions/ignore", {"reason": "房屋空置"}, TOLD),
    "premises": ("/v1/premises", {"building_id": "{building}", "name": "月河书店"}, ""),
    "premises_correct": (f"{FIRM}/actions/correct", {"name": "月河米行二店"}, FIRM),
    "premises_check": (f"{FIRM}/actions/check", {}, FIRM),
    "premises_retire": (f"{FIRM}/actions/retire", {}, FIRM),
    "acceptance": ("/v1/acceptances", {"plan_id": "{closed}", "verdict": "refused", "note": "没有核查"}, ""),
}
DWELLING_AUTHORS = {
    **{name: "officer" for name in DWELLING_WRITES if not name.startswith("premises")},
    "acceptance": "inspector",
}
