"""`geo-registry import estate`: a table on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.cli import app
from tests import factories as make

ROWS = "楼栋,单元,室号,经度,纬度\n1,1,101,121.3,30.9\n1,1,102,,\n2,,101,121.3005,30.9\n"


@pytest.fixture
def run(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    url = committed.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))

    def call(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, [*words])
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return call


@pytest.mark.commits
def test_a_table_is_tried_refused_and_stored(
    run: Callable[..., str], committed: Engine, tmp_path: Path
) -> None:
    with Session(committed) as session, session.begin():
        make.make_street(session, "清源小区", kind="estate")
    file, faults = tmp_path / "rooms.csv", tmp_path / "faults.csv"
    file.write_text(ROWS, encoding="utf-8")
    assert "nothing was stored (dry run)" in run(
        "import", "estate", str(file), "--street", "清源小区", "--dry-run"
    )
    file.write_text(ROWS + "2,,大堂?,,\n", encoding="utf-8")
    told = run("import", "estate", str(file), "--street", "清源小区", "--refused", str(faults), code=1)
    assert "line 5, 室号" in told
    assert "nothing was stored: 1 of 4 lines have faults" in told
    assert faults.read_text(encoding="utf-8-sig").splitlines()[1].startswith(",5,室号,unit-unreadable")
    assert "units │ 3" in run("import", "estate", str(file), "--street", "清源小区", "--partial", "--plates")
    with committed.connect() as connection:
        made = connection.execute(text("SELECT count(*) FROM registry.housing_unit")).scalar()
    assert made == 3
    back = ("estate", "take-back", "清源小区")
    told = run(*back, "--dry-run")
    assert "would be taken back" in told
    assert "units │ 3" in told
    run(*back, code=1)
    assert "units │ 3" in run(*back, "--reason", "选错了表")
    run(*back, "--reason", "选错了表", code=1)
    with committed.connect() as connection:
        states = connection.execute(text("SELECT DISTINCT state FROM registry.housing_unit")).scalars().all()
    assert states == ["removed"]
    run("import", "estate", str(file), "--partial", code=2)
    run("import", "estate", str(file), "--street", "无此小区", "--partial", code=1)
