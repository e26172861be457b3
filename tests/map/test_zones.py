"""Zones under rectification in a browser: proposed, planned, listed, swept, refused in words, accepted.

Requirements: R52-R57.
"""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from geo_registry.codes import new_id
from geo_registry.db import today
from tests.map.conftest import DESK, LAPTOP, PHONE, Visitor
from tests.map.test_journeys import faults_of

pytestmark = pytest.mark.browser
Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
DOCUMENT = "望澜综治〔2026〕27号"


@pytest.fixture
def clear(town_url: cluster.Urls) -> None:
    """End whatever zones other tests left: a block belongs to one live zone."""
    with psycopg.connect(town_url.owner, autocommit=True) as connection:
        connection.execute(
            "UPDATE registry.zone SET state = 'failed' WHERE state NOT IN ('closed', 'failed')"
        )


def act(visitor: Visitor, name: str, **fields: str) -> None:
    """Open the dialog of an act, fill it, and send it."""
    page = visitor.page
    page.click(f"[data-open='act-{name}']")
    for field, value in fields.items():
        page.fill(f"#act-{name} [name={field}]", value)
    page.click(f"#act-{name} [type=submit]")


def done(visitor: Visitor, text: str) -> None:
    """Wait until the page has come back and says that the act is done."""
    visitor.page.wait_for_selector(f".toast-line:has-text('{text}')")


def refused(visitor: Visitor, name: str) -> str:
    """Return what the dialog of an act says against it."""
    place = visitor.page.wait_for_selector(f"#act-{name} .field-error:not([hidden])")
    assert place is not None
    return place.inner_text()


def propose(visitor: Visitor, name: str) -> str:
    """Propose a zone of the first two blocks of the list; return its address."""
    page = visitor.page
    visitor.enter("du", "/zones/new")
    page.wait_for_selector(".shape-block")
    page.fill("[name=name]", name)
    for number in range(2):
        page.locator("[name=block_ids]:not([disabled])").nth(number).check()
    expect(page.locator("#chosen-count").first).to_contain_text("已选 2 个", use_inner_text=True)
    expect(page.locator(".shape-block.is-chosen")).to_have_count(2)
    page.click(".zone-new [type=submit]")
    done(visitor, "整治区已提议")
    return page.url.removeprefix(visitor.watch.base)


def plan(visitor: Visitor) -> None:
    """Make the plan of the zone that is shown."""
    page = visitor.page
    page.click("[data-open='act-plan']")
    page.fill("#act-plan [name=cause]", "老街隔间多、换住频繁")
    page.fill("#act-plan [data-name=title]", "逐户核对老街房屋")
    page.click("#act-plan [data-add-measure]")
    page.locator("#act-plan [data-name=title]").nth(1).fill("补编门牌并上墙")
    assert visitor.watch.faults == []
    page.click("#act-plan [type=submit]")
    done(visitor, "方案已制定")


def store_sample(urls: cluster.Urls, path: str, hits: int) -> None:
    """Store a sample of the zone: 100 dwellings, one person met in each, so many of them registered."""
    zone: dict[str, Any] = {
        "zone": path.rpartition("/")[2], "plan": new_id(), "hits": hits, "today": today(),
    }  # fmt: skip
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO registry.sample_plan (id, name, direction, area_kind, area_id, seed, frame_size, sample_size,
                 drawn_on, district_id, township_id, community_id)
               SELECT %(plan)s, '验收抽查', 'field_to_register', 'zone', id, 7, 100, 100, %(today)s, district_id,
                 township_id, community_id FROM registry.zone WHERE id = %(zone)s""",
            zone,
        )
        connection.execute(
            """WITH drawn AS (
                 SELECT u.*, row_number() OVER (ORDER BY u.id) AS turn FROM registry.housing_unit u LIMIT 100),
               listed AS (INSERT INTO registry.sample_unit (plan_id, unit_id, turn, weight)
                 SELECT %(plan)s, id, turn, 1 FROM drawn)
               INSERT INTO registry.field_check (plan_id, unit_id, building_id, leaf_id, checked_on, persons_met,
                 persons_registered, records_checked, records_right, district_id, township_id, community_id)
               SELECT %(plan)s, id, building_id, community_id, %(today)s, 1, (turn <= %(hits)s)::int, 1, 1,
                 district_id, township_id, community_id FROM drawn""",
            zone,
        )


def list_zone(visitor: Visitor, path: str) -> None:
    """List the zone as leader, who is told that a document number is missing and that there is no plan yet."""
    page = visitor.page
    visitor.enter("lu", path)
    expect(page.locator("[data-open='act-plan']")).to_have_count(0)
    act(visitor, "list")
    assert refused(visitor, "list") == "请填写此项"
    page.fill("#act-list [name=document_number]", DOCUMENT)
    page.click("#act-list [type=submit]")
    done(visitor, "挂牌已办理")
    expect(page.locator("[data-open='act-approve_plan']")).to_have_count(0)
    expect(page.locator(".zone-page").first).to_contain_text("还没有方案", use_inner_text=True)


def sweep(visitor: Visitor) -> None:
    """Record today's sweep; impossible figures and a second one on the day are refused."""
    page = visitor.page
    act(visitor, "sweep", units_planned="40", units_visited="41", newly_registered="3")
    assert "已核户室不能多于应核户室" in refused(visitor, "sweep")
    page.fill("#act-sweep [name=units_visited]", "35")
    page.click("#act-sweep [type=submit]")
    done(visitor, "清查已登记")
    expect(page.locator(".zone-week").first).to_contain_text("不足 10", use_inner_text=True)
    assert page.locator("td .day-held").count() >= 1
    act(visitor, "sweep", units_planned="40", units_visited="35", newly_registered="3")
    assert "一天只登记一次" in refused(visitor, "sweep")
    visitor.shoot("zone-refused")
    assert faults_of(visitor) == []
    page.keyboard.press("Escape")


def submit(visitor: Visitor) -> None:
    """Submit the zone; open measures need a reason."""
    act(visitor, "submit")
    assert "2 项措施未完成" in refused(visitor, "submit")
    visitor.page.fill("#act-submit [name=reason]", "一户在外地，顺延")
    visitor.page.click("#act-submit [type=submit]")
    done(visitor, "报验已办理")


@both
@pytest.mark.usefixtures("clear")
def test_a_zone_from_the_proposal_to_its_end(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls
) -> None:
    """An officer proposes, a leader lists and accepts, the supervisor plans, sweeps and submits."""
    visitor = visit(size)
    page = visitor.page
    path = propose(visitor, f"东渡口老街片区{size[0]}")
    assert faults_of(visitor) == []
    act(visitor, "notify", document_number="望澜综治告〔2026〕3号")
    done(visitor, "告知已办理")
    list_zone(visitor, path)
    visitor.enter("feng", path)
    plan(visitor)
    visitor.enter("lu", path)
    act(visitor, "approve_plan")
    done(visitor, "批准方案已办理")
    visitor.enter("feng", path)
    act(visitor, "start")
    done(visitor, "开始整治已办理")
    sweep(visitor)
    submit(visitor)
    store_sample(town_url, path, 90)
    visitor.enter("lu", path)
    act(visitor, "accept", document_number=DOCUMENT)
    assert "未证实达到目标，不能验收" in refused(visitor, "accept")
    assert faults_of(visitor) == []
    store_sample(town_url, path, 99)
    page.reload()
    act(visitor, "accept", document_number=DOCUMENT)
    done(visitor, "验收已办理")
    expect(page.locator(".zone-decisions").first).to_contain_text("验收合格", use_inner_text=True)
    act(visitor, "close", document_number=DOCUMENT)
    done(visitor, "销牌已办理")
    visitor.shoot("zone-closed")
    assert faults_of(visitor) == []


@pytest.mark.parametrize("size", [DESK, LAPTOP, PHONE], ids=["desk", "laptop", "phone"])
@pytest.mark.usefixtures("clear")
def test_the_list_shows_what_is_late_on_map_and_in_its_table(
    visit: Visit, size: tuple[int, int], town_url: cluster.Urls
) -> None:
    visitor = visit(size)
    page = visitor.page
    path = propose(visitor, f"北门<b>片区</b>{size[0]}")
    with psycopg.connect(town_url.owner, autocommit=True) as connection:
        zone = path.rpartition("/")[2]
        connection.execute(
            """UPDATE registry.zone SET state = 'in_rectification', proposed_on = CURRENT_DATE - 90,
                 notified_on = CURRENT_DATE - 85, listed_on = CURRENT_DATE - 80, started_on = CURRENT_DATE - 60
               WHERE id = %s""",
            [zone],
        )
        connection.execute(
            """INSERT INTO registry.rectification_plan (zone_id, cause, responsible_id, sweep_weekday, approved_on, approved_by)
               SELECT %s, '老街隔间多', id, 3, CURRENT_DATE - 70, id FROM registry.account WHERE login = 'feng'""",
            [zone],
        )
        connection.execute(
            """INSERT INTO registry.sweep (zone_id, held_on, account_id, units_planned, units_visited, newly_registered)
               SELECT %s, CURRENT_DATE - d, id, 40, 30, 12 FROM registry.account, unnest(ARRAY[55, 44, 40]) d
               WHERE login = 'feng'""",
            [zone],
        )
    visitor.enter("lu", "/zones")
    page.wait_for_selector(".shape-late")
    card = page.inner_text(".zone-card.is-late")
    assert "<b>片区</b>" in card
    assert "超期" in card
    assert "漏查" in card
    visitor.wait("performance.getEntriesByName('map-drawn').length > 0")
    visitor.shoot("zones")
    assert faults_of(visitor) == []
    page.click("#show-table")
    expect(page.locator(".zones-table tbody").first).to_contain_text("超期", use_inner_text=True)
    assert faults_of(visitor) == []
    page.click("#show-map")
    page.click(".zone-card.is-late a")
    page.wait_for_selector(".zone-calendar")
    assert page.locator(".day-missed").count() > 2
    expect(page.locator(".zone-hints").first).to_contain_text("没有清查", use_inner_text=True)
    page.wait_for_selector(".shape-outline")
    visitor.wait("performance.getEntriesByName('map-drawn').length > 0")
    visitor.shoot("zone")
    assert faults_of(visitor) == []
    assert page.get_attribute(".sections [aria-current]", "href") == "/zones"


@both
@pytest.mark.usefixtures("clear")
def test_an_empty_list_says_what_to_do(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", "/zones?state=in_rectification")
    expect(page.locator(".zones-list").first).to_contain_text("没有符合条件的整治区", use_inner_text=True)
    visitor.enter("du", "/zones")
    expect(page.locator(".zones-list .state").first).to_contain_text("提议整治区", use_inner_text=True)
    visitor.shoot("zones-empty")
    assert faults_of(visitor) == []
    page.select_option("#zone-state", "closed")
    page.wait_for_url("**/zones?state=closed")


@both
@pytest.mark.usefixtures("clear")
def test_a_focus_area_is_registered_by_drawing(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("feng", "/zones/new?kind=focus")
    page.wait_for_selector(".shape-block")
    page.fill("[name=name]", f"老街重点片{size[0]}")
    page.click("#draw")
    frame = page.locator(".map-frame").bounding_box()
    assert frame is not None
    corners = [(0.15, 0.15), (0.8, 0.15), (0.8, 0.7), (0.15, 0.7), (0.15, 0.15)]
    for x, y in corners:
        at = (frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
        if size == PHONE:
            page.touchscreen.tap(*at)
        else:
            page.mouse.click(*at)
        # Two clicks in quick succession are one double click.
        page.wait_for_timeout(400)
    visitor.shoot("zone-new")
    page.wait_for_selector("#draw-clear:not([hidden])", timeout=8000)
    expect(page.locator("#chosen-count").first).to_have_text("以所画范围为准", use_inner_text=True)
    visitor.shoot("zone-new")
    assert faults_of(visitor) == []
    page.click(".zone-new [type=submit]")
    done(visitor, "重点区域已登记")
    expect(page.locator(".zones-list").first).to_contain_text(f"老街重点片{size[0]}", use_inner_text=True)


def test_who_may_not_read_zones_finds_no_page(visit: Visit) -> None:
    visitor = visit(DESK)
    visitor.enter("lin", "/")
    expect(visitor.page.locator(".sections a[href='/zones']")).to_have_count(0)
    reply = visitor.page.goto(f"{visitor.watch.base}/zones")
    assert reply is not None
    assert reply.status == 404
    visitor.enter("lu", "/zones")
    expect(visitor.page.locator("text=提议整治区")).to_have_count(0)
