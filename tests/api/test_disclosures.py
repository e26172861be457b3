"""Disclosures over HTTP: from the request through two approvals to a file that the server does not keep."""

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Town

LIST = "/v1/disclosures"
NEW = {
    "object_kind": "building", "purpose": "05", "case_number": "月公〔2026〕9号", "recipient": "月河镇教育办",
    "reason": "核对适龄儿童入学",
}  # fmt: skip


def _ask(town: "Town", **over: Any) -> str:  # noqa: ANN401  (any field of a request)
    body = {**NEW, "object_id": str(town.ids["building"]), **over}
    asked = town.act("officer", LIST, body)
    assert asked.status_code == 201, asked.text
    return f"{LIST}/{asked.json()['id']}"


def _approve(town: "Town", path: str) -> None:
    for role, version in (("station_head", 1), ("population_office", 2)):
        done = town.act(role, f"{path}/actions/approve", {"note": "同意"}, version)
        assert done.status_code == 200, done.text


@pytest.mark.promise("P25")
def test_a_list_from_its_request_to_its_file(town: "Town") -> None:
    path = _ask(town)
    early = town.call("officer", "POST", f"{path}/actions/make", json={})
    assert (early.status_code, early.json()["code"]) == (409, "not-approved")
    _approve(town, path)
    shown = town.call("officer", "GET", path)
    row = shown.json()
    assert (row["state"], row["may_make"], row["may_approve"], shown.headers["etag"]) == (
        "approved",
        True,
        False,
        '"3"',
    )
    assert [one["note"] for one in row["approvals"]] == ["同意", "同意"]
    assert (row["object_title"], row["estimated_rows"]) == ("映月路8号", 10)
    made = town.call("officer", "POST", f"{path}/actions/make", json={"form": "csv"})
    assert made.status_code == 200, made.text
    assert made.headers["content-disposition"] == f'attachment; filename="{row["number"]}.csv"'
    assert made.headers["cache-control"] == "no-store"
    assert (
        town.sql("SELECT action FROM registry.audit WHERE id = :id", id=made.headers["audit-id"]) == "export"
    )
    rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert row["number"] in rows[0][0]
    assert "月河镇教育办" in rows[0][0]
    assert ["映月路8号402室", "张**", "女"] in [one[:3] for one in rows[2:]]
    listed = town.call("officer", "GET", f"{LIST}?state=made").json()["rows"]
    assert [one["files"][0]["form"] for one in listed if one["id"] == row["id"]] == ["csv"]


@pytest.mark.promise("P25")
def test_nobody_approves_what_he_asked_for(town: "Town") -> None:
    body = {**NEW, "object_id": str(town.ids["building"]), "purpose": "05"}
    town.sql("UPDATE registry.purpose SET roles = roles || ARRAY['station_head'] WHERE code = '05'")
    asked = town.act("station_head", LIST, body)
    own = town.act("station_head", f"{LIST}/{asked.json()['id']}/actions/approve", {}, 1)
    assert (own.status_code, own.json()["code"]) == (403, "own-request")


def test_who_has_nothing_to_do_with_it_does_not_find_it(town: "Town") -> None:
    path = _ask(town)
    for method, target, body in (
        ("GET", path, None),
        ("POST", f"{path}/actions/make", {"form": "csv"}),
    ):
        answer = town.call("foreign", method, target, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert town.call("foreign", "GET", LIST).json() == {"rows": [], "next": None}
    withdrawn = town.act("foreign", f"{path}/actions/withdraw", {}, 1)
    assert withdrawn.status_code == 404
    stale = town.act("station_head", f"{path}/actions/approve", {}, 7)
    assert (stale.status_code, stale.headers["etag"]) == (412, '"1"')


@pytest.mark.parametrize(
    ("over", "status", "code"),
    [
        ({"purpose": "99"}, 403, "purpose-unknown"),
        ({"case_number": "11010519491231002X"}, 422, "text-unreadable"),
        ({"recipient": "\u200b\u200b\u200b"}, 422, "text-unreadable"),
        ({"reason": "太短"}, 422, "invalid"),
        ({"days": 0}, 422, "invalid"),
        ({"object_kind": "person"}, 422, "invalid"),
        ({"object_kind": "division"}, 404, "not-found"),
        ({"seed": "00"}, 422, "invalid"),
    ],
)
def test_a_request_that_breaks_a_rule(town: "Town", over: dict[str, Any], status: int, code: str) -> None:
    answer = town.act("officer", LIST, {**NEW, "object_id": str(town.ids["building"]), **over})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "11010519491231002X" not in answer.text
