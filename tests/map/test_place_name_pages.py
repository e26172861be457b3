"""地名: a name proposed on the map, approved by others, published and put into force (R80, R88)."""

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import Visit, faults_of

pytestmark = [pytest.mark.requirement("R80"), pytest.mark.requirement("R88")]
PATH = "/place-names"


def a_street(urls: cluster.Urls) -> tuple[str, str, str]:
    """Return the id, the name and the pinyin of a street of the clerk's township that has an axis."""
    query = """
        SELECT p.id::text, p.name, p.pinyin
        FROM registry.place_name p JOIN registry.division d ON d.id = p.township_id AND d.code = '990101001000'
        WHERE p.kind = 'street' AND p.state = 'current' AND p.axis IS NOT NULL AND p.name LIKE '%路' ORDER BY p.id LIMIT 1
    """
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def opened(visitor: Visitor, login: str, more: str = "") -> None:
    """Open the page and wait for its list."""
    visitor.enter(login, PATH + more)
    visitor.page.wait_for_selector("#list .names-card, #list .state")
    visitor.wait_for_map()


def take(visitor: Visitor, step: str, **fields: str) -> None:
    """Take one step of the case that is shown, and wait until the pane tells of it."""
    page = visitor.page
    page.click(f"[data-step={step}]")
    for name, value in fields.items():
        page.fill(f"#act [name={name}]", value)
    page.click("#act-submit")
    page.wait_for_selector("#act:not([open])", state="attached")
    page.wait_for_selector(f"[data-shown-case]:not(:has([data-step={step}]))", state="attached")


def test_the_page_is_absent_for_others(server: str, cookies: dict[str, httpx.Cookies]) -> None:
    for login in ("du", "he", "lu", "ye"):
        reply = httpx.get(server + PATH, headers=headers_of(server, cookies[login]))
        assert reply.status_code == 404, login


def draw_axis(visitor: Visitor) -> None:
    """Draw an axis across the middle of the map."""
    page = visitor.page
    page.click("[data-draw-axis]")
    box = page.locator("#map-frame").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for step in (-120, 0, 100):
        page.mouse.click(x + step, y + step / 4)
    page.mouse.dblclick(x + 180, y + 40)
    visitor.wait("document.getElementById('axis-told').textContent.endsWith(' m')")
    page.click("[data-axis-done]")
    page.wait_for_selector("#axis-tools", state="hidden")


def propose(visitor: Visitor, taken: str, name: str) -> str:
    """Propose a street; a name that is taken is told before anything is sent. Return the id of the case."""
    page = visitor.page
    page.click("[data-form=name]")
    page.wait_for_selector("#name-text")
    page.select_option("#name-kind", "street")
    draw_axis(visitor)
    page.fill("#name-text", taken)
    page.wait_for_selector("#alike [data-taken='1']")
    assert taken in page.inner_text("#alike")
    assert page.locator(".names-alike-mark.is-taken").count() >= 1
    visitor.shoot("names-taken")
    assert faults_of(visitor) == []
    page.click("#propose")
    expect(page.locator(".field-error[data-for=name]").first).to_contain_text("请另选", use_inner_text=True)
    page.fill("#name-text", name)
    page.wait_for_selector("#alike .is-good")
    page.fill("#name-meaning", "路南旧有听雨轩")
    page.click("#propose")
    page.wait_for_selector("[data-shown-case]")
    assert page.inner_text("#object-title") == name
    return str(page.get_attribute("[data-shown-case]", "data-shown-case"))


@pytest.mark.browser
def test_a_name_is_drawn_checked_approved_and_comes_into_force(visit: Visit, town_url: cluster.Urls) -> None:
    visitor = visit(DESK)
    page = visitor.page
    opened(visitor, "lin")
    visitor.shoot("names-empty")
    assert faults_of(visitor) == []
    case = propose(visitor, a_street(town_url)[1], "听雨轩路")
    expect(page.locator("[data-step=approve]")).to_have_count(0)
    visitor.shoot("names-case")
    assert faults_of(visitor) == []
    for login in ("luo", "meng"):
        other = visit(DESK)
        opened(other, login, f"?case={case}")
        other.page.wait_for_selector("[data-shown-case]")
        take(other, "approve", note="符合规划")
    opened(visitor, "lin", f"?case={case}")
    page.wait_for_selector("[data-step=publish]")
    href = str(page.get_attribute("a[href$='decree.pdf']", "href"))
    base, headers = visitor.watch.base, headers_of(visitor.watch.base, visitor.cookies["lin"])
    assert httpx.get(base + href, headers=headers).content[:5] == b"%PDF-"
    take(visitor, "publish", decree_number="望民〔2026〕21号", decree_on="2026-01-05")
    page.click("[data-step=enforce]")
    page.wait_for_selector("#act[open]")
    visitor.shoot("names-enforce")
    page.click("#act-submit")
    page.wait_for_selector(".names-steps li:last-child.is-done")
    visitor.shoot("names-in-force")
    assert faults_of(visitor) == []
    found = httpx.get(f"{base}/v1/addresses/search?q=tyxl", headers=headers)
    assert any(hit["text"].endswith("听雨轩路") for hit in found.json()["hits"]), found.text


@pytest.mark.browser
def test_a_street_in_force_is_found_and_a_rename_asked_for_on_a_phone(
    visit: Visit, town_url: cluster.Urls
) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("lin", PATH)
    visitor.wait_for_map()
    page.click("#left-open")
    page.click("[data-tab=places]")
    page.wait_for_selector(".names-card")
    place, name, sound = a_street(town_url)
    page.fill("#names-text", sound)
    page.wait_for_selector(f".names-card[data-place='{place}']")
    visitor.shoot("names-places")
    assert faults_of(visitor) == []
    page.click(f".names-card[data-place='{place}']")
    page.wait_for_selector("[data-shown-place]")
    visitor.shoot("names-place")
    assert faults_of(visitor) == []
    page.click("[data-form=rename]")
    page.wait_for_selector("#name-text")
    page.fill("#name-text", "望山路")
    page.wait_for_selector("#alike .is-good, #alike .names-warn")
    visitor.shoot("names-rename")
    assert faults_of(visitor) == []
    page.click("#propose")
    page.wait_for_selector("[data-shown-case]")
    assert name in page.inner_text(".names-facts")
    visitor.shoot("names-rename-case")
    take(visitor, "withdraw", note="另行研究")
    expect(page.locator(".object-head").first).to_contain_text("已撤回", use_inner_text=True)


@pytest.mark.browser
def test_an_axis_is_drawn_anew_and_a_spelling_put_right_on_a_phone(
    visit: Visit, town_url: cluster.Urls
) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    place, name, _ = a_street(town_url)
    visitor.enter("lin", f"{PATH}?place={place}")
    visitor.wait_for_map()
    page.wait_for_selector("[data-axis-edit]")
    before = page.inner_text(".names-facts")
    page.click("[data-axis-edit]")
    page.wait_for_selector("#axis-tools:not([hidden])")
    page.click("[data-axis-again]")
    for step in (0, 60, 120):
        page.touchscreen.tap(120 + step, 300 + step / 3)
        page.wait_for_timeout(350)
    visitor.shoot("names-axis")
    assert faults_of(visitor) == []
    page.click("[data-axis-done]")
    page.wait_for_selector("#axis-tools", state="hidden")
    page.click("[data-save-axis]")
    visitor.shoot("names-axis-save")
    page.click("#act-submit")
    page.wait_for_selector("#act:not([open])", state="attached")
    visitor.wait(f"document.querySelector('.names-facts')?.textContent.trim() !== {before!r}")
    page.wait_for_selector("[data-correct]")
    page.click("[data-correct]")
    page.fill("#act [name=name]", "某某某某某")
    page.click("#act-submit")
    page.wait_for_selector("#act-error:not([hidden])")
    expect(page.locator("#act-error").first).to_contain_text("更名", use_inner_text=True)
    assert name == page.inner_text("#object-title")
