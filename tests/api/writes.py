"""Every write of the interface, with what it needs and who does it."""

from typing import Any

from geo_registry.db import today
from tests.api.account_writes import ACCOUNT_WRITES
from tests.api.case_writes import CASE_AUTHORS, CASE_WRITES
from tests.api.dwelling_writes import DWELLING_AUTHORS, DWELLING_WRITES
from tests.api.intake_writes import INTAKE_AUTHORS, INTAKE_WRITES
from tests.api.paper_writes import PAPER_AUTHORS, PAPER_WRITES
from tests.api.person_writes import PERSON_AUTHORS, PERSON_WRITES
from tests.api.plate_writes import PLATE_AUTHORS, PLATE_WRITES

UNIT = "/v1/housing-units/{unit}"
CHANGE = f"{UNIT}/actions/change"
BLOCK = "/v1/blocks/{block}/actions"
DECREE = {"document_number": "东地名〔2026〕1号"}
PAPER = {"document_number": "望澜网格〔2026〕3号"}


def _box(west: float, south: float, width: float = 0.01) -> dict[str, Any]:
    east, north = round(west + width, 6), round(south + 0.01, 6)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


# Path, body, and where the version is shown; names in braces are ids of the town.
WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "place_name": ("/v1/streets", {"kind": "street", "name": "断桥路", "area_id": "{t}", **DECREE}, ""),
    "address": ("/v1/addresses", {"place_name_id": "{street}", "number": "66"}, ""),
    "building": (
        "/v1/buildings",
        {"address_id": "{address}", "building_no": "7幢", "lon": 121.408, "lat": 31.108},
        "",
    ),
    "housing_unit": ("/v1/housing-units", {"building_id": "{building}", "unit": "601室"}, ""),
    "rename": ("/v1/streets/{lane}/actions/rename", {"name": "220弄", **DECREE}, "/v1/lanes/{lane}"),
    "street": ("/v1/streets/{lane}/actions/correct", {}, "/v1/lanes/{lane}"),
    "end_street": ("/v1/streets/{lane}/actions/retire", DECREE, "/v1/lanes/{lane}"),
    "reserve": (
        "/v1/streets/{lane}/actions/reserve",
        {"numbers": [{"number": "12"}, {"number": "14"}]},
        "/v1/lanes/{lane}",
    ),
    "release": ("/v1/streets/{street}/actions/release", {"numbers": ["94"]}, "/v1/streets/{street}"),
    "correct": ("/v1/addresses/{address}/actions/correct", {"accuracy": "A"}, "/v1/addresses/{address}"),
    "approve": ("/v1/addresses/{planned}/actions/approve", {}, "/v1/addresses/{planned}"),
    "end_address": ("/v1/addresses/{bare}/actions/retire", {}, "/v1/addresses/{bare}"),
    "end_building": ("/v1/buildings/{empty}/actions/retire", {}, "/v1/buildings/{empty}"),
    "renumber": ("/v1/addresses/{address}/actions/renumber", {"number": "68"}, "/v1/addresses/{address}"),
    "building_edit": ("/v1/buildings/{building}/actions/correct", {"floors": 5}, "/v1/buildings/{building}"),
    "unit": (CHANGE, {"use": "vacant"}, UNIT),
    "unit_end": ("/v1/housing-units/{vacant}/actions/retire", {}, "/v1/housing-units/{vacant}"),
    "plate": ("/v1/plates", {"place_name_id": "{street}", "number": "68"}, ""),
    "plate_approvals": ("/v1/plates/actions/approve", {"plate_ids": ["{drafted}"]}, ""),
    "plate_approve": ("/v1/plates/{drafted}/actions/approve", {}, "/v1/plates/{drafted}"),
    "plate_cancel": ("/v1/plates/{drafted}/actions/cancel", {"reason": "错编"}, "/v1/plates/{drafted}"),
    "plate_scrap": ("/v1/plates/{ordered}/actions/scrap", {"reason": "错字"}, "/v1/plates/{ordered}"),
    "plate_install": (
        "/v1/plates/{delivered}/actions/install",
        {"photo": "cd" * 32, "lon": 121.405, "lat": 31.105},
        "/v1/plates/{delivered}",
    ),
    "plate_verify": ("/v1/plates/{hung}/actions/verify", {}, "/v1/plates/{hung}"),
    "plate_damage": ("/v1/plates/{hung}/actions/report-damage", {}, "/v1/plates/{hung}"),
    "plate_missing": ("/v1/plates/{hung}/actions/report-missing", {}, "/v1/plates/{hung}"),
    "plate_inspect": ("/v1/plates/{hung}/actions/inspect", {}, "/v1/plates/{hung}"),
    "plate_replace": ("/v1/plates/{hung}/actions/replace", {}, "/v1/plates/{hung}"),
    "plate_supersede": ("/v1/plates/{hung}/actions/supersede", {"reason": "更名"}, "/v1/plates/{hung}"),
    "plate_remove": ("/v1/plates/{hung}/actions/remove", {"reason": "拆楼"}, "/v1/plates/{hung}"),
    "plate_move": ("/v1/plates/{hung}/actions/move", {"lon": 121.405, "lat": 31.106}, "/v1/plates/{hung}"),
    "batch": ("/v1/plate-batches", {"plate_ids": ["{approved}"], "number": "四", "maker": "标牌厂"}, ""),
    "batch_produce": ("/v1/plate-batches/{batch}/actions/produce", {}, "/v1/plate-batches/{batch}"),
    "batch_deliver": ("/v1/plate-batches/{made_batch}/actions/deliver", {}, "/v1/plate-batches/{made_batch}"),
    "batch_close": ("/v1/plate-batches/{done_batch}/actions/close", {}, "/v1/plate-batches/{done_batch}"),
    "batch_cancel": (
        "/v1/plate-batches/{batch}/actions/cancel",
        {"reason": "改版"},
        "/v1/plate-batches/{batch}",
    ),
    "focus": ("/v1/focus-areas", {"name": "月河市场", "kind": "market", "block_ids": ["{block}"]}, ""),
    "focus_end": ("/v1/focus-areas/{focus}/actions/retire", {}, "/v1/focus-areas/{focus}"),
    "zone": (
        "/v1/zones",
        {"name": "月河老街", "ground": "low_registration", "block_ids": ["{block}"]},
        "",
    ),
    "zone_notify": ("/v1/zones/{zone_proposed}/actions/notify", {}, "/v1/zones/{zone_proposed}"),
    "zone_list": (
        "/v1/zones/{zone_notified}/actions/list",
        {"document_number": "月综治〔2026〕7号"},
        "/v1/zones/{zone_notified}",
    ),
    "zone_plan": (
        "/v1/zones/{zone_notified}/actions/plan",
        {
            "cause": "老街隔间多",
            "responsible_id": "{worker}",
            "sweep_weekday": 3,
            "measures": [{"title": "逐户核对", "due_on": str(today())}],
        },
        "/v1/zones/{zone_notified}",
    ),
    "zone_amend": (
        "/v1/zones/{zone_listed}/actions/amend-plan",
        {"cause": "换住频繁"},
        "/v1/zones/{zone_listed}",
    ),
    "zone_approve": ("/v1/zones/{zone_listed}/actions/approve-plan", {}, "/v1/zones/{zone_listed}"),
    "zone_start": ("/v1/zones/{zone_approved}/actions/start", {}, "/v1/zones/{zone_approved}"),
    "zone_measure": (
        "/v1/zones/{zone_working}/actions/measure",
        {"turn": 1, "done_percent": 60},
        "/v1/zones/{zone_working}",
    ),
    "zone_sweep": (
        "/v1/zones/{zone_working}/actions/sweep",
        {"held_on": str(today()), "units_planned": 40, "units_visited": 35, "newly_registered": 12},
        "/v1/zones/{zone_working}",
    ),
    "zone_submit": (
        "/v1/zones/{zone_working}/actions/submit",
        {"reason": "房东在外地，一项措施顺延"},
        "/v1/zones/{zone_working}",
    ),
    "zone_accept": (
        "/v1/zones/{zone_submitted}/actions/accept",
        {"sample_plan_id": "{proof}", "document_number": "月综治〔2026〕9号"},
        "/v1/zones/{zone_submitted}",
    ),
    "zone_return": (
        "/v1/zones/{zone_submitted}/actions/return",
        {"sample_plan_id": "{proof}", "reason": "门牌未补齐"},
        "/v1/zones/{zone_submitted}",
    ),
    "zone_close": (
        "/v1/zones/{zone_accepted}/actions/close",
        {"document_number": "月综治〔2026〕10号"},
        "/v1/zones/{zone_accepted}",
    ),
    "zone_fail": (
        "/v1/zones/{zone_listed}/actions/fail",
        {"reason": "超期未整改"},
        "/v1/zones/{zone_listed}",
    ),
    "sample": (
        "/v1/sample-plans",
        {
            "name": "十一月抽查",
            "direction": "field_to_register",
            "area_kind": "division",
            "area_id": "{t}",
            "sample_size": 1,
        },
        "",
    ),
    "sample_close": ("/v1/sample-plans/{sample}/actions/close", {}, "/v1/sample-plans/{sample}"),
    "sample_check": (
        "/v1/sample-plans/{sample}/checks",
        {"unit_id": "{unit}", "persons_met": 2, "persons_registered": 1},
        "",
    ),
    "check": ("/v1/field-checks", {"unit_id": "{unit}", "persons_met": 2, "persons_registered": 1}, ""),
    "building_check": (
        "/v1/building-checks",
        {"building_id": "{building}", "units_found": 3, "units_listed": 2},
        "",
    ),
    "block": (
        "/v1/blocks",
        {"boundary": _box(121.40, 31.11), "name": "石桥-03", "community_id": "{c}", **PAPER},
        "",
    ),
    "block_redraw": (
        f"{BLOCK}/redraw",
        {"boundary": _box(121.40, 31.10, 0.011), **PAPER},
        "/v1/blocks/{block}",
    ),
    "block_split": (
        f"{BLOCK}/split",
        {
            "line": {"type": "LineString", "coordinates": [[121.407, 31.09], [121.407, 31.12]]},
            "name": "石桥-03",
            **PAPER,
        },
        "/v1/blocks/{block}",
    ),
    "block_merge": (f"{BLOCK}/merge", {"into_id": "{beside}", **PAPER}, "/v1/blocks/{block}"),
    "block_retire": ("/v1/blocks/{beside}/actions/retire", {}, "/v1/blocks/{beside}"),
    "block_rename": (f"{BLOCK}/rename", {"name": "石桥东"}, "/v1/blocks/{block}"),
    "block_assign": (f"{BLOCK}/assign", {"account_id": "{keeper}", **PAPER}, "/v1/blocks/{block}"),
    "block_end": (
        "/v1/blocks/{beside}/actions/end-assignment",
        {"assignment_id": "{assigned}"},
        "/v1/blocks/{beside}",
    ),
    "disclosure": (
        "/v1/disclosures",
        {
            "object_kind": "building",
            "object_id": "{building}",
            "purpose": "05",
            "case_number": "月公〔2026〕4号",
            "recipient": "月河镇教育办",
            "reason": "核对适龄儿童入学",
        },
        "",
    ),
    "disclosure_approve": ("/v1/disclosures/{asked}/actions/approve", {}, "/v1/disclosures/{asked}"),
    "disclosure_refuse": (
        "/v1/disclosures/{asked}/actions/refuse",
        {"note": "范围过大"},
        "/v1/disclosures/{asked}",
    ),
    "disclosure_withdraw": ("/v1/disclosures/{asked}/actions/withdraw", {}, "/v1/disclosures/{asked}"),
    "visit": ("/v1/housing-units/{unit}/visits", {"outcome": "met_all"}, ""),
    **ACCOUNT_WRITES,
    **CASE_WRITES,
    **PAPER_WRITES,
    **PERSON_WRITES,
    **INTAKE_WRITES,
    **DWELLING_WRITES,
    **PLATE_WRITES,
    "review": ("/v1/reviews/{review}/actions/decide", {"verdict": "justified"}, "/v1/reviews/{review}"),
    "emergency": ("/v1/emergencies", {"case_number": "警情2026-0088", "reason": "走失儿童，须核实住处"}, ""),
}
# Who does them; the clerk unless it says otherwise here.
AUTHORS = {
    **CASE_AUTHORS,
    **PAPER_AUTHORS,
    **PERSON_AUTHORS,
    **INTAKE_AUTHORS,
    **dict.fromkeys(ACCOUNT_WRITES, "warden"),
    **DWELLING_AUTHORS,
    **PLATE_AUTHORS,
    **dict.fromkeys(("disclosure", "disclosure_withdraw", "emergency"), "officer"),
    **dict.fromkeys(("disclosure_approve", "disclosure_refuse", "review"), "station_head"),
    **dict.fromkeys(("block", "block_redraw", "block_split", "block_merge", "block_retire"), "supervisor"),
    **dict.fromkeys(("block_rename", "block_assign", "block_end", "visit"), "supervisor"),
    **dict.fromkeys(("sample", "sample_close", "sample_check", "check", "building_check"), "steward"),
    **dict.fromkeys(("focus", "focus_end", "zone", "zone_notify"), "officer"),
    **dict.fromkeys(
        ("zone_plan", "zone_amend", "zone_start", "zone_measure", "zone_sweep", "zone_submit"), "supervisor"
    ),
    **dict.fromkeys(
        ("zone_list", "zone_approve", "zone_accept", "zone_return", "zone_close", "zone_fail"), "leader"
    ),
}
