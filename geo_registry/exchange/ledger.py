"""The ledger of imports: one transaction, one act and one row of counts for each file.

`run_import` opens the transaction, calls the importer of the kind, and closes the books. Whatever
happens before the commit, nothing of the file stays; a dry run ends in a rollback on purpose.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from geo_registry.address.profile import Profile
from geo_registry.codes import new_id
from geo_registry.errors import RuleBroken
from geo_registry.exchange.encoding import encoding_of, encoding_remark
from geo_registry.exchange.mapping import Kind, Mapping
from geo_registry.exchange.report import Kept, Report

Progress = Callable[[str, int, int | None], None]
"""Is told the stage (reading, checking, storing), the rows done and the rows expected."""


def _silent(stage: str, done: int, total: int | None) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be imported and how.

    `area` limits the import to one division, by code. `partial` says that the file does not list
    everything of its areas, so that nothing is retired.
    """

    kind: Kind
    path: Path
    mapping: Mapping
    profile: Profile | None = None
    area: str | None = None
    dry_run: bool = False
    partial: bool = False
    confirm_retirement: bool = False
    refused_to: Path | None = None
    progress: Progress = _silent

    def companion(self, name: str) -> Path:
        """Return the path of a companion file: beside the file, or below one of three folders above it.

        Raises:
            RuleBroken: `companion-missing` when the mapping names none or it is nowhere there.

        """
        given = self.mapping.companions.get(name)
        folders = self.path.resolve().parents[:4] if given else ()
        for folder in folders:
            if (path := folder / str(given)).is_file():
                return path
        raise RuleBroken(
            "companion-missing",
            f"缺少附带文件 {given or name}（应在 {self.path.name} 旁或其上级目录中）；"
            "也可先用 geo-registry import areas 导入行政区划，再导入本文件",
        )


@dataclass(slots=True)
class Load:
    """One import in its transaction; importers read `request`, write with `act_id`, count in `report`."""

    connection: psycopg.Connection
    request: Request
    report: Report
    act_id: UUID = field(default_factory=new_id)
    import_id: UUID = field(default_factory=new_id)

    def keep(self, kept: Iterable[Kept]) -> None:
        """Put rows that are kept out beside the register, and count them."""
        counts: dict[tuple[str, str], int] = {}
        with self.connection.cursor().copy(_COPY_KEPT) as copy:
            for one in kept:
                row = json.dumps(dict(one.row), ensure_ascii=False, default=str)
                # PostgreSQL's text and JSON hold no NUL.
                copy.write_row(
                    (one.row_number, one.outcome, one.reason, one.detail, row.replace("\\u0000", ""))
                )
                key = one.outcome, one.reason
                counts[key] = counts.get(key, 0) + 1
        for (outcome, reason), count in counts.items():
            self.report.count_kept("refused" if outcome == "refused" else "quarantined", reason, count)

    def forget_kept(self) -> None:
        """Drop the rows kept out so far, before a file is judged anew."""
        self.connection.execute("TRUNCATE pg_temp.kept_row")
        self.report.reasons.clear()
        self.report.quarantined = self.report.refused = 0

    def kept(self) -> Iterator[Kept]:
        """Give the rows kept out so far, in the order of the file."""
        with self.connection.cursor(name="kept_rows") as cursor:
            cursor.itersize = 5000
            cursor.execute(_READ_KEPT)
            for number, outcome, reason, detail, row in cursor:
                yield Kept(number, outcome, reason, detail, row)


Importer = Callable[[Load], None]


def run_import(
    connection: psycopg.Connection, request: Request, importer: Importer,
    finish: Callable[[Load], None] | None = None,
) -> Report:  # fmt: skip
    """Import one file in one transaction and answer the report.

    `finish` may read the rows kept out before the transaction ends. Inside an open transaction the
    import becomes a savepoint of it.

    Raises:
        RegistryError: the file could not be loaded; nothing was stored.

    """
    began = time.monotonic()
    report = Report(request.kind, request.path.name, request.mapping.code, dry_run=request.dry_run)
    load = Load(connection, request, report)
    with connection.transaction():
        _open(load)
        _note_encoding(load)
        importer(load)
        report.assert_accounted()
        _close(load)
        if finish:
            finish(load)
        if request.dry_run:
            raise psycopg.Rollback
        connection.execute("DROP TABLE pg_temp.kept_row")
    report.seconds = time.monotonic() - began
    return report


def _note_encoding(load: Load) -> None:
    path = load.request.path
    remark = encoding_remark(encoding_of(path)) if path.suffix.lower() == ".csv" else None
    if remark:
        load.report.notes.append(remark)


def file_sha256(path: Path) -> bytes:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _open(load: Load) -> None:
    load.connection.execute("SET LOCAL jit = off")
    # The server ends the statement of a killed import at once instead of running it to its end.
    load.connection.execute("SET LOCAL client_connection_check_interval = '1s'")
    load.connection.execute("SET LOCAL work_mem = '128MB'")
    load.connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    load.connection.execute(_MAKE_KEPT)
    load.connection.execute(_WRITE_ACT, [load.act_id, load.request.kind, load.import_id])


def _close(load: Load) -> None:
    report, request = load.report, load.request
    load.connection.execute(
        _WRITE_FILE,
        [
            load.import_id, request.kind, request.mapping.code, request.path.name, file_sha256(request.path),
            report.rows, report.stored, report.changed, report.unchanged, report.retired,
            report.quarantined, report.refused, Jsonb(dict(report.reasons)), load.act_id,
        ],
    )  # fmt: skip
    # A file with persons keeps no rows: its reasons and row numbers are in the report only.
    if request.kind != "residents":
        load.connection.execute(_WRITE_QUARANTINE, [load.import_id, request.kind])


_WRITE_ACT = """
INSERT INTO registry.act (id, role, verb, object_kind, object_id) VALUES (%s, 'steward', 'import', %s, %s)
"""
_MAKE_KEPT = """
CREATE TEMP TABLE kept_row (
  row_number int NOT NULL, outcome text NOT NULL, reason text NOT NULL, detail text NOT NULL,
  row json NOT NULL
)
"""
_COPY_KEPT = "COPY pg_temp.kept_row (row_number, outcome, reason, detail, row) FROM STDIN"
_READ_KEPT = "SELECT row_number, outcome, reason, detail, row FROM pg_temp.kept_row ORDER BY row_number"
_WRITE_FILE = """
INSERT INTO registry.import_file (id, kind, mapping, file_name, sha256, rows, stored, changed, unchanged,
  retired, quarantined, refused, reasons, act_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# The n-th of several equal rows is told apart, so that each row is listed, and each once for all loads.
_WRITE_QUARANTINE = """
INSERT INTO registry.quarantine (import_id, kind, row_number, reason, detail, row, row_sha256)
SELECT %s, %s, row_number, reason, detail, row::jsonb,
  sha256(convert_to(concat_ws(E'\\x1f', reason, row::text,
    row_number() OVER (PARTITION BY reason, row::text ORDER BY row_number)), 'UTF8'))
FROM pg_temp.kept_row WHERE outcome = 'quarantined' ORDER BY row_number
ON CONFLICT ON CONSTRAINT quarantine_row_key DO NOTHING
"""
