"""撤回入库 in a real browser: offered where an estate was taken in and at its numbers, refused once it was used."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.map.conftest import DESK, Visitor, headers_of
from tests.map.test_journeys import faults_of
from tests.map.test_numbering_pages import get, street_with, table_of

Visit = Callable[[tuple[int, int]], Visitor]


def _take_in(visitor: Visitor, name: str) -> None:
    """Take in an estate of two buildings by the page, with a place for each in the table."""
    page = visitor.page
    street = street_with(visitor, "given", least=0)
    lon, lat = get(visitor, f"/v1/streets/{street['id']}")["axis"]["coordinates"][0][0][:2]
    table = table_of(lon, lat)
    lines = table["buffer"].decode("gb18030").replace(",88.5,,\n", f",88.5,{lon + 0.0006},{lat}\n")
    visitor.enter("lin", "/plates/estates")
    visitor.wait_for_map()
    page.click("[data-which=new]")
    page.fill("#estate-name", name)
    page.fill("#estate-document", "望民〔2026〕34号")
    page.fill("#estate-find", street["full_name"])
    page.click(f"#estate-found [data-street='{street['id']}']")
    visitor.wait("document.querySelector('#estate-chosen').textContent !== ''")
    page.set_input_files("#estate-file", {**table, "buffer": lines.encode("gb18030")})
    page.wait_for_selector("#report table")
    page.click("#estate-try")
    visitor.wait("document.querySelector('#estate-save').getAttribute('aria-disabled') === 'false'")
    page.click("#estate-save")
    page.fill("#act-reason", "重复的一行不入库")
    page.click("#act-submit")
    page.wait_for_selector("#report a")


def _approve_a_plate(visitor: Visitor, street: str) -> None:
    """Act as another window of the clerk would."""
    (plate, *_) = get(visitor, f"/v1/plates?place_name_id={street}&limit=10")["rows"]
    csrf = visitor.page.get_attribute("meta[name=csrf-token]", "content") or ""
    more = {"X-CSRF-Token": csrf, "Idempotency-Key": uuid4().hex, "If-Match": f'"{plate["version"]}"'}
    headers = headers_of(visitor.watch.base, visitor.cookies["lin"]) | more
    path = f"{visitor.watch.base}/v1/plates/{plate['id']}/actions/approve"
    reply = httpx.post(path, json={}, headers=headers, timeout=30)
    assert reply.is_success, reply.text


@pytest.mark.browser
@pytest.mark.requirement("R76")
def test_an_intake_is_taken_back_where_it_was_made_and_at_its_numbers(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    _take_in(visitor, "映荷旧苑")
    page.click("#take-back-intake")
    page.wait_for_selector("#act[open] .numbering-trial")
    expect(page.locator("#act-title").first).to_have_text("撤回入库 2 幢 16 套", use_inner_text=True)
    expect(page.locator(".numbering-trial tbody tr")).to_have_count(2)
    expect(page.locator("#act-text").first).to_contain_text(
        "4 个单元、16 套、草拟楼牌 2 块一并作废", use_inner_text=True
    )
    visitor.shoot("estate-take-back")
    assert faults_of(visitor) == []
    page.click("#act-submit")
    expect(page.locator("#act-error").first).to_contain_text("请填写事由", use_inner_text=True)
    page.fill("#act-reason", "选错了表")
    page.click("#act-submit")
    page.wait_for_selector("#take-back-intake", state="detached")
    visitor.wait("document.querySelector('.toast-act')?.textContent.includes('已撤回入库 2 幢、16 套')")
    expect(page.locator("#report").first).to_contain_text("再次入库请选“已有地名”", use_inner_text=True)
    # The numbers of the estate offer it later too, until something of it is used.
    _take_in(visitor, "映荷新村")
    link = page.get_attribute("#report a", "href") or ""
    street = link.partition("s=")[2]
    visitor.enter("lin", f"{link}&t=renumber")
    visitor.wait_for_map()
    page.wait_for_selector(f"#object [data-street='{street}']", state="attached")
    _approve_a_plate(visitor, street)
    page.click("#take-back-intake")
    page.wait_for_selector("#act[open] .refusals")
    expect(page.locator("#act-title").first).to_have_text("不能撤回", use_inner_text=True)
    expect(page.locator(".refusals").first).to_contain_text("门牌已批准或下单", use_inner_text=True)
    visitor.shoot("estate-take-back-refused")
    assert faults_of(visitor) == []
