import json
from pathlib import Path

import pytest

from geo_registry.errors import RuleBroken
from geo_registry.exchange.report import Kept, Report, guard_retirement, write_kept


def test_a_report_counts_every_row_once(tmp_path: Path) -> None:
    report = Report("plates", "a.csv", "mine", rows=4, stored=2, changed=1)
    report.count_kept("quarantined", "duplicate", 1)
    report.count_kept("refused", "row-unreadable", 1)
    report.assert_accounted()
    report.write(tmp_path / "r.json")
    written = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert written["reasons"] == {"duplicate": 1, "row-unreadable": 1}
    assert list(written)[:8] == [
        "rows", "stored", "changed", "unchanged", "retired", "quarantined", "refused", "reasons",
    ]  # fmt: skip


def test_a_report_that_loses_a_row_is_refused() -> None:
    with pytest.raises(AssertionError):
        Report("plates", "a.csv", "mine", rows=1).assert_accounted()


def test_rows_kept_out_are_listed_with_their_columns_and_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    kept = [Kept(7, "quarantined", "duplicate", "同第 3 行", {"ROAD": "=1+1", "NUMBER": "5號"})]
    assert write_kept(path, kept) == 1
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        "row_number,outcome,reason,detail,ROAD,NUMBER",
        "7,quarantined,duplicate,同第 3 行,'=1+1,5號",
    ]
    assert write_kept(path, []) == 0


@pytest.mark.parametrize(("gone", "warns"), [(0, False), (25, False), (26, True), (80, True)])
def test_a_quarter_retired_is_remarked_on(gone: int, warns: bool) -> None:  # noqa: FBT001
    assert (guard_retirement("北區", 100, gone, confirmed=False) is not None) == warns


def test_four_fifths_retired_are_stopped_unless_confirmed() -> None:
    with pytest.raises(RuleBroken, match="--confirm-retirement"):
        guard_retirement("北區", 100, 81, confirmed=False)
    assert guard_retirement("北區", 100, 81, confirmed=True)
