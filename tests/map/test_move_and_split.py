"""A move from another dwelling at the entry desk, and the splitting of a record on the page of its person."""

import re
from collections.abc import Callable

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.desk import Desk, Unit, begin, form, hands_at, unit_with
from tests.map.test_duplicate_pages import find_twins
from tests.map.test_journeys import state_purpose
from tests.map.test_registration_pages import hold, void

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def desk(server: str, cookies: dict[str, httpx.Cookies]) -> Desk:
    return Desk(server, cookies)


def settle(desk: Desk, unit: Unit, sheet: dict[str, str]) -> None:
    """Register somebody in a unit by two reviews."""
    desk.judge(desk.case("yu", unit, [sheet]), ("du", "take"), ("du", "pass"), ("zhan", "pass"))


@pytest.mark.requirement("R7", "R11")
def test_a_move_from_another_dwelling_by_keyboard(visit: Visit, town_url: cluster.Urls, desk: Desk) -> None:
    """The new dwelling first, then the one that is left: who moves is ticked there, the day stands."""
    home = unit_with(town_url, 0, 20)
    settle(desk, home, form("迟小舟", "19810203", 1, 41))
    hands = hands_at(visit(DESK), "yu")
    page = hands.page
    begin(hands, unit_with(town_url, 0, 21), action="2")
    page.wait_for_selector("#from:focus")
    hands.type(home.address + home.room)
    page.wait_for_selector("#from-list li")
    hands.visitor.shoot("move-search")
    hands.press("Enter")
    page.wait_for_selector(".reg-from input:focus")
    hands.press("Space", "Enter")
    expect(page.locator("tbody[data-row]")).to_have_count(1)
    assert page.locator("#from-list").is_hidden()
    expect(page.locator("[data-name=since]")).not_to_have_value("")
    hold(hands.visitor, "move-desk")
    hands.press("Control+Enter")
    page.wait_for_selector(".reg-sent")
    assert hands.pointed() == 0


@pytest.mark.requirement("R7")
def test_who_types_keeps_the_cursor_when_the_residents_arrive(visit: Visit, town_url: cluster.Urls) -> None:
    """A case that is come back to: its rows stand before the list of the dwelling does, and are typed into."""
    hands = hands_at(visit(DESK), "yu")
    page = hands.page
    begin(hands, unit_with(town_url, 2, 20), action="3")
    page.wait_for_selector(".reg-residents li >> nth=1")
    hands.press("Space", "Enter")
    hands.line("20261101")
    held: list[Route] = []

    def hold_back(route: Route) -> None:
        held.append(route)

    page.route("**/v1/housing-units/*/occupants", hold_back)
    with page.expect_request("**/v1/housing-units/*/occupants"):
        page.reload()
    page.wait_for_selector("tbody[data-row] [data-name=end_reason]")
    page.focus("tbody[data-row] [data-name=end_reason]")
    hands.visitor.wait("document.querySelector('#residents').dataset.case")
    assert not page.locator(".reg-residents").count()
    held[0].continue_()
    page.wait_for_selector(".reg-residents li >> nth=1")
    assert page.evaluate("document.activeElement.dataset.name") == "end_reason"
    page.unroute_all(behavior="wait")
    void(page)


def test_what_was_half_typed_is_not_for_the_next_one_at_the_desk(
    visit: Visit, town_url: cluster.Urls
) -> None:
    """Signed out by time alone: who comes back finds the form, somebody else at the same tab nothing of it."""
    kept = "Object.keys(sessionStorage).filter((one) => one.startsWith('registration:')).length"
    visitor = visit(DESK)
    hands = hands_at(visitor, "yu")
    begin(hands, unit_with(town_url, 0, 25))
    hands.type("吴小")
    visitor.wait(f"{kept} === 1")
    visitor.enter("yu", "/registrations")
    assert visitor.page.evaluate(kept) == 1
    visitor.enter("qian", "/registrations")
    visitor.wait(f"{kept} === 0")


def test_the_list_of_cases_counts_those_that_are_overdue(
    visit: Visit, town_url: cluster.Urls, desk: Desk
) -> None:
    case = desk.case("yu", unit_with(town_url, 0, 24), [form("迟小岸", "19830405", 1, 43)])
    late = "UPDATE registry.registration_case SET due_on = CURRENT_DATE - 1 WHERE id = %s"
    with psycopg.connect(town_url.owner) as connection:
        connection.execute(late, (case["id"],))
    visitor = visit(DESK)
    visitor.enter("du", "/registrations")
    expect(visitor.page.locator("[data-count=overdue]")).to_have_text(re.compile("^[1-9]"))


def test_the_dwelling_that_is_left_leads_to_the_desk(
    visit: Visit, town_url: cluster.Urls, desk: Desk
) -> None:
    """From the persons of a room to the desk: only the new address is asked for."""
    home, fresh = unit_with(town_url, 0, 22), unit_with(town_url, 0, 23)
    settle(desk, home, form("迟小帆", "19820304", 1, 42))
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("yu", f"/registrations/new?from={home.id}")
    page.wait_for_selector("#where:focus")
    assert page.is_checked("[name=action][value=change]")
    page.keyboard.type(fresh.address + fresh.room)
    page.keyboard.press("Enter")
    visitor.wait("document.activeElement?.name === 'action'")
    page.keyboard.press("Enter")
    page.wait_for_selector(".reg-from input")
    assert page.input_value("#from").endswith(home.room)
    page.click(".reg-from li label")
    expect(page.locator("tbody[data-row]")).to_have_count(1)
    hold(visitor, "move-phone")


@both
@pytest.mark.requirement("R7", "R64")
def test_a_record_is_split_from_the_page_of_its_person(
    visit: Visit, town_url: cluster.Urls, desk: Desk, size: tuple[int, int]
) -> None:
    """A head of station proposes it where the dwellings stand; another account finds it to approve."""
    turn = 24 if size == DESK else 26
    mixed = form("池一鸣" if size == DESK else "池二鸣", "19750505", 1, turn)
    other = form("池一凡" if size == DESK else "池二凡", "19760606", 1, turn + 20)
    for sheet in (mixed, other):
        settle(desk, unit_with(town_url, 0, turn), sheet)
    visitor = visit(size)
    page = visitor.page
    look_up(visitor, mixed["id_number"])
    page.click("[data-split]")
    page.wait_for_selector("#split input:focus")
    page.click("#split [type=submit]")
    expect(page.locator("#split [data-for=residence_ids]").first).to_contain_text(
        "请勾选", use_inner_text=True
    )
    page.keyboard.press("Space")
    for wrong, told in (("", "请填写"), (mixed["id_number"], "同一条记录")):
        page.fill("#split-number", wrong)
        page.fill("#split-reason", "两人共用一条记录")
        page.click("#split [type=submit]")
        expect(page.locator("#split [data-for=id_number]")).to_contain_text(told)
    hold(visitor, "split")
    page.fill("#split-number", other["id_number"])
    page.press("#split-number", "Enter")
    page.wait_for_selector("#toasts :text('拆分已提出')")
    assert other["id_number"] not in page.content()
    approver = visit(size)
    find_twins(approver, "ren")
    approver.page.click(f"#queue button:has-text('{mixed['name'][0]}**'):has-text('拆分待批准')")
    approver.page.wait_for_selector(f".reg-compare td:has-text('{mixed['name']}')")
    assert approver.page.locator(".reg-compare td[data-label=另一人]").count() >= 6
    hold(approver, "split-compare")
    approver.page.click("#judge-acts :text('批准')")
    approver.page.wait_for_selector("#toasts :text('拆分已办结')")


def look_up(visitor: Visitor, id_number: str) -> None:
    """Show the dwellings of a document to a head of station."""
    visitor.enter("zhan", "/person")
    page: Page = visitor.page
    page.fill("#id-number", id_number)
    page.click("#find-person")
    state_purpose(visitor)
    page.wait_for_selector("[data-residence]")
