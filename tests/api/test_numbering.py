"""Numbering and locating over HTTP."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.api.writes import DECREE

if TYPE_CHECKING:
    from tests.api.conftest import Town

AXIS = {"type": "LineString", "coordinates": [[121.401, 31.105], [121.409, 31.105]]}


@pytest.fixture(scope="module")
def street(town: "Town") -> str:
    body = {"kind": "street", "name": "听雨路", "area_id": str(town.ids["t"]), "axis": AXIS, **DECREE}
    named = town.act("clerk", "/v1/streets", body)
    assert named.status_code == 201, named.text
    return f"/v1/streets/{named.json()['id']}"


def test_a_street_is_previewed_kept_and_let_go(town: "Town", street: str) -> None:
    shown = town.call("clerk", "GET", f"{street}/numbering?reserve=false")
    assert shown.status_code == 200, shown.text
    plan = shown.json()
    assert (plan["name"], plan["odd_side"], plan["slots"]) == ("听雨路", "south", [])
    assert plan["length_m"] == pytest.approx(764, abs=2)
    wishes = {"numbers": [{"number": "1", "lon": 121.408, "lat": 31.1049}, {"number": "3"}]}
    kept = town.act("clerk", f"{street}/actions/reserve", wishes, plan["version"])
    assert kept.status_code == 200, kept.text
    again = town.act("clerk", f"{street}/actions/reserve", wishes, kept.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "number-reserved")
    stale = town.act("clerk", f"{street}/actions/reserve", wishes, plan["version"])
    assert stale.status_code == 412
    plan = town.call("clerk", "GET", f"{street}/numbering").json()
    assert plan["counts"] == {"reserved": 2}
    freed = town.act("clerk", f"{street}/actions/release", {}, plan["version"])
    assert freed.status_code == 200, freed.text
    assert town.call("clerk", "GET", f"{street}/numbering?from=121.4,31.1").json()["slots"] == []
    verbs = [row["verb"] for row in town.call("clerk", "GET", f"{street}/history").json()]
    assert verbs == ["release", "reserve", "name"]


def test_a_preview_names_what_it_cannot_read(town: "Town", street: str) -> None:
    for query, field in (
        ("from=x", "from"),
        ("side=left", "side"),
        ("mode=fast", "mode"),
    ):
        answer = town.call("clerk", "GET", f"{street}/numbering?{query}")
        assert answer.status_code == 422, query
        assert field in answer.text
    wrong = town.call("clerk", "GET", f"{street}/numbering?mode=x").json()["errors"][0]
    assert re.fullmatch(r"应为 '\w+'(、'\w+')+ 之一", wrong["detail"])
    missing = town.call("clerk", "GET", f"/v1/streets/{town.ids['street']}/numbering")
    assert (missing.status_code, missing.json()["code"]) == (422, "axis-missing")


def test_the_buildings_of_an_estate_are_previewed(town: "Town", street: str) -> None:
    body = {"kind": "estate", "name": "竹海小区", "area_id": str(town.ids["c"]), **DECREE}
    named = town.act("clerk", "/v1/streets", body)
    assert named.status_code == 201, named.text
    path = f"/v1/lanes/{named.json()['id']}/numbering"
    plan = town.call("clerk", "GET", f"{path}?from=121.405,31.1")
    assert plan.status_code == 200, plan.text
    assert (plan.json()["name"], plan.json()["version"]) == ("竹海小区", 1)
    for query, code in (("", "gate-missing"), ("?from=x", "")):
        answer = town.call("clerk", "GET", path + query)
        assert answer.status_code == 422, answer.text
        assert code in answer.text
    other = town.call("clerk", "GET", street.replace("streets", "lanes") + "/numbering?from=121.405,31.1")
    assert (other.status_code, other.json()["code"]) == (422, "not-estate")
    assert town.call("foreign", "GET", f"{path}?from=121.405,31.1").status_code == 404


def test_a_point_is_located(town: "Town", street: str) -> None:
    found = town.call("clerk", "GET", "/v1/addresses/locate?lon=121.4051&lat=31.1051").json()
    assert [area["level"] for area in found["areas"]] == ["township", "community", "block"]
    assert street.endswith(found["street"]["id"])
    assert found["doors"][0]["standard_text"] == "映月路8号"
    assert found["proposal"]["standard_text"] == "东塘区听雨路2号"
    outside = town.call("clerk", "GET", "/v1/addresses/locate?lon=2.3&lat=48.8").json()
    assert (outside["inside"], outside["areas"], outside["doors"]) == (False, [], [])
    assert town.call("clerk", "GET", "/v1/addresses/locate?lon=999&lat=1").status_code == 422


def test_areas_around_a_point_end_with_the_block(town: "Town") -> None:
    areas = town.call("clerk", "GET", "/v1/areas/containing?lon=121.405&lat=31.105").json()
    assert [area["level"] for area in areas] == ["township", "community", "block"]
    assert (areas[-1]["id"], areas[-1]["parent_id"]) == (str(town.ids["block"]), str(town.ids["c"]))


def test_a_plan_is_stored_over_http(town: "Town", street: str) -> None:
    plan = town.call("clerk", "GET", f"{street}/numbering").json()
    slots = [
        {"number": str(number), "lon": 121.402 + number / 20_000, "lat": 31.1051} for number in (2, 4, 6)
    ]
    body = {"slots": slots, "reserve": [{"number": "8"}], "plates": "numbered"}
    bad = {**body, "reserve": [{"number": "4"}, {"number": "0"}]}
    refused = town.act("clerk", f"{street}/actions/number", bad, plan["version"])
    assert (refused.status_code, refused.json()["code"]) == (422, "number-impossible")
    assert [one["pointer"] for one in refused.json()["errors"]] == [
        "#/reserve/1/number",
        "#/reserve/0/number",
    ]
    done = town.act("clerk", f"{street}/actions/number", body, plan["version"])
    assert done.status_code == 200, done.text
    told = done.json()
    assert (told["addresses"], told["reserved"], told["plates"]) == (3, 1, 3)
    again = town.act("clerk", f"{street}/actions/number", body, told["version"])
    assert (again.status_code, again.json()["code"]) == (409, "number-taken")
    assert len(again.json()["errors"]) == 4
    plan = town.call("clerk", "GET", f"{street}/numbering?reserve=false").json()
    assert plan["counts"] == {"given": 3, "reserved": 1}
    shown = town.call("clerk", "GET", f"/v1/addresses/{plan['slots'][0]['address_id']}/history").json()
    assert [row["verb"] for row in shown] == ["number"]


@pytest.mark.requirement("R91")
def test_a_street_is_renumbered_and_its_changes_are_certified(town: "Town", street: str) -> None:
    plan = town.call("clerk", "GET", f"{street}/numbering?reserve=false").json()
    given = {slot["number"]: slot["address_id"] for slot in plan["slots"] if slot["kind"] == "given"}
    moves = [
        {"address_id": given["2"], "number": "4"},
        {"address_id": given["4"], "number": "6"},
        {"address_id": given["6"], "number": "10"},
    ]
    path = f"{street}/actions/renumber"
    tried = town.act("clerk", path, {"changes": moves, "dry_run": True}, plan["version"])
    assert tried.status_code == 200, tried.text
    assert [row["new_number"] for row in tried.json()["rows"]] == ["4号", "6号", "10号"]
    assert tried.json()["act_id"] is None
    done = town.act("clerk", path, {"changes": moves, "document_number": "东门〔2026〕4号"}, plan["version"])
    assert done.status_code == 200, done.text
    assert (done.json()["addresses"], done.json()["plates"]) == (3, 3)
    listed = town.call("clerk", "GET", f"/v1/address-changes?act_id={done.json()['act_id']}").json()["rows"]
    assert len(listed) == 3
    (first,) = town.call("clerk", "GET", "/v1/address-changes?q=听雨路2号").json()["rows"]
    assert first["now_text"].endswith("听雨路4号")
    own = street.rpartition("/")[2]
    for ending, kind in (("xlsx", "spreadsheetml"), ("csv", "text/csv")):
        table = town.call("clerk", "GET", f"/v1/streets/{own}/address-changes.{ending}")
        assert table.status_code == 200
        assert kind in table.headers["content-type"]
    assert table.text.splitlines()[0].endswith("文号")
    assert len(table.text.splitlines()) == 4
    told = town.act("clerk", "/v1/address-certificates", {"change_id": first["id"]})
    assert told.status_code == 201, told.text
    paper = f"/v1/address-certificates/{told.json()['id']}"
    shown = town.call("clerk", "GET", paper).json()
    found = town.call("clerk", "GET", f"/v1/address-certificates?code={shown['signed_code']}").json()
    assert found == shown
    printed = town.call("clerk", "GET", f"{paper}/certificate.pdf")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")
    inform = town.call("clerk", "GET", f"/v1/streets/{own}/premises-to-inform?since=2020-01-01")
    assert inform.json() == {"rows": [], "next": None}
    assert town.call("clerk", "GET", f"/v1/streets/{own}/premises-to-inform.xlsx").status_code == 200


@pytest.mark.parametrize(
    "doors", ["[" * 20_000, f"[[1{'0' * 400},1]]", "[[1e999,1]]", "[[NaN,1]]", '["ab"]', "5", '{"ab": 1}']
)
def test_doors_that_are_none_are_told(town: "Town", doors: str) -> None:
    form = {"street": str(town.ids["street"]), "doors": doors}
    assert town.call("clerk", "POST", "/panels/numbering/preview", data=form).status_code in {200, 422}
