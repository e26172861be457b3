"""上墙 on a phone: tasks, ten plates put up without a network, what was refused, scanning, inspection."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Dialog, FilePayload, Route, expect

from tests.map.conftest import PHONE, Visitor, sign_in
from tests.map.test_journeys import faults_of
from tests.map.test_plate_pages import photo

Visit = Callable[[tuple[int, int]], Visitor]
KEPT_PAGES = "caches.open('wall-shell-1').then((kept) => kept.match('/plates/installing')).then((one) => one !== undefined)"
IN_QUEUE = "Number(localStorage.getItem('wall-waiting'))"


class Office:
    """The clerk at a desk, over HTTP."""

    def __init__(self, server: str, cookies: dict[str, httpx.Cookies], login: str = "lin") -> None:
        token = next(iter(dict(cookies[login]).values()))
        self.client = httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def get(self, path: str) -> Any:  # noqa: ANN401  (any JSON)
        """Return what the interface tells."""
        reply = self.client.get(path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def act(self, path: str, body: dict[str, Any], version: int | None = None) -> Any:  # noqa: ANN401
        """Do an act and return what it answers."""
        headers = {"Idempotency-Key": str(uuid4())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        reply = self.client.post(path, json=body, headers=headers)
        assert reply.status_code in {200, 201}, reply.text
        return reply.json()

    def delivered(self, count: int, number: str) -> list[dict[str, Any]]:
        """Approve, order, make and deliver plates that are only numbered, and give them out as a task."""
        rows: list[dict[str, Any]] = []
        for state in ("numbered", "approved", "draft"):
            rows += self.get(f"/v1/plates?state={state}&limit=100")["rows"]
        chosen = [row for row in rows if row["lon"] is not None][:count]
        assert len(chosen) == count
        ids = [row["id"] for row in chosen]
        fresh = [row["id"] for row in chosen if row["state"] != "approved"]
        if fresh:
            self.act("/v1/plates/actions/approve", {"plate_ids": fresh})
        batch = self.act("/v1/plate-batches", {"plate_ids": ids, "number": number, "maker": "标牌厂"})
        for verb in ("produce", "deliver"):
            batch = self.act(f"/v1/plate-batches/{batch['id']}/actions/{verb}", {}, batch["version"])
        told = self.act("/v1/plate-tasks", {"batch_id": batch["id"], "due_on": "2099-12-31"})
        assert told["plates"] == count
        return chosen


@pytest.fixture
def office(server: str, cookies: dict[str, httpx.Cookies]) -> Office:
    """Give the clerk."""
    return Office(server, cookies)


def open_list(phone: Visitor, login: str = "he") -> None:
    """Open the list at the wall and wait until the phone keeps what it needs without a network."""
    page = phone.page
    phone.enter(login, "/plates/install")
    page.wait_for_selector("#tasks [data-task]")
    phone.wait("navigator.serviceWorker.controller !== null")
    phone.wait(KEPT_PAGES)


def put_up(phone: Visitor, row: dict[str, Any], picture: FilePayload | None = None) -> None:
    """Put one plate of the list up, at its planned place."""
    page = phone.page
    page.click(f"#own [data-plate='{row['id']}']")
    page.wait_for_selector("#install-form:not([hidden])")
    page.set_input_files("#photo", picture or photo())
    page.click("#at-plan")
    phone.wait("document.querySelector('#submit').getAttribute('aria-disabled') === 'false'")
    page.click("#submit")
    page.wait_for_url("**/plates/install")
    page.wait_for_selector(".toast-line")


@pytest.mark.browser
@pytest.mark.requirement("R89")
def test_ten_plates_are_put_up_without_a_network_and_arrive_once(visit: Visit, office: Office) -> None:
    rows = office.delivered(10, "离线一")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    phone.shoot("wall-tasks")
    assert faults_of(phone) == []
    page.context.set_offline(True)
    for place, row in enumerate(rows):
        put_up(phone, row)
        expect(page.locator("#strip").first).to_contain_text(f"待传 {place + 1} 条", use_inner_text=True)
        if place == 4:
            page.reload()
            page.wait_for_selector("#tasks [data-task]")
            expect(page.locator("#strip").first).to_contain_text("待传 5 条", use_inner_text=True)
    phone.shoot("wall-offline")
    assert faults_of(phone) == []
    page.reload()
    phone.wait(f"{IN_QUEUE} === 10")
    assert {office.get(f"/v1/plates/{row['id']}")["state"] for row in rows} == {"delivered"}
    page.context.set_offline(False)
    phone.wait(f"{IN_QUEUE} === 0")
    page.wait_for_selector("#strip", state="hidden")
    for row in rows:
        told = office.get(f"/v1/plates/{row['id']}")
        assert (told["state"], told["installation"]["installer"]) == ("installed", "何某")
        assert [one["verb"] for one in office.get(f"/v1/plates/{row['id']}/history")].count("install") == 1
    own = [one for one in office.get("/v1/plate-tasks")["rows"] if one["batch_number"] == "离线一"]
    assert {one["state"] for one in own} == {"done"}


@pytest.mark.browser
def test_what_was_changed_meanwhile_shows_both_versions(visit: Visit, office: Office) -> None:
    moved, scrapped, far = office.delivered(3, "离线二")
    phone = visit(PHONE)
    page = phone.page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": far["lon"], "latitude": far["lat"], "accuracy": 4})
    open_list(phone)
    page.context.set_offline(True)
    for row in (moved, scrapped, far):
        put_up(phone, row)
    body = {"lon": moved["lon"] + 0.00001, "lat": moved["lat"]}
    version = office.get(f"/v1/plates/{moved['id']}")["version"]
    office.act(f"/v1/plates/{moved['id']}/actions/move", body, version)
    plate = office.get(f"/v1/plates/{scrapped['id']}")
    office.act(f"/v1/plates/{plate['id']}/actions/scrap", {"reason": "字有误"}, plate["version"])
    # As if the register had answered that the place is too far to go without a reason.
    distant = {"json": {"detail": "请说明原因", "errors": [{"pointer": "/reason", "detail": "请说明原因"}]}}
    page.route(
        f"**/v1/plates/{far['id']}/actions/install", lambda route: route.fulfill(status=422, **distant)
    )
    page.context.set_offline(False)
    phone.wait("document.querySelector('#strip-failed').textContent === '失败 3 条'")
    page.unroute(f"**/v1/plates/{far['id']}/actions/install")
    page.click("#strip-open")
    shown = page.inner_text(f".wall-fault[data-plate='{moved['id']}']")
    assert f"依据第 {version} 版（已送达）" in shown
    assert f"第 {version + 1} 版（已送达）" in shown
    expect(page.locator(f".wall-fault[data-plate='{scrapped['id']}']").first).to_contain_text(
        "（已批准）", use_inner_text=True
    )
    phone.shoot("wall-faults")
    assert faults_of(phone) == []
    page.click(f".wall-fault[data-plate='{moved['id']}'] .btn-solid")
    page.wait_for_selector(f".wall-fault[data-plate='{moved['id']}']", state="detached")
    away = page.locator(f".wall-fault[data-plate='{scrapped['id']}'] .btn >> nth=1")
    away.click()
    assert away.inner_text() == "确认放弃"
    away.click()
    page.wait_for_selector(f".wall-fault[data-plate='{scrapped['id']}']", state="detached")
    page.fill(f".wall-fault[data-plate='{far['id']}'] input", "门已改到侧墙")
    page.click(f".wall-fault[data-plate='{far['id']}'] .btn-solid")
    phone.wait(f"{IN_QUEUE} === 0")
    page.wait_for_selector("#faults[open]", state="detached")
    states = [office.get(f"/v1/plates/{row['id']}")["state"] for row in (moved, scrapped, far)]
    assert states == ["installed", "approved", "installed"]


@pytest.mark.browser
def test_an_answer_that_is_lost_makes_no_second_record(visit: Visit, office: Office) -> None:
    (row,) = office.delivered(1, "离线三")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    answers = []

    def lose(route: Route) -> None:
        answers.append(route.fetch().status)
        route.abort("connectionreset")

    page.route("**/actions/install", lose, times=1)
    put_up(phone, row)
    assert answers == [200]
    phone.wait(f"{IN_QUEUE} === 0")
    told = office.get(f"/v1/plates/{row['id']}/history")
    assert [one["verb"] for one in told].count("install") == 1
    phone.watch.faults = [one for one in phone.watch.faults if "ERR_CONNECTION_RESET" not in one]


@pytest.mark.browser
def test_a_session_that_ended_meanwhile_loses_nothing(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], office: Office
) -> None:
    (row,) = office.delivered(1, "离线九")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    page.context.set_offline(True)
    put_up(phone, row)
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.wait_for_selector("#strip-login")
    expect(page.locator("#strip").first).to_contain_text("登录已失效", use_inner_text=True)
    phone.shoot("wall-signed-out")
    assert page.evaluate(IN_QUEUE) == 1
    cookies["anew"] = sign_in(server, "he")
    phone.enter("anew", "/plates/install")
    phone.wait(f"{IN_QUEUE} === 0")
    assert office.get(f"/v1/plates/{row['id']}")["state"] == "installed"


@pytest.mark.browser
def test_signing_out_leaves_nothing_on_the_phone(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], office: Office
) -> None:
    (row,) = office.delivered(1, "离线四")
    cookies["hanger"] = sign_in(server, "he")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone, "hanger")
    page.context.set_offline(True)
    put_up(phone, row)
    phone.wait(f"{IN_QUEUE} === 1")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)
    page.click("#who summary")
    with page.expect_event("dialog"):
        page.click("[data-sign-out]")
    assert "还有 1 条上墙记录没有上传" in asked[0]
    assert page.evaluate(IN_QUEUE) == 1
    page.route(
        "**/v1/session", lambda route: route.abort() if route.request.method == "GET" else route.continue_()
    )
    page.context.set_offline(False)
    page.once("dialog", lambda dialog: dialog.accept())
    page.evaluate("document.querySelector('[data-sign-out]').click()")
    page.wait_for_url("**/login")
    left = page.evaluate(
        "Promise.all([caches.keys(), indexedDB.databases(), navigator.serviceWorker.getRegistrations()])"
        ".then((all) => all.map((some) => some.length))"
    )
    assert left == [0, 0, 0]
    assert page.evaluate("localStorage.length") == 0
    assert office.get(f"/v1/plates/{row['id']}")["state"] == "delivered"
    phone.watch.faults = [one for one in phone.watch.faults if "Failed to load resource" not in one]


@pytest.mark.browser
def test_whoever_signs_out_loses_no_record_of_another(
    visit: Visit, server: str, cookies: dict[str, httpx.Cookies], office: Office
) -> None:
    (row,) = office.delivered(1, "离线八")
    cookies["first"], cookies["second"] = sign_in(server, "he"), sign_in(server, "lin")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone, "first")
    page.context.set_offline(True)
    put_up(phone, row)
    phone.wait(f"{IN_QUEUE} === 1")
    page.context.clear_cookies()
    page.context.set_offline(False)
    page.wait_for_selector("#strip-login")
    phone.enter("second", "/plates/install")
    asked: list[str] = []

    def note(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", note)
    page.evaluate("document.querySelector('[data-sign-out]').click()")
    page.wait_for_url("**/login")
    assert asked == []
    assert page.evaluate(IN_QUEUE) == 1
    cookies["again"] = sign_in(server, "he")
    phone.enter("again", "/plates/install")
    phone.wait(f"{IN_QUEUE} === 0")
    assert office.get(f"/v1/plates/{row['id']}")["state"] == "installed"
    phone.watch.faults = [one for one in phone.watch.faults if "Failed to load resource" not in one]


FULL = """
    () => {
      window.isFull = true;
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (...given) {
        if (window.isFull && this.name === 'queue') throw new DOMException('full', 'QuotaExceededError');
        return put.apply(this, given);
      };
    }
"""


@pytest.mark.browser
def test_a_phone_that_is_full_says_so_and_loses_nothing(visit: Visit, office: Office) -> None:
    kept, fresh = office.delivered(2, "离线满")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    page.context.set_offline(True)
    put_up(phone, kept)
    plate = office.get(f"/v1/plates/{kept['id']}")
    office.act(f"/v1/plates/{kept['id']}/actions/scrap", {"reason": "字有误"}, plate["version"])
    page.context.set_offline(False)
    phone.wait("document.querySelector('#strip-failed').textContent === '失败 1 条'")
    page.evaluate(FULL)
    page.click("#strip-open")
    page.click(f".wall-fault[data-plate='{kept['id']}'] .btn-solid")
    phone.wait("document.querySelector('.wall-fault .field-error').textContent.includes('没有存下')")
    page.reload()
    phone.wait("document.querySelector('#strip-failed').textContent === '失败 1 条'")
    page.click(f"#own [data-plate='{fresh['id']}']")
    page.wait_for_selector("#install-form:not([hidden])")
    page.set_input_files("#photo", photo())
    page.click("#at-plan")
    phone.wait("document.querySelector('#submit').getAttribute('aria-disabled') === 'false'")
    page.evaluate(FULL)
    page.click("#submit")
    phone.wait("document.querySelector('#install-error').textContent.includes('没有存下')")
    assert page.get_attribute("#submit", "aria-busy") is None
    page.evaluate("window.isFull = false")
    page.click("#submit")
    page.wait_for_url("**/plates/install")
    phone.wait(f"{IN_QUEUE} === 1")
    assert office.get(f"/v1/plates/{fresh['id']}")["state"] == "installed"
