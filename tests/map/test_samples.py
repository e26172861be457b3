"""抽查: draw a sample, note a check, print its sheet, close it; in a real browser at desk and phone width."""

from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import expect

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import faults_of
from web_map.sections import sections_for

Visit = Callable[[tuple[int, int]], Visitor]
NOBODY = UUID(int=0)
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@both
def test_the_story_of_a_sample(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    name = f"抽查 {size[0]}"
    visitor.enter("fang", "/samples")
    page.click("[data-open=act-draw]")
    page.click("#act-draw [type=submit]")
    expect(page.locator("#draw-name-error").first).to_have_text("请填写此项", use_inner_text=True)
    page.fill("#draw-name", name)
    page.click("#act-draw [data-size]")
    assert int(page.input_value("#draw-sample_size")) > 100
    page.fill("#draw-sample_size", "99999")
    page.click("#act-draw [type=submit]")
    page.wait_for_selector("#draw-sample_size-error:not([hidden])")
    assert faults_of(visitor) == []
    page.fill("#draw-sample_size", "5")
    page.fill("#draw-seed", "7")
    page.click("#act-draw [type=submit]")
    page.click(f"text={name}")
    page.wait_for_selector(".samples-units [data-unit]")
    expect(page.locator(".samples-units tbody tr")).to_have_count(5)
    visitor.settle()
    assert faults_of(visitor) == []

    page.click("[data-unit] >> nth=0")
    page.fill("#check-persons_met", "2")
    page.fill("#check-persons_registered", "3")
    page.click("#act-check [type=submit]")
    page.wait_for_selector("#check-persons_registered-error:not([hidden])")
    expect(page.locator("#check-persons_registered-error").first).to_contain_text(
        "不能多于见到人数", use_inner_text=True
    )
    page.fill("#check-persons_registered", "2")
    page.click("#act-check [type=submit]")
    page.wait_for_selector(".samples-units .chip-ok")
    expect(page.locator(".samples-facts").first).to_contain_text("1 / 5", use_inner_text=True)
    # Two persons are too few to be told.
    assert page.inner_text(".samples-facts").count("样本过少，不列") == 1
    expect(page.locator("[data-unit]")).to_have_count(4)

    page.click("[data-open=act-close]")
    page.click("#act-close [type=submit]")
    page.wait_for_selector("text=已结束")
    expect(page.locator("[data-unit]")).to_have_count(0)
    page.click("text=外勤表")
    expect(page.locator(".samples-sheet tbody tr")).to_have_count(5)
    visitor.settle()
    page.goto(f"{visitor.watch.base}/samples")
    visitor.settle()
    visitor.shoot("samples")


def test_who_may_not_draw_sees_no_button_and_others_no_page(
    server: str, cookies: dict[str, httpx.Cookies]
) -> None:
    for login, status in (("fang", 200), ("du", 200), ("feng", 200), ("lin", 404), ("he", 404), ("lu", 404)):
        reply = httpx.get(f"{server}/samples", headers=headers_of(server, cookies[login]))
        assert reply.status_code == status, login
        assert ("act-draw" in reply.text) == (login == "fang")


def test_a_section_stands_once() -> None:
    """Who edits plates finds installing and verifying below 门牌; who does not, in the bar."""

    def paths(role: Role) -> set[str]:
        viewer = Viewer(NOBODY, NOBODY, "x", "某", role, None)
        return {section.path for section in sections_for(viewer)}

    assert "/plates" in paths(Role.CLERK)
    assert not {"/plates/install", "/plates/verify"} & paths(Role.CLERK)
    assert "/plates/install" in paths(Role.COORDINATOR)
    assert "/plates/verify" in paths(Role.SUPERVISOR)
    assert "/samples" in paths(Role.STEWARD)
