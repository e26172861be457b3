"""Certifying, places, warnings and the bin over HTTP, as an editor uses them."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.api.test_plates import done, problem

if TYPE_CHECKING:
    from tests.api.conftest import Town

ADDRESSES = "/v1/addresses/actions"


def _version(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.headers["etag"].strip('"'))


def _number(town: "Town", number: str, **more: Any) -> str:  # noqa: ANN401
    body = {
        "place_name_id": str(town.ids["street"]), "number": number, "lon": 121.4072, "lat": 31.1071,
        "accuracy": "B", **more,
    }  # fmt: skip
    return str(done(town.act("clerk", "/v1/addresses", body), 201)["id"])


@pytest.mark.requirement("R76")
def test_a_dry_run_tells_and_the_act_follows(town: "Town") -> None:
    good, vague = _number(town, "201"), _number(town, "203", lon=121.4081, accuracy="U")
    asked = {"address_ids": [good, vague], "basis": "visit"}
    trial = done(town.act("clerk", f"{ADDRESSES}/certify", {**asked, "dry_run": True}))
    assert trial["ready"] == [good]
    (refused,) = trial["refused"]
    assert (refused["id"], refused["code"]) == (vague, "accuracy-unknown")
    assert "另有" not in problem(town.act("clerk", f"{ADDRESSES}/certify", asked), 422, "accuracy-unknown")
    one = {"address_ids": [good], "versions": [1], "basis": "visit"}
    assert done(town.act("clerk", f"{ADDRESSES}/certify", one))["count"] == 1
    stale = town.act("clerk", f"{ADDRESSES}/uncertify", {**one, "reason": "x"} | {"basis": None})
    assert stale.status_code == 422
    late = town.act(
        "clerk", f"{ADDRESSES}/uncertify", {"address_ids": [good], "versions": [1], "reason": "门改"}
    )
    assert (late.status_code, late.json()["version"]) == (412, 2)
    lacking = town.act("clerk", f"{ADDRESSES}/uncertify", {"address_ids": [good]})
    assert "须说明事由" in problem(lacking, 422, "reason-required")
    assert town.act("officer", f"{ADDRESSES}/certify", one).status_code == 403
    # Moving it needs a reason, and ends the certification.
    path = f"/v1/addresses/{good}/actions/correct"
    move = {"lon": 121.4073, "lat": 31.1072}
    assert "取消认证" in problem(town.act("clerk", path, move, 2), 422, "reason-required")
    done(town.act("clerk", path, {**move, "reason": "门在东侧"}, 2))
    trial = done(town.act("clerk", f"{ADDRESSES}/uncertify", {"address_ids": [good], "dry_run": True}))
    assert [one["code"] for one in trial["refused"]] == ["not-certified"]


def test_a_plate_shows_its_door(town: "Town") -> None:
    shown = done(town.call("clerk", "GET", "/v1/plates/{beside_house}"))
    assert (shown["address_state"], shown["place_name_id"]) == ("current", str(town.ids["street"]))
    assert shown["certified"] == {**shown["certified"], "by": "何小乙", "basis": "visit", "until": None}
    hung = done(town.call("clerk", "GET", "/v1/plates/{hung}"))
    assert hung["certified"] is None


def test_places_of_an_address(town: "Town") -> None:
    address = _number(town, "205", lon=121.4091)
    path = f"/v1/addresses/{address}/positions"
    at = {"lon": 121.40912, "lat": 31.1072}
    missing = town.act("clerk", path, {"kind": "gate", **at})
    assert missing.status_code == 428
    added = done(town.act("clerk", path, {"kind": "gate", **at}, 1), 201)
    assert (added["id"], added["version"]) == (address, 2)
    spot = f"{path}/{added['position_id']}/actions"
    main = done(town.act("clerk", f"{spot}/main", {}, 2))
    rows = done(town.call("clerk", "GET", path))
    assert [(row["kind"], row["is_main"]) for row in rows] == [("gate", True), ("entrance", False)]
    assert rows[0]["id"] is None
    done(town.act("clerk", f"{spot}/end", {}, main["version"]))
    assert len(done(town.call("clerk", "GET", path))) == 1
    assert town.act("clerk", f"{spot}/move", at, main["version"] + 1).status_code == 404
    assert town.call("foreign", "GET", path).status_code == 404


def test_warnings_come_and_go_with_the_acts(town: "Town") -> None:
    address = _number(town, "207", lon=121.4172)
    listed = f"/v1/address-warnings?place_name_id={town.ids['street']}"
    before = done(town.call("clerk", "GET", listed))["rows"]
    assert address not in {row["address_id"] for row in before}
    twin = _number(town, "209", lon=121.4172)
    rows = done(town.call("clerk", "GET", f"{listed}&kind=duplicate"))["rows"]
    assert {address, twin} <= {row["address_id"] for row in rows}
    assert {row["level"] for row in rows} == {"error"}
    barred = town.act("clerk", f"{ADDRESSES}/certify", {"address_ids": [twin], "basis": "visit"})
    assert "未处理的错误提示" in problem(barred, 422, "warning-open")
    accept = f"/v1/address-warnings/{twin}/duplicate/actions/accept"
    assert problem(town.act("clerk", accept, {}), 422, "reason-required")
    done(town.act("clerk", accept, {"reason": "同一门洞两户"}))
    done(town.act("clerk", f"{ADDRESSES}/certify", {"address_ids": [twin], "basis": "visit"}))
    kept = done(town.call("clerk", "GET", f"{listed}&accepted=true"))["rows"]
    assert [row["reason"] for row in kept if row["address_id"] == twin] == ["同一门洞两户"]
    counts = done(town.call("clerk", "GET", "/v1/address-warnings/counts"))
    assert counts["by_kind"]["duplicate"] >= 1
    assert counts["accepted"] >= 1
    checked = town.call(
        "clerk", "POST", "/v1/address-warnings/actions/check", json={"place_name_id": str(town.ids["street"])}
    )
    assert done(checked)["count"] == counts["total"]
    # It only finds anew what is derived: asked again it changes nothing, and no act is logged for it.
    log = (
        "SELECT json_build_array((SELECT count(*) FROM registry.act), json_agg(w)) FROM ("
        "SELECT * FROM registry.address_warning ORDER BY address_id, kind) w"
    )
    stood = town.sql(log)
    request = checked.request
    again = town.call("clerk", "POST", request.url.path, json={"place_name_id": str(town.ids["street"])})
    assert (again.json(), town.sql(log)) == (checked.json(), stood)
    unknown = town.act("clerk", f"/v1/address-warnings/{twin}/gap/actions/accept", {"reason": "x"})
    assert problem(unknown, 404, "warning-not-found")


def test_the_bin_and_the_way_back(town: "Town") -> None:
    made = done(
        town.act(
            "clerk", "/v1/plates",
            {"place_name_id": str(town.ids["street"]), "number": "211", "lon": 121.4151, "lat": 31.1151},
        ),
        201,
    )  # fmt: skip
    plate = done(town.call("clerk", "GET", f"/v1/plates/{made['id']}"))
    address = plate["address_id"]
    asked = {"address_ids": [address], "reason": "误录"}
    assert done(town.act("clerk", f"{ADDRESSES}/remove", {**asked, "dry_run": True}))["ready"] == [address]
    done(town.act("clerk", f"{ADDRESSES}/remove", asked))
    assert done(town.call("clerk", "GET", f"/v1/plates/{made['id']}"))["state"] == "cancelled"
    rows = done(town.call("clerk", "GET", "/v1/bin?kind=address"))["rows"]
    mine = next(row for row in rows if row["id"] == address)
    assert (mine["reason"], mine["can_restore"], mine["was"]) == ("误录", True, "current")
    done(town.act("clerk", f"{ADDRESSES}/restore", {"address_ids": [address]}))
    assert done(town.call("clerk", "GET", f"/v1/plates/{made['id']}"))["state"] == "numbered"
    version = _version(town.call("clerk", "GET", f"/v1/plates/{made['id']}"))
    cancelled = done(
        town.act("clerk", f"/v1/plates/{made['id']}/actions/cancel", {"reason": "错编"}, version)
    )
    back = done(town.act("clerk", f"/v1/plates/{made['id']}/actions/restore", {}, cancelled["version"]))
    assert back["version"] == cancelled["version"] + 1
    lived = town.act(
        "clerk", f"{ADDRESSES}/remove", {"address_ids": [str(town.ids["address"])], "reason": "误"}
    )
    assert lived.status_code == 409
    assert town.call("leader", "GET", "/v1/bin").status_code == 403


def test_plates_are_chosen_snapped_and_worked_on_together(town: "Town") -> None:
    ring = [[121.4, 31.1], [121.42, 31.1], [121.42, 31.12], [121.4, 31.12], [121.4, 31.1]]
    found = done(
        town.call(
            "clerk",
            "POST",
            "/v1/plates/selection",
            json={"polygon": {"type": "Polygon", "coordinates": [ring]}},
        )
    )
    assert found["total"] == len(found["plates"]) > 0
    assert str(town.ids["beside_house"]) in {row["id"] for row in found["plates"]}
    snaps = done(town.call("clerk", "GET", "/v1/plates/snap?lon=121.40535&lat=31.1051"))
    assert [one["kind"] for one in snaps] == ["outline"]
    assert snaps[0]["distance_m"] < 6
    asked = {"plate_ids": [str(town.ids["beside_house"])]}
    trial = done(town.act("clerk", "/v1/plates/actions/move-to-building", {**asked, "dry_run": True}))
    assert [(one["id"], one["kind"]) for one in trial["moves"]] == [(asked["plate_ids"][0], "outline")]
    moved = done(town.act("clerk", "/v1/plates/actions/move-to-building", {**asked, "reason": "按楼定位"}))
    assert moved["count"] == 1
    trial = done(town.act("clerk", "/v1/plates/actions/approve", {**asked, "dry_run": True}))
    assert trial["ready"] == asked["plate_ids"]
    both = {"plate_ids": [*asked["plate_ids"], str(town.ids["hung"])], "dry_run": True}
    trial = done(town.act("clerk", "/v1/plates/actions/cancel", both))
    assert [one["code"] for one in trial["refused"]] == ["plate-state"]
