"""An estate over HTTP: its table read, tried and taken in."""

import io
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from api.guard import MOST_PHOTO_BYTES

if TYPE_CHECKING:
    from tests.api.conftest import Town

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _table(*rows: list[Any]) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _read(town: "Town", content: bytes, kind: str = XLSX, role: str = "clerk") -> Any:  # noqa: ANN401
    headers = {"Content-Type": kind, "Idempotency-Key": "not needed"}
    return town.call(role, "POST", "/v1/estates/table", content=content, headers=headers)


@pytest.mark.requirement("R76")
def test_a_table_is_read_tried_and_taken_in(town: "Town") -> None:
    content = _table(
        ["楼栋", "单元", "室号", "面积", "经度", "纬度"],
        ["1", "1", "101", 80, 121.4081, 31.1081], ["1", "1", "102", "八十", None, None], ["1", "2", "101", 80, None, None],
        ["2", "1", "101", 90.25, 121.4085, 31.1081],
    )  # fmt: skip
    read = _read(town, content)
    assert read.status_code == 200, read.text
    told = read.json()
    assert told["counts"] == {"lines": 4, "rows": 3, "faulty": 1, "buildings": 2, "entrances": 3}
    assert [(one["line"], one["column"]) for one in told["faults"]] == [(3, "面积")]
    body = {
        "rows": told["rows"], "estate": {"name": "清源小区", "area_id": str(town.ids["c"])}, "plates": "draft",
        "document_number": "月地名〔2026〕6号",
    }  # fmt: skip
    tried = town.act("clerk", "/v1/estates/intake", {**body, "dry_run": True})
    assert tried.status_code == 200, tried.text
    assert (tried.json()["id"], [one["units"] for one in tried.json()["plan"]]) == (None, [2, 1])
    done = town.act("clerk", "/v1/estates/intake", body)
    assert done.status_code == 200, done.text
    made = done.json()
    assert (made["buildings"], made["entrances"], made["units"], made["plates"]) == (2, 3, 3, 2)
    plan = town.call("clerk", "GET", f"/v1/lanes/{made['id']}/numbering").json()
    assert plan["counts"] == {"given": 2}
    more = {**body, "estate": None, "place_name_id": made["id"], "version": made["version"]}
    taken = town.act("clerk", "/v1/estates/intake", more)
    assert (taken.status_code, taken.json()["code"]) == (409, "number-taken")
    assert [one["pointer"] for one in taken.json()["errors"]] == ["#/rows/0/building", "#/rows/2/building"]


def test_an_intake_is_taken_back_and_made_again(town: "Town") -> None:
    body = {
        "rows": [[2, "1", "1", 1, "101", None, 80.5, 121.4081, 31.1081]], "plates": "draft",
        "estate": {"name": "清溪小区", "area_id": str(town.ids["c"])}, "document_number": "月地名〔2026〕7号",
    }  # fmt: skip
    made = town.act("clerk", "/v1/estates/intake", body).json()
    path, why = f"/v1/streets/{made['id']}/actions/take-back-intake", {"reason": "选错了表"}
    assert town.act("officer", path, why, made["version"]).status_code == 403
    assert town.act("clerk", path, why, made["version"] + 1).status_code == 412
    tried = town.act("clerk", path, {"dry_run": True}, made["version"])
    assert tried.status_code == 200, tried.text
    counts = {"addresses": 1, "buildings": 1, "entrances": 1, "units": 1, "plates": 1}
    assert tried.json().items() >= {**counts, "act_id": None, "undone_act_id": made["act_id"]}.items()
    assert [(one["entrances"], one["units"]) for one in tried.json()["rows"]] == [(1, 1)]
    again = {**body, "estate": None, "place_name_id": made["id"]}
    done = town.act("clerk", path, why, made["version"])
    assert done.status_code == 200, done.text
    assert done.json().items() >= counts.items()
    # Neither its numbers nor its buildings are left to be numbered.
    plan = town.call("clerk", "GET", f"/v1/lanes/{made['id']}/numbering?from=121.4081,31.1081").json()
    assert plan["counts"] == {}
    more = town.act("clerk", "/v1/estates/intake", {**again, "version": done.json()["version"]})
    assert more.status_code == 200, more.text
    plate = town.sql("SELECT p.id FROM registry.plate p JOIN registry.address a ON a.id = p.address_id"
                     " WHERE a.place_name_id = :estate AND p.state = 'draft'", estate=made["id"])  # fmt: skip
    assert town.act("clerk", f"/v1/plates/{plate}/actions/approve", {}, 1).status_code == 200
    used = town.act("clerk", path, why, more.json()["version"])
    assert (used.status_code, used.json()["code"]) == (409, "intake-used")
    assert "门牌已批准或下单" in used.json()["errors"][0]["detail"]


def test_what_is_no_table_and_who_may_not_are_refused(town: "Town") -> None:
    for content, kind, status in (
        (b"x", "application/pdf", 415), (b"\x00", "text/csv", 422), (b"a,b\n1,2", "text/csv", 422),
        (b"x" * (MOST_PHOTO_BYTES + 1), "text/csv", 413), (b"", XLSX, 422),
    ):  # fmt: skip
        assert _read(town, content, kind).status_code == status
    assert _read(town, b"a", XLSX, "officer").status_code == 403
    named = {"estate": {"name": "清源小区", "area_id": str(town.ids["c"])}}
    for rows, status in (
        ([], 422),
        ([[2, "1"]], 422),
        ([[2, "1", None, 0, "101", None, None, None, None]], 422),
    ):
        assert town.act("clerk", "/v1/estates/intake", {**named, "rows": rows}).status_code == status
