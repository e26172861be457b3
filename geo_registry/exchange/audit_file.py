"""The audit as a file: rows in canonical form with their seals, signed at the end; and what may go then.

A file is verified without the database, with the installation's public key alone. Whole months leave the
database only together with a file that holds them, and with a signed line in the anchors that says where the
chains go on.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, Final, LiteralString

import orjson
import psycopg

from geo_registry.access.viewer import hash_token
from geo_registry.audit import anchors, ledger
from geo_registry.audit.anchors import SHARDS, Anchors
from geo_registry.audit.ledger import Row, Verdict, check_chain, utc
from geo_registry.db import translated
from geo_registry.errors import Refused, RuleBroken

COLUMNS: Final = 24
_SPAN: Final = "SELECT min(seq), max(seq) FROM registry.audit WHERE shard = %s AND at >= %s AND at < %s"
_LAST: Final = "SELECT seq, hash FROM registry.audit WHERE shard = %s AND at < %s ORDER BY seq DESC LIMIT 1"
_KEPT: Final = "SELECT seq, hash FROM registry.audit WHERE shard = %s AND at >= %s AND seq < %s ORDER BY seq"
_UNSEALED: Final = "SELECT count(*) FROM registry.audit WHERE shard IS NULL AND at >= %s"
_PRUNE: Final = "SELECT registry.prune_audit(%s, %s, %s)"
_LINE = re.compile(rb'\{"prev":(null|"[0-9a-f]{64}"),"hash":(null|"[0-9a-f]{64}"),"row":(\[.*\])\}')


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was let go: the months, and how many rows the file holds of them."""

    months: list[str]
    rows: int


def export(connection: psycopg.Connection[Any], path: Path, first: dt.datetime, last: dt.datetime) -> int:
    """Write the rows of a time as JSON lines, whole stretches of each chain; return how many.

    The file gets its name when it is complete.

    Raises:
        RuleBroken: there is a file of that name.

    """
    if path.exists():
        raise RuleBroken("file-exists", f"{path} 已存在，请换一个文件名", field="output")
    draft, rows = path.with_name(path.name + ".part"), 0
    with draft.open("wb") as file:
        digest = hashlib.sha256()
        head = {"kind": "audit", "from": utc(first), "to": utc(last), "made": utc(dt.datetime.now(dt.UTC))}
        _write(file, digest, orjson.dumps(head))
        for row in _between(connection, first, last):
            rows += 1
            _write(file, digest, _line_of(row))
        file.write(anchors.signed({"kind": "end", "rows": rows, "sha256": digest.hexdigest()}) + b"\n")
    draft.replace(path)
    return rows


def _between(connection: psycopg.Connection[Any], first: dt.datetime, last: dt.datetime) -> Iterator[Row]:
    yield from ledger.rows_of(connection, "a.shard IS NULL AND a.at >= %s AND a.at < %s", [first, last])
    for shard in range(SHARDS):
        least, most = connection.execute(_SPAN, [shard, first, last]).fetchone() or (None, None)
        if least is not None:
            yield from ledger.rows_of(
                connection, "a.shard = %s AND a.seq BETWEEN %s AND %s", [shard, least, most]
            )


def _write(file: BinaryIO, digest: Any, line: bytes) -> None:  # noqa: ANN401  (a hash of the standard library)
    digest.update(line + b"\n")
    file.write(line + b"\n")


def _line_of(row: Row) -> bytes:
    _, before, seal, line = row
    told = [b"null" if one is None else b'"' + one.hex().encode() + b'"' for one in (before, seal)]
    # The canonical line stands as it is: read back, the same bytes are hashed.
    return b'{"prev":' + told[0] + b',"hash":' + told[1] + b',"row":' + line + b"}"


def verify_file(path: Path, key: str, attested: Anchors) -> Verdict:
    """Verify a file that `export` wrote: its signature, its seals, and what anchors say of its rows."""
    verdict = Verdict(anchors=attested.lines)
    for detail in attested.faults:
        verdict.add("anchors", None, None, detail)
    with path.open("rb") as file:
        for shard, rows in groupby(_rows_in(file, key, verdict), lambda pair: pair[0]):
            stretch = (row for _, row in rows)
            first = next(stretch)
            if shard is None:
                verdict.unsealed += 1 + sum(1 for _ in stretch)
            else:
                begin = ((first[0] or 1) - 1, first[1] or b"")
                kept: dict[int, bytes] = {}
                check_chain(verdict, shard, _again(first, stretch), begin, attested.seals[shard], kept)
    return verdict


def _again(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _rows_in(file: BinaryIO, key: str, verdict: Verdict) -> Iterator[tuple[int | None, Row]]:
    digest, count, end = hashlib.sha256(), 0, None
    for number, line in enumerate(file, 1):
        if end is not None:
            verdict.add("file", None, None, f"line {number} stands behind the end")
        if found := _read(line):
            count += 1
            yield found
        elif number > 1 and (end := anchors.checked(line.rstrip(b"\n"), key)) is None:
            verdict.add("file", None, None, f"line {number} is neither a row nor signed by this installation")
        if end is None:
            digest.update(line)
    if end is None or (end["rows"], end["sha256"]) != (count, digest.hexdigest()):
        verdict.add("file", None, None, "the file is not as it was signed")


def _read(line: bytes) -> tuple[int | None, Row] | None:
    """Return chain and row of a line; None when it is not a row."""
    found = _LINE.fullmatch(line.rstrip(b"\n"))
    try:
        facts = orjson.loads(found[3]) if found else []
    except ValueError:
        return None
    if found is None or len(facts) != COLUMNS or facts[1] not in {None, *range(SHARDS)}:
        return None
    before, seal = (
        None if one == b"null" else bytes.fromhex(one[1:-1].decode()) for one in found.groups()[:2]
    )
    return facts[1], (facts[2], before, seal, found[3])


def prune(
    connection: psycopg.Connection[Any],
    path: Path,
    before: dt.datetime,
    *,
    tokens: tuple[str, str],
    folder: Path | None = None,
) -> Pruned:
    """Let the months go that ended before a time: verified, written to a file, cut by a signed line, dropped.

    Args:
        connection: signed in as the owner, in no transaction.
        path: the file for the rows that go.
        before: the first moment of a month that stays.
        tokens: sessions of an audit administrator and of a security administrator.
        folder: where the anchors are.

    Raises:
        Refused: something in the chains or the anchors is wrong, and nothing may go; or the administrators.
        RuleBroken: no month ended before that time.

    """
    folder = folder or anchors.default_folder()
    attested = anchors.read(folder, anchors.public_key())
    with translated(), _snapshot(connection):
        if faults := ledger.verify(connection, attested).faults:
            raise Refused(
                "audit-broken", f"审计链有 {len(faults)} 处不符，不能清理；请先用 audit verify 查明"
            )
        months = _only(connection, "SELECT registry.audit_months(%s)", before)
        if not months:
            raise RuleBroken("nothing-to-prune", "在此日期之前没有可清理的整月审计", field="before")
        rows = export(connection, path, dt.datetime.min.replace(tzinfo=dt.UTC), before)
    with translated(), connection.transaction():
        heads, kept = _cut_at(connection, before, attested)
        cut = {"kind": "cut", "at": utc(dt.datetime.now(dt.UTC)), "heads": heads, "kept": kept}
        cut["unsealed"] = _only(connection, _UNSEALED, before)
        _only(connection, _PRUNE, *map(hash_token, tokens), before)
        # On the disk before it holds: a chain that still begins at its first row needs no cut.
        anchors.append(folder, {**cut, "months": months, "file": path.name})
    return Pruned(months, rows)


@contextmanager
def _snapshot(connection: psycopg.Connection[Any]) -> Iterator[None]:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection.transaction():
        yield
    connection.isolation_level = None


def _only(connection: psycopg.Connection[Any], query: LiteralString, *values: object) -> Any:  # noqa: ANN401
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def _cut_at(
    connection: psycopg.Connection[Any], before: dt.datetime, attested: Anchors
) -> tuple[list[Any], list[Any]]:
    """Return where each chain goes on, and the rows behind the cut whose numbers lie before it.

    A row takes its time before its place in the chain, so at midnight the two orders may differ by some rows.
    """
    heads, kept = [], []
    for shard in range(SHARDS):
        begin = attested.begin[shard] if attested.begin else (0, ledger.genesis(shard))
        seq, seal = connection.execute(_LAST, [shard, before]).fetchone() or begin
        heads.append([seq, seal.hex()])
        kept.append([[number, one.hex()] for number, one in connection.execute(_KEPT, [shard, before, seq])])
    return heads, kept
