"""Plates over HTTP: from the map to the wall, with a photo that tells nothing but the wall."""

import hashlib
import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from api.guard import MOST_PHOTO_BYTES

if TYPE_CHECKING:
    from tests.api.conftest import Town

STREET = {"lon": 121.4055, "lat": 31.1055}


def jpeg(**saved: object) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (64, 48), "blue").save(kept, "JPEG", **saved)
    return kept.getvalue()


def upload(town: "Town", role: str, body: bytes, kind: str = "image/jpeg") -> httpx.Response:
    return town.call(role, "POST", "/v1/photos", content=body, headers={"Content-Type": kind})


def done(answer: httpx.Response, status: int = 200) -> Any:  # noqa: ANN401  (any JSON)
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return str(answer.json()["detail"])


def test_a_plate_from_the_map_to_a_verified_wall(town: "Town") -> None:
    asked = {"place_name_id": str(town.ids["street"]), "number": "70", **STREET}
    seen = done(town.call("clerk", "POST", "/v1/plates/preview", json=asked))
    assert (seen["standard_text"], seen["plate_text"], seen["remarks"]) == ("东塘区映月路70号", "70号", [])
    made = done(town.act("clerk", "/v1/plates", {**asked, "kind": "gate_small"}), 201)
    taken = done(town.call("clerk", "POST", "/v1/plates/preview", json=asked))
    assert [remark["code"] for remark in taken["remarks"]] == ["number-taken"]
    plate = f"/v1/plates/{made['id']}"
    early = town.act("clerk", f"{plate}/actions/verify", {}, made["version"])
    assert "请先登记批准、下单、制作、送达和上墙" in problem(early, 422, "plate-state")
    done(town.act("clerk", "/v1/plates/actions/approve", {"plate_ids": [made["id"]]}))
    order = {"plate_ids": [made["id"]], "number": "A-70", "maker": "标牌厂", "due_on": "2099-01-01"}
    batch = done(town.act("clerk", "/v1/plate-batches", order), 201)
    twice = town.act("clerk", "/v1/plate-batches", {**order, "number": "A-71"})
    assert "映月路70号门牌已下单" in problem(twice, 422, "plate-state")
    lot = f"/v1/plate-batches/{batch['id']}"
    version = batch["version"]
    for verb in ("produce", "deliver"):
        version = done(town.act("clerk", f"{lot}/actions/{verb}", {}, version))["version"]
    near = done(town.call("coordinator", "GET", "/v1/plates/nearest?lon=121.4055&lat=31.1055&radius_m=30"))
    assert [row["id"] for row in near] == [made["id"]]
    photo = done(upload(town, "coordinator", jpeg()), 201)["sha256"]
    shown = done(town.call("coordinator", "GET", plate))
    assert (shown["state"], shown["batch_number"], shown["acts"]) == ("delivered", "A-70", ["install"])
    wall = {"photo": photo, **STREET, "accuracy_m": 4.0, "installed_at": "2026-03-01T09:30:00+08:00"}
    hung = done(town.act("coordinator", f"{plate}/actions/install", wall, shown["version"]))
    done(town.act("supervisor", f"{plate}/actions/verify", {}, hung["version"]))
    shown = done(town.call("leader", "GET", plate))
    assert (shown["state"], shown["installation"]["installer"], shown["installation"]["photo"]) == (
        "verified", "coordinator", photo,
    )  # fmt: skip
    counted = done(town.call("leader", "GET", lot))
    assert (counted["made"], counted["installed"], counted["stock"]) == (1, 1, 0)
    done(town.act("clerk", f"{lot}/actions/close", {}, counted["version"]))
    verbs = [row["verb"] for row in town.call("clerk", "GET", f"{plate}/history").json()]
    assert verbs == ["verify", "install", "deliver", "produce", "order", "approve", "number"]


def test_the_wall_is_told_in_figures(town: "Town") -> None:
    area = town.ids["c"]
    (rate,) = done(town.call("leader", "GET", f"/v1/plates/rates?by=community&area_id={area}"))
    assert rate["name"] == "石桥社区"
    assert 0 < rate["on_wall"] < rate["addresses"]
    assert rate["percent"] == pytest.approx(100 * rate["on_wall"] / rate["addresses"])
    rows = done(town.call("leader", "GET", f"/v1/plates/missing?area_id={area}&reason=numbered"))["rows"]
    assert {row["reason"] for row in rows} == {"numbered"}
    problem(town.call("leader", "GET", "/v1/plates/rates?by=street"), 422, "area-required")
    assert done(town.call("foreign", "GET", "/v1/plates/rates")) == []


def test_a_photo_is_kept_without_what_it_tells(town: "Town") -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (31.0, 6.0, 18.0)})
    kept = done(upload(town, "clerk", jpeg(exif=exif, comment=b"SECRET")), 201)
    town.sql(
        """INSERT INTO registry.plate_inspection (plate_id, inspected_at, account_id, finding, photo_sha256)
        VALUES (:plate, now(), :account, 'in_place', decode(:photo, 'hex'))""",
        plate=town.ids["hung"], account=town.ids["installer"], photo=kept["sha256"],
    )  # fmt: skip
    shown = town.call("leader", "GET", f"/v1/photos/{kept['sha256']}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert hashlib.sha256(shown.content).hexdigest() == kept["sha256"]
    assert b"SECRET" not in shown.content
    assert dict(Image.open(io.BytesIO(shown.content)).getexif()) == {}
    assert "private" in shown.headers["cache-control"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert upload(town, "coordinator", jpeg(comment=b"SECRET")).json()["sha256"] == kept["sha256"]
    # A photo is seen where its plate stands, and by nobody who sees no places.
    problem(town.call("foreign", "GET", f"/v1/photos/{kept['sha256']}"), 404, "photo-not-found")
    problem(town.call("audit_admin", "GET", f"/v1/photos/{kept['sha256']}"), 403, "not-allowed")
    problem(town.call("leader", "GET", f"/v1/photos/{'cd' * 32}"), 404, "photo-not-found")
    assert town.call("leader", "GET", "/v1/photos/..%2f..%2fsecrets").status_code in {404, 422}


def test_only_photos_may_be_large_and_only_there(town: "Town") -> None:
    large = jpeg() + bytes(2 << 20)
    assert upload(town, "clerk", large).status_code == 201
    assert "8 MiB" in problem(upload(town, "clerk", jpeg() + bytes(MOST_PHOTO_BYTES)), 413, "too-large")
    elsewhere = town.call(
        "clerk", "POST", "/v1/plates", content=large, headers={"Content-Type": "image/jpeg"}
    )
    problem(elsewhere, 413, "too-large")
    nobody = town.client.post("/v1/photos", content=large, headers={"Content-Type": "image/jpeg"})
    problem(nobody, 413, "too-large")
    problem(
        town.client.post("/v1/photos", content=jpeg(), headers={"Content-Type": "image/jpeg"}),
        401,
        "not-signed-in",
    )


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (jpeg(), "image/svg+xml", 415, "unsupported"), (jpeg(), "application/octet-stream", 415, "unsupported"),
        (b"{}", "application/json", 415, "unsupported"), (b"<svg/>", "image/png", 422, "photo-format"),
        (b"", "image/jpeg", 422, "photo-format"), (jpeg()[:300], "image/jpeg", 422, "photo-broken"),
        (b"<script>", "text/html", 415, "unsupported"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_refused(town: "Town", body: bytes, kind: str, status: int, code: str) -> None:
    problem(upload(town, "clerk", body, kind), status, code)


def test_a_reader_uploads_nothing(town: "Town") -> None:
    problem(upload(town, "leader", jpeg()), 403, "not-allowed")


def test_the_wall_needs_evidence_over_http_too(town: "Town") -> None:
    path = "/v1/plates/{delivered}/actions/install"
    version = int(town.call("clerk", "GET", "/v1/plates/{delivered}").headers["etag"].strip('"'))
    for body in ({}, STREET, {"photo": "ab" * 32}, {"photo": "x", **STREET}):
        answer = town.act("coordinator", path, body, version)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"].startswith("#/")
    used = town.act("coordinator", path, {"photo": "ab" * 32, **STREET}, version)
    assert "另拍一张" in problem(used, 409, "photo-used")
    naive = {"photo": "cd" * 32, **STREET, "installed_at": "2026-03-01T09:30:00"}
    assert town.act("coordinator", path, naive, version).status_code == 422
