"""批次 on the page: sizes, faces drawn as they are made, PDF and Excel, and the way from a scanned plate."""

import io
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from api.guard import csrf_token
from geo_registry.plate.codes import signed_code
from tests.map.conftest import DESK, PHONE, Visitor, headers_of
from tests.map.test_journeys import faults_of

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


@pytest.fixture
def clerk(server: str, cookies: dict[str, httpx.Cookies]) -> httpx.Client:
    headers = headers_of(server, cookies["lin"])
    headers["X-CSRF-Token"] = csrf_token(next(iter(cookies["lin"].values())))
    return httpx.Client(base_url=server, headers=headers, timeout=120)


def ordered(clerk: httpx.Client) -> tuple[str, list[dict[str, Any]]]:
    """Return a batch and its plates; order the first approved ones where there is none."""
    found = clerk.get("/v1/plate-batches").json()["rows"]
    if not found:
        plates = clerk.get("/v1/plates", params={"state": "approved", "limit": 20}).json()["rows"]
        if not plates:
            drafts = clerk.get("/v1/plates", params={"state": "numbered", "limit": 3}).json()["rows"]
            drafts = drafts or clerk.get("/v1/plates", params={"state": "draft", "limit": 3}).json()["rows"]
            plates = drafts
            act(clerk, "/v1/plates/actions/approve", {"plate_ids": [one["id"] for one in drafts]})
        order = {"plate_ids": [one["id"] for one in plates], "number": "牌〔2026〕第1批", "maker": "标牌厂"}
        act(clerk, "/v1/plate-batches", order)
        found = clerk.get("/v1/plate-batches").json()["rows"]
    batch = str(found[0]["id"])
    return batch, clerk.get("/v1/plates", params={"batch_id": batch, "limit": 100}).json()["rows"]


def act(clerk: httpx.Client, path: str, body: dict[str, Any]) -> None:
    reply = clerk.post(path, json=body, headers={"Idempotency-Key": f"batch-pages-{path[-8:]}"})
    assert reply.status_code < 300, reply.text


@pytest.mark.browser
@both
def test_a_batch_offers_its_papers(visit: Visit, clerk: httpx.Client, size: tuple[int, int]) -> None:
    batch, plates = ordered(clerk)
    visitor = visit(size)
    page = visitor.page
    visitor.enter("lin", "/plates/batches")
    assert page.locator("h2", has_text="门牌规格").count() == 1
    assert page.locator(".table-plain svg.face").count() > 3
    visitor.shoot("batches-sizes")
    assert faults_of(visitor) == []
    page.goto(f"{visitor.watch.base}/plates/batches/{batch}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.shoot("batch-papers")
    assert faults_of(visitor) == []
    with page.expect_download() as told:
        page.click("text=Excel")
    assert told.value.suggested_filename.endswith(".xlsx")
    page.select_option("#pdf-page", "A3")
    with page.expect_download() as told:
        page.click("text=牌面 PDF")
    assert told.value.suggested_filename.endswith(".pdf")
    page.goto(f"{visitor.watch.base}/plates/batches/{batch}/sheet")
    assert page.locator(".sheet svg.face").count() == len(plates)
    assert faults_of(visitor) == []


def test_the_files_of_a_batch_hold_its_plates(clerk: httpx.Client) -> None:
    batch, plates = ordered(clerk)
    reply = clerk.get(f"/v1/plate-batches/{batch}/sheet.pdf", params={"page": "A1"})
    assert (reply.status_code, reply.content[:5]) == (200, b"%PDF-")
    assert reply.headers["cache-control"] == "no-store"
    sheet = load_workbook(io.BytesIO(clerk.get(f"/v1/plate-batches/{batch}/sheet.xlsx").content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(plates)
    assert {str(row[8]).rpartition("/")[2] for row in rows} == {signed_code(one["code"]) for one in plates}
    assert clerk.get(f"/v1/plate-batches/{batch}/sheet.pdf", params={"page": "B5"}).status_code == 422
    assert (
        clerk.get(f"/v1/plate-batches/{batch}/sheet.pdf", params={"part": 99}).json()["code"]
        == "part-unknown"
    )


def test_a_scanned_plate_leads_to_where_one_works_on_it(
    server: str, cookies: dict[str, httpx.Cookies], clerk: httpx.Client
) -> None:
    _, plates = ordered(clerk)
    signed = signed_code(plates[0]["code"])
    for login, path in (
        ("lin", rf"/plates\?p={plates[0]['id']}"),
        ("he", rf"/plates/{plates[0]['id']}/install"),
        ("du", r"/\?lon=[\d.]+&lat=[\d.]+&z=19"),
    ):
        reply = httpx.get(f"{server}/p/{signed}", headers=headers_of(server, cookies[login]))
        assert reply.status_code == 303
        assert re.fullmatch(path, reply.headers["location"]), login
    wrong = httpx.get(f"{server}/p/{signed[:-1]}", headers=headers_of(server, cookies["lin"]))
    assert wrong.status_code == 422
    assert "不是本系统的门牌二维码" in wrong.text
    nobody = httpx.get(f"{server}/p/{signed}")
    assert (nobody.status_code, nobody.headers["location"]) == (303, f"/login?next=/p/{signed}")
