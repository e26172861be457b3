"""Acts over HTTP: once for each key, on the version that was read, and committed before the answer."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from geo_registry.db import today
from tests.api.account_writes import ACCOUNT_WRITES

if TYPE_CHECKING:
    from tests.api.conftest import Town

UNIT = "/v1/housing-units/{unit}"
CHANGE = f"{UNIT}/actions/change"
BLOCK = "/v1/blocks/{block}/actions"
PAPER = {"document_number": "望澜网格〔2026〕3号"}


_FILLED = re.compile(r"{(\w+)}")


def _version(town: "Town", path: str, role: str = "clerk") -> int:
    return int(town.call(role, "GET", path).headers["etag"].strip('"'))


def _outline(lon: float, lat: float) -> dict[str, Any]:
    ring = [[lon, lat], [lon + 0.0002, lat], [lon + 0.0002, lat + 0.0002], [lon, lat + 0.0002], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_a_street_from_its_naming_to_its_end(town: "Town") -> None:
    named = town.act(
        "clerk", "/v1/streets", {"kind": "street", "name": "听雨路", "area_id": str(town.ids["t"])}
    )
    assert named.status_code == 201, named.text
    assert named.headers["etag"] == '"1"'
    path = f"/v1/streets/{named.json()['id']}"
    renamed = town.act(
        "clerk", f"{path}/actions/rename", {"name": "听风路", "document_number": "东地名〔2026〕3号"}, 1
    )
    assert renamed.status_code == 200, renamed.text
    shown = town.call("clerk", "GET", path)
    assert (shown.json()["name"], shown.headers["etag"]) == ("听风路", f'"{renamed.json()["version"]}"')
    retired = town.act("clerk", f"{path}/actions/retire", {}, renamed.json()["version"])
    assert retired.status_code == 200, retired.text
    verbs = [row["verb"] for row in town.call("clerk", "GET", f"{path}/history").json()]
    assert verbs == ["retire", "rename", "name"]


def test_an_address_from_its_number_to_its_end(town: "Town") -> None:
    body = {"place_name_id": str(town.ids["street"]), "number": "20", "state": "proposed"}
    numbered = town.act("clerk", "/v1/addresses", body)
    assert numbered.status_code == 201, numbered.text
    again = town.act("clerk", "/v1/addresses", body)
    assert (again.status_code, again.json()["code"]) == (409, "number-taken")
    path, version = f"/v1/addresses/{numbered.json()['id']}", numbered.json()["version"]
    for verb, more in (
        ("approve", {}),
        ("correct", {"lon": 121.4051, "lat": 31.1051, "accuracy": "A"}),
        ("retire", {}),
    ):
        done = town.act("clerk", f"{path}/actions/{verb}", more, version)
        assert done.status_code == 200, done.text
        version = done.json()["version"]
    assert town.call("clerk", "GET", path).json()["state"] == "retired"


def test_a_building_with_a_unit(town: "Town") -> None:
    body = {
        "address_id": str(town.ids["address"]),
        "building_no": "9幢",
        "outline": _outline(121.407, 31.107),
        "floors": 6,
    }
    building = town.act("clerk", "/v1/buildings", body)
    assert building.status_code == 201, building.text
    unit = town.act(
        "clerk", "/v1/housing-units", {"building_id": building.json()["id"], "unit": "2单元402室"}
    )
    assert unit.status_code == 201, unit.text
    plan = town.call("clerk", "GET", f"/v1/buildings/{building.json()['id']}/units").json()
    assert plan["unit_count"] == 1
    path = f"/v1/buildings/{building.json()['id']}/actions/correct"
    corrected = town.act("clerk", path, {"outline": _outline(121.40701, 31.107), "floors": 7}, 1)
    assert corrected.status_code == 200, corrected.text
    in_use = town.act("clerk", path.replace("correct", "retire"), {}, corrected.json()["version"])
    assert in_use.status_code == 409
    gone = town.act("clerk", f"/v1/housing-units/{unit.json()['id']}/actions/retire", {}, 1)
    assert gone.status_code == 200, gone.text


@pytest.mark.promise("P15")
def test_a_write_says_which_version_it_has_read(town: "Town") -> None:
    missing = town.act("clerk", CHANGE, {"use": "vacant"})
    assert (missing.status_code, missing.json()["type"]) == (428, "/problems/version-required")
    version = _version(town, UNIT)
    stale = town.act("clerk", CHANGE, {"use": "vacant"}, version + 1)
    assert (stale.status_code, stale.json()["version"]) == (412, version)
    assert stale.headers["etag"] == f'"{version}"'
    for broken in ("*", "1", 'W/"1"', '"a"', '"1", "2"'):
        headers = {"Idempotency-Key": uuid4().hex, "If-Match": broken}
        answer = town.call("clerk", "POST", CHANGE, json={"use": "vacant"}, headers=headers)
        assert answer.status_code == 400


def test_a_write_needs_a_key(town: "Town") -> None:
    headers = {"If-Match": f'"{_version(town, UNIT)}"'}
    answer = town.call("clerk", "POST", CHANGE, json={"use": "vacant"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-required")


def test_a_repeated_write_answers_the_same_and_does_nothing(town: "Town") -> None:
    version = _version(town, UNIT)
    headers = {"Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'}
    answers = [town.call("clerk", "POST", CHANGE, json={"use": "vacant"}, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replay") for answer in answers] == [None, "true", "true"]
    assert _version(town, UNIT) == version + 1
    other = town.call("clerk", "POST", CHANGE, json={"use": "let_whole"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    # A key belongs to its account.
    elsewhere = town.call("steward", "POST", CHANGE, json={"use": "vacant"}, headers=headers)
    assert elsewhere.status_code == 412


def test_a_write_outside_the_area_is_refused(town: "Town") -> None:
    answer = town.act("clerk", "/v1/buildings/{hidden}/actions/correct", {"floors": 3}, 1)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/refused")


def _box(west: float, south: float, width: float = 0.01) -> dict[str, Any]:
    east, north = round(west + width, 6), round(south + 0.01, 6)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


WRITES: dict[str, tuple[str, dict[str, Any], str]] = {
    "place_name": ("/v1/streets", {"kind": "street", "name": "断桥路", "area_id": "{t}"}, ""),
    "address": ("/v1/addresses", {"place_name_id": "{street}", "number": "66"}, ""),
    "building": (
        "/v1/buildings",
        {"address_id": "{address}", "building_no": "7幢", "lon": 121.408, "lat": 31.108},
        "",
    ),
    "housing_unit": ("/v1/housing-units", {"building_id": "{building}", "unit": "601室"}, ""),
    "rename": ("/v1/streets/{lane}/actions/rename", {"name": "220弄"}, "/v1/lanes/{lane}"),
    "street": ("/v1/streets/{lane}/actions/correct", {}, "/v1/lanes/{lane}"),
    "end_street": ("/v1/streets/{lane}/actions/retire", {}, "/v1/lanes/{lane}"),
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
}
# Who does them; the clerk unless it says otherwise here.
AUTHORS = {
    **dict.fromkeys(ACCOUNT_WRITES, "warden"),
    **dict.fromkeys(("disclosure", "disclosure_withdraw"), "officer"),
    **dict.fromkeys(("disclosure_approve", "disclosure_refuse"), "station_head"),
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


def test_every_write_of_the_interface_is_tried(town: "Town") -> None:
    paths = town.client.get("/v1/openapi.json").json()["paths"]
    writes = {re.sub(r"{.*?}", "*", path) for path, verbs in paths.items() if "post" in verbs}
    writes = {path for path in writes if not path.startswith(("/v1/session", "/v1/account/"))}
    # None is an act on the register: the own session and account, looks and previews that post what they ask for,
    # lists of texts to read, and photos, which are nothing until an act names them.
    writes -= {
        "/v1/persons/lookup",
        "/v1/persons/*/reveal",
        "/v1/disclosures/*/actions/make",
        "/v1/plates/preview",
        "/v1/blocks/*/preview",
        "/v1/photos",
        "/v1/addresses/standardize",
        "/v1/addresses/match",
    }
    assert writes == {re.sub(r"{.*?}", "*", path) for path, _, _ in WRITES.values()}


@contextmanager
def broken_commits(town: "Town") -> Iterator[None]:
    """Let every act fail at COMMIT, as a deferred constraint does."""
    town.sql("""
        CREATE FUNCTION registry.fail_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = 'check_violation'; END $$
    """)
    town.sql("""
        CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT ON registry.act DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION registry.fail_late()
    """)
    # A visit is its own record, and what is done to accounts is in the audit: no row in the log of acts.
    for table in ("visit", "audit"):
        town.sql(f"""
            CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT ON registry.{table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION registry.fail_late()
        """)
    yield
    for table in ("act", "visit", "audit"):
        town.sql(f"DROP TRIGGER fail_late ON registry.{table}")
    town.sql("DROP FUNCTION registry.fail_late()")


@pytest.fixture
def broken_commit(town: "Town") -> Iterator[None]:
    with broken_commits(town):
        yield


@pytest.mark.promise("P13")
@pytest.mark.usefixtures("broken_commit")
@pytest.mark.parametrize("write", sorted(WRITES))
def test_a_failed_commit_is_never_a_success(town: "Town", write: str) -> None:
    path, body, shown = WRITES[write]
    filled = json.loads(_FILLED.sub(lambda name: str(town.ids[name[1]]), json.dumps(body)))
    role = AUTHORS.get(write, "clerk")
    version = _version(town, shown, role) if shown else None
    acts = town.sql("SELECT count(*) FROM registry.act")
    answer: httpx.Response = town.act(role, path, filled, version)
    # The rule of the test's own trigger: whatever else refused would prove nothing.
    assert (answer.status_code, answer.json()["code"]) == (422, "value-refused"), answer.text
    assert town.sql("SELECT count(*) FROM registry.act") == acts
    if shown:
        assert _version(town, shown, role) == version
