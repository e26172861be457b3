"""A clerk's day: names a street, numbers its doors, corrects some, has plates made and put up, and sees the rate move."""

import re
from collections.abc import Callable
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.test_journeys import faults_of
from tests.map.test_place_name_pages import opened, take
from tests.map.test_plate_pages import plate_of
from tests.map.test_wall_pages import IN_QUEUE, Office, open_list
from tests.map.test_wall_pages import put_up as put_up_offline

Visit = Callable[[tuple[int, int]], Visitor]
NAME, DOORS = "试航路", 60
# A strip 150 m long in the community that is farthest from every street, so that its doors belong to no other.
STRIP: LiteralString = """
    WITH ground AS (
      SELECT d.id, d.district_id, d.township_id, d.boundary FROM registry.division d
      WHERE d.level = 'community' AND d.parent_id IN (SELECT id FROM registry.division WHERE code = '990101001000')),
    axes AS (SELECT ST_Collect(axis) AS lines FROM registry.place_name WHERE axis IS NOT NULL AND state = 'current'),
    strips AS (
      SELECT g.*, ST_SetSRID(ST_MakeLine(ST_MakePoint(x, y), ST_MakePoint(x + 0.00156, y)), 4490) AS strip
      FROM ground g, generate_series(0, 60) i, generate_series(0, 60) j,
        LATERAL (SELECT ST_XMin(g.boundary) + i / 60.0 * (ST_XMax(g.boundary) - ST_XMin(g.boundary)) AS x,
          ST_YMin(g.boundary) + j / 60.0 * (ST_YMax(g.boundary) - ST_YMin(g.boundary)) AS y) at)
    SELECT s.id, s.district_id, s.township_id, ST_XMin(s.strip), ST_YMin(s.strip), ST_Distance(s.strip, a.lines) * 111000
    FROM strips s, axes a WHERE ST_Covers(s.boundary, ST_Expand(s.strip, 0.0001))
    ORDER BY ST_Distance(s.strip, a.lines) DESC LIMIT 1
"""
BUILT: LiteralString = """
    INSERT INTO registry.building (method, district_id, township_id, community_id, position)
    SELECT 'derived', %(district)s, %(township)s, %(community)s,
      ST_SetSRID(ST_MakePoint(%(lon)s + 0.00003 + (n / 2) * 0.00005, %(lat)s + CASE n %% 2 WHEN 0 THEN 1 ELSE -1 END * 0.00006), 4490)
    FROM generate_series(0, %(doors)s - 1) n
"""
ON_SCREEN = """
    (places) => {
      const { map } = window.townMap;
      const lons = places.map((one) => one[0]), lats = places.map((one) => one[1]);
      map.fitBounds([[Math.min(...lats), Math.min(...lons)], [Math.max(...lats), Math.max(...lons)]], { animate: false, padding: [60, 60] });
      const frame = map.getContainer().getBoundingClientRect();
      return places.map(([lon, lat]) => {
        const spot = map.latLngToContainerPoint([lat, lon]);
        return [spot.x + frame.x, spot.y + frame.y];
      });
    }
"""


@pytest.fixture
def strip(town_url: cluster.Urls) -> tuple[float, float]:
    """Give the beginning of a strip of free land with sixty houses, thirty on each side."""
    with psycopg.connect(town_url.owner) as connection:
        ((community, district, township, lon, lat, metres),) = connection.execute(STRIP).fetchall()
        assert metres > 13
        values = {"community": community, "district": district, "township": township, "lon": lon, "lat": lat}
        connection.execute(BUILT, {**values, "doors": DOORS})
    return lon, lat


def name_street(visit: Visit, strip: tuple[float, float]) -> str:
    """Draw and propose a street, have two others approve it, publish it and put it into force."""
    clerk, (lon, lat) = visit(DESK), strip
    page = clerk.page
    opened(clerk, "lin")
    page.click("[data-form=name]")
    page.wait_for_selector("#name-text")
    page.select_option("#name-kind", "street")
    spots = page.evaluate(ON_SCREEN, [[lon, lat], [lon + 0.00078, lat], [lon + 0.00156, lat]])
    page.click("[data-draw-axis]")
    for x, y in spots[:2]:
        page.mouse.click(x, y)
    page.mouse.dblclick(*spots[2])
    clerk.wait("document.getElementById('axis-told').textContent.endsWith(' m')")
    page.click("[data-axis-done]")
    page.fill("#name-text", NAME)
    page.wait_for_selector("#alike .is-good")
    page.fill("#name-meaning", "纪念首次试航")
    page.click("#propose")
    page.wait_for_selector("[data-shown-case]")
    case = page.get_attribute("[data-shown-case]", "data-shown-case")
    for login in ("luo", "meng"):
        other = visit(DESK)
        opened(other, login, f"?case={case}")
        other.page.wait_for_selector("[data-shown-case]")
        take(other, "approve")
    opened(clerk, "lin", f"?case={case}")
    page.wait_for_selector("[data-step=publish]")
    take(clerk, "publish", decree_number="望民〔2026〕61号", decree_on="2026-01-05")
    page.click("[data-step=enforce]")
    page.click("#act-submit")
    page.wait_for_selector(".names-steps li:last-child.is-done")
    clerk.shoot("day-named")
    return clerk_street(clerk)


def clerk_street(clerk: Visitor) -> str:
    """Return the id of the new street."""
    reply = httpx.get(
        f"{clerk.watch.base}/v1/addresses/search?q={NAME}",
        headers={"Authorization": f"Bearer {next(iter(dict(clerk.cookies['lin']).values()))}"},
    )
    return str(next(hit["id"] for hit in reply.json()["hits"] if hit["text"].endswith(NAME)))


def number_doors(clerk: Visitor, street: str) -> None:
    """Preview the whole street, and store all its doors with plates in one act."""
    page = clerk.page
    clerk.enter("lin", f"/plates/numbering?s={street}")
    clerk.wait_for_map()
    page.wait_for_selector("[data-slot][data-kind=door]", state="attached")
    assert page.locator("[data-slot][data-kind=door]").count() == DOORS
    clerk.shoot("day-preview")
    assert faults_of(clerk) == []
    page.keyboard.press("Control+s")
    expect(page.locator("#act-text").first).to_contain_text(f"新编 {DOORS} 个号", use_inner_text=True)
    page.select_option("#act-plates", "numbered")
    page.click("#act-submit")
    page.wait_for_selector("#act[open]", state="detached")
    clerk.wait("document.querySelectorAll('[data-slot][data-kind=door]').length === 0")


def drag(clerk: Visitor, plate: str) -> None:
    """Drag a plate some pixels away, and wait until it is saved."""
    page = clerk.page
    before = plate_of(clerk, "lin", plate)
    page.click(f".plates-table [data-row='{plate}'] .plate-open")
    page.wait_for_selector(f".object-head[data-plate='{plate}']")
    page.keyboard.press("m")
    page.wait_for_selector(".plate-pin")
    box = page.locator(".plate-pin").bounding_box()
    assert box
    page.mouse.move(box["x"] + 15, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 19, box["y"] + 11, steps=4)
    page.mouse.up()
    for _ in range(100):
        if plate_of(clerk, "lin", plate)["version"] > before["version"]:
            break
        page.wait_for_timeout(100)
    page.keyboard.press("Escape")
    assert plate_of(clerk, "lin", plate)["lon"] != before["lon"]


def correct_three(clerk: Visitor, street: str) -> None:
    """Drag three plates, and take the last one back."""
    page = clerk.page
    page.goto(f"{clerk.watch.base}/plates?s={street}")
    clerk.wait_for_map()
    page.wait_for_selector(".plates-table [data-row]", state="attached")
    rows = page.eval_on_selector_all(".plates-table [data-row]", "all => all.map((one) => one.dataset.row)")
    assert len(rows) == DOORS
    for plate in rows[10:13]:
        start = plate_of(clerk, "lin", plate)
        drag(clerk, plate)
    page.keyboard.press("Control+z")
    clerk.wait("document.querySelector('.toast-act')?.textContent.includes('已撤销')")
    back = plate_of(clerk, "lin", rows[12])
    assert (back["lon"], back["lat"]) == pytest.approx((start["lon"], start["lat"]), abs=1e-7)
    clerk.shoot("day-corrected")
    assert faults_of(clerk) == []


def tick_all(clerk: Visitor, verb: str, ready: int) -> None:
    """Tick the whole street, try an act on it, and see how many it may change."""
    page = clerk.page
    page.check("#tick-all")
    page.click(f"[data-bulk={verb}]")
    page.wait_for_selector("#act[open] :is(.trial-sum, [data-trial])")
    expect(page.locator("#act :is(.trial-sum, [data-trial])").first).to_contain_text(
        f"{ready} 块", use_inner_text=True
    )


def order(clerk: Visitor) -> str:
    """Certify and approve all, and order the batch; return its id."""
    page = clerk.page
    tick_all(clerk, "certify", DOORS)
    clerk.shoot("day-certify")
    page.click("#act-submit")
    clerk.wait("document.querySelector('.toast-act')?.textContent.includes('已认证')")
    page.keyboard.press("Escape")
    tick_all(clerk, "approve", DOORS)
    page.click("#act-submit")
    page.wait_for_selector("#act[open]", state="detached")
    page.keyboard.press("Escape")
    tick_all(clerk, "order", DOORS)
    page.fill("#act-number", "望澜牌〔2026〕第61批")
    page.fill("#act-maker", "望澜标牌厂")
    page.click("#act-submit")
    page.wait_for_url(re.compile(r"/plates/batches/[0-9a-f-]{36}$"))
    batch = page.url.rsplit("/", 1)[1]
    clerk.shoot("day-batch")
    assert faults_of(clerk) == []
    for form, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        printed = page.request.get(f"{clerk.watch.base}/v1/plate-batches/{batch}/sheet.{form}")
        assert printed.body().startswith(begins)
    expect(page.locator("form[action$='sheet.pdf'] button")).to_have_count(1)
    return batch


def rate_of(clerk: Visitor, street: str) -> int:
    """Return how many doors of the street have a plate on the wall, as the page of rates tells."""
    clerk.enter("lin", f"/plates/rates?by=street&street={street}")
    clerk.page.wait_for_selector(".rates-facts")
    facts = clerk.page.inner_text(".rates-facts")
    assert str(DOORS) in facts
    found = re.search(r"已上墙\s*(\d+)", facts)
    assert found
    return int(found[1])


@pytest.mark.browser
@pytest.mark.requirement("R63", "R70", "R80")
def test_a_clerks_day(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], strip: tuple[float, float]
) -> None:
    street = name_street(visit, strip)
    clerk = visit(DESK)
    number_doors(clerk, street)
    assert rate_of(clerk, street) == 0
    correct_three(clerk, street)
    batch = order(clerk)
    office = Office(server, cookies)
    version = office.get(f"/v1/plate-batches/{batch}")["version"]
    for verb in ("produce", "deliver"):
        version = office.act(f"/v1/plate-batches/{batch}/actions/{verb}", {}, version)["version"]
    office.act("/v1/plate-tasks", {"batch_id": batch, "due_on": "2099-12-31"})
    rows: list[dict[str, Any]] = office.get(f"/v1/plates?batch_id={batch}&limit=10")["rows"]
    phone = visit(PHONE)
    open_list(phone)
    phone.page.context.set_offline(True)
    for row in rows:
        put_up_offline(phone, row)
    phone.shoot("day-offline")
    assert faults_of(phone) == []
    phone.page.context.set_offline(False)
    phone.wait(f"{IN_QUEUE} === 0")
    assert rate_of(clerk, street) == len(rows) == 10
    clerk.shoot("day-rate")
    assert faults_of(clerk) == []
