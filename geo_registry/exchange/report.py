"""Reports: what became of every row of a file."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from geo_registry.errors import RuleBroken
from geo_registry.text import inert

Outcome = Literal["quarantined", "refused"]
WARN_SHARE, STOP_SHARE = 0.25, 0.80
"""Shares of an area's live rows whose retirement is remarked on, and stopped (requirement W4)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that was kept out of the register: row number from 1, outcome, reason code and detail.

    `row` holds the original columns of place files; it stays empty for files with persons.
    """

    row_number: int
    outcome: Outcome
    reason: str
    detail: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """Counts of one import; `stored + unchanged + quarantined + refused` is always `rows`.

    `stored` rows were written, new or changed; `changed` of them altered something that was there.
    """

    kind: str
    file: str
    mapping: str
    rows: int = 0
    stored: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    quarantined: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    dry_run: bool = False

    def count_kept(self, outcome: Outcome, reason: str, count: int) -> None:
        """Add rows that were kept out for one reason."""
        self.reasons[reason] += count
        if outcome == "quarantined":
            self.quarantined += count
        else:
            self.refused += count

    def assert_accounted(self) -> None:
        """Make sure that every row has an outcome; the database checks the same."""
        total = self.stored + self.unchanged + self.quarantined + self.refused
        if total != self.rows or self.changed > self.stored:
            raise AssertionError(f"{self.rows} rows, but {total} outcomes")

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON, the counts first."""
        return {
            "rows": self.rows,
            "stored": self.stored,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "retired": self.retired,
            "quarantined": self.quarantined,
            "refused": self.refused,
            "reasons": dict(sorted(self.reasons.items())),
            "warnings": dict(sorted(self.warnings.items())),
            "notes": self.notes,
            "kind": self.kind,
            "file": self.file,
            "mapping": self.mapping,
            "seconds": round(self.seconds, 2),
            "dry_run": self.dry_run,
        }

    def write(self, path: Path) -> None:
        """Write the report as a JSON file."""
        path.write_text(json.dumps(self.as_dict(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_kept(path: Path, kept: Iterable[Kept]) -> int:
    """Write the rows kept out to a CSV file and answer how many; original columns follow ours.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.
    """
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for count, one in enumerate(kept, start=1):
            if count == 1:
                writer.writerow(["row_number", "outcome", "reason", "detail", *one.row])
            cells = (one.outcome, one.reason, one.detail, *one.row.values())
            writer.writerow([one.row_number, *map(harmless, cells)])
        if not count:
            writer.writerow(["row_number", "outcome", "reason", "detail"])
    return count


def harmless(value: object) -> object:
    """Return a cell that no spreadsheet runs; only texts can be formulas."""
    return inert(value) if isinstance(value, str) else value


def guard_retirement(area: str, live: int, gone: int, *, confirmed: bool) -> str | None:
    """Return a warning when an area would lose more than a quarter of its live rows, None below that.

    Raises:
        RuleBroken: `retirement-unconfirmed` above 80 % unless it was confirmed.

    """
    share = gone / live if live else 0.0
    if share > STOP_SHARE and not confirmed:
        raise RuleBroken(
            "retirement-unconfirmed",
            f"{area} 现有 {live} 条，文件中缺 {gone} 条（{share:.0%}），将被注销；未写入任何数据。"
            "核实后加 --confirm-retirement，或用 --partial 表示文件不完整",
        )
    return f"{area}：{live} 条中注销 {gone} 条（{share:.0%}）" if share > WARN_SHARE else None
