"""重复人员 in the browser: proposed by one, approved by another, undone exactly."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.desk import Desk, form, unit_with
from tests.map.test_registration_pages import hold

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture(scope="module")
def desk(server: str, cookies: dict[str, httpx.Cookies]) -> Desk:
    return Desk(server, cookies)


@both
def test_records_of_one_person_are_made_one_and_two_again(
    visit: Visit, town_url: cluster.Urls, desk: Desk, size: tuple[int, int]
) -> None:
    """Proposed by one, both records side by side, approved by another, undone exactly."""
    turn = 9 if size == DESK else 10
    name = "沈云山" if size == DESK else "宋云水"
    card = form(name, "19660606", 1, turn)
    passport = card | {"id_type": "414", "id_number": f"E{12345670 + turn}", "sex": "1", "birth": "1966-06"}
    for unit, sheet in ((unit_with(town_url, 0, turn), card), (unit_with(town_url, 0, turn), passport)):
        case = desk.case("yu", unit, [sheet])
        desk.judge(case, ("du", "take"), ("du", "pass"), ("zhan", "pass"))
    propose(visit(size), name)
    approve_and_undo(visit(size), name)


def find_twins(visitor: Visitor, login: str) -> None:
    visitor.enter(login, "/people/duplicates")
    page = visitor.page
    page.click("#find [type=submit]")
    expect(page.locator("#find-fault").first).to_contain_text("请填写案号", use_inner_text=True)
    page.fill("#case-number", "望澜重〔2026〕7号")
    page.click("#find [type=submit]")
    page.wait_for_selector("#queue button")


def propose(visitor: Visitor, name: str) -> None:
    find_twins(visitor, "zhan")
    page = visitor.page
    page.click(f"#queue button:has-text('{name[0]}**')")
    page.wait_for_selector(".reg-compare")
    hold(visitor, "duplicates")
    assert name not in page.content()
    page.click("text=第二份并入第一份")
    page.fill("#reason-text", "同一人两种证件")
    page.click("#reason [type=submit]")
    page.wait_for_selector("#queue .chip:has-text('归并待批准')")


def approve_and_undo(visitor: Visitor, name: str) -> None:
    find_twins(visitor, "ren")
    page = visitor.page
    page.click("#queue button:has-text('归并待批准')")
    page.wait_for_selector(f".reg-compare td:has-text('{name}')")
    hold(visitor, "duplicates-compare")
    page.click("#judge-acts :text('批准')")
    page.click("#judge-acts :text('撤销')")
    page.fill("#reason-text", "证件核实有误")
    page.click("#reason [type=submit]")
    page.wait_for_selector(f"#queue button:has-text('{name[0]}**'):has-text('同名')")
