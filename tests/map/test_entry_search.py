"""The address at the entry desk, typed faster than the search answers."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from tests.map.conftest import DESK, Visitor
from tests.map.desk import hands_at, unit_with

Visit = Callable[[tuple[int, int]], Visitor]
# What the search answers to one text arrives when Enter was pressed.
SLOW_SEARCH = """
    const ask = window.fetch;
    window.fetch = async (url, ...more) => {
      const reply = await ask(url, ...more);
      if (String(url).includes(`/addresses/search?q=${encodeURIComponent(TEXT)}&`)) {
        await new Promise((done) => { window.release = done; });
      }
      return reply;
    };
    addEventListener("keydown", (event) => { if (event.key === "Enter") setTimeout(() => window.release?.()); }, true);
"""


@pytest.mark.requirement("R7")
def test_an_answer_to_the_beginning_of_an_address_chooses_nothing(
    visit: Visit, town_url: cluster.Urls
) -> None:
    unit = unit_with(town_url, 0, 2)
    visitor = visit(DESK)
    visitor.page.add_init_script(SLOW_SEARCH.replace("TEXT", json.dumps(unit.address)))
    hands = hands_at(visitor, "yu")
    page = hands.page
    page.keyboard.type(unit.address[:-1])
    page.wait_for_selector("#where-list:not([hidden])")
    page.keyboard.type(unit.address[-1])
    visitor.wait("window.release !== undefined")
    page.keyboard.type(unit.room)
    page.keyboard.press("Enter")
    hands.visitor.wait("document.activeElement?.name === 'action'")
    assert page.input_value("#where").endswith(unit.room)


@pytest.mark.requirement("R7")
def test_a_search_that_failed_is_not_told_as_nothing_found(visit: Visit, town_url: cluster.Urls) -> None:
    visitor = visit(DESK)
    hands = hands_at(visitor, "yu")
    hands.page.route("**/v1/addresses/search?*", lambda route: route.abort(), times=1)
    hands.page.keyboard.type(unit_with(town_url, 0, 2).address)
    expect(hands.page.locator("#where-list")).to_contain_text("连接中断")
    visitor.watch.faults = [one for one in visitor.watch.faults if "ERR_FAILED" not in one]
