import json
import re
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.commands.files import import_app
from geo_registry.errors import Unavailable
from geo_registry.exchange.mapping import load_mapping
from tests.exchange.plate_files import EAST, register_villages
from tests.exchange.samples import area, square, write_features

KINDS = ("areas", "blocks", "streets", "buildings", "plates", "residents", "backdrop")
runner = CliRunner()


def address(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def units(committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    url = address(committed)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    with psycopg.connect(url) as raw:
        register_villages(raw, tmp_path)
    path = tmp_path / "units.csv"
    path.write_text(
        "community_code,street,number,lon,lat\n"
        f"{EAST},光明路,18号,121.305,31.005\n{EAST},光明路,18号,121.305,31.005\n{EAST},光明路\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_command_with_an_example(kind: str) -> None:
    answer = runner.invoke(import_app, [kind, "--help"])
    assert answer.exit_code == 0
    assert f"geo-registry import {kind}" in re.sub(r"\s+", " ", answer.output)


@pytest.mark.commits
def test_a_load_writes_its_report_and_the_rows_kept_out(units: Path, tmp_path: Path) -> None:
    report, refused = tmp_path / "r.json", tmp_path / "k.csv"
    answer = runner.invoke(
        import_app, ["plates", str(units), "--report", str(report), "--refused", str(refused)]
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(report.read_text(encoding="utf-8"))
    assert {key: found[key] for key in ("rows", "stored", "quarantined", "refused", "reasons")} == {
        "rows": 3, "stored": 1, "quarantined": 1, "refused": 1, "reasons": {"duplicate": 1, "row-unreadable": 1},
    }  # fmt: skip
    lines = refused.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("row_number,outcome,reason,detail,community_code")
    assert [line.split(",")[0] for line in lines[1:]] == ["2", "3"]
    assert "duplicate" in answer.output


@pytest.mark.commits
def test_a_dry_run_says_so(units: Path) -> None:
    answer = runner.invoke(import_app, ["plates", str(units), "--dry-run"])
    assert "nothing was stored" in answer.output
    assert answer.exit_code == 0


@pytest.mark.commits
def test_a_file_that_cannot_be_loaded_ends_with_one(units: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("number\n1\n", encoding="utf-8")
    answer = runner.invoke(import_app, ["plates", str(broken)])
    assert answer.exit_code == 1
    assert "nothing was stored" in answer.output
    assert "column-missing" in answer.output


@pytest.mark.commits
def test_the_mapping_of_another_kind_is_refused(units: Path) -> None:
    assert load_mapping("door-plates", "plates").kind == "plates"
    assert runner.invoke(import_app, ["areas", str(units), "--mapping", "door-plates"]).exit_code == 1


@pytest.mark.commits
def test_an_import_finds_what_speaks_against_the_streets_it_touched(
    units: Path, tmp_path: Path, committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned = "SELECT a.number_text, w.kind FROM registry.address_warning w JOIN registry.address a ON a.id = w.address_id ORDER BY 1"
    units.write_text(
        "community_code,street,number,lon,lat\n"
        f"{EAST},光明路,18号,121.305,31.005\n{EAST},光明路,20号,121.305,31.005\n{EAST},光明路,22号,121.306,31.005\n",
        encoding="utf-8",
    )
    assert runner.invoke(import_app, ["plates", str(units), "--dry-run"]).exit_code == 0
    assert found(committed, warned) == []
    assert runner.invoke(import_app, ["plates", str(units)]).exit_code == 0
    assert found(committed, warned) == [("18号", "duplicate"), ("20号", "duplicate")]
    # What a later file cures goes with it.
    units.write_text(units.read_text("utf-8").replace("20号,121.305,", "20号,121.3055,"), encoding="utf-8")
    assert runner.invoke(import_app, ["plates", str(units)]).exit_code == 0
    assert found(committed, warned) == []

    def busy(*_: object) -> int:
        raise Unavailable("busy", "系统繁忙，请稍后再试")

    monkeypatch.setattr("geo_registry.exchange.warned.check_scopes", busy)
    units.write_text(units.read_text("utf-8").replace("121.3055", "121.305"), encoding="utf-8")
    told = runner.invoke(import_app, ["plates", str(units)])
    assert (told.exit_code, "plates check" in told.output) == (0, True)
    assert found(committed, "SELECT count(*) FROM registry.address") == [(3,)]


@pytest.mark.commits
def test_areas_drawn_anew_check_the_streets_within(units: Path, tmp_path: Path, committed: Engine) -> None:
    assert runner.invoke(import_app, ["plates", str(units)]).exit_code == 0
    drawn = write_features(
        tmp_path / "anew.geojson",
        area(EAST, "東里", "community", "310199100000", square(0.02, 0.02, 0.01)),
    )
    assert runner.invoke(import_app, ["areas", str(drawn), "--partial"]).exit_code == 0
    assert found(committed, "SELECT kind FROM registry.address_warning") == [("outside_area",)]


def found(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
