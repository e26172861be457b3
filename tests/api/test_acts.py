"""Acts over HTTP: once for each key, on the version that was read, and committed before the answer."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from tests.api.writes import AUTHORS, CHANGE, DECREE, UNIT, WRITES

if TYPE_CHECKING:
    from tests.api.conftest import Town


_FILLED = re.compile(r"{(\w+)}")


def _version(town: "Town", path: str, role: str = "clerk") -> int:
    return int(town.call(role, "GET", path).headers["etag"].strip('"'))


def _outline(lon: float, lat: float) -> dict[str, Any]:
    ring = [[lon, lat], [lon + 0.0002, lat], [lon + 0.0002, lat + 0.0002], [lon, lat + 0.0002], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_a_street_from_its_naming_to_its_end(town: "Town") -> None:
    named = town.act(
        "clerk",
        "/v1/streets",
        {"kind": "street", "name": "听雨路", "area_id": str(town.ids["t"]), **DECREE},
    )
    assert named.status_code == 201, named.text
    assert named.headers["etag"] == '"1"'
    path = f"/v1/streets/{named.json()['id']}"
    renamed = town.act(
        "clerk", f"{path}/actions/rename", {"name": "听风路", "document_number": "东地名〔2026〕3号"}, 1
    )
    assert renamed.status_code == 200, renamed.text
    shown = town.call("clerk", "GET", path)
    assert (shown.json()["name"], shown.headers["etag"]) == ("听风路", f'"{renamed.json()["version"]}"')
    retired = town.act("clerk", f"{path}/actions/retire", DECREE, renamed.json()["version"])
    assert retired.status_code == 200, retired.text
    verbs = [row["verb"] for row in town.call("clerk", "GET", f"{path}/history").json()]
    assert verbs == ["retire", "rename", "name"]


def test_an_address_from_its_number_to_its_end(town: "Town") -> None:
    body = {"place_name_id": str(town.ids["street"]), "number": "20", "state": "proposed"}
    numbered = town.act("clerk", "/v1/addresses", body)
    assert numbered.status_code == 201, numbered.text
    again = town.act("clerk", "/v1/addresses", body)
    assert (again.status_code, again.json()["code"]) == (409, "number-taken")
    path, version = f"/v1/addresses/{numbered.json()['id']}", numbered.json()["version"]
    for verb, more in (
        ("approve", {}),
        ("correct", {"lon": 121.4051, "lat": 31.1051, "accuracy": "A"}),
        ("retire", {}),
    ):
        done = town.act("clerk", f"{path}/actions/{verb}", more, version)
        assert done.status_code == 200, done.text
        version = done.json()["version"]
    assert town.call("clerk", "GET", path).json()["state"] == "retired"


def test_a_building_with_a_unit(town: "Town") -> None:
    body = {
        "address_id": str(town.ids["address"]),
        "building_no": "9幢",
        "outline": _outline(121.407, 31.107),
        "floors": 6,
    }
    building = town.act("clerk", "/v1/buildings", body)
    assert building.status_code == 201, building.text
    unit = town.act(
        "clerk", "/v1/housing-units", {"building_id": building.json()["id"], "unit": "2单元402室"}
    )
    assert unit.status_code == 201, unit.text
    plan = town.call("clerk", "GET", f"/v1/buildings/{building.json()['id']}/units").json()
    assert plan["unit_count"] == 1
    path = f"/v1/buildings/{building.json()['id']}/actions/correct"
    corrected = town.act("clerk", path, {"outline": _outline(121.40701, 31.107), "floors": 7}, 1)
    assert corrected.status_code == 200, corrected.text
    in_use = town.act("clerk", path.replace("correct", "retire"), {}, corrected.json()["version"])
    assert in_use.status_code == 409
    gone = town.act("clerk", f"/v1/housing-units/{unit.json()['id']}/actions/retire", {}, 1)
    assert gone.status_code == 200, gone.text


@pytest.mark.promise("P15")
def test_a_write_says_which_version_it_has_read(town: "Town") -> None:
    missing = town.act("clerk", CHANGE, {"use": "vacant"})
    assert (missing.status_code, missing.json()["type"]) == (428, "/problems/version-required")
    version = _version(town, UNIT)
    stale = town.act("clerk", CHANGE, {"use": "vacant"}, version + 1)
    assert (stale.status_code, stale.json()["version"]) == (412, version)
    assert stale.headers["etag"] == f'"{version}"'
    for broken in ("*", "1", 'W/"1"', '"a"', '"1", "2"'):
        headers = {"Idempotency-Key": uuid4().hex, "If-Match": broken}
        answer = town.call("clerk", "POST", CHANGE, json={"use": "vacant"}, headers=headers)
        assert answer.status_code == 400


def test_a_write_needs_a_key(town: "Town") -> None:
    headers = {"If-Match": f'"{_version(town, UNIT)}"'}
    answer = town.call("clerk", "POST", CHANGE, json={"use": "vacant"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-required")


def test_a_repeated_write_answers_the_same_and_does_nothing(town: "Town") -> None:
    version = _version(town, UNIT)
    headers = {"Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'}
    answers = [town.call("clerk", "POST", CHANGE, json={"use": "vacant"}, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replay") for answer in answers] == [None, "true", "true"]
    assert _version(town, UNIT) == version + 1
    other = town.call("clerk", "POST", CHANGE, json={"use": "let_whole"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    # A key belongs to its account.
    elsewhere = town.call("steward", "POST", CHANGE, json={"use": "vacant"}, headers=headers)
    assert elsewhere.status_code == 412


def test_a_write_outside_the_area_is_refused(town: "Town") -> None:
    answer = town.act("clerk", "/v1/buildings/{hidden}/actions/correct", {"floors": 3}, 1)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/refused")


def test_every_write_of_the_interface_is_tried(town: "Town") -> None:
    paths = town.client.get("/v1/openapi.json").json()["paths"]
    writes = {re.sub(r"{.*?}", "*", path) for path, verbs in paths.items() if "post" in verbs}
    writes = {path for path in writes if not path.startswith(("/v1/session", "/v1/account/"))}
    # None is an act on the register: the own session and account, looks and previews that post what they ask for,
    # lists of texts to read, photos, which are nothing until an act names them, and a check that follows from the rest.
    writes -= {
        "/v1/persons/lookup",
        "/v1/registrations/*/papers",
        "/v1/registrations/*/open",
        "/v1/registrations/*/check",
        "/v1/areas/*/ledger",
        "/v1/permits/lookup",
        "/v1/persons/*/reveal",
        "/v1/persons/subject-report",
        "/v1/disclosures/*/actions/make",
        "/v1/areas/*/duplicates",
        "/v1/areas/*/persons-by-name",
        "/v1/lineages/*/open",
        "/v1/declarations/*/open",
        "/v1/death-notices/*/open",
        "/v1/areas/*/separations",
        "/v1/separation-runs/*/persons",
        "/v1/separation-runs/*/items/*/open",
        "/v1/housing-units/*/occupancy-advice",
        "/v1/plates/preview",
        "/v1/plates/selection",
        "/v1/address-warnings/actions/check",
        "/v1/naming-cases/check",
        "/v1/blocks/*/preview",
        "/v1/photos",
        "/v1/estates/table",
        "/v1/addresses/standardize",
        "/v1/addresses/match",
    }
    # A warning is named by its address and its kind.
    tried = {re.sub(r"{.*?}|(?<=/)no_position(?=/)", "*", path) for path, _, _ in WRITES.values()}
    assert writes == tried


@contextmanager
def broken_commits(town: "Town") -> Iterator[None]:
    """Let every act fail at COMMIT, as a deferred constraint does."""
    town.sql("""
        CREATE FUNCTION registry.fail_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'too late' USING ERRCODE = 'check_violation'; END $$
    """)
    town.sql("""
        CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT ON registry.act DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION registry.fail_late()
    """)
    # A visit is its own record, and what is done to accounts is in the audit: no row in the log of acts.
    # Looks and reads of the audit leave a row there too, and are no acts.
    reads = "'occupants', 'dwellings', 'person', 'subject', 'export', 'name', 'case', 'check', 'duplicates', 'lineage', 'paper', 'ledger', 'permit', 'separation', 'run', 'declaration', 'death', 'read-audit', 'refused'"
    for table, which in (("visit", "true"), ("audit", f"NEW.action NOT IN ({reads})")):
        town.sql(f"""
            CREATE CONSTRAINT TRIGGER fail_late AFTER INSERT ON registry.{table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION registry.fail_late()
        """)
    yield
    for table in ("act", "visit", "audit"):
        town.sql(f"DROP TRIGGER fail_late ON registry.{table}")
    town.sql("DROP FUNCTION registry.fail_late()")


@pytest.fixture
def broken_commit(town: "Town") -> Iterator[None]:
    with broken_commits(town):
        yield


@pytest.mark.promise("P13")
@pytest.mark.usefixtures("broken_commit")
@pytest.mark.parametrize("write", sorted(WRITES))
def test_a_failed_commit_is_never_a_success(town: "Town", write: str) -> None:
    path, body, shown = WRITES[write]
    filled = json.loads(_FILLED.sub(lambda name: str(town.ids[name[1]]), json.dumps(body)))
    role = AUTHORS.get(write, "clerk")
    version = _version(town, shown, role) if shown else None
    acts = town.sql("SELECT count(*) FROM registry.act")
    answer: httpx.Response = town.act(role, path, filled, version)
    # The rule of the test's own trigger: whatever else refused would prove nothing.
    assert (answer.status_code, answer.json()["code"]) == (422, "value-refused"), answer.text
    assert town.sql("SELECT count(*) FROM registry.act") == acts
    if shown:
        assert _version(town, shown, role) == version
