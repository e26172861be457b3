"""核实, 线索, 单位 and the signing of a sample, in a real browser at desk and phone width.

Requirements: R17, R38, R44, R46, R47, R62, R66, R84, R97, R100.
"""

import re
from collections.abc import Callable
from uuid import UUID

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import faults_of

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
UNITS = """
    SELECT u.id, u.building_id FROM registry.housing_unit u JOIN registry.division d ON d.id = u.township_id
    WHERE d.code = '990101001000' AND u.use IN ('let_whole', 'let_rooms', 'self_occupied') ORDER BY u.id LIMIT 8
"""


@pytest.fixture(scope="module")
def units(town_url: cluster.Urls) -> list[tuple[UUID, UUID]]:
    """Give some dwellings of the urban township."""
    with psycopg.connect(town_url.owner) as connection:
        return [(unit, building) for unit, building in connection.execute(UNITS).fetchall()]


def done(visitor: Visitor, text: str) -> None:
    visitor.page.wait_for_selector(f".toast-line:has-text('{text}')")


def looked_over(visitor: Visitor, name: str) -> None:
    """Hold a page to the watch and to axe, and keep its picture."""
    visitor.settle()
    visitor.shoot(name)
    assert faults_of(visitor) == []


@both
@pytest.mark.requirement("R44", "R47", "R100")
def test_the_story_of_a_verification(
    visit: Visit, size: tuple[int, int], units: list[tuple[UUID, UUID]]
) -> None:
    unit = units[0 if size is DESK else 1][0]
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", f"/verifications?unit={unit}#open")
    page.wait_for_selector("#act-open[open]")
    assert page.input_value("#open-find")
    page.click("#act-open [type=submit]")
    done(visitor, "核实已发起")
    page.wait_for_selector(".dw-steps")
    looked_over(visitor, "verification-open")
    expect(page.locator(".dw-foot").first).to_contain_text("还没有入户走访", use_inner_text=True)
    page.click("text=登记今天已入户走访")
    done(visitor, "走访已登记")
    page.click(".dw-hear [value=true]")
    done(visitor, "陈述已记录")
    page.click(".dw-speakers label:has-text('房东')")
    page.click(".dw-hear [value=true]")
    page.wait_for_selector(".dw-said li:has-text('房东')")
    page.fill("#advice-rooms", "1")
    page.click("#advice button")
    page.wait_for_selector("#advice-told .chip")
    expect(page.locator("#advice-told").first).to_contain_text("在册", use_inner_text=True)
    looked_over(visitor, "verification-heard")
    expect(page.locator(".dw-foot").first).to_contain_text("须由另一人审定", use_inner_text=True)
    expect(page.locator("[data-open=act-approve]")).to_have_count(0)
    path = re.sub(r"^https?://[^/]+", "", page.url)

    other = visit(size)
    page = other.page
    other.enter("wei", path)
    page.click("[data-open=act-refuse]")
    expect(page.locator("#refuse-follows").first).to_contain_text("不出具居住证明", use_inner_text=True)
    page.select_option("#refuse-refusal", "false_statement")
    expect(page.locator("#refuse-follows").first).to_contain_text("依法处理", use_inner_text=True)
    page.click("#act-refuse [type=submit]")
    page.wait_for_selector("#refuse-note-error:not([hidden])")
    assert faults_of(other) == []
    page.keyboard.press("Escape")
    page.click("[data-open=act-approve]")
    page.click("#act-approve [type=submit]")
    done(other, "已通过")
    with page.expect_download() as download:
        page.click("#print-proof")
    assert re.fullmatch(r"ZS\d{4}-\d{6}\.pdf", download.value.suggested_filename)
    page.wait_for_selector("#print-proof:has-text('补打')")
    looked_over(other, "verification-approved")
    page.goto(f"{other.watch.base}/verifications/proofs")
    assert page.locator(".dw-table tbody tr").count() >= 1
    looked_over(other, "proofs")


@both
@pytest.mark.requirement("R46", "R84", "R97")
def test_the_story_of_a_tip(visit: Visit, size: tuple[int, int], units: list[tuple[UUID, UUID]]) -> None:
    unit = units[2 if size is DESK else 3][0]
    visitor = visit(size)
    page = visitor.page
    visitor.enter("zhi", f"/tips?unit={unit}#tell")
    page.wait_for_selector("#act-tell[open]")
    page.select_option("#tell-kind", "arrived")
    page.fill("#tell-note", "电话13812345678")
    page.click("#act-tell [type=submit]")
    page.wait_for_selector("#tell-note-error:not([hidden])")
    page.fill("#tell-note", "夜间有人居住")
    looked_over(visitor, "tip-given")
    page.click("#act-tell [type=submit]")
    done(visitor, "已报，谢谢")
    expect(page.locator(".dw-acts")).to_have_count(0)
    looked_over(visitor, "tips-own")

    other = visit(size)
    page = other.page
    other.enter("du", "/tips")
    looked_over(other, "tips")
    page.click("[data-open=act-process] >> nth=0")
    page.select_option("#process-outcome", "registered")
    page.click("#act-process [type=submit]")
    done(other, "线索已处理")
    visitor.page.reload()
    expect(visitor.page.locator(".dw-table").first).to_contain_text("已处理", use_inner_text=True)
    expect(visitor.page.locator(".dw-thanks").first).to_contain_text("感谢", use_inner_text=True)


@both
@pytest.mark.requirement("R38")
def test_the_story_of_a_note(visit: Visit, size: tuple[int, int], units: list[tuple[UUID, UUID]]) -> None:
    unit = units[4 if size is DESK else 5][0]
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", f"/tips/notes?unit={unit}#note")
    page.wait_for_selector("#act-note[open]")
    page.select_option("#note-kind", "illegal_partition")
    page.click("#act-note [type=submit]")
    done(visitor, "备注已记")
    page.click("text=移交民警 >> nth=0")
    done(visitor, "已移交社区民警")
    looked_over(visitor, "dwelling-notes")
    page.click("[data-open=act-close] >> nth=0")
    page.select_option("#close-outcome", "put_right")
    page.click("#act-close [type=submit]")
    done(visitor, "备注已办结")
    piece = page.request.get(f"{visitor.watch.base}/panels/housing-units/{unit}/dwelling")
    assert "违规隔断" in piece.text()
    assert "已办结" in piece.text()


@both
@pytest.mark.requirement("R62", "R66")
def test_the_story_of_an_organisation(
    visit: Visit, size: tuple[int, int], units: list[tuple[UUID, UUID]], client: httpx.Client
) -> None:
    address = client.get(f"/v1/housing-units/{units[6][0]}").json()["full_text"]
    visitor = visit(size)
    page = visitor.page
    visitor.enter("fang", "/premises")
    page.click("[data-open=act-register]")
    page.fill("#register-find", address)
    page.wait_for_selector("#register-list [data-at]")
    page.keyboard.press("Enter")
    name = f"望澜文具店{size[0]}"
    page.fill("#register-name", name)
    page.fill("#register-organisation_code", "91310000MA1FL0Q54X")
    page.click("#act-register [type=submit]")
    page.wait_for_selector("#register-organisation_code-error:not([hidden])")
    page.fill("#register-organisation_code", "")
    page.click("#act-register [type=submit]")
    done(visitor, "单位已登记")
    page.fill("#premises-q", name)
    page.keyboard.press("Enter")
    page.wait_for_selector(f".dw-table:has-text('{name}')")
    expect(page.locator(".dw-table").first).to_contain_text("未核对", use_inner_text=True)
    page.click("[aria-label^='核对 ']")
    done(visitor, "核对已登记")
    looked_over(visitor, "premises")
    page.click("[data-open=act-retire]")
    page.click("#act-retire [type=submit]")
    done(visitor, "已记迁出")


@both
@pytest.mark.requirement("R17")
def test_a_closed_sample_is_signed_once(
    visit: Visit,
    size: tuple[int, int],
    server: str,
    cookies: dict[str, httpx.Cookies],
    town_url: cluster.Urls,
) -> None:
    query = "SELECT id FROM registry.division WHERE code = '990101001000'"
    with psycopg.connect(town_url.owner) as connection:
        (area,) = connection.execute(query).fetchall()[0]
    with httpx.Client(base_url=server, headers=headers_of(server, cookies["fang"])) as steward:
        plan = _drawn(steward, str(area), size[0])
    visitor = visit(size)
    page = visitor.page
    visitor.enter("yan", f"/samples/{plan}")
    page.click("[data-open=act-sign]")
    page.select_option("#sign-verdict", "put_right")
    page.click("#act-sign [type=submit]")
    page.wait_for_selector("#sign-put_right_by-error:not([hidden])")
    assert faults_of(visitor) == []
    page.select_option("#sign-verdict", "refused")
    page.fill("#sign-note", "没有完成核查")
    page.click("#act-sign [type=submit]")
    done(visitor, "验收已签署")
    expect(page.locator("[aria-label=验收]").first).to_contain_text("不予通过", use_inner_text=True)
    looked_over(visitor, "acceptance")


def _drawn(steward: httpx.Client, area: str, size: int) -> str:
    """Draw a sample and close it at once."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', steward.get("/samples").text)
    assert token is not None
    headers = {"X-CSRF-Token": token[1]}
    body = {
        "name": f"验收 {size}", "direction": "field_to_register", "area_kind": "division", "area_id": area,
        "sample_size": 3,
    }  # fmt: skip
    drawn = steward.post(
        "/v1/sample-plans", json=body, headers={**headers, "Idempotency-Key": f"drawn-{size:08}"}
    )
    assert drawn.status_code == 201, drawn.text
    plan = drawn.json()["id"]
    closed = steward.post(
        f"/v1/sample-plans/{plan}/actions/close", json={},
        headers={**headers, "Idempotency-Key": f"closed-{size:08}", "If-Match": '"1"'},
    )  # fmt: skip
    assert closed.status_code == 200, closed.text
    return str(plan)


def test_who_may_use_which_page(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    allowed = {
        "/verifications": {"du", "he", "zhan"},
        "/verifications/proofs": {"du", "he", "zhan"},
        "/tips": {"du", "he", "zhi"},
        "/tips/notes": {"du", "he"},
        "/premises": {"lin", "he", "fang"},
    }
    for path, logins in allowed.items():
        for login in ("du", "he", "zhan", "zhi", "lin", "fang", "lu", "ye"):
            reply = httpx.get(f"{server}{path}", headers=headers_of(server, cookies[login]))
            assert reply.status_code == (200 if login in logins else 404), (path, login)


@pytest.mark.requirement("R84")
def test_a_volunteer_reads_no_person(
    server: str, cookies: dict[str, httpx.Cookies], units: list[tuple[UUID, UUID]]
) -> None:
    unit, building = units[0]
    headers = {**headers_of(server, cookies["zhi"]), "Access-Purpose": "02; case=2026-0001"}
    for path in (f"/v1/housing-units/{unit}/occupants", f"/v1/buildings/{building}/occupants"):
        assert httpx.get(server + path, headers=headers).status_code == 403
