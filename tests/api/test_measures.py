"""Rates over HTTP: in no reply, and in no difference of replies, a count of fewer than ten persons.

Requirements: G7, R28.
"""

import csv
import datetime as dt
import io
import json
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from geo_registry import db
from geo_registry.cli import app
from geo_registry.codes import new_id
from geo_registry.db import today
from geo_registry.measure.rules import RATES, monday

if TYPE_CHECKING:
    from tests.api.conftest import Town

WEEKS = [monday(today()) - dt.timedelta(days=7 * step) for step in (2, 1, 0)]
LEVELS = ("township", "community", "block")
FLOWS = (
    "persons_met",
    "persons_registered",
    "records_checked",
    "records_right",
    "forms_collected",
    "forms_entered",
)


@pytest.fixture(scope="module")
def figures(town: "Town") -> dict[str, list[UUID]]:
    """Fill the town with communities and blocks of random size; answer the blocks of each community."""
    chance = random.Random(7)
    found: dict[str, list[UUID]] = {}
    for c in range(6):
        community = new_id()
        town.sql(
            "INSERT INTO registry.division (id, scheme, code, level, name, full_name, parent_id, district_id, township_id)"
            " VALUES (:id, 'cn', :code, 'community', :name, :name, :t, :d, :t)",
            id=community, code=f"3101121019{c:02d}", name=f"第{c}社区", t=town.ids["t"], d=town.ids["d"],
        )  # fmt: skip
        found[str(community)] = [_block(town, community, c, b, chance) for b in range(chance.randint(1, 5))]
    return found


def _block(town: "Town", community: UUID, c: int, b: int, chance: random.Random) -> UUID:
    block = new_id()
    x, y = 121.6 + c * 0.01, 31.3 + b * 0.01
    town.sql(
        "INSERT INTO registry.grid_block (id, code, name, district_id, township_id, community_id, boundary)"
        " VALUES (:id, :code, :code, :d, :t, :c, ST_Multi(ST_MakeEnvelope(:x, :y, :x + 0.005, :y + 0.005, 4490)))",
        id=block, code=f"3101121019{c:02d}{b:03d}", d=town.ids["d"], t=town.ids["t"], c=community, x=x, y=y,
    )  # fmt: skip
    town.sql(
        "INSERT INTO registry.tally (leaf_id, block_id, district_id, township_id, community_id, units, persons)"
        " VALUES (:id, :id, :d, :t, :c, 40, :persons)"
        " ON CONFLICT (leaf_id) DO UPDATE SET units = excluded.units, persons = excluded.persons",
        id=block, d=town.ids["d"], t=town.ids["t"], c=community, persons=chance.choice((0, 3, 8, 15, 60, 200)),
    )  # fmt: skip
    for week in WEEKS:
        counted = []
        for _ in range(3):
            n = chance.choice((0, 4, 11, 60, 150))
            counted += [n, round(n * chance.choice((0.1, 0.8, 0.95, 1)))]
        town.sql(
            f"INSERT INTO registry.tally_week (leaf_id, week, {', '.join(FLOWS)})"
            f" VALUES (:id, :week, {', '.join(map(str, counted))})",
            id=block, week=week,
        )  # fmt: skip
    return block


def _rates(told: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  (any part of a reply)
    if isinstance(told, dict):
        if "shown" in told:
            yield told
        for part in told.values():
            yield from _rates(part)
    elif isinstance(told, list):
        for part in told:
            yield from _rates(part)


def _small(told: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401  (any part of a reply)
    """Give every count of persons under ten in a reply."""
    if isinstance(told, dict):
        of_persons = told.get("name") in {"registration_rate", "accuracy_rate", "entry_rate"}
        for key, value in told.items():
            if (key == "persons" or (of_persons and key in {"n", "k"})) and value is not None and value < 10:
                yield key, value
            yield from _small(value)
    elif isinstance(told, list):
        for part in told:
            yield from _small(part)


def _replies(town: "Town", figures: dict[str, list[UUID]]) -> Iterator[Any]:
    areas = [str(town.ids["t"]), *figures, *(str(block) for blocks in figures.values() for block in blocks)]
    for area in areas:
        for week in WEEKS:
            asked = f"?area={area}&as_of={week}"
            yield town.call("leader", "GET", f"/v1/measures/summary{asked}").json()
    for area in areas[: len(figures) + 1]:
        for week in WEEKS:
            for level in LEVELS:
                path = f"/v1/measures/registration-rate?area={area}&as_of={week}&level={level}"
                yield town.call("leader", "GET", path).json()
    for rate in RATES:
        for level in LEVELS:
            path = f"/v1/measures/{rate.replace('_', '-')}?area={town.ids['t']}&level={level}"
            yield town.call("leader", "GET", path).json()


@pytest.mark.promise("P24")
def test_no_reply_holds_a_count_under_ten(town: "Town", figures: dict[str, list[UUID]]) -> None:
    replies = list(_replies(town, figures))
    told = [rate for reply in replies for rate in _rates(reply)]
    assert [small for reply in replies for small in _small(reply)] == []
    assert {rate["shown"] for rate in told} == {"value", "class", "hidden", "none"}
    for rate in told:
        if rate["shown"] in {"class", "hidden"}:
            numbers = (rate["n"], rate["k"], rate["percent"], rate["low"], rate["high"], rate["change"])
            assert numbers == (None,) * 6
            assert rate["verdict"] == "too_few"


@pytest.mark.promise("P24")
def test_no_total_gives_back_a_hidden_block(town: "Town", figures: dict[str, list[UUID]]) -> None:
    path = "/v1/measures/{rate}?area={area}&level=block&as_of={week}"
    differences = 0
    for rate in ("registration-rate", "accuracy-rate", "entry-rate"):
        for area in figures:
            for week in WEEKS:
                reply = town.call("leader", "GET", path.format(rate=rate, area=area, week=week)).json()
                whole, rows = reply["area"]["rate"], [row["rate"] for row in reply["rows"]]
                untold = [row for row in rows if row["n"] is None]
                if whole["n"] is None:
                    assert len(untold) == len(rows)
                elif untold:
                    differences += 1
                    assert len(untold) > 1
                    n = whole["n"] - sum(row["n"] or 0 for row in rows)
                    k = whole["k"] - sum(row["k"] or 0 for row in rows)
                    assert min(n, k) >= 10
                    assert n - k >= 10 or len(untold) == len(rows)
    assert differences > 10


def test_answers_carry_interval_target_and_method(town: "Town", figures: dict[str, list[UUID]]) -> None:
    reply = town.call("leader", "GET", f"/v1/measures/registration-rate?area={town.ids['t']}").json()
    assert (reply["method"], reply["is_current"], reply["rows"]) == ("wilson_two_sided", True, [])
    rate = reply["area"]["rate"]
    assert rate["low"] < rate["percent"] < rate["high"]
    assert (rate["target"], rate["is_full"]) == (91.0, False)
    shown = town.call("leader", "GET", f"/v1/measures/summary?area={town.ids['t']}").json()
    assert set(shown["area"]["rates"]) == set(RATES)
    assert shown["weeks"][-1] == shown["week"] == WEEKS[-1].isoformat()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/measures/registration-rate", 422),
        ("/v1/measures/registration-rate?area=1", 422),
        ("/v1/measures/happiness?area={t}", 422),
        ("/v1/measures/registration-rate?area={t}&level=street", 422),
        ("/v1/measures/registration-rate?area={t}&as_of=2999-01-01", 422),
        ("/v1/measures/registration-rate?area={t}&as_of=yesterday", 422),
        ("/v1/measures/registration-rate?area={far}", 404),
        ("/v1/measures/summary?area={d}", 404),
        ("/v1/measures/summary?area={t}&as_of=0001-01-01", 422),
        ("/v1/measures/heat?area={t}&as_of=0001-01-03", 422),
        ("/v1/measures/summary?area={t}&as_of=2001-01-01", 200),
        ("/v1/measures/heat?area={t}", 200),
        ("/v1/measures/buildings?block={block}", 200),
        ("/v1/measures/buildings?block={t}", 404),
        ("/v1/sample-plans?area_id={t}", 200),
        ("/v1/sample-plans/{sample}", 200),
        ("/v1/sample-plans/{t}", 404),
    ],
)
def test_bad_questions_are_refused_in_words(town: "Town", path: str, status: int) -> None:
    answer = town.call("leader", "GET", path)
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["detail"]


def test_a_sample_from_its_draw_to_its_result(town: "Town") -> None:
    body = {
        "name": "抽查",
        "direction": "field_to_register",
        "area_kind": "division",
        "area_id": str(town.ids["t"]),
        "sample_size": 2,
        "seed": 5,
    }
    drawn = town.act("steward", "/v1/sample-plans", body)
    assert drawn.status_code == 201, drawn.text
    path = f"/v1/sample-plans/{drawn.json()['id']}"
    units = town.call("officer", "GET", f"{path}/units").json()["rows"]
    assert {unit["unit_id"] for unit in units} == {str(town.ids["unit"]), str(town.ids["vacant"])}
    assert "person" not in json.dumps(units)
    check = {"unit_id": units[0]["unit_id"], "persons_met": 3, "persons_registered": 2}
    assert town.act("officer", f"{path}/checks", check).status_code == 201
    again = town.act("officer", f"{path}/checks", check)
    assert (again.status_code, again.json()["code"]) == (409, "check-exists")
    wrong = town.act("officer", f"{path}/checks", {**check, "persons_registered": 4})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/persons_registered")
    assert town.act("coordinator", f"{path}/checks", check).status_code == 403
    assert town.act("officer", "/v1/sample-plans", body).status_code == 403
    shown = town.call("leader", "GET", path).json()
    assert (shown["checked"], shown["rates"]["registration_rate"]["shown"]) == (1, "hidden")
    assert town.act("steward", f"{path}/actions/close", {}, shown["version"]).status_code == 200


def test_the_report_of_the_command_line_hides_too(
    town: "Town", figures: dict[str, list[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "app_engine", lambda: town.owner)
    run = CliRunner().invoke
    asked = ["measure", "report", "--area", "310112101000", "--level", "block"]
    done = run(app, [*asked, "--format", "json"])
    assert done.exit_code == 0, done.output
    assert list(_small(json.loads(done.stdout))) == []
    lines = list(csv.DictReader(io.StringIO(run(app, [*asked, "--format", "csv"]).stdout)))
    assert {line["rate"] for line in lines} == set(RATES)
    notes = " ".join(line["note"] for line in lines)
    assert "not shown" in notes
    assert "between" in notes
    table = run(app, ["measure", "report", "--area", "310112101000"], env={"COLUMNS": "200"})
    assert "registration_rate" in table.stdout
    assert "wilson_two_sided" in table.stdout
    for broken in (["--area", "no-such-code"], ["--as-of", "2999-01-01"], ["--level", "street"]):
        assert run(app, ["measure", "report", *broken]).exit_code != 0
