"""Installation tasks over HTTP: given out, followed, looked up by the square code of a sign."""

from typing import TYPE_CHECKING, Any

import httpx

from geo_registry.plate.codes import plate_url, signed_code

if TYPE_CHECKING:
    from tests.api.conftest import Town

TASKS = "/v1/plate-tasks"


def done(answer: httpx.Response, status: int = 200) -> Any:  # noqa: ANN401  (any JSON)
    assert answer.status_code == status, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text
    return told


def code_of(town: "Town", name: str) -> str:
    return str(town.sql("SELECT code FROM registry.plate WHERE id = :id", id=town.ids[name]))


def test_another_sign_in_the_hand_is_refused(town: "Town") -> None:
    path = f"/v1/plates/{town.ids['delivered']}"
    version = done(town.call("clerk", "GET", path))["version"]
    body = {"photo": "cd" * 32, "lon": 121.405, "lat": 31.105}
    other = {**body, "scanned": plate_url(code_of(town, "hung"))}
    told = problem(town.act("clerk", f"{path}/actions/install", other, version), 422, "code-other")
    assert told["errors"][0]["pointer"].endswith("scanned")
    forged = {**body, "scanned": f"http://127.0.0.1:8100/p/{code_of(town, 'delivered')}.AAAAAAAA"}
    problem(town.act("clerk", f"{path}/actions/install", forged, version), 422, "plate-code")
    assert done(town.call("clerk", "GET", path))["version"] == version


def test_a_plate_is_found_by_what_stands_on_it(town: "Town") -> None:
    code = code_of(town, "delivered")
    for text in (code, f"{code[:4]}-{code[4:8]}-{code[8:]}".lower(), plate_url(code), signed_code(code)):
        found = done(town.call("coordinator", "GET", f"{TASKS}/plate", params={"text": text}))
        assert found["id"] == str(town.ids["delivered"])
    for text, wrong in (("12", "code-length"), (f"{code}.AAAAAAAA", "plate-code")):
        problem(town.call("coordinator", "GET", f"{TASKS}/plate", params={"text": text}), 422, wrong)


def test_a_task_names_its_plates_in_one_way(town: "Town") -> None:
    problem(town.act("clerk", TASKS, {"title": "空"}), 422, "task-plates")
    both = {"plate_ids": [str(town.ids["delivered"])], "batch_id": str(town.ids["batch"]), "title": "两样"}
    problem(town.act("clerk", TASKS, both), 422, "task-plates")
    problem(town.act("clerk", TASKS, {"plate_ids": both["plate_ids"]}), 422, "task-unnamed")
    problem(town.act("clerk", TASKS, {"batch_id": str(town.ids["batch"])}), 422, "task-empty")
    problem(town.act("coordinator", TASKS, {"batch_id": str(town.ids["batch"])}), 403, "not-allowed")


def test_who_may_put_plates_up_is_listed_for_the_office_alone(town: "Town") -> None:
    names = {one["role"] for one in done(town.call("clerk", "GET", f"{TASKS}/installers"))}
    assert {"clerk", "coordinator"} <= names <= {"clerk", "coordinator", "installer"}
    problem(town.call("coordinator", "GET", f"{TASKS}/installers"), 403, "not-allowed")
    problem(town.call("officer", "GET", TASKS), 403, "not-allowed")


def test_a_task_from_the_office_to_its_end(town: "Town") -> None:
    plate = str(town.ids["delivered"])
    told = done(town.act("clerk", TASKS, {"plate_ids": [plate], "title": "补装"}), 201)
    assert (told["tasks"], told["plates"]) == (1, 1)
    work = done(town.call("coordinator", "GET", f"{TASKS}/work"))
    assert work["login"] == "coordinator"
    (row,) = work["plates"]
    assert (row["id"], row["name"], row["task_id"]) == (plate, "映月路92号", told["id"])
    assert set(row) == {
        "id",
        "code",
        "kind",
        "text",
        "state",
        "name",
        "version",
        "lon",
        "lat",
        "task_id",
        "old_text",
    }
    body = {"photo": "cd" * 32, "lon": 121.405, "lat": 31.105, "scanned": plate_url(row["code"])}
    done(town.act("coordinator", f"/v1/plates/{plate}/actions/install", body, row["version"]))
    seen = done(town.call("coordinator", "GET", f"{TASKS}/{told['id']}"))
    assert (seen["state"], seen["hung"], seen["waiting"]) == ("done", 1, 0)
    (place,) = done(town.call("clerk", "GET", f"{TASKS}/progress"))
    assert (place["township"], place["tasks"], place["hung"]) == ("月河镇", 2, 1)
    assert [one["id"] for one in done(town.call("clerk", "GET", f"{TASKS}?state=done"))["rows"]] == [
        told["id"]
    ]
