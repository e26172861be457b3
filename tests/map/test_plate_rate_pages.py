"""上墙率 and 线索 in a real browser: from the district to the missing plate, and reports settled in one click."""

from collections.abc import Callable

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.desk import Desk
from tests.map.test_journeys import faults_of

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
PLATES = """
    SELECT p.id::text FROM registry.plate p JOIN registry.division d ON d.id = p.township_id
    WHERE d.code = '990101001000' AND p.state = 'numbered' AND p.position IS NOT NULL
    ORDER BY md5(p.id::text) LIMIT 6
"""


def looked_over(visitor: Visitor, name: str) -> None:
    """Hold a page to the watch and to axe, and keep its picture."""
    visitor.settle()
    visitor.shoot(name)
    assert faults_of(visitor) == []


@both
@pytest.mark.requirement("R63")
def test_the_rate_leads_to_the_plates_that_are_missing(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("lin", "/plates/rates")
    page.wait_for_selector(".rates-figure")
    expect(page.locator(".rates-figure").first).to_contain_text("未达到 100 %", use_inner_text=True)
    rows = page.locator(".rates-table tbody tr")
    assert rows.count() > 0
    looked_over(visitor, "rates-areas")
    page.click(".rates-ways a:has-text('按道路')")
    page.wait_for_selector(".rates-ways a[aria-current]:has-text('按道路')")
    shares = [
        float(text.rstrip(" %"))
        for text in page.locator(".rates-table td:last-child").all_inner_texts()
        if text != "—"
    ]
    assert shares == sorted(shares)
    page.click(".rates-table tbody a >> nth=0")
    page.wait_for_selector(".rates-back")
    assert page.locator(".rates-missing li").count() > 0
    looked_over(visitor, "rates-street")
    page.click(".rates-missing a >> nth=0")
    page.wait_for_url("**/plates?**")


def test_a_leader_reads_rates_and_takes_them_along(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lu", "/plates/rates?by=batch")
    page.wait_for_selector(".rates-ways a[aria-current]:has-text('按批次')")
    expect(page.locator("a:has-text('在编辑页打开')")).to_have_count(0)
    with page.expect_download() as saved:
        page.click("a:has-text('导出 Excel')")
    assert saved.value.suggested_filename.endswith(".xlsx")
    assert saved.value.path().stat().st_size > 1000


@pytest.mark.requirement("R63")
def test_a_report_is_settled_in_one_click(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], town_url: cluster.Urls
) -> None:
    with psycopg.connect(town_url.owner) as connection:
        plates = [plate for (plate,) in connection.execute(PLATES).fetchall()]
        ((lon, lat),) = connection.execute(
            "SELECT ST_X(position), ST_Y(position) FROM registry.plate WHERE id = %s", [plates[0]]
        ).fetchall()
    desk, path = Desk(server, cookies), "/v1/plate-reports"
    place = {"lon": lon, "lat": lat + 0.0002}
    moved = desk.act("zhi", path, {"kind": "wrong_place", "plate_id": plates[0], **place})["id"]
    desk.act("zhi", path, {"kind": "damaged", "plate_id": plates[1], "note": "漆面脱落"})
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lin", f"/plates/reports?id={moved}")
    page.wait_for_selector(".report-arrow")
    expect(page.locator(".report-object").first).to_contain_text("相距", use_inner_text=True)
    looked_over(visitor, "report")
    page.click(".report-acts button:has-text('采纳')")
    page.wait_for_selector(".toast-line:has-text('已采纳')")
    page.click(".reports-list a:has-text('门牌破损')")
    page.wait_for_selector(".report-follows")
    page.click(".report-acts button:has-text('采纳')")
    page.wait_for_selector(".report-acts .field-error:not([hidden])")
    expect(page.locator(".report-acts").first).to_contain_text("不能报损", use_inner_text=True)
    page.click("[data-open=act-reject]")
    page.fill("#reject-reason", "还没有上墙")
    page.click("#act-reject [type=submit]")
    page.wait_for_selector(".toast-line:has-text('已记录')")
    page.click(".rates-ways a:has-text('未采纳')")
    page.wait_for_selector(".report-object:has-text('还没有上墙')")
    with psycopg.connect(town_url.owner) as connection:
        ((north,),) = connection.execute(
            "SELECT ST_Y(position) FROM registry.plate WHERE id = %s", [plates[0]]
        ).fetchall()
    assert abs(north - lat - 0.0002) < 1e-7


def test_who_only_tells_sees_the_own_reports_on_a_phone(visit: Visit) -> None:
    visitor = visit(PHONE)
    visitor.enter("zhi", "/plates/reports?state=rejected")
    visitor.page.wait_for_selector("h1:has-text('我报的线索')")
    expect(visitor.page.locator(".report-acts")).to_have_count(0)
    looked_over(visitor, "reports-own")
