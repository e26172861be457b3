"""Looks in depth, in a real browser: the time bar, a name in an area, and where a look leads on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.test_journeys import CASE, click_building, faults_of, state_purpose
from tests.map.town import adult_of

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def _look_at_room(visitor: Visitor, login: str = "du", purpose: str = "01") -> None:
    visitor.enter(login)
    visitor.wait_for_map()
    click_building(visitor)
    visitor.page.click(".room.use-self >> nth=0")
    visitor.page.click("#look")
    state_purpose(visitor, purpose)
    visitor.page.wait_for_selector("#room-title")


@both
def test_the_dot_moves_through_time_and_each_rest_is_a_look(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    _look_at_room(visitor)
    assert page.locator(".time-bar .axis-bar").count() >= 1
    first = page.get_attribute(".audit-id", "title")
    page.focus("#time-dot")
    for _ in range(3):
        page.keyboard.press("PageDown")
    page.wait_for_selector(".past-banner")
    assert page.get_attribute(".audit-id", "title") != first
    day = page.input_value("#past-day")
    expect(page.locator(".past-banner").first).to_contain_text(f"历史时点 {day}", use_inner_text=True)
    # Three steps in one go were one look.
    looks = [url for url in visitor.watch.requests if "/panels/occupants" in url]
    assert len(looks) == 2
    visitor.shoot("time-bar")
    assert faults_of(visitor) == []
    page.click("[data-now]")
    page.wait_for_selector(".past-banner", state="detached")


@both
def test_a_name_is_found_inside_one_area(visit: Visit, size: tuple[int, int], town_url: cluster.Urls) -> None:
    _, name = adult_of(town_url)
    visitor = visit(size)
    page = visitor.page
    visitor.enter(path="/person")
    page.fill("#name-text", name[0])
    page.click("#find-name")
    expect(page.locator("#name-error").first).to_contain_text("至少两个字", use_inner_text=True)
    page.fill("#name-text", name)
    page.select_option("#name-area", index=page.locator("#name-area option").count() - 1)
    page.click("#find-name")
    state_purpose(visitor, "05")
    page.wait_for_selector(".named li")
    assert page.locator(".named .chip-ok").count() >= 1
    assert name[0] + "*" * min(max(len(name) - 1, 1), 2) in page.inner_text(".named li >> nth=0")
    assert name not in page.inner_text("#person-result")
    visitor.shoot("named")
    assert faults_of(visitor) == []
    assert not [url for url in visitor.watch.requests if "name=" in url]
    page.click(".named [data-reveal] >> nth=0")
    page.check("#confirm input[value=name]")
    page.click("#confirm [value=ok]")
    page.wait_for_selector(".revealed")
    assert name in page.inner_text(".revealed")
    page.click("[data-end] >> nth=0")
    assert page.input_value("#name-text") == ""
    expect(page.locator(".named")).to_have_count(0)


def test_a_look_leads_to_a_request_begun_about_the_room(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    _look_at_room(visitor)
    room = page.inner_text("#room-title")
    page.click(".room-foot >> text=申请对外提供")
    page.wait_for_selector("#act-request[open]")
    chosen = page.evaluate("document.querySelector('#request-object_id').selectedOptions[0].textContent")
    assert chosen.endswith(room)
    assert page.evaluate("document.querySelector('[name=object_kind]').value") == "housing_unit"
    assert CASE not in page.url
    assert faults_of(visitor) == []


def test_who_enters_cases_goes_on_to_one_about_the_room(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    _look_at_room(visitor, "he", "02")
    link = page.get_attribute(".room-foot .btn-solid", "href") or ""
    assert link.startswith("/registrations/new?unit=")
    assert link.endswith("action=change")
    expect(page.locator(".room-foot >> text=申请对外提供")).to_have_count(0)


def test_the_absent_are_listed_below_the_occupants(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter()
    visitor.wait_for_map()
    click_building(visitor)
    page.click("#choose-building")
    page.click("#look")
    state_purpose(visitor)
    page.wait_for_selector(".people tbody tr")
    rooms = page.locator(".unit-row").all_inner_texts()
    assert len(rooms) > 1
    page.click("[data-absent]")
    expect(page.locator("#absent-title").first).to_contain_text("户在人不在", use_inner_text=True)
    assert page.evaluate("document.activeElement.id") == "absent-title"
    visitor.shoot("absent")
    assert faults_of(visitor) == []
