"""The audit, reviews and emergencies over HTTP."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from geo_registry.codes import new_id

if TYPE_CHECKING:
    from tests.api.conftest import Town

PURPOSE = {"Access-Purpose": "01; case=JD-2026-1183"}
HERE = "310112101000"


def _look(town: "Town", unit: str = "unit", role: str = "officer") -> Any:  # noqa: ANN401  (an answer)
    return town.call(role, "GET", f"/v1/housing-units/{{{unit}}}/occupants", headers=PURPOSE)


def _rows(town: "Town", role: str = "audit_admin", **asked: object) -> list[dict[str, Any]]:
    answer = town.call(role, "GET", "/v1/audit", params={"limit": 100, **asked})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_a_look_is_a_row_without_any_value(town: "Town") -> None:
    audit_id = _look(town).headers["audit-id"]
    [row] = [row for row in _rows(town, account="officer", action="occupants") if row["id"] == audit_id]
    assert (row["account_name"], row["role_title"], row["purpose"]) == ("officer", "社区民警", "01")
    assert (row["case_number"], row["decision"], row["row_count"]) == ("JD-2026-1183", "granted", 1)
    assert (row["object_kind"], row["object_id"]) == ("housing_unit", str(town.ids["unit"]))
    assert 0 <= row["shard"] < 16
    assert row["seq"] >= 1
    assert "name_masked" in row["fields"]


def test_reading_the_audit_is_on_the_record(town: "Town") -> None:
    _rows(town, account="officer", decision="granted")
    newest = _rows(town)[0]
    assert (newest["action"], newest["account_name"]) == ("read-audit", "audit_admin")
    assert newest["note"] == "granted"


def test_pages_join_without_gap_or_double(town: "Town") -> None:
    for _ in range(5):
        _look(town)
    whole = [row["id"] for row in _rows(town, account="officer")]
    found, after = [], None
    while True:
        asked = {"account": "officer", "limit": 2} | ({"after": after} if after else {})
        page = town.call("audit_admin", "GET", "/v1/audit", params=asked).json()
        found += [row["id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert found == whole
    assert found == sorted(found, reverse=True)


def test_who_reads_for_an_area_sees_the_accounts_of_that_area(town: "Town") -> None:
    assert (
        town.call("foreign", "GET", "/v1/housing-units/{unit}/occupants", headers=PURPOSE).status_code == 404
    )
    assert _rows(town, account="foreign") == []
    town.sql(
        "UPDATE registry.area_grant SET division_id = NULL WHERE account_id = (SELECT id FROM registry.account WHERE login = 'audit_admin')"
    )
    assert [row["decision"] for row in _rows(town, account="foreign", action="occupants")] == ["not-found"]
    town.sql("""UPDATE registry.area_grant SET division_id = (SELECT id FROM registry.division WHERE code = :here)
                WHERE account_id = (SELECT id FROM registry.account WHERE login = 'audit_admin')""", here=HERE)  # fmt: skip


@pytest.mark.promise("P4")
def test_a_refusal_is_on_the_record_once(town: "Town") -> None:
    missing = new_id()
    assert town.call("clerk", "GET", f"/v1/buildings/{missing}").status_code == 404
    assert town.call("clerk", "GET", "/v1/audit").status_code == 403
    first, second = _rows(town, account="clerk", action="refused")[:2]
    assert (first["decision"], first["note"], first["object_id"]) == ("not-allowed", "GET /v1/audit", None)
    assert (second["decision"], second["note"]) == ("not-found", "GET /v1/buildings/{building_id}")
    assert second["object_id"] == str(missing)
    before = town.sql("SELECT count(*) FROM registry.audit")
    assert _look(town, "vacant", "clerk").status_code == 403
    assert town.sql("SELECT count(*) FROM registry.audit") == before + 1
    assert town.client.get("/v1/audit").status_code == 401
    assert town.sql("SELECT count(*) FROM registry.audit") == before + 1


def test_a_flood_of_refusals_hides_no_other(town: "Town") -> None:
    flood = """
        SELECT registry.note_refusal(s.token_hash, 'not-found', 'GET /v1/buildings/{{building_id}}', NULL)
        FROM registry.session s JOIN registry.account a ON a.id = s.account_id, generate_series(1, {most})
        WHERE a.login = 'installer'"""
    told = """
        SELECT count(*) FROM registry.{table} t JOIN registry.account a ON a.id = t.account_id
        WHERE a.login = 'installer' AND {which}"""
    town.sql(flood.format(most=299))
    assert town.sql(told.format(table="look_review", which="t.kind = 'limit'")) == 0
    town.sql(flood.format(most=20))
    assert town.sql(told.format(table="audit", which="t.decision = 'not-found'")) == 300
    assert town.sql(told.format(table="look_review", which="t.kind = 'limit'")) == 1
    assert town.call("installer", "GET", "/v1/audit").status_code == 403
    assert _rows(town, account="installer")[0]["note"] == "GET /v1/audit"


def test_the_state_of_the_chains(town: "Town") -> None:
    _look(town)
    state = town.call("audit_admin", "GET", "/v1/audit/state").json()
    assert [head["shard"] for head in state["heads"]] == list(range(16))
    assert sum(head["seq"] for head in state["heads"]) == town.sql(
        "SELECT count(*) FROM registry.audit WHERE shard IS NOT NULL"
    )
    assert (state["anchor"], state["warn_after_minutes"], state["stop_after_minutes"]) == ("fresh", 60, 1440)
    town.sql("UPDATE registry.audit_anchor SET anchored_at = now() - interval '2 hours'")
    assert town.call("audit_admin", "GET", "/v1/audit/state").json()["anchor"] == "late"
    town.sql("UPDATE registry.audit_anchor SET anchored_at = now()")


def _review(town: "Town", login: str = "officer") -> UUID:
    found = town.sql(
        """INSERT INTO registry.look_review (kind, account_id, audit_id, looks)
           SELECT 'sample', a.id, (SELECT l.id FROM registry.audit l WHERE l.account_id = a.id ORDER BY l.id DESC LIMIT 1), 1
           FROM registry.account a WHERE a.login = :login RETURNING id""",
        login=login,
    )
    assert isinstance(found, UUID)
    return found


def _queue(town: "Town", role: str = "station_head", **asked: object) -> dict[str, dict[str, Any]]:
    answer = town.call(role, "GET", "/v1/reviews", params={"limit": 100, **asked})
    assert answer.status_code == 200, answer.text
    return {row["id"]: row for row in answer.json()["rows"]}


def test_somebody_else_judges_a_look_once(town: "Town") -> None:
    audit_id = _look(town).headers["audit-id"]
    review = _review(town)
    shown = _queue(town)[str(review)]
    assert (shown["kind"], shown["account"]["role_title"], shown["version"]) == ("sample", "社区民警", 1)
    assert (shown["look"]["audit_id"], shown["look"]["purpose_title"]) == (audit_id, "居住登记受理核验")
    assert shown["look"]["object_title"]
    path = f"/v1/reviews/{review}/actions/decide"
    silent = town.act("station_head", path, {"verdict": "unjustified"}, 1)
    assert (silent.status_code, silent.json()["code"]) == (422, "note-required")
    named = town.act("station_head", path, {"verdict": "unclear", "note": "涉及 310112199003072013"}, 1)
    assert (named.status_code, named.json()["code"]) == (422, "number-in-words")
    stale = town.act("station_head", path, {"verdict": "justified"}, 7)
    assert (stale.status_code, stale.json()["version"]) == (412, 1)
    done = town.act("station_head", path, {"verdict": "unclear", "note": "案号与走访单不符"}, 1)
    assert (done.status_code, done.headers["etag"]) == (200, '"2"'), done.text
    again = town.act("station_head", path, {"verdict": "justified"}, 2)
    assert (again.status_code, again.json()["code"]) == (409, "review-decided")
    assert str(review) not in _queue(town)
    assert _queue(town, state="judged")[str(review)]["note"] == "案号与走访单不符"
    row = _rows(town, account="station_head", action="review")[0]
    assert (row["decision"], row["note"], row["object_id"]) == ("unclear", "sample", str(review))


def test_nobody_judges_himself_or_another_area(town: "Town") -> None:
    own, far = _review(town, "station_head"), _review(town, "foreign")
    assert not {str(own), str(far)} & _queue(town).keys()
    assert str(own) in _queue(town, "population_office")
    for review in (own, far):
        answer = town.act("station_head", f"/v1/reviews/{review}/actions/decide", {"verdict": "justified"}, 1)
        assert answer.status_code == 404, answer.text
    assert town.call("officer", "GET", "/v1/reviews").status_code == 403


def test_an_emergency_opens_other_areas_for_half_an_hour(town: "Town") -> None:
    body = {"case_number": "警情2026-0088", "reason": "走失儿童，须立即核实住处"}
    mine = "WHERE account_id = (SELECT id FROM registry.account WHERE login = 'foreign')"
    town.sql(f"UPDATE registry.session SET strong_at = NULL {mine}")
    refused = town.act("foreign", "/v1/emergencies", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "second-factor-stale")
    assert _look(town, role="foreign").status_code == 404
    town.sql(f"UPDATE registry.session SET strong_at = now() {mine}")
    opened = town.act("foreign", "/v1/emergencies", body)
    assert opened.status_code == 201, opened.text
    assert _look(town, role="foreign").status_code == 200
    twice = town.act("foreign", "/v1/emergencies", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "emergency-open")
    [shown] = town.call("foreign", "GET", "/v1/emergencies").json()["rows"]
    assert (shown["id"], shown["is_open"], shown["verdict"]) == (opened.json()["id"], True, None)
    # A day without a judgement, and the account is confined; the judgement frees it.
    town.sql(
        f"UPDATE registry.emergency SET opened_at = opened_at - interval '1 day', expires_at = expires_at - interval '1 day' {mine}"
    )
    town.sql(f"UPDATE registry.look_review SET at = at - interval '25 hours' {mine} AND kind = 'emergency'")
    assert _look(town, role="foreign").status_code == 403
    review = town.sql(f"SELECT id FROM registry.look_review {mine} AND kind = 'emergency'")
    grants = "SELECT id FROM registry.account WHERE login = 'population_office'"
    town.sql(f"UPDATE registry.area_grant SET division_id = NULL WHERE account_id = ({grants})")
    done = town.act("population_office", f"/v1/reviews/{review}/actions/decide", {"verdict": "justified"}, 1)
    assert done.status_code == 200, done.text
    assert _look(town, role="foreign").status_code == 404
    town.sql(
        f"UPDATE registry.area_grant SET division_id = (SELECT id FROM registry.division WHERE code = '{HERE}') WHERE account_id = ({grants})"
    )
