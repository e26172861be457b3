"""Chosen plates are given to an installer without a batch, from the selection of the editor (R89)."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, Visitor
from tests.map.test_journeys import faults_of
from tests.map.test_wall_pages import Office, office

__all__ = ["office"]
Visit = Callable[[tuple[int, int]], Visitor]


def street_of(urls: cluster.Urls, plate_id: str) -> str:
    """Return the id of the street whose list shows a plate."""
    query = """
        SELECT a.place_name_id::text FROM registry.plate p JOIN registry.address a ON a.id = p.address_id WHERE p.id = %s
    """
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute(query, (plate_id,)).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.browser
@pytest.mark.requirement("R89")
def test_chosen_plates_are_given_out_once(visit: Visit, office: Office, town_url: cluster.Urls) -> None:
    rows = office.delivered(2, "选派一")
    task = next(one for one in office.get("/v1/plate-tasks")["rows"] if one["batch_number"] == "选派一")
    office.act(f"/v1/plate-tasks/{task['id']}/actions/cancel", {"reason": "改为选派"}, task["version"])
    desk = visit(DESK)
    page = desk.page
    desk.enter("lin", f"/plates?s={street_of(town_url, rows[0]['id'])}")
    desk.wait_for_map()
    page.wait_for_selector(".plates-table [data-row]", state="attached")
    page.check("#tick-all")
    page.click("[data-bulk=give]")
    page.wait_for_selector("[data-trial]")
    good = int(page.get_attribute("[data-trial]", "data-count") or 0)
    assert good >= 1
    desk.shoot("plate-give")
    assert faults_of(desk) == []
    page.click("#act-submit")
    expect(page.locator("#act-error").first).to_have_text("请填写任务名称", use_inner_text=True)
    page.fill("#act-fields [name=task]", "集贤街补牌")
    page.select_option("#act-fields [name=installer_id]", label="何某")
    page.fill("#act-fields [name=due_on]", "2099-12-31")
    page.click("#act-submit")
    desk.wait("document.querySelector('#toasts').textContent.includes('已派 1 个任务')")
    given = next(
        one for one in office.get("/v1/plate-tasks")["rows"] if one["title"].startswith("集贤街补牌")
    )
    assert (given["installer"], given["plates"], given["batch_number"]) == ("何某", good, None)
    page.click("#show-table")
    page.check("#tick-all")
    page.click("[data-bulk=give]")
    page.wait_for_selector("[data-trial][data-count='0']")
    assert page.inner_text(".refusals").count("已在一个进行中的任务里") == good
