"""The audit as a file, and months that leave the database with it."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import Engine, text

from geo_registry import cluster
from geo_registry.access.rules import Role
from geo_registry.audit import anchors, ledger
from geo_registry.audit.anchors import Anchors
from geo_registry.db import TIMEZONE, app_engine
from geo_registry.errors import Refused, RuleBroken
from geo_registry.exchange import audit_file
from geo_registry.settings import make_secrets
from tests.access.conftest import sign_in

pytestmark = pytest.mark.commits
CHINA = ZoneInfo(TIMEZONE)
CUT = dt.datetime(2025, 3, 1, tzinfo=CHINA)
MONTHS = """
CREATE TABLE IF NOT EXISTS registry.audit_part_2025{0} PARTITION OF registry.audit
FOR VALUES FROM ('2025-{0}-01') TO ('2025-{1}-01')"""
FILL = """
INSERT INTO registry.audit (id, at, account_id, action, object_kind, fields, decision, note, written_xid, written_lsn)
SELECT registry.new_id(), timestamptz '2025-02-27 00:00' + n * interval '10 minutes', ('{' || md5((n % 40)::text) || '}')::uuid,
  'occupants', 'building', '{"a \\"quoted\\" field"}', 'granted', '户室〔2025〕', pg_current_xact_id(), '0/0'
FROM generate_series(1, 600) n"""
# Two rows whose order of times is not that of their numbers, around the cut.
SKEWED = """
INSERT INTO registry.audit (id, at, account_id, action, object_kind, fields, decision, written_xid, written_lsn)
SELECT registry.new_id(), at, '00000000-0000-0000-0000-000000000007', 'occupants', 'building', '{}', 'granted', pg_current_xact_id(), '0/0'
FROM unnest(ARRAY['2025-02-28 23:59', '2025-03-01 00:00:01', '2025-02-28 23:59:59', '2025-03-01 00:01']::timestamptz[]) at"""
UNSEALED = """
INSERT INTO registry.audit (id, at, action, object_kind, fields, decision, written_xid, written_lsn)
SELECT registry.new_id(), timestamptz '2025-02-26' + n * interval '4 hours', 'person', 'person', '{}', 'granted', pg_current_xact_id(), '0/0'
FROM generate_series(0, 4) n"""


def _run(engine: Engine, *statements: str) -> None:
    with psycopg.connect(str(engine.url.render_as_string(hide_password=False))) as connection:
        connection.execute(f"SET timezone TO '{TIMEZONE}'")
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def kept(committed: Engine, database: cluster.Urls, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Give the owner's address and a folder of anchors, over two months of an old year."""
    make_secrets()
    _run(committed, MONTHS.format("02", "03"), MONTHS.format("03", "04"))
    with psycopg.connect(cluster.superuser_url(database=str(committed.url.database))) as connection:
        # Rows from before the chains were there.
        connection.execute("SET session_replication_role = replica")
        connection.execute(UNSEALED.encode())
    _run(committed, FILL, SKEWED)
    assert ledger.take_anchor(app_engine(database.app), tmp_path)
    yield database.owner, tmp_path
    _run(committed, *(f"DROP TABLE IF EXISTS registry.audit_part_2025{month}" for month in ("02", "03")))


def _attested(folder: Path, **more: Any) -> Anchors:  # noqa: ANN401
    return anchors.read(folder, anchors.public_key(), **more)


def _verify(owner: str, folder: Path, **more: Any) -> ledger.Verdict:  # noqa: ANN401
    with psycopg.connect(owner) as connection:
        return ledger.verify(connection, _attested(folder, **more), since_begin=bool(more))


def _export(owner: str, path: Path) -> int:
    with psycopg.connect(owner) as connection:
        first = dt.datetime(2025, 2, 1, tzinfo=CHINA)
        return audit_file.export(connection, path, first, CUT)


def test_a_file_holds_whole_stretches_and_is_verified_alone(kept: tuple[str, Path]) -> None:
    owner, folder = kept
    path = folder / "february.jsonl"
    rows = _export(owner, path)
    verdict = audit_file.verify_file(path, anchors.public_key(), Anchors())
    assert verdict.faults == []
    assert (verdict.rows, verdict.unsealed) == (rows - 5, 5)
    # The row of March between two of February is in it too.
    assert '"2025-02-28T16:00:01.000000"' in path.read_text()
    assert '"2025-02-28T16:01:00.000000"' not in path.read_text()
    with pytest.raises(RuleBroken, match="file-exists"):
        _export(owner, path)


@pytest.mark.promise("P9")
@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        ('"granted"', '"refused"'),
        ("户室", "户间"),
        (r'"hash":"[0-9a-f]', '"hash":"z'),
        (r"\n[^\n]*\n", "\n"),
        (r"\n[^\n]*\n$", "\n"),
        (r'"rows":', '"rows":1'),
        (r'"from":"2025', '"from":"2024'),
        (r"$", '\n{"prev":null,"hash":null,"row":[1]}'),
    ],
)
def test_a_file_that_was_altered_is_found(kept: tuple[str, Path], pattern: str, new: str) -> None:
    owner, folder = kept
    path = folder / "february.jsonl"
    _export(owner, path)
    whole = path.read_text()
    path.write_text(re.sub(pattern, new, whole, count=1))
    assert path.read_text() != whole
    assert audit_file.verify_file(path, anchors.public_key(), Anchors()).faults
    path.write_text(whole)
    assert audit_file.verify_file(path, "00" * 32, Anchors()).faults


def _administrators(engine: Engine) -> tuple[str, str]:
    with engine.begin() as connection:
        auditor = sign_in(connection, "wu", Role.AUDIT_ADMIN, None)
        return auditor, sign_in(connection, "qian", Role.SECURITY_ADMIN, None)


def test_old_months_go_with_a_file_and_the_chains_go_on(kept: tuple[str, Path], committed: Engine) -> None:
    owner, folder = kept
    before = _verify(owner, folder)
    assert (before.faults, before.rows, before.unsealed) == ([], 604, 5)
    with committed.connect() as connection:
        stay = connection.execute(
            text("SELECT count(*) FROM registry.audit WHERE at >= :cut"), {"cut": CUT}
        ).scalar_one()
    tokens = _administrators(committed)
    path = folder / "old.jsonl"
    with psycopg.connect(owner, autocommit=True) as pruning:
        done = audit_file.prune(pruning, path, CUT, tokens=tokens, folder=folder)
    assert done.months == ["audit_part_202502"]
    assert audit_file.verify_file(path, anchors.public_key(), _attested(folder)).faults == []
    after = _verify(owner, folder)
    assert after.faults == []
    # Two rows say who let them go.
    assert (after.rows, after.unsealed) == (stay + 2, 0)
    # Without the line of the cut, or with a row that was kept at it gone, the same rows are a fault.
    assert "missing" in {fault.what for fault in _verify(owner, folder / "none").faults}
    with psycopg.connect(cluster.superuser_url(database=str(committed.url.database))) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("DELETE FROM registry.audit WHERE at = '2025-03-01 00:00:01+08'")
    assert [fault.what for fault in _verify(owner, folder).faults] == ["missing"]


def test_two_administrators_let_go_and_nobody_alone(kept: tuple[str, Path], committed: Engine) -> None:
    owner, folder = kept
    auditor, security = _administrators(committed)
    with psycopg.connect(owner, autocommit=True) as connection:
        for number, tokens in enumerate(((auditor, auditor), (security, auditor), (auditor, "none"))):
            with pytest.raises(Exception, match=r"not-allowed|session-ended"):
                audit_file.prune(connection, folder / f"{number}.jsonl", CUT, tokens=tokens, folder=folder)
        old = dt.datetime(2025, 2, 1, tzinfo=CHINA)
        with pytest.raises(RuleBroken, match="nothing-to-prune"):
            audit_file.prune(connection, folder / "x.jsonl", old, tokens=(auditor, security), folder=folder)
    assert _verify(owner, folder).rows == 604


def test_nothing_goes_from_a_chain_that_was_altered(kept: tuple[str, Path], committed: Engine) -> None:
    owner, folder = kept
    tokens = _administrators(committed)
    with committed.begin() as connection:
        connection.execute(text("UPDATE registry.audit_head SET seq = seq + 1 WHERE shard = 3"))
    with psycopg.connect(owner, autocommit=True) as connection, pytest.raises(Refused, match="audit-broken"):
        audit_file.prune(connection, folder / "x.jsonl", CUT, tokens=tokens, folder=folder)
    assert not (folder / "x.jsonl").exists()
