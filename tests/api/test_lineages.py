"""Records that may be of one person over HTTP: pairs masked, a comparison in full and on the record."""

from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import NUMBER

if TYPE_CHECKING:
    from tests.api.conftest import Town

PURPOSE = {"Access-Purpose": "05; case=2026-0001"}


def _duplicates(town: "Town", role: str = "station_head", area: str = "{c}") -> tuple[int, dict[str, object]]:
    answer = town.call(role, "POST", f"/v1/areas/{area}/duplicates", json={}, headers=PURPOSE)
    return answer.status_code, answer.json()


@pytest.mark.requirement("R1")
def test_pairs_of_an_area_are_listed_masked(town: "Town") -> None:
    status, told = _duplicates(town)
    assert status == 200, told
    assert {row["why"] for row in told["rows"]} == {"same_birth"}  # type: ignore[attr-defined]
    assert {proposal["id"] for proposal in told["proposals"]} == {str(town.ids["lineage"])}  # type: ignore[attr-defined]
    assert NUMBER not in str(told)
    assert "张小满" not in str(told)
    assert "张**" in str(told)
    # What waits is not listed twice, and what was merged is nobody any more.
    pairs = [{row[side]["person_id"] for side in ("first", "second")} for row in told["rows"]]  # type: ignore[attr-defined]
    assert {str(town.ids["twin"]), str(town.ids["person"])} not in pairs
    assert all(str(town.ids["gone"]) not in pair for pair in pairs)


@pytest.mark.requirement("R64")
def test_a_comparison_shows_both_in_full_within_role_area_and_purpose(town: "Town") -> None:
    path = "/v1/lineages/{lineage}/open"
    answer = town.call("station_head", "POST", path, json={}, headers=PURPOSE)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["to"]["id_number"], told["from"]["id_number"]) == (NUMBER, "twin2X")
    assert told["may"] == ["approve", "refuse"]
    audited = town.sql(
        "SELECT array_to_string(fields, ',') FROM registry.audit WHERE id = :id",
        id=answer.headers["audit-id"],
    )
    assert audited == "name,birth,id_number"
    assert town.call("officer", "POST", path, json={}, headers=PURPOSE).status_code == 403
    unstated = town.call("station_head", "POST", path, json={})
    assert unstated.json()["code"] == "purpose-required"
    town.sql("UPDATE registry.purpose SET fields = '{name,birth}' WHERE code = '05'")
    narrow = town.call("station_head", "POST", path, json={}, headers=PURPOSE)
    town.sql("UPDATE registry.purpose SET fields = DEFAULT WHERE code = '05'")
    assert narrow.json()["code"] == "field-not-allowed"


@pytest.mark.requirement("R64")
def test_a_merge_needs_two_and_can_be_undone(town: "Town") -> None:
    reason = {"reason": "两份证件经核对"}
    body = {
        "kind": "merge",
        "from_id": str(town.ids["other_twin"]),
        "to_id": str(town.ids["person"]),
        **reason,
    }
    proposed = town.act("station_head", "/v1/lineages", body)
    assert proposed.status_code == 201, proposed.text
    path = f"/v1/lineages/{proposed.json()['id']}"
    own = town.act("station_head", f"{path}/actions/approve", {}, 1)
    assert (own.status_code, own.json()["code"]) == (403, "own-request")
    approved = town.act("population_office", f"{path}/actions/approve", {}, 1)
    assert approved.status_code == 200, approved.text
    shown = town.call("population_office", "GET", path)
    assert (shown.json()["state"], shown.headers["etag"]) == ("done", '"2"')
    stale = town.act("population_office", f"{path}/actions/undo", reason, 1)
    assert stale.status_code == 412
    undone = town.act("population_office", f"{path}/actions/undo", reason, 2)
    assert undone.status_code == 200, undone.text
    left = "SELECT merged_into FROM registry.person WHERE id = :id"
    assert town.sql(left, id=town.ids["other_twin"]) is None
