"""台账, 登记表, 档案, 居住证 in a real browser at desk and phone width."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from geo_registry.access import cipher
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.test_journeys import faults_of, state_purpose

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
NEWCOMER = """
    SELECT p.id, p.name, p.id_number FROM registry.registration g JOIN registry.residence r ON r.id = g.residence_id
      JOIN registry.person p ON p.id = g.person_id JOIN registry.division d ON d.id = r.township_id
    WHERE d.code = '990101001000' AND g.status = 'active' AND r.category = 'incomer' AND p.id_type = '111' AND p.birth_year < 2000
    ORDER BY p.id LIMIT 1
"""
CASE = """
    WITH own AS (SELECT a.id FROM registry.account a WHERE a.login = 'he'), place AS (
      SELECT u.id, u.building_id, u.district_id, r.person_id FROM registry.residence r JOIN registry.housing_unit u ON u.id = r.unit_id
        JOIN registry.division d ON d.id = u.township_id
      WHERE d.code = '990101001000' AND r.is_main AND r.valid @> CURRENT_DATE AND NOT EXISTS (SELECT FROM registry.case_person f WHERE f.person_id = r.person_id)
      ORDER BY r.id LIMIT 1), opened AS (
      INSERT INTO registry.registration_case (serial, action, form, form_version, status, unit_id, building_id, forms, collected_by, collected_at, entered_by,
        submitted_at, district_id)
      SELECT %s, 'cancel', 'change_cancel', 1, 'active', p.id, p.building_id, 1, o.id, now(), o.id, now(), p.district_id FROM place p, own o RETURNING id)
    INSERT INTO registry.case_person (case_id, turn, is_open, slip_number, person_id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail,
      ends_on, end_reason)
    SELECT c.id, 1, false, %s, s.id, s.name, s.sex, s.birth_year, s.birth_month, s.id_type, s.id_number, s.id_index, s.id_tail, CURRENT_DATE, 'left_area'
    FROM opened c, place p JOIN registry.person s ON s.id = p.person_id
"""


def case_of(urls: cluster.Urls, number: int) -> str:
    """Store a case that took effect; return its serial."""
    serial = f"J2601-97{number:04}"
    with psycopg.connect(urls.owner) as connection:
        connection.execute(CASE, [serial, f"P2601-97{number:04}"])
    return serial


def newcomer_of(urls: cluster.Urls) -> tuple[str, str]:
    """Return the number and the name of an adult from elsewhere who is registered."""
    with psycopg.connect(urls.owner) as connection:
        person_id, name, sealed = connection.execute(NEWCOMER).fetchall()[0]
    return cipher.open_("person", "id_number", person_id, sealed), name


def looked_over(visitor: Visitor, name: str) -> None:
    """Hold a page to the watch and to axe, and keep its picture."""
    visitor.settle()
    visitor.shoot(name)
    assert faults_of(visitor) == []


def done(visitor: Visitor, text: str) -> None:
    visitor.page.wait_for_selector(f".toast-line:has-text('{text}')")


def pick_area(visitor: Visitor, act: str, code: str = "990101001001") -> None:
    visitor.page.fill(f"#{act}-find", code)
    visitor.wait(f"document.querySelectorAll('#{act}-area_id option').length === 1")


@both
@pytest.mark.requirement("R21")
def test_the_ledger_is_a_look_and_leaves_by_request_alone(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls
) -> None:
    serial = case_of(town_url, size[0])
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", "/registrations/ledger")
    page.click("#ledger-form [type=submit]")
    expect(page.locator("#ledger-error").first).to_have_text("请选择区域", use_inner_text=True)
    pick_area(visitor, "ledger", "990101001000")
    looked_over(visitor, "ledger-start")
    page.click("#ledger-form [type=submit]")
    state_purpose(visitor)
    page.wait_for_selector(".paper-table tbody tr")
    assert serial in page.inner_text("#ledger")
    first = page.inner_text(".paper-table tbody")
    looked_over(visitor, "ledger")
    page.click("[data-page]")
    visitor.wait("document.querySelector('[data-page=\"\"]') !== null")
    assert page.inner_text(".paper-table tbody") != first
    page.click("text=打印或导出")
    page.wait_for_selector("#act-request[open]")
    assert "月河" in page.inner_text("#request-object_id") or page.input_value("#request-object_id")
    assert page.query_selector("[data-data-export], a[download]") is None


@both
@pytest.mark.requirement("R75")
def test_sheets_go_out_and_come_back(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("yu", "/registrations/sheets")
    page.click("[data-open=act-issue]")
    page.select_option("#issue-issued_to", label="何某")
    pick_area(visitor, "issue", "990101001000")
    page.fill("#issue-count", "3")
    looked_over(visitor, "sheets-issue")
    page.click("#act-issue [type=submit]")
    page.wait_for_url("**/registrations/sheets/issues/*")
    told = page.inner_text(".notice")
    assert "已发放 3 张" in told
    first, last = told.partition("：")[2].partition("。")[0].split(" 至 ")
    printed = page.request.get(visitor.watch.base + str(page.get_attribute(".notice a", "href")))
    assert (printed.status, printed.body()[:5]) == (200, b"%PDF-")
    page.click("[data-open=act-verify]")
    page.fill("#verify-first", first)
    page.click("#act-verify [type=submit]")
    page.wait_for_selector("#verify-first-error:not([hidden])")
    page.click("#act-verify [data-close]")
    page.click("[data-open=act-return]")
    page.fill("#return-first", first)
    page.fill("#return-last", last)
    page.click("#act-return [type=submit]")
    done(visitor, "已收回")
    assert page.url.endswith("/registrations/sheets")
    cells = [
        int(text)
        for text in page.locator("main table >> nth=0 >> tbody tr >> nth=0 >> td.num").all_inner_texts()
    ]
    issued, returned, _, _, void, out = cells
    assert issued == returned + void + out
    looked_over(visitor, "sheets")


@both
@pytest.mark.requirement("R24")
def test_a_volume_is_opened_bound_and_closed(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls
) -> None:
    serial = case_of(town_url, size[0] + 1)
    visitor = visit(size)
    page = visitor.page
    visitor.enter("yu", "/registrations/volumes")
    assert serial in page.inner_text("main")
    page.click("[data-open=act-open]")
    page.fill("#open-title", f"变更、注销表 {size[0]}")
    pick_area(visitor, "open", "990101001000")
    page.click("#act-open [type=submit]")
    done(visitor, "已立卷")
    looked_over(visitor, "volumes")
    page.click(f"tr:has-text('变更、注销表 {size[0]}') a")
    page.wait_for_selector(".access-pane-head")
    page.click("[data-open=act-bind]")
    page.check(f"#act-bind [value='{serial}']")
    looked_over(visitor, "volume-bind")
    page.click("#act-bind [type=submit]")
    done(visitor, "已装订")
    expect(page.locator(".access-pane .access-list").first).to_contain_text(
        f"1　{serial}-1", use_inner_text=True
    )
    printed = page.request.get(visitor.watch.base + str(page.get_attribute(".access-acts a", "href")))
    assert (printed.status, printed.body()[:5]) == (200, b"%PDF-")
    page.click("[data-open=act-close]")
    page.click("#act-close [type=submit]")
    done(visitor, "已封卷")
    assert page.query_selector("[data-open=act-bind]") is None
    looked_over(visitor, "volume-closed")


@both
@pytest.mark.requirement("R101", "R23")
def test_the_permit_desk_accepts_issues_and_endorses(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls
) -> None:
    number, name = newcomer_of(town_url)
    visitor = visit(size)
    page = visitor.page
    visitor.enter("cai", "/permits")
    page.click("#permit-form [type=submit]")
    expect(page.locator("#id-number-error").first).to_have_text("请填写证件号码", use_inner_text=True)
    page.fill("#id-number", number)
    looked_over(visitor, "permits-start")
    page.click("#permit-form [type=submit]")
    state_purpose(visitor)
    page.wait_for_selector("#permits .people-head")
    assert name not in page.inner_text("#permits")
    if size is DESK:
        page.click("text=由此登记转办")
        done(visitor, "已转办")
        page.click("[data-open^=act-accept]")
        page.click("[id^=act-accept][open] [type=submit]")
        page.wait_for_selector("[data-open^=act-issue]")
        page.click("[data-open^=act-issue]")
        page.fill("[id^=issue][id$=number]", "JZ310112000042")
        page.fill("[id^=issue][id$=expires_on]", "2020-01-01")
        page.click("[id^=act-issue][open] [type=submit]")
        page.wait_for_selector("[id^=issue][id$=expires_on-error]:not([hidden])")
        page.fill("[id^=issue][id$=expires_on]", "2099-01-01")
        looked_over(visitor, "permit-issue")
        page.click("[id^=act-issue][open] [type=submit]")
        page.wait_for_selector("[data-open^=act-endorse]")
    expect(page.locator("#permits").first).to_contain_text("末四位 0042", use_inner_text=True)
    assert "JZ310112000042" not in page.content()
    looked_over(visitor, "permits")
    page.click("[data-end]")
    assert page.input_value("#id-number") == ""
    assert page.query_selector("#permits .paper-card") is None
