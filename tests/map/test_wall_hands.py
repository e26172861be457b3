"""上墙 on a phone that changes hands: what is kept belongs to one account, what was not sent waits for its own."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.map.conftest import PHONE, Visitor, sign_in
from tests.map.test_journeys import faults_of
from tests.map.test_plate_pages import photo
from tests.map.test_wall_pages import IN_QUEUE, Office, office, open_list, put_up

__all__ = ["office"]
Visit = Callable[[tuple[int, int]], Visitor]
TILES = "caches.open('wall-tiles-1').then((kept) => kept.keys()).then((all) => all.length)"
PLATES = """
    new Promise((done) => {
      const asked = indexedDB.open('wall');
      asked.onsuccess = () => {
        const count = asked.result.transaction('plates').objectStore('plates').count();
        count.onsuccess = () => { asked.result.close(); done(count.result); };
      };
    })
"""
KEPT_LOGINS = """
    caches.open('wall-shell-1')
      .then((kept) => Promise.all(['/plates/install', '/plates/installing'].map((page) => kept.match(page))))
      .then((found) => Promise.all(found.map((one) => one?.text() ?? '')))
      .then((texts) => texts.map((text) => /data-login="([^"]*)"/.exec(text)?.[1] ?? ''))
"""


@pytest.mark.browser
@pytest.mark.requirement("R89")
def test_another_account_starts_with_nothing_of_the_one_before(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], office: Office
) -> None:
    (row,) = office.delivered(1, "换手一")
    cookies["before"] = sign_in(server, "he")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone, "before")
    phone.wait(f"{TILES}.then((count) => count >= 3)")
    page.context.set_offline(True)
    put_up(phone, row)
    phone.wait("document.querySelector('#strip-who').textContent.includes('记在何某（he）名下')")
    phone.shoot("wall-whose")
    assert faults_of(phone) == []
    page.goto("about:blank")
    page.context.clear_cookies()
    page.context.set_offline(False)
    phone.sign_in("lin")
    phone.wait(f"{KEPT_LOGINS}.then((logins) => logins.join() === 'lin,lin')")
    assert page.evaluate(TILES) == 0
    assert page.evaluate(PLATES) == 0
    assert page.evaluate(IN_QUEUE) == 1
    page.goto(f"{server}/plates/install")
    phone.wait("document.querySelector('#strip-others').textContent.includes('何某（he） 1 条')")
    assert not page.is_visible("#strip-who")
    phone.shoot("wall-others")
    assert faults_of(phone) == []
    phone.wait(
        "caches.match('/static/js/plate_tasks.js', {ignoreSearch: true}).then((kept) => kept !== undefined)"
    )
    page.context.set_offline(True)
    page.reload()
    phone.wait("document.querySelector('#strip-who').textContent.includes('记在林某（lin）名下')")
    page.goto(f"{server}/plates/{row['id']}/install")
    phone.wait("document.querySelector('#strip-who').textContent.includes('林某（lin）')")
    page.context.set_offline(False)
    page.goto("about:blank")
    assert office.get(f"/v1/plates/{row['id']}")["state"] == "delivered"
    cookies["after"] = sign_in(server, "he")
    phone.enter("after", "/plates/install")
    phone.wait(f"{IN_QUEUE} === 0")
    assert office.get(f"/v1/plates/{row['id']}")["installation"]["installer"] == "何某"


@pytest.mark.browser
def test_a_page_left_open_says_that_another_account_signed_in(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], office: Office
) -> None:
    (row,) = office.delivered(1, "换手二")
    cookies["open"], cookies["over"] = sign_in(server, "he"), sign_in(server, "lin")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone, "open")
    page.context.set_offline(True)
    page.click(f"#own [data-plate='{row['id']}']")
    page.wait_for_selector("#install-form:not([hidden])")
    page.set_input_files("#photo", photo())
    page.context.add_cookies(
        [{"name": name, "value": value, "url": server} for name, value in cookies["over"].items()]
    )
    page.context.set_offline(False)
    page.wait_for_selector("#strip-login")
    expect(page.locator("#strip").first).to_contain_text("已换账号登录", use_inner_text=True)
    expect(page.locator("#photo-frame.has-photo").first).to_be_visible()
    page.click("#strip-login")
    page.wait_for_selector("#who[data-login=lin]", state="attached")
    phone.wait(f"{KEPT_LOGINS}.then((logins) => logins.join() === 'lin,lin')")
