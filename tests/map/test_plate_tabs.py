"""The row of 门牌 pages fits at every width: what does not is in a menu that keys reach."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.map.conftest import DESK, LAPTOP, PHONE, Visitor
from tests.map.test_journeys import faults_of

Visit = Callable[[tuple[int, int]], Visitor]
PAGES = (
    "/plates/warnings",
    "/place-names",
    "/plates/numbering",
    "/plates/verify",
    "/plates/rates",
    "/plates",
)
OUTSIDE = """
    [...document.querySelectorAll('.regnav > a, .regnav > details:not([hidden])')].filter((one) => {
      const { left, right } = one.getBoundingClientRect();
      const bar = document.querySelector('.regnav').getBoundingClientRect();
      return left < bar.left - 1 || right > Math.min(bar.right, window.innerWidth) + 1;
    }).map((one) => one.textContent)
"""


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESK, LAPTOP, PHONE], ids=["desk", "laptop", "phone"])
def test_every_tab_is_in_sight_or_in_the_menu(visit: Visit, size: tuple[int, int]) -> None:
    clerk = visit(size)
    page = clerk.page
    for path in PAGES:
        clerk.enter("luo", path)
        page.wait_for_selector(".regnav.is-folding")
        expect(page.locator(".regnav a")).to_have_count(10)
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(
            "document.querySelector('.regnav').scrollWidth <= document.querySelector('.regnav').clientWidth"
        )
        assert page.locator(".regnav > a[aria-current]").get_attribute("href") == path
        clerk.shoot(f"plate-tabs{path.replace('/', '-')}")
        if page.locator(".regnav > details").is_visible():
            page.click(".regnav summary")
        expect(page.locator(".regnav a:visible")).to_have_count(10)
        clerk.shoot(f"plate-tabs-open{path.replace('/', '-')}")
    assert faults_of(clerk) == []


@pytest.mark.browser
def test_keys_reach_what_is_in_the_menu(visit: Visit) -> None:
    clerk = visit(PHONE)
    page = clerk.page
    clerk.enter("luo", "/plates/warnings")
    page.wait_for_selector(".regnav > details")
    page.locator(".regnav > a >> nth=-1").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".regnav details[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".regnav details:not([open])")
    assert page.evaluate("document.activeElement.matches('.regnav summary')")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.regnav .menu a')")
    assert faults_of(clerk) == []
    path = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    page.wait_for_selector(f".regnav > a[aria-current][href='{path}']")


@pytest.mark.browser
def test_the_menu_follows_the_width_and_closes_behind(visit: Visit) -> None:
    clerk = visit(DESK)
    page = clerk.page
    clerk.enter("luo", "/plates/warnings")
    page.wait_for_selector(".regnav.is-folding")
    wide = page.locator(".regnav > a").count()
    page.set_viewport_size({"width": 420, "height": 800})
    clerk.wait(f"document.querySelectorAll('.regnav > a').length < {wide}")
    page.click(".regnav summary")
    page.click("h1")
    page.wait_for_selector(".regnav details:not([open])")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    clerk.wait(f"document.querySelectorAll('.regnav > a').length === {wide}")
