"""The coordinator's own block, on a phone and at a desk (R39)."""

from uuid import UUID

import httpx
import pytest
from playwright.sync_api import expect

from tests.map.conftest import DESK, PHONE, headers_of
from tests.map.duty import Duty
from tests.map.test_journeys import Visit, faults_of

both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def visits_of(duty: Duty, unit: str) -> list[str]:
    """Return the outcomes of the visits to a unit in their order."""
    query = "SELECT outcome FROM registry.visit WHERE unit_id = %s ORDER BY visited_at, id"
    return [str(outcome) for (outcome,) in duty.ask(query, UUID(unit))]


@pytest.mark.browser
@both
def test_a_coordinator_works_three_units(visit: Visit, duty: Duty, size: tuple[int, int]) -> None:
    """She signs in on her own block, records three units by one touch each; a second touch adds nothing."""
    visitor = visit(size)
    page = visitor.page
    visitor.sign_in("he")
    assert page.url.endswith("/my-block")
    assert duty.name in page.inner_text(".own-head")
    before = int(page.inner_text("#done-today"))
    cycle = int(page.inner_text("#cycle-done"))
    visitor.shoot("my-block")
    assert faults_of(visitor) == []
    units = page.locator(".own-unit[data-listed='1'][data-done='0']")
    ids = [str(units.nth(at).get_attribute("data-unit")) for at in range(3)]
    page.click(f"[data-unit='{ids[0]}']")
    visitor.shoot("my-block-unit")
    assert faults_of(visitor) == []
    for at, own in enumerate(ids):
        assert page.get_attribute(f"[data-unit='{own}']", "aria-pressed") == "true"
        page.dblclick("[data-outcome=met_all]")
        visitor.wait(
            f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓')"
        )
        assert int(page.inner_text("#done-today")) == before + at + 1
        if at < 2:
            page.click("#next")
    assert int(page.inner_text("#cycle-done")) == cycle + 3
    assert [visits_of(duty, own) for own in ids] == [["met_all"]] * 3
    visitor.shoot("my-block-done")
    page.reload()
    assert int(page.inner_text("#done-today")) == before + 3
    assert not page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('visits'))")


@pytest.mark.browser
def test_a_visit_waits_for_the_network_and_arrives_once(visit: Visit, duty: Duty) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("he", "/my-block")
    own = str(page.get_attribute(".own-unit[data-listed='1'][data-done='0'] >> nth=0", "data-unit"))
    page.click(f"[data-unit='{own}']")
    # The register stores it, but the answer is lost: the same key must not store it again.
    page.route("**/visits", lambda route: (route.fetch(), route.abort()))
    page.click("[data-outcome=nobody_home]")
    visitor.wait("document.querySelector('#said').textContent.includes('等待上传')")
    page.wait_for_selector("#queue:not([hidden])")
    expect(page.locator("#queue").first).to_contain_text("待传 1 条", use_inner_text=True)
    visitor.shoot("my-block-waiting")
    assert faults_of(visitor) == []
    page.unroute_all(behavior="wait")
    page.reload()
    visitor.wait(f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓')")
    visitor.wait("Object.keys(sessionStorage).every((name) => !name.startsWith('visits'))")
    assert visits_of(duty, own) == ["nobody_home"]
    # The lost answer is noted by the browser itself.
    visitor.watch.faults[:] = [fault for fault in visitor.watch.faults if "ERR_FAILED" not in fault]


@pytest.mark.browser
def test_a_rare_outcome_is_confirmed_and_a_mistake_is_corrected_by_another_visit(
    visit: Visit, duty: Duty
) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("he", "/my-block")
    own = str(page.get_attribute(".own-unit[data-listed='1'][data-done='0'] >> nth=0", "data-unit"))
    page.click(f"[data-unit='{own}']")
    page.click("#more")
    page.click("[data-outcome=demolished]")
    expect(page.locator("#sure-text").first).to_contain_text("已拆除", use_inner_text=True)
    visitor.shoot("my-block-sure")
    assert faults_of(visitor) == []
    page.click("#sure [value=cancel]")
    assert visits_of(duty, own) == []
    page.click("[data-outcome=declined]")
    page.click("#sure [value=ok]")
    visitor.wait(
        f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓ 拒访')"
    )
    page.click("#amend")
    page.click("[data-outcome=vacant]")
    expect(page.locator("#sure-text").first).to_contain_text("更正为“空置”", use_inner_text=True)
    page.click("#sure [value=ok]")
    visitor.wait(
        f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓ 空置')"
    )
    assert visits_of(duty, own) == ["declined", "vacant"]


@pytest.mark.browser
def test_a_refused_visit_says_why(visit: Visit, duty: Duty) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("he", "/my-block")
    own = str(page.get_attribute(".own-unit[data-listed='1'][data-done='0'] >> nth=0", "data-unit"))
    refusal = '{"status":403,"code":"not-your-block","detail":"这户不在您负责的网格内，请联系该网格责任人"}'
    page.route("**/visits", lambda route: route.fulfill(status=403, body=refusal))
    page.click(f"[data-unit='{own}']")
    page.click("[data-outcome=met_all]")
    visitor.wait("document.querySelector('#said').textContent.includes('没有记上：这户不在您负责的网格内')")
    expect(page.locator("#queue").first).to_contain_text("失败 1 条", use_inner_text=True)
    page.unroute("**/visits")
    page.click("#queue-retry")
    visitor.wait(f"document.querySelector(\"[data-unit='{own}'] [data-chip]\").textContent.startsWith('✓')")
    assert visits_of(duty, own) == ["met_all"]


@pytest.mark.browser
@both
def test_any_unit_of_the_block_is_found_and_the_map_leads_to_a_building(
    visit: Visit, duty: Duty, size: tuple[int, int]
) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("he", "/my-block")
    room = str(page.locator(".own-unit[data-listed='0']").first.get_attribute("data-room"))
    page.fill("#find", room)
    assert page.locator(".own-unit:visible").count() > 0
    assert all(room in text for text in page.locator(".own-unit:visible b").all_inner_texts())
    page.fill("#find", "没有这户")
    expect(page.locator("#none-found").first).to_be_visible()
    page.fill("#find", "")
    if size == PHONE:
        page.click("#show-map")
    page.wait_for_selector(".own-mark")
    visitor.wait("document.querySelector('.own-mark.is-open') !== null")
    visitor.shoot("my-block-map")
    assert faults_of(visitor) == []
    page.locator(".own-mark.is-open").first.dispatch_event("click")
    page.wait_for_selector("#sheet:not([hidden])")


def test_the_own_block_shows_no_person(server: str, cookies: dict[str, httpx.Cookies], duty: Duty) -> None:
    html = httpx.get(f"{server}/my-block", headers=headers_of(server, cookies["he"])).text
    names = [str(name) for (name,) in duty.ask("SELECT DISTINCT name FROM registry.person LIMIT 400")]
    assert names
    assert not [name for name in names if name in html]
