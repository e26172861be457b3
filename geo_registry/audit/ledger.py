"""The audit's sixteen chains: verified row by row, and anchored.

Found is every change of a sealed column, every row that is missing, doubled, foreign, moved or without its
seal, and a tail that is cut against its head; with anchors, whatever was done to a row before the last one,
even if all later seals and the heads were made anew.

Not found is what a superuser of the database does to rows after the last anchor when he makes the later seals
and the head anew, and what somebody does who holds the anchors' key as well: then the log of another machine
tells (`anchors.py`). `written_xid` and `written_lsn` are not sealed; they mean nothing half a minute later.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, LiteralString, cast

import orjson
import psycopg
from sqlalchemy import Engine, text

from geo_registry.audit import anchors
from geo_registry.audit.anchors import SHARDS, Anchors
from geo_registry.db import transaction

LOG = logging.getLogger(__name__)
MOST_FAULTS = 100
FAULTS: Final = {
    "unsealed": "has no whole seal",
    "altered": "was altered",
    "anchor": "is another than the one that was anchored",
    "doubled": "stands where no row belongs",
    "unlinked": "does not follow the row before it",
}
HOURLY = dt.timedelta(hours=1)
# As `audit_line` of geo_registry/sql/210_audit.sql, but through no function of the database under test.
_ROWS: Final[LiteralString] = """
SELECT a.seq, a.prev, a.hash, convert_to(jsonb_build_array(1, a.shard, a.seq, a.id,
    to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.account_id, a.session_id, a.role,
    host(a.address), a.action, a.purpose, a.case_number, a.object_kind, a.object_id,
    encode(a.subject_key, 'hex'), a.fields, to_char(a.valid_at, 'YYYY-MM-DD'),
    to_char(a.known_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), a.decision, a.request_id, a.area_id,
    a.row_count, a.emergency_id, a.note)::text, 'UTF8')
FROM registry.audit a"""
_HAS_FIRST: Final = "SELECT 1 FROM registry.audit WHERE shard = %s AND seq = 1"
_UNSEALED: Final = """
SELECT count(*), count(*) FILTER (WHERE u.at >= (
    SELECT min(f.at) FROM generate_series(0, 15) s (shard),
      LATERAL (SELECT a.at FROM registry.audit a WHERE a.shard = s.shard ORDER BY a.seq LIMIT 1) f))
FROM registry.audit u WHERE u.shard IS NULL"""
_FOREIGN: Final = """
SELECT shard, seq FROM registry.audit WHERE shard < 0
UNION ALL SELECT shard, seq FROM registry.audit WHERE shard > 15"""
_COUNT = text("SELECT registry.count_anchor(:at)")
_TAKE = text("SELECT at, seq, hash, unsealed FROM registry.take_anchor()")

Row = tuple[int | None, bytes | None, bytes | None, bytes]
"""Number, seal before, seal, and the canonical line."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written: which chain and row, and what."""

    what: str
    shard: int | None
    seq: int | None
    detail: str


@dataclass(slots=True)
class Verdict:
    """What a verification saw; faults beyond a hundred are not listed."""

    rows: int = 0
    unsealed: int = 0
    anchors: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, what: str, shard: int | None, seq: int | None, detail: str) -> None:
        """Note one fault."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(what, shard, seq, detail))


def _describe(line: bytes) -> str:
    facts = orjson.loads(line)
    return f"{facts[3]} of {facts[4]} UTC ({facts[9]})"


def check_chain(
    verdict: Verdict,
    shard: int,
    rows: Iterable[Row],
    begin: tuple[int, bytes],
    attested: Mapping[int, bytes],
    kept: dict[int, bytes],
) -> tuple[int, bytes]:
    """Check one chain in the order of its numbers and return number and seal of its last row."""
    last, link = begin
    sha256 = hashlib.sha256
    for row in rows:
        verdict.rows += 1
        seq, before, seal, line = row
        follows = seq is not None and seq == last + 1 and before == link
        if follows and sha256(link + line).digest() == seal and attested.get(seq, seal) == seal:  # type: ignore[arg-type]
            last, link = seq, seal  # type: ignore[assignment]
            continue
        if seq is not None and seq > last + 1:
            verdict.add("missing", shard, last + 1, f"rows {last + 1} to {seq - 1} are missing")
        if what := _fault_of(row, last, link, attested, kept):
            verdict.add(what, shard, seq, f"{FAULTS[what]}: {_describe(line)}")
        if seq is not None and seq > last:
            last, link = seq, seal or link
    for seq in kept:
        verdict.add("missing", shard, seq, "a row that was kept at a cut is missing")
    return last, link


def _fault_of(
    row: Row, last: int, link: bytes, attested: Mapping[int, bytes], kept: dict[int, bytes]
) -> str | None:
    """Tell what is wrong with a row in itself, or with its place behind the row before it."""
    seq, before, seal, line = row
    if seq is None or before is None or seal is None:
        return "unsealed"
    if hashlib.sha256(before + line).digest() != seal:
        return "altered"
    if attested.get(seq, seal) != seal:
        return "anchor"
    if seq <= last:
        return None if kept.pop(seq, None) == seal else "doubled"
    return "unlinked" if seq == last + 1 and before != link else None


def verify(
    connection: psycopg.Connection[Any],
    attested: Anchors,
    *,
    told: Callable[[int], None] = lambda _rows: None,
    since_begin: bool = False,
) -> Verdict:
    """Verify the audit of a database in one snapshot: begin a transaction of REPEATABLE READ for it.

    Args:
        connection: signed in as the owner.
        attested: what anchors say, read before the transaction began.
        told: hears of the rows verified since it was last called.
        since_begin: leave out the rows before `attested.begin`.

    """
    verdict = Verdict(anchors=attested.lines)
    heads = {
        row[0]: row[1:] for row in connection.execute("SELECT shard, seq, hash FROM registry.audit_head")
    }
    for shard in range(SHARDS):
        begin, kept = (0, genesis(shard)), {}
        if attested.begin and (since_begin or not connection.execute(_HAS_FIRST, [shard]).fetchone()):
            begin, kept = attested.begin[shard], dict(attested.kept[shard])
        seals = {seq: seal for seq, seal in attested.seals[shard].items() if seq > begin[0]}
        which: LiteralString = "a.shard = %s AND (a.seq > %s) IS NOT FALSE" if since_begin else "a.shard = %s"
        rows = rows_of(connection, which, [shard, begin[0]] if since_begin else [shard])
        end = check_chain(verdict, shard, _counted(rows, told), begin, seals, kept)
        if heads.get(shard) != end:
            verdict.add(
                "head", shard, end[0], "the chain does not end where its head says: rows are cut off or added"
            )
        for seq in (seq for seq in seals if seq > end[0]):
            verdict.add("anchor", shard, seq, "an anchored row is missing: the end is cut off")
    _check_rest(connection, verdict, attested)
    return verdict


def genesis(shard: int) -> bytes:
    """Return the seal that stands before the first row of a chain."""
    return hashlib.sha256(f"geo_registry audit {shard}".encode()).digest()


def rows_of(
    connection: psycopg.Connection[Any], which: LiteralString, values: Sequence[object]
) -> Iterator[Row]:
    """Stream rows of the audit `a` in the order of their numbers."""
    statement: LiteralString = f"COPY ({_ROWS} WHERE {which} ORDER BY a.seq) TO STDOUT (FORMAT binary)"
    with connection.cursor().copy(statement, values) as copy:
        copy.set_types(["int8", "bytea", "bytea", "bytea"])
        yield from cast("Iterator[Row]", copy.rows())


def _counted(rows: Iterator[Row], told: Callable[[int], None], each: int = 5000) -> Iterator[Row]:
    count = 0
    for count, row in enumerate(rows, 1):
        yield row
        if count % each == 0:
            told(each)
    told(count % each)


def _check_rest(connection: psycopg.Connection[Any], verdict: Verdict, attested: Anchors) -> None:
    """Look at the rows that belong to no chain, and at the lines of the anchors themselves."""
    for shard, seq in connection.execute(_FOREIGN):
        verdict.add("foreign", shard, seq, "there is no such chain")
    verdict.unsealed, late = _only(connection, _UNSEALED)
    if late:
        verdict.add(
            "unsealed", None, None, f"{late} rows without a seal are younger than the first sealed row"
        )
    if attested.unsealed not in {None, verdict.unsealed}:
        verdict.add(
            "unsealed",
            None,
            None,
            f"{verdict.unsealed} rows without a seal, {attested.unsealed} were anchored",
        )
    for detail in attested.faults:
        verdict.add("anchors", None, None, detail)
    anchored_at: dt.datetime = _only(connection, "SELECT anchored_at FROM registry.audit_anchor")[0]
    if attested.last_at and anchored_at > dt.datetime.fromisoformat(attested.last_at):
        verdict.add(
            "anchors",
            None,
            None,
            f"the anchors end at {attested.last_at}, the last was taken at {anchored_at}",
        )


def _only(connection: psycopg.Connection[Any], query: LiteralString) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    return row or ()


def take_anchor(engine: Engine, folder: Path | None = None, due: dt.timedelta = HOURLY) -> str | None:
    """Sign the heads when the last anchor is older than `due`, or there is none; return the line's digest.

    The file decides, lest somebody in the database pretend to an anchor. The line is on the disk before the
    database counts it.
    """
    folder = folder or anchors.default_folder()
    with anchors.alone(folder), transaction(engine) as session:
        last = anchors.last_at(folder)
        if last is not None and dt.datetime.now(dt.UTC) - last < due:
            return None
        rows = session.execute(_TAKE).all()
        heads = [[row.seq, bytes(row.hash).hex()] for row in rows]
        told = {"kind": "anchor", "at": utc(rows[0].at), "unsealed": rows[0].unsealed, "heads": heads}
        digest = anchors.append(folder, told)
        session.execute(_COUNT, {"at": rows[0].at})
    LOG.info("the audit was anchored: %s", digest)
    return digest


def utc(at: dt.datetime) -> str:
    """Return a time as anchors and exports write it."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")
