"""居住登记 in the browser: entered by keyboard alone, judged by keys, seen in the building; nothing needs a device."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.desk import Desk, Hands, begin, form, hands_at, number, unit_with
from tests.map.test_journeys import faults_of, state_purpose

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
FAMILY = (
    ("赵树明", number("19850302", 1, 1), "0"),
    ("钱桂芳", number("19870914", 2, 2), "1"),
    ("赵秀英", number("19520618", 2, 3), "5"),
    ("赵一帆", number("20150421", 1, 4), "2"),
    ("赵一诺", number("20190808", 2, 5), "3"),
)


@pytest.fixture(scope="module")
def desk(server: str, cookies: dict[str, httpx.Cookies]) -> Desk:
    return Desk(server, cookies)


def hold(visitor: Visitor, name: str) -> None:
    """Hold the page as it stands to the watch, to axe and to human eyes."""
    visitor.shoot(name)
    visitor.settle()
    assert faults_of(visitor) == []


def fault(page: Page, row: int, name: str) -> str:
    return page.inner_text(f"tbody[data-row] >> nth={row} >> [data-fault={name}]")


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text("已存")


def first_person(hands: Hands, name: str, id_number: str) -> None:
    """Type the head of a household: person, stay, hukou."""
    hands.line(name, id_number, "0", "1", "20261101", "09902026001", "340823", "枞阳县某乡某村", "1", "2")


@pytest.mark.requirement("R7")
def test_a_household_of_five_from_the_address_to_the_building(visit: Visit, town_url: cluster.Urls) -> None:
    """Registered by keyboard alone within a minute, passed twice by keys, and the building shows it."""
    unit = unit_with(town_url, 0)
    hands = hands_at(visit(DESK), "yu", seconds=0.2)
    page = hands.page
    begin(hands, unit)
    for turn, (name, id_number, relation) in enumerate(FAMILY):
        if turn == 0:
            first_person(hands, name, id_number)
            continue
        hands.press("Alt+n")
        hands.line(name, id_number)
        hands.press(relation, "Alt+d")
    hands.press("Control+Enter")
    page.wait_for_selector(".reg-sent")
    took, keys = hands.took(), hands.keys
    assert took < 60, f"{keys} keys took {took:.1f} s"
    assert hands.pointed() == 0
    hold(hands.visitor, "registration-sent")
    serial = page.inner_text(".reg-sent strong").removeprefix("已提交 ")
    hands.press("Enter")
    hands.visitor.wait("document.activeElement?.id === 'where'")

    pass_by_keys(visit(DESK), "du", serial)
    pass_by_keys(visit(DESK), "zhan", serial)
    reader = visit(DESK)
    reader.enter("du", f"/?b={unit.building_id}&u={unit.id}")
    reader.page.wait_for_selector("#look:not([disabled])")
    reader.page.click("#look")
    state_purpose(reader)
    reader.page.wait_for_selector(".people tbody tr")
    shown = reader.page.inner_text(".people")
    assert "赵**" in shown
    expect(reader.page.locator(".people tr[data-person]")).to_have_count(5)


def pass_by_keys(reviewer: Visitor, login: str, serial: str) -> None:
    """Go through the queue by arrows and pass a case by its key."""
    reviewer.enter(login, "/registrations/review")
    page = reviewer.page
    page.wait_for_selector("#judge-body .reg-compare")
    while page.inner_text("#judge-head h2") != serial:
        before = page.inner_text("#judge-head h2")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#judge-head h2")).not_to_have_text(before)
        page.wait_for_selector("#judge-body .reg-compare")
    expect(page.locator(".reg-compare")).to_have_count(5)
    hold(reviewer, f"registration-review-{login}")
    page.keyboard.press("a")
    page.wait_for_selector(f"#toasts :text('{serial}')")
    expect(page.locator(f"#queue button:has-text('{serial}')")).to_have_count(0)


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    "line",
    [
        "{number}",
        "{number}|孙小燕|女|汉|1990-05-06|安徽省枞阳县某乡某村",
        "孙小燕,女,汉族,19900506,安徽省枞阳县某乡某村,{number},枞阳县公安局",
        "孙小燕\t女\t汉族\t19900506\t安徽省枞阳县某乡某村\t{number}",
    ],
    ids=["number", "bars", "commas", "tabs"],
)
def test_a_reader_fills_the_row(visit: Visit, town_url: cluster.Urls, line: str) -> None:
    """A burst of characters ended by Enter; what the register does not keep is left out."""
    card = number("19900506", 2, len(line))
    hands = hands_at(visit(DESK), "yu")
    begin(hands, unit_with(town_url, 0, 1))
    page = hands.page
    if "|" not in line and "," not in line and "\t" not in line:
        hands.type("孙小燕")
    page.keyboard.type(line.format(number=card))
    page.keyboard.press("Enter")
    expect(page.locator("[data-name=id_number]")).to_have_value(card)
    expect(page.locator("[data-name=name]")).to_have_value("孙小燕")
    expect(page.locator("[data-name=sex]")).to_have_value("2")
    expect(page.locator("[data-name=birth]")).to_have_value("1990-05-06")
    if "枞阳县" in line:
        expect(page.locator("[data-name=hukou_address]")).to_have_value("安徽省枞阳县某乡某村")
    assert "汉" not in page.evaluate(
        "[...document.querySelectorAll('.reg-people input')].map((one) => one.value).join()"
    )
    expect(page.locator("tbody[data-row]")).to_have_count(1)
    void(page)


def void(page: Page) -> None:
    """Give the case up, so that its unit is free for others."""
    page.click("#summary [data-open=void]")
    page.fill("#void-reason", "试录")
    page.click("#void-form [type=submit]")
    page.wait_for_selector("#start:not([hidden])")


@pytest.mark.requirement("R7")
def test_each_refusal_says_what_to_do_next(visit: Visit, town_url: cluster.Urls) -> None:
    hands = hands_at(visit(DESK), "yu")
    page = hands.page
    hands.press("Enter")
    page.keyboard.press("Tab")
    page.click("#begin")
    expect(page.locator("#where-fault").first).to_have_text("请先查地址，选定户室", use_inner_text=True)
    page.fill("#collected", "2026-11-01")
    page.focus("#where")
    hands.type("没有这个地方")
    page.wait_for_selector("#where-list .reg-none")
    expect(page.locator("#where-list").first).to_contain_text("请改用", use_inner_text=True)
    page.fill("#where", "")
    unit = unit_with(town_url, 0, 2)
    hands.type(unit.address + unit.room)
    hands.press("Enter")
    hands.visitor.wait("document.activeElement?.name === 'action'")
    hands.press("Enter")
    page.wait_for_selector("[data-for=late_reason]:not([hidden])")
    expect(page.locator("[data-for=late_reason]").first).to_have_text("补录须写明原因", use_inner_text=True)
    hold(hands.visitor, "registration-start-faults")
    page.fill("#late-reason", "雨天迟交")
    page.press("#late-reason", "Enter")
    page.wait_for_selector("#entry-head:not([hidden])")

    put_right(hands)


def put_right(hands: Hands) -> None:
    """Go from fault to fault of one person, each beside its field, until the case is sent."""
    page = hands.page
    hands.line("周大山", "99082319850302123")
    assert fault(page, 0, "id_number") == "须有 18 位，现有 17 位"
    page.fill(
        "[data-name=id_number]",
        number("19850302", 1, 6)[:-1] + ("1" if number("19850302", 1, 6)[-1] != "1" else "2"),
    )
    page.focus("[data-name=name]")
    assert "校验位不符" in fault(page, 0, "id_number")
    page.fill("[data-name=id_number]", number("19850302", 1, 6))
    hands.press("Control+Enter")
    assert fault(page, 0, "relation_to_head") == "请填写"
    assert fault(page, 0, "hukou_code") == "请填写"
    hold(hands.visitor, "registration-faults")
    for name, value in {
        "relation_to_head": "1",
        "category": "incomer",
        "stay_reason": "work",
        "lodging": "rented",
    }.items():
        page.select_option(f"[data-name={name}]", value)
    page.fill("[data-name=since]", "20299999")
    page.fill("[data-name=hukou_code]", "340823")
    hands.press("Control+Enter")
    assert "日期写作" in fault(page, 0, "since")
    assert fault(page, 0, "hukou_address") == "请填写"
    page.fill("[data-name=since]", "20261101")
    page.fill("[data-name=hukou_address]", "枞阳县某乡某村")
    page.fill("[data-name=phone]", "12")
    hands.press("Control+Enter")
    expect(page.locator("[data-fault=phone]")).to_have_text("电话应为 11 位手机号码，或带区号的固定电话")
    page.fill("[data-name=phone]", "09902026001")
    hands.press("Control+Enter")
    expect(page.locator("[data-fault=relation_to_head]")).to_contain_text("家庭户须有一名户主")
    page.select_option("[data-name=relation_to_head]", "0")
    hands.press("Control+Enter")
    page.wait_for_selector(".reg-sent")


@pytest.mark.requirement("R7")
def test_a_draft_survives_a_reload(visit: Visit, town_url: cluster.Urls) -> None:
    """What is complete is kept by the register, what is not by the tab; nothing personal stands in the address."""
    hands = hands_at(visit(DESK), "yu")
    page = hands.page
    begin(hands, unit_with(town_url, 0, 3))
    id_number = number("19790101", 1, 7)
    first_person(hands, "吴建国", id_number)
    saved(page)
    hands.press("Alt+n")
    hands.type("吴小")
    page.reload()
    page.wait_for_selector("tbody[data-row] >> nth=1")
    assert page.input_value("[data-name=id_number] >> nth=0") == id_number
    assert page.input_value("[data-name=name] >> nth=1") == "吴小"
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector("tbody[data-row]")
    assert page.input_value("[data-name=name]") == "吴建国"
    assert page.input_value("[data-name=since]") == "2026-11-01"
    expect(page.locator("tbody[data-row]")).to_have_count(1)
    assert id_number not in "".join(hands.visitor.watch.requests)
    void(page)
    assert page.evaluate("Object.keys(sessionStorage).filter((one) => one.startsWith('registration:'))") == []


def test_a_dwelling_leads_to_its_desk(visit: Visit, town_url: cluster.Urls) -> None:
    unit = unit_with(town_url, residents=2, turn=7)
    visitor = visit(DESK)
    page = visitor.page
    visitor.sign_in("yu")
    page.goto(f"{visitor.watch.base}/registrations/new?unit={unit.id}&action=cancel")
    page.wait_for_selector("#begin:focus")
    assert page.input_value("#where").endswith(unit.room)
    assert page.is_checked("[name=action][value=cancel]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#summary:not([hidden])")
    assert unit.room in page.inner_text("#summary")
    void(page)


@pytest.mark.requirement("R7")
def test_a_second_clerk_is_warned_and_stopped(visit: Visit, town_url: cluster.Urls, desk: Desk) -> None:
    sheet = form("郑成", "19880808", 1, 8)
    unit = unit_with(town_url, 0, 4)
    serial = desk.case("yu", unit, [sheet])["serial"]
    hands = hands_at(visit(DESK), "qian")
    page = hands.page
    begin(hands, unit_with(town_url, 0, 5))
    first_person(hands, "郑成", sheet["id_number"])
    warning = page.wait_for_selector(".reg-note.is-error")
    assert warning
    assert serial in warning.inner_text()
    assert "请先办结或作废该案" in warning.inner_text()
    hands.press("Control+Enter")
    expect(page.locator("[data-fault=id_number]")).to_contain_text("本案现在不能收这一证件")
    expect(page.locator(".reg-sent")).to_have_count(0)
    hold(hands.visitor, "registration-double")
    void(page)


@pytest.mark.requirement("R7")
def test_an_end_begins_with_who_lives_there(visit: Visit, town_url: cluster.Urls) -> None:
    """Ticked by the space bar; a case that comes back is put right and submitted again."""
    hands = hands_at(visit(DESK), "yu")
    page = hands.page
    begin(hands, unit_with(town_url, 3), action="3")
    page.wait_for_selector(".reg-residents li >> nth=2")
    hands.press("Space", "ArrowDown", "Space", "Enter")
    expect(page.locator("tbody[data-row]")).to_have_count(2)
    hands.line("20261101", "1")
    hands.press("Tab", "Alt+n")
    page.focus("tbody[data-row] >> nth=1 >> [data-name=ends_on]")
    hands.line("20261101", "1")
    hold(hands.visitor, "registration-cancel")
    hands.press("Control+Enter")
    page.wait_for_selector(".reg-sent")
    assert hands.pointed() == 0
    serial = page.inner_text(".reg-sent strong").removeprefix("已提交 ")
    back_and_forth(visit, serial)


def back_and_forth(visit: Visit, serial: str) -> None:
    """Return a case with a reason; the clerk finds it, and submits it again."""
    reviewer = visit(DESK)
    reviewer.enter("wei", "/registrations/review")
    page = reviewer.page
    page.wait_for_selector("#judge-body .reg-compare")
    count = page.locator("#queue button").count()
    if count > 1:
        before = page.inner_text("#judge-head h2")
        page.keyboard.press("s")
        expect(page.locator("#judge-head h2")).not_to_have_text(before)
    page.click(f"#queue button:has-text('{serial}')")
    expect(page.locator("#judge-head h2")).to_have_text(serial)
    page.wait_for_selector("#judge-body .reg-compare")
    page.keyboard.press("r")
    page.press("#reason-text", "Tab")
    page.click("#reason [type=submit]")
    expect(page.locator("#reason-fault").first).to_contain_text("请写明退回原因", use_inner_text=True)
    page.fill("#reason-text", "请核对离开日期")
    page.click("#reason [type=submit]")
    page.wait_for_selector(f"#toasts :text('{serial} 已退回')")

    clerk = visit(DESK)
    clerk.enter("yu", "/registrations?status=returned")
    clerk.page.click(f"text={serial}")
    clerk.page.wait_for_selector("text=退回原因：请核对离开日期")
    hold(clerk, "registration-case")
    clerk.page.click("text=改正后重新提交")
    clerk.page.wait_for_selector("#banner:has-text('请核对离开日期')")
    clerk.page.wait_for_selector("tbody[data-row] >> nth=1")
    clerk.page.fill("[data-name=ends_on] >> nth=0", "20261102")
    clerk.page.keyboard.press("Control+Enter")
    clerk.page.wait_for_selector(".reg-sent")


@both
def test_the_pages_hold_at_both_widths(
    visit: Visit, town_url: cluster.Urls, desk: Desk, size: tuple[int, int]
) -> None:
    """The list by state, a case opened by a look, the queue; nothing serious, nothing sideways, no console error."""
    turn = 6 if size == DESK else 7
    case = desk.case("yu", unit_with(town_url, 0, turn), [form("冯某华", "19700707", 1, turn)])
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", "/registrations")
    page.wait_for_selector(".reg-table tbody tr")
    expect(page.locator("[data-count=submitted]")).not_to_have_text("—")
    hold(visitor, "registrations")
    page.click("[data-status=void]")
    visitor.wait("location.search === '?status=void'")
    page.check("[name=mine]")
    page.wait_for_selector("text=没有符合条件的案件")
    hold(visitor, "registrations-empty")
    page.goto(f"{visitor.watch.base}/registrations/{case['id']}")
    page.wait_for_selector("#open")
    assert "冯某华" not in page.content()
    page.click("#open")
    page.wait_for_selector(".reg-compare caption:has-text('冯某华')")
    expect(page.locator(".reg-audit").first).to_contain_text("审计号", use_inner_text=True)
    hold(visitor, "registration-case-open")
    page.goto(f"{visitor.watch.base}/registrations/review")
    page.wait_for_selector("#queue button")
    hold(visitor, "registration-queue")
    page.click(f"#queue button:has-text('{case['serial']}')")
    page.wait_for_selector(".reg-compare caption:has-text('冯某华')")
    hold(visitor, "registration-review")
    page.click("#pass")
    page.wait_for_selector(f"#toasts :text('{case['serial']}')")


def test_a_coordinator_enters_on_a_phone(visit: Visit, town_url: cluster.Urls) -> None:
    hands = hands_at(visit(PHONE), "yu")
    page = hands.page
    hold(hands.visitor, "registration-new")
    begin(hands, unit_with(town_url, 0, 8))
    hands.line("蒋小云", number("19951212", 2, 9))
    hold(hands.visitor, "registration-row")
    page.click("#add")
    page.click("#copy")
    hold(hands.visitor, "registration-rows")
    page.click("tbody[data-row] >> nth=1 >> button[aria-label=移去此行]")
    expect(page.locator("tbody[data-row]")).to_have_count(1)
    void(page)


def test_pages_are_absent_for_others(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    rights = {
        "/registrations": {"du", "he", "yu", "zhan", "ren"}, "/registrations/new": {"he", "yu"},
        "/registrations/review": {"du", "zhan"}, "/people/duplicates": {"zhan", "ren"},
    }  # fmt: skip
    for path, logins in rights.items():
        for login in ("du", "he", "yu", "zhan", "ren", "lin", "lu", "an"):
            reply = httpx.get(f"{server}{path}", headers=headers_of(server, cookies[login]))
            assert reply.status_code == (200 if login in logins else 404), (path, login)
    lost = "/registrations/00000000-0000-4000-8000-000000000000"
    assert httpx.get(f"{server}{lost}", headers=headers_of(server, cookies["yu"])).status_code == 404
