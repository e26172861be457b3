"""旧名牌: a street is renamed, its signs are told at the desk, in the batch and at the wall, and made anew."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.test_journeys import faults_of
from tests.map.test_place_name_pages import a_street
from tests.map.test_plate_pages import photo
from tests.map.test_wall_pages import Office

Visit = Callable[[tuple[int, int]], Visitor]


@pytest.fixture
def renamed(server: str, cookies: dict[str, httpx.Cookies], town_url: cluster.Urls) -> dict[str, Any]:
    """Number three doors of a new street, deliver their signs, put one up, and rename the street by a case."""
    office = Office(server, cookies)
    near = office.get(f"/v1/streets/{a_street(town_url)[0]}")
    lon, lat = near["axis"]["coordinates"][0][0]
    mark = uuid4().hex[:6]
    street = office.act(
        "/v1/streets",
        {
            "kind": "street", "name": f"旧{mark}路", "area_id": near["township_id"], "document_number": "乙〔2026〕1号",
            "axis": {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.001, lat]]}, "reason": "新辟",
        },
    )  # fmt: skip
    plates = []
    for number in (1, 2, 3):
        spot = {"lon": lon + 0.0002 * number, "lat": lat + (0.0001 if number % 2 else -0.0001)}
        body = {"place_name_id": street["id"], "number": str(number), **spot}
        plates.append((office.act("/v1/plates", body)["id"], spot))
    ids = [one for one, _ in plates]
    office.act("/v1/plates/actions/approve", {"plate_ids": ids})
    batch = office.act("/v1/plate-batches", {"plate_ids": ids, "number": f"旧名{mark}", "maker": "标牌厂"})
    batch = office.act(f"/v1/plate-batches/{batch['id']}/actions/produce", {}, batch["version"])
    hung = office.get(f"/v1/plates/{ids[0]}")
    batch = office.act(
        f"/v1/plate-batches/{batch['id']}/actions/deliver", {"plate_ids": ids[:2]}, batch["version"]
    )
    kept = office.client.post("/v1/photos", content=photo()["buffer"], headers={"Content-Type": "image/jpeg"})
    hung = office.get(f"/v1/plates/{ids[0]}")
    office.act(
        f"/v1/plates/{ids[0]}/actions/install",
        {"photo": kept.json()["sha256"], **plates[0][1]},
        hung["version"],
    )
    case = office.act(
        "/v1/naming-cases",
        {"action": "rename", "place_name_id": street["id"], "name": f"新{mark}路", "meaning": "以新桥得名"},
    )
    for login, step, body in (
        ("luo", "approve", {}), ("meng", "approve", {}),
        ("lin", "publish", {"decree_number": f"乙〔2026〕{mark}号", "decree_on": "2026-01-05"}), ("lin", "enforce", {}),
    ):  # fmt: skip
        version = office.get(f"/v1/naming-cases/{case['id']}")["version"]
        Office(server, cookies, login).act(f"/v1/naming-cases/{case['id']}/actions/{step}", body, version)
    names = {"old": f"旧{mark}路", "new": f"新{mark}路"}
    return {"case": case["id"], "street": street["id"], "plates": ids, "batch": batch["id"], **names}


@pytest.mark.browser
def test_signs_with_an_old_name_are_told_and_made_anew(visit: Visit, renamed: dict[str, Any]) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lin", f"/plates/batches/{renamed['batch']}")
    expect(page.locator("[data-old-sign]")).to_have_count(3)
    page.click("[data-act=deliver]")
    expect(page.locator("#act-text").first).to_contain_text("其中 1 块是旧名牌", use_inner_text=True)
    page.keyboard.press("Escape")
    visitor.shoot("old-signs-batch")
    assert faults_of(visitor) == []
    page.goto(f"{visitor.watch.base}/plates?s={renamed['street']}&p={renamed['plates'][0]}")
    page.wait_for_selector("[data-old-sign]")
    expect(page.locator("[data-old-sign]").first).to_contain_text(
        f"现应为 {renamed['new']}1号", use_inner_text=True
    )
    assert renamed["old"] in str(page.get_attribute(".plate-card svg.face", "aria-label"))
    expect(page.locator("[data-warning=old_sign]")).to_have_count(1)
    visitor.shoot("old-signs-pane")
    visitor.enter("lin", f"/place-names?case={renamed['case']}")
    page.wait_for_selector("[data-shown-case]")
    page.click("text=旧名牌 3 块")
    page.wait_for_selector("[data-old-sign]")
    expect(page.locator("[data-old-sign]")).to_have_count(3)
    assert page.get_attribute("#renew", "aria-disabled") == "true"
    visitor.shoot("old-signs-street")
    assert faults_of(visitor) == []
    page.check("#tick-all")
    page.click("#renew")
    page.wait_for_selector("#act[open]")
    expect(page.locator("#act").first).to_contain_text("可以重制 3 块，不能 0 块", use_inner_text=True)
    visitor.shoot("old-signs-trial")
    page.click("#act-submit")
    page.wait_for_selector("text=没有旧名牌")
    visitor.shoot("old-signs-done")
    assert faults_of(visitor) == []


@pytest.mark.browser
def test_the_streets_with_old_signs_are_listed_on_a_phone(visit: Visit, renamed: dict[str, Any]) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("lin", "/plates/warnings?kind=old_sign")
    page.click("text=重制旧名牌")
    page.click(f"a[href$='street={renamed['street']}'] >> nth=0")
    page.wait_for_selector("[data-old-sign]")
    expect(page.locator("#work").first).to_contain_text(f"{renamed['new']}2号", use_inner_text=True)
    visitor.shoot("old-signs-street")
    assert faults_of(visitor) == []


@pytest.mark.browser
def test_an_old_sign_is_told_at_the_wall(visit: Visit, renamed: dict[str, Any]) -> None:
    phone = visit(PHONE)
    page = phone.page
    page.context.grant_permissions(["geolocation"])
    office = Office(phone.watch.base, phone.cookies)
    plate = office.get(f"/v1/plates/{renamed['plates'][1]}")
    page.context.set_geolocation({"longitude": plate["lon"], "latitude": plate["lat"], "accuracy": 4})
    phone.enter("he", f"/plates/{renamed['plates'][1]}/install")
    page.wait_for_selector("#old-sign:not([hidden])")
    expect(page.locator("#old-sign").first).to_contain_text(f"旧名“{renamed['old']}2号”", use_inner_text=True)
    phone.shoot("old-signs-wall")
    assert faults_of(phone) == []
    page.set_input_files("#photo", photo())
    phone.wait("document.getElementById('submit').title.startsWith('这是旧名牌')")
    page.fill("#reason", "经办同意先挂旧牌")
    phone.wait("document.getElementById('submit').getAttribute('aria-disabled') === 'false'")
    page.click("#submit")
    page.wait_for_url("**/plates/install")
    assert office.get(f"/v1/plates/{renamed['plates'][1]}")["state"] == "installed"
