"""The public page on a phone, the queue of declarations and deaths, and the pages of 人户分离, in a real browser."""

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine

from api.public import create_app
from geo_registry import cluster
from geo_registry.db import today
from geo_registry.intake.deaths import import_deaths
from geo_registry.separation.load import load_list
from tests.map.conftest import DESK, PHONE, Server, Visitor, Watch
from tests.map.test_journeys import faults_of
from tests.map.town import adult_of
from tests.registration.conftest import citizen_number

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
HOME = """
    SELECT a.standard_text || b.building_no || u.unit_text, u.unit_text FROM registry.housing_unit u
      JOIN registry.division d ON d.id = u.township_id
      JOIN registry.building_address b ON b.building_id = u.building_id AND b.is_main
      JOIN registry.address a ON a.id = b.address_id
    WHERE d.code = '990101001000' AND u.use = 'vacant' AND u.state = 'realized' ORDER BY u.id OFFSET %s LIMIT 1
"""


@pytest.fixture(scope="module")
def public_server(town_url: cluster.Urls) -> Iterator[str]:
    """Give the address of the public zone over the town."""
    runner = Server(uvicorn.Config(create_app(town_url.public), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    limit = time.monotonic() + 60
    while not runner.started:
        assert time.monotonic() < limit, "the server did not start within a minute"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}"
    runner.should_exit = True
    thread.join(10)


@pytest.fixture
def phone(browser: Browser, public_server: str) -> Iterator[Visitor]:
    """Give a visitor of the public zone, held to the watch."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True, is_mobile=True
    )
    visitor = Visitor(context.new_page(), Watch(public_server), 390, {})
    visitor.watch.follow(visitor.page)
    yield visitor
    visitor.settle()
    context.close()


def home_of(urls: cluster.Urls, turn: int) -> tuple[str, str]:
    """Return the whole address of an empty dwelling of the urban township, and its room."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute("DELETE FROM registry.sign_in_failure")
        return connection.execute(HOME, [turn]).fetchall()[0]


def looked_over(visitor: Visitor, name: str) -> None:
    """Hold a page to the watch and to axe, and keep its picture."""
    visitor.settle()
    visitor.page.screenshot(path=str(_shots() / f"{name}-{visitor.width}.png"), full_page=True)
    assert faults_of(visitor) == []


def _shots() -> Path:
    folder = Path(__file__).parents[2] / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def declare(page: Page, base: str, address: str, number: str) -> str:
    """Fill the public form and return the receipt."""
    page.goto(base)
    page.fill("#address", address)
    page.fill("#on_day", str(today() - dt.timedelta(days=2)))
    page.fill("#name", "苏小暑")
    page.fill("#id_number", number)
    page.fill("#phone", "13912345678")
    page.check("[name=is_adult]")
    page.check("[name=agrees]")
    page.click("button[type=submit]")
    return page.inner_text("output")


@pytest.mark.requirement("R65")
def test_a_slip_is_verified_on_a_phone(phone: Visitor, public_server: str) -> None:
    page = phone.page
    page.goto(f"{public_server}/slip")
    page.fill("#number", "P2611-000001")
    page.fill("#check", "11111111")
    page.press("#check", "Enter")
    page.wait_for_selector("#slip-title:has-text('无效')")
    looked_over(phone, "public-slip")


@pytest.mark.requirement("R65")
def test_a_resident_declares_on_a_phone(phone: Visitor, town_url: cluster.Urls, public_server: str) -> None:
    address, _ = home_of(town_url, 0)
    page, number = phone.page, citizen_number()
    page.goto(public_server)
    looked_over(phone, "public-declare")
    assert page.evaluate(
        "[...document.querySelectorAll('button, .tabs a, .choice, input:not([type=hidden]):not([type=radio]):not([type=checkbox]), select')].every((one) => one.getBoundingClientRect().height >= 44)"
    )
    page.fill("#address", address)
    page.fill("#name", "苏小暑")
    page.fill("#id_number", "110105194912310021")
    page.fill("#phone", "13912345678")
    page.check("[name=is_adult]")
    page.check("[name=agrees]")
    page.click("button[type=submit]")
    expect(page.locator("#id_number-fault").first).to_contain_text("校验", use_inner_text=True)
    assert page.input_value("#name") == "苏小暑"
    looked_over(phone, "public-fault")
    page.fill("#id_number", number)
    page.click("button[type=submit]")
    receipt = page.inner_text("output")
    looked_over(phone, "public-receipt")
    page.click("text=查询进度 >> nth=-1")
    page.fill("#receipt", receipt)
    page.fill("#tail", number[-2:])
    page.click("button[type=submit]")
    expect(page.locator("main").first).to_contain_text("等待核对", use_inner_text=True)
    looked_over(phone, "public-state")


@both
@pytest.mark.requirement("R65")
def test_a_clerk_turns_a_declaration_into_a_draft(
    visit: Visit, size: tuple[int, int], phone: Visitor, town_url: cluster.Urls, public_server: str
) -> None:
    address, room = home_of(town_url, 1 if size is DESK else 2)
    declare(phone.page, public_server, address, citizen_number())
    visitor = visit(size)
    page = visitor.page
    visitor.enter("yu", "/declarations")
    assert "苏小暑" not in page.content()
    looked_over(visitor, "declarations")
    page.click("tbody tr:last-child a")
    page.click("text=打开核对")
    page.wait_for_selector(".intake-opened")
    expect(page.locator("#opened").first).to_contain_text("苏小暑", use_inner_text=True)
    assert page.locator("#confirm-unit option:checked").inner_text().endswith(room)
    looked_over(visitor, "declaration-open")
    page.click("text=确认，转为登记草稿")
    page.wait_for_selector(".toast-line:has-text('登记草稿')")
    page.wait_for_selector(".access-pane .chip:has-text('已转登记')")
    assert "苏小暑" not in page.content()
    page.click(".access-pane-body a[href^='/registrations/']")
    page.wait_for_selector("#case-head h1:not(.visually-hidden)")


@both
@pytest.mark.requirement("R77")
def test_an_officer_opens_a_death_and_drafts_its_cancellation(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls, tmp_path: Path
) -> None:
    number, name = adult_of(town_url)
    file = tmp_path / "deaths.csv"
    file.write_text(f"证件号码,死亡日期\n{number},{today()}\n", encoding="utf-8")
    engine = create_engine(town_url.owner)
    import_deaths(engine, file)
    engine.dispose()
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", "/death-notices")
    looked_over(visitor, "deaths")
    page.click("tbody a")
    page.click("text=打开核对")
    page.wait_for_selector(".intake-opened")
    assert name in page.inner_text("#opened")
    looked_over(visitor, "death-open")
    page.click(".intake-opened [data-open=act-reject]")
    page.fill("#reject-reason", "电话核实，本人健在")
    page.click("#act-reject [type=submit]")
    page.wait_for_selector(".toast-line:has-text('已记下')")
    with psycopg.connect(town_url.owner) as connection:
        connection.execute("DELETE FROM registry.death_notice")


@both
@pytest.mark.requirement("R15", "R16", "R60")
def test_a_run_from_its_opening_to_its_end(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls, tmp_path: Path
) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", "/separation")
    page.click("[data-open=act-run]")
    page.fill("#run-title", f"九月核对{visitor.width}")
    page.select_option("#run-mode", "register_first")
    page.select_option("#run-area", index=1)
    page.fill("#run-opens_on", str(today()))
    page.fill("#run-closes_on", str(today() + dt.timedelta(days=30)))
    page.click("#act-run [type=submit]")
    page.wait_for_selector(".toast-line:has-text('核对已新开')")
    page.click(f"tbody a:has-text('九月核对{visitor.width}')")
    found = re.search(r"run=([0-9a-f-]{36})", page.url)
    assert found
    file = tmp_path / "list.csv"
    lines = [f"韩{n},男,{citizen_number()},外街1号,{home_of(town_url, 3)[0]}" for n in range(2)]
    file.write_text("\n".join(["姓名,性别,身份证号,户籍地址,现住址", *lines]), encoding="utf-8")
    engine = create_engine(town_url.owner)
    assert load_list(engine, found[1], file).stored == 2  # type: ignore[arg-type]
    engine.dispose()
    page.reload()
    looked_over(visitor, "separation-run")
    for _ in range(2):
        page.click("text=查看人员")
        page.wait_for_selector(".intake-list")
        page.locator("li:has-text('未核') [data-fill=act-settle]").first.click()
        page.select_option("#settle-outcome", "whereabouts_known")
        page.click("#act-settle [type=submit]")
        page.wait_for_selector("#act-settle [data-for=whereabouts]:not([hidden])")
        page.fill("#settle-whereabouts", "在外务工")
        page.click("#act-settle [type=submit]")
        page.wait_for_selector(".toast-line:has-text('结果已记下')")
    page.click("text=查看人员")
    page.wait_for_selector(".intake-list")
    expect(page.locator("#opened").first).to_contain_text("韩*", use_inner_text=True)
    page.click(".intake-list li >> nth=0 >> text=显示全名与号码")
    page.wait_for_selector("#opened [role=status] .code")
    looked_over(visitor, "separation-items")
    page.click("[data-open=act-close]")
    page.click("#act-close [type=submit]")
    page.wait_for_selector(".toast-line:has-text('核对已结束')")
    page.wait_for_selector(".access-pane .chip:has-text('已结束')")
    expect(page.locator(".access-pane").first).to_contain_text("100.0 %", use_inner_text=True)


@both
@pytest.mark.requirement("R67")
def test_lists_of_an_area_and_a_referral(visit: Visit, size: tuple[int, int], town_url: cluster.Urls) -> None:
    visitor = visit(size)
    page = visitor.page
    with psycopg.connect(town_url.owner) as connection:
        connection.execute("DELETE FROM registry.hukou_referral")
        connection.execute("""DELETE FROM registry.hukou h USING registry.person p WHERE p.id = h.person_id AND p.id = (
            SELECT o.id FROM registry.person o JOIN registry.division d ON d.id = o.township_id
            WHERE d.code = '990101001000' AND o.birth_year BETWEEN 1950 AND 1990 ORDER BY o.id DESC LIMIT 1)""")
    visitor.enter("zhan", "/separation?view=lists")
    for kind in ("here", "away", "unregistered"):
        page.select_option("#list-kind", kind)
        page.click("text=查看名单")
        page.wait_for_selector("#opened :text('审计号')")
    looked_over(visitor, "separation-lists")
    page.locator("[data-fill=act-refer]").first.click()
    page.select_option("#refer-referred_to", "civil_affairs")
    page.click("#act-refer [type=submit]")
    page.wait_for_selector(".toast-line:has-text('已转办')")
    page.goto(f"{visitor.watch.base}/separation?view=referrals")
    looked_over(visitor, "separation-referrals")
    page.click("[data-fill=act-referral]")
    page.select_option("#referral-outcome", "hukou_found")
    page.click("#act-referral [type=submit]")
    page.wait_for_selector(".toast-line:has-text('已办结')")
