"""上墙 on a phone, second part: scanning, inspection, the ground without a network, and the clerk's desk of tasks."""

import io
from collections.abc import Callable

import pytest
import segno
from PIL import Image
from playwright.sync_api import FilePayload, expect

from geo_registry.plate.codes import plate_url
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.test_journeys import faults_of
from tests.map.test_plate_pages import photo
from tests.map.test_wall_pages import IN_QUEUE, Office, office, open_list, put_up

__all__ = ["office"]
Visit = Callable[[tuple[int, int]], Visitor]


def square_of(code: str) -> FilePayload:
    """Return a photo of a sign that bears the square code of a plate."""
    drawn = io.BytesIO()
    segno.make(plate_url(code), error="q").save(drawn, kind="png", scale=6)
    wall = Image.effect_noise((900, 700), 40).convert("RGB")
    wall.paste(Image.open(drawn).convert("RGB"), (320, 180))
    kept = io.BytesIO()
    wall.save(kept, "JPEG", quality=88)
    return {"name": "sign.jpg", "mimeType": "image/jpeg", "buffer": kept.getvalue()}


@pytest.mark.browser
def test_a_sign_is_found_by_its_square_code_and_must_be_the_right_one(visit: Visit, office: Office) -> None:
    one, other = office.delivered(2, "离线五")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    page.context.set_offline(True)
    page.click("#scan-open")
    page.fill("#scan-code", "12")
    page.press("#scan-code", "Enter")
    phone.wait("document.querySelector('#scan-words').textContent.includes('13 位')")
    phone.shoot("wall-scan")
    assert faults_of(phone) == []
    page.set_input_files("#scan-picture", photo())
    phone.wait("document.querySelector('#scan-words').textContent.includes('没有认出')")
    page.set_input_files("#scan-picture", square_of(one["code"]))
    page.wait_for_url(f"**/plates/{one['id']}/install")
    page.wait_for_selector("#install-form:not([hidden])")
    page.set_input_files("#photo", square_of(other["code"]))
    phone.wait("document.querySelector('[data-check=code] b').textContent === '是另一块门牌'")
    page.click("#at-plan")
    page.click("#submit", force=True)
    expect(page.locator("#install-error").first).to_contain_text("另一块门牌", use_inner_text=True)
    page.set_input_files("#photo", square_of(one["code"]))
    phone.wait("document.querySelector('[data-check=code]').classList.contains('is-good')")
    phone.shoot("wall-install")
    assert faults_of(phone) == []
    page.click("#submit")
    page.wait_for_url("**/plates/install")
    page.context.set_offline(False)
    phone.wait(f"{IN_QUEUE} === 0")
    assert office.get(f"/v1/plates/{one['id']}")["state"] == "installed"
    code = other["code"]
    page.click("#scan-open")
    page.fill("#scan-code", f"{code[:4]}-{code[4:8]}-{code[8:]}")
    page.press("#scan-code", "Enter")
    page.wait_for_url(f"**/plates/{other['id']}/install")


@pytest.mark.browser
def test_a_plate_is_inspected_and_put_up_again(visit: Visit, office: Office) -> None:
    one, other = office.delivered(2, "离线六")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    page.context.set_offline(True)
    put_up(phone, one)
    page.context.set_offline(False)
    phone.wait(f"{IN_QUEUE} === 0")
    page.wait_for_selector(f"#hung [data-plate='{one['id']}']", state="attached")
    page.context.set_offline(True)
    page.click("#hung-part summary")
    page.click(f"#hung [data-plate='{one['id']}']")
    page.wait_for_selector("#install-form[data-mode=inspect]:not([hidden])")
    page.click("#submit", force=True)
    expect(page.locator("#install-error").first).to_have_text("请选择看到的情况", use_inner_text=True)
    page.check("input[value=damaged]")
    page.fill("#reason", "被车撞裂")
    phone.shoot("wall-inspect")
    assert faults_of(phone) == []
    page.click("#submit")
    page.wait_for_url("**/plates/install")
    page.context.set_offline(False)
    phone.wait(f"{IN_QUEUE} === 0")
    assert office.get(f"/v1/plates/{one['id']}")["state"] == "damaged"
    page.wait_for_selector(f"#own [data-plate='{one['id']}']")
    put_up(phone, one)
    told = office.get(f"/v1/plates/{one['id']}")
    assert (told["state"], told["inspections"][0]["finding"]) == ("installed", "damaged")
    assert office.get(f"/v1/plates/{other['id']}")["state"] == "delivered"


def keep_ground(phone: Visitor) -> None:
    """Wait until the phone has kept the tiles of all its plates: their number stays for a second."""
    count = "caches.open('wall-tiles-1').then((kept) => kept.keys()).then((all) => all.length)"
    before = 0
    for _ in range(60):
        phone.page.wait_for_timeout(1000)
        now = int(phone.page.evaluate(count))
        if before == now >= 3:
            return
        before = now
    raise AssertionError(f"the phone still keeps tiles: {before}")


@pytest.mark.browser
def test_the_ground_of_a_task_is_drawn_without_a_network(visit: Visit, office: Office) -> None:
    (row,) = office.delivered(1, "离线十")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    keep_ground(phone)
    page.context.set_offline(True)
    page.click(f"#own [data-plate='{row['id']}']")
    page.wait_for_selector("#install-form:not([hidden])")
    drawn = "window.townMap.layer?.getMaplibreMap()?.queryRenderedFeatures().length > 0"
    phone.wait(f"window.townMap.layer === null || {drawn}")
    page.wait_for_timeout(500)
    phone.shoot("wall-ground")


@pytest.mark.browser
def test_what_cannot_be_put_up_is_told_to_the_office(visit: Visit, office: Office) -> None:
    (row,) = office.delivered(1, "离线十一")
    phone = visit(PHONE)
    page = phone.page
    open_list(phone)
    page.context.set_offline(True)
    page.click(f"#own [data-plate='{row['id']}']")
    page.wait_for_selector("#install-form:not([hidden])")
    page.click("#cannot-open")
    page.click("#cannot-form button[type=submit]")
    expect(page.locator("#cannot-error").first).to_have_text("请选择原因", use_inner_text=True)
    expect(page.locator("#cannot [data-why=replace]")).to_have_count(0)
    page.check("#cannot input[value=wall]")
    phone.shoot("wall-cannot")
    assert faults_of(phone) == []
    page.click("#cannot-form button[type=submit]")
    page.wait_for_url("**/plates/install")
    phone.wait(f"{IN_QUEUE} === 1")
    page.context.set_offline(False)
    phone.wait(f"{IN_QUEUE} === 0")
    told = [one for one in office.get("/v1/plate-reports")["rows"] if one["plate_id"] == row["id"]]
    assert [(one["kind"], one["note"], one["state"]) for one in told] == [
        ("wrong_place", "墙面不能安装", "pending")
    ]
    assert office.get(f"/v1/plates/{row['id']}")["state"] == "delivered"


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_clerk_gives_tasks_out_and_sees_how_far_they_are(
    visit: Visit, office: Office, size: tuple[int, int]
) -> None:
    rows = office.delivered(2, f"离线七{size[0]}")
    clerk = visit(size)
    page = clerk.page
    clerk.enter("lin", "/plates/install")
    page.wait_for_selector("#desk")
    row = page.locator("[data-task-row]", has_text=f"离线七{size[0]}")
    assert "0 / 2" in row.inner_text()
    row.locator("[data-task-act=assign]").click()
    page.fill("#act-due_on", "2099-06-30")
    with page.expect_navigation():
        page.click("#act-submit")
    assert "2099-06-30" in row.inner_text()
    clerk.shoot("wall-desk")
    assert faults_of(clerk) == []
    row.locator("[data-task-act=cancel]").click()
    page.fill("#act-reason", "改由社区安装")
    with page.expect_navigation():
        page.click("#act-submit")
    assert "已取消" in row.inner_text()
    page.select_option("#give-batch", label=f"离线七{size[0]} · 2 块")
    page.fill("#give-due", "2099-12-31")
    with page.expect_navigation():
        page.click("#give button[type=submit]")
    page.wait_for_selector(".toast-line")
    expect(page.locator(".toast-line").first).to_contain_text(
        "已派 1 个任务，共 2 块门牌", use_inner_text=True
    )
    assert {office.get(f"/v1/plates/{one['id']}")["state"] for one in rows} == {"delivered"}
