"""The audit's chains: nobody changes a row unseen, and nothing is found where nobody did."""

import datetime as dt
import itertools
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine

from geo_registry import cluster
from geo_registry.audit import anchors, ledger
from geo_registry.audit.ledger import Verdict
from geo_registry.db import app_engine
from geo_registry.settings import make_secrets

pytestmark = pytest.mark.commits
ROWS, TAMPERS = 2000, 500
Connection = psycopg.Connection[Any]

# Looks of every shape: with and without account, area, subject, day, address and words.
FILL: LiteralString = """
INSERT INTO registry.audit (id, at, account_id, session_id, role, address, action, purpose, case_number, object_kind, object_id,
  subject_key, fields, valid_at, known_at, decision, request_id, written_xid, written_lsn, area_id, row_count, emergency_id, note)
SELECT registry.new_id(), now() + n * interval '1 minute' + (n %% 3) * interval '1 month', (%(accounts)s::uuid[])[1 + n %% 40],
  CASE WHEN n %% 7 > 0 THEN gen_random_uuid() END, CASE WHEN n %% 5 > 0 THEN 'officer' END,
  CASE WHEN n %% 4 > 0 THEN ('10.0.0.' || n %% 200)::inet END,
  (ARRAY['occupants', 'dwellings', 'person'])[1 + n %% 3], '01', CASE WHEN n %% 6 > 0 THEN '居登〔2026〕' || n || '号 "\\' END,
  'building', gen_random_uuid(), CASE WHEN n %% 3 = 0 THEN sha256(n::text::bytea) END,
  CASE WHEN n %% 2 = 0 THEN ARRAY['name', '户"室'] ELSE '{}' END, CASE WHEN n %% 3 = 1 THEN CURRENT_DATE END,
  CASE WHEN n %% 9 = 1 THEN now() END, 'granted', gen_random_uuid(), pg_current_xact_id(), '0/0', gen_random_uuid(), n %% 9,
  CASE WHEN n %% 50 = 0 THEN gen_random_uuid() END, CASE WHEN n %% 11 = 0 THEN E'two\nlines' END
FROM generate_series(1, %(rows)s) n"""

CHANGES: dict[str, LiteralString] = {
    "id": "gen_random_uuid()", "at": "at + interval '1 microsecond'", "account_id": "gen_random_uuid()",
    "session_id": "gen_random_uuid()", "role": "coalesce(role, '') || 'x'", "address": "coalesce(address, '10.1.1.1') + 1",
    "action": "action || 'x'", "purpose": "'05'", "case_number": "coalesce(case_number, '') || ' '",
    "object_kind": "'housing_unit'", "object_id": "gen_random_uuid()", "subject_key": "sha256(coalesce(subject_key, ''))",
    "fields": "array_append(fields, 'phone')", "valid_at": "coalesce(valid_at, CURRENT_DATE) + 1",
    "known_at": "coalesce(known_at, now()) + interval '1 s'", "decision": "'not-found'",
    "request_id": "gen_random_uuid()", "area_id": "gen_random_uuid()", "row_count": "coalesce(row_count, 0) + 1",
    "emergency_id": "gen_random_uuid()", "note": "coalesce(note, '') || '.'", "seq": "seq + 1", "shard": "(shard + 1) %% 16",
    "prev": "sha256(prev)", "hash": "sha256(hash)",
}  # fmt: skip
COLUMNS = itertools.cycle(sorted(CHANGES))
# One of forty rows has no account: its own id tells the chain.
ACCOUNTS = [UUID(int=number) for number in range(39)]


def _fill(connection: Connection, rows: int) -> None:
    connection.execute(FILL, {"rows": rows, "accounts": ACCOUNTS})


def _superuser(engine: Engine) -> Connection:
    return psycopg.connect(cluster.superuser_url(database=str(engine.url.database)))


def _verify(connection: Connection, folder: Path, **more: Any) -> Verdict:  # noqa: ANN401
    return ledger.verify(connection, anchors.read(folder, anchors.public_key()), **more)


@pytest.fixture
def chains(committed: Engine, database: cluster.Urls, tmp_path: Path) -> Iterator[tuple[Connection, Path]]:
    """Give a superuser's connection whose triggers are silent, over rows of which three quarters are anchored."""
    make_secrets()
    with psycopg.connect(database.owner) as owner:
        _fill(owner, ROWS * 3 // 4)
    assert ledger.take_anchor(app_engine(database.app), tmp_path)
    with psycopg.connect(database.owner) as owner:
        _fill(owner, ROWS // 4)
    with _superuser(committed) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.commit()
        yield connection, tmp_path
        connection.rollback()


def _some(
    connection: Connection, dice: random.Random, most: int = 1, *, anchored: bool = False
) -> list[tuple[UUID, int, int]]:
    """Return id, chain and number of random rows of one chain, in order."""
    chain = dice.randrange(16)
    query = "SELECT id, shard, seq FROM registry.audit WHERE shard = %s ORDER BY seq"
    rows = connection.execute(query, [chain]).fetchall()
    rows = rows[: len(rows) // 2] if anchored else rows
    return sorted(dice.sample(rows, min(most, len(rows))), key=lambda row: row[2])


def change(connection: Connection, dice: random.Random) -> None:
    """Update one sealed column of one row."""
    column = next(COLUMNS)
    [(row, _, _)] = _some(connection, dice)
    statement = sql.SQL("UPDATE registry.audit SET {} = {} WHERE id = %s")
    done = connection.execute(statement.format(sql.Identifier(column), sql.SQL(CHANGES[column])), [row])
    assert done.rowcount == 1


def delete(connection: Connection, dice: random.Random) -> None:
    """Delete some rows."""
    ids = [row for row, _, _ in _some(connection, dice, dice.randint(1, 5))]
    connection.execute("DELETE FROM registry.audit WHERE id = ANY (%s)", [ids])


def insert(connection: Connection, dice: random.Random) -> None:
    """Insert a row: the copy of one, one without a seal, or one more at the end."""
    [(row, _chain, _)] = _some(connection, dice)
    connection.execute(
        "CREATE TEMP TABLE forged ON COMMIT DROP AS SELECT * FROM registry.audit WHERE id = %s", [row]
    )
    forms: list[LiteralString] = [
        "id = gen_random_uuid()",
        "id = gen_random_uuid(), shard = NULL, seq = NULL, prev = NULL, hash = NULL, at = date_trunc('month', now())",
        "id = gen_random_uuid(), seq = seq + 100000",
        "id = gen_random_uuid(), shard = 77",
        "id = gen_random_uuid(), seq = -seq",
    ]
    connection.execute(sql.SQL("UPDATE forged SET {}").format(sql.SQL(dice.choice(forms))))
    connection.execute("INSERT INTO registry.audit SELECT * FROM forged")


def swap(connection: Connection, dice: random.Random) -> None:
    """Swap the places of two rows in their chain, with their seals or without."""
    (one, _, _), (two, _, _) = _some(connection, dice, 2)
    seals: LiteralString = ", prev = b.prev, hash = b.hash" if dice.random() < 0.5 else ""
    connection.execute(
        sql.SQL("""UPDATE registry.audit a SET seq = b.seq{} FROM registry.audit b
                   WHERE (a.id, b.id) IN ((%(one)s, %(two)s), (%(two)s, %(one)s))""").format(sql.SQL(seals)),
        {"one": one, "two": two},
    )


def cut(connection: Connection, dice: random.Random) -> None:
    """Cut the end of a chain; when that reaches behind the anchor, put the head there too."""
    [(_, chain, seq)] = _some(connection, dice, anchored=(deep := dice.random() < 0.5))
    connection.execute("DELETE FROM registry.audit WHERE shard = %s AND seq >= %s", [chain, seq])
    if deep:
        _set_head(connection, chain)


def drop_seal(connection: Connection, dice: random.Random) -> None:
    """Take the seal off one row, or off all from there on and put the head back."""
    [(row, chain, seq)] = _some(connection, dice)
    empty: LiteralString = (
        "UPDATE registry.audit SET shard = NULL, seq = NULL, prev = NULL, hash = NULL WHERE "
    )
    if dice.random() < 0.5:
        connection.execute(empty + "id = %s", [row])
    else:
        connection.execute(empty + "shard = %s AND seq >= %s", [chain, seq])
        _set_head(connection, chain)


def rechain(connection: Connection, dice: random.Random) -> None:
    """Change a row before the anchor and make all later seals and the head anew, without a trace in the chain."""
    [(row, chain, _seq)] = _some(connection, dice, anchored=True)
    connection.execute("UPDATE registry.audit SET account_id = gen_random_uuid() WHERE id = %s", [row])
    _reseal(connection, chain)


def forget(connection: Connection, dice: random.Random) -> None:
    """Delete a row before the anchor, close the gap in the numbers, and make all seals and the head anew."""
    [(row, chain, seq)] = _some(connection, dice, anchored=True)
    connection.execute("DELETE FROM registry.audit WHERE id = %s", [row])
    connection.execute("UPDATE registry.audit SET seq = seq - 1 WHERE shard = %s AND seq > %s", [chain, seq])
    _reseal(connection, chain)


def move(connection: Connection, dice: random.Random) -> None:
    """Move a row to the end of another chain, sealed as it should be there; close the gap it leaves or not."""
    [(row, chain, _)] = _some(connection, dice, anchored=True)
    other = (chain + dice.randint(1, 15)) % 16
    end = "(SELECT max(seq) + 1 FROM registry.audit WHERE shard = %(other)s)"
    connection.execute(
        (f"UPDATE registry.audit SET shard = %(other)s, seq = {end} WHERE id = %(row)s"),
        {"other": other, "row": row},
    )
    _reseal(connection, other)
    if dice.random() < 0.5:
        _reseal(connection, chain)


def drop_month(connection: Connection, dice: random.Random) -> None:
    """Drop a whole partition."""
    names = connection.execute("SELECT DISTINCT tableoid::regclass::text FROM registry.audit").fetchall()
    connection.execute(sql.SQL("DROP TABLE {}").format(sql.SQL(dice.choice(sorted(names))[0])))


def set_head(connection: Connection, dice: random.Random) -> None:
    """Change a head, or delete it."""
    forms: list[LiteralString] = [
        "UPDATE registry.audit_head SET seq = seq + 1 WHERE shard = %s",
        "UPDATE registry.audit_head SET hash = sha256(hash) WHERE shard = %s",
        "DELETE FROM registry.audit_head WHERE shard = %s",
    ]
    connection.execute(dice.choice(forms), [dice.randrange(16)])


def _set_head(connection: Connection, chain: int) -> None:
    connection.execute(
        """UPDATE registry.audit_head h SET (seq, hash) = (
             SELECT coalesce(max(a.seq), 0), coalesce((array_agg(a.hash ORDER BY a.seq DESC))[1],
               sha256(convert_to('geo_registry audit ' || h.shard, 'UTF8'))) FROM registry.audit a WHERE a.shard = h.shard)
           WHERE h.shard = %s""",
        [chain],
    )


def _reseal(connection: Connection, chain: int) -> None:
    """Make the seals of a chain anew as the database itself would, and its head."""
    connection.execute(
        f"""
        DO $$ DECLARE one registry.audit; link bytea := sha256('geo_registry audit {int(chain)}'); BEGIN
          FOR one IN SELECT * FROM registry.audit a WHERE a.shard = {int(chain)} ORDER BY a.seq LOOP
            UPDATE registry.audit a SET prev = link, hash = sha256(link || convert_to(registry.audit_line(one), 'UTF8'))
            WHERE a.id = one.id AND a.at = one.at RETURNING a.hash INTO link;
          END LOOP; END $$""",
    )  # fmt: skip
    _set_head(connection, chain)


KINDS: tuple[Callable[[Connection, random.Random], None], ...] = (
    change, change, delete, insert, swap, cut, drop_seal, rechain, forget, move, drop_month, set_head,
)  # fmt: skip


@pytest.mark.promise("P9")
def test_every_tampering_is_found(chains: tuple[Connection, Path]) -> None:
    connection, folder = chains
    assert _verify(connection, folder).faults == []
    connection.rollback()
    attested = anchors.read(folder, anchors.public_key())
    dice = random.Random(909)
    unseen = []
    for number in range(TAMPERS):
        tamper = KINDS[number % len(KINDS)]
        tamper(connection, dice)
        if not ledger.verify(connection, attested).faults:
            unseen.append((number, tamper.__name__))
        connection.rollback()
    assert unseen == []


WRITE: LiteralString = """
INSERT INTO registry.audit (id, at, account_id, action, object_kind, fields, decision, written_xid, written_lsn)
VALUES (registry.new_id(), clock_timestamp(), %s, 'occupants', 'building', '{}', 'granted', pg_current_xact_id(), '0/0')"""


def _write(url: str, rows: int) -> None:
    account = uuid4()
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(rows):
            connection.execute(WRITE, [account])


@pytest.mark.promise("P9")
@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("each", [1000, pytest.param(10_000, marks=pytest.mark.deep)])
def test_nothing_is_found_where_sixteen_only_write(database: cluster.Urls, tmp_path: Path, each: int) -> None:
    make_secrets()
    now = dt.timedelta(0)
    with ThreadPoolExecutor(16) as pool, psycopg.connect(database.owner) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        writers = [pool.submit(_write, database.owner, each) for _ in range(16)]
        faults, checks = [], 0
        while not all(writer.done() for writer in writers) or not checks:
            assert ledger.take_anchor(app_engine(database.app), tmp_path, due=now)
            faults += _verify(reader, tmp_path).faults
            reader.rollback()
            checks += 1
        for writer in writers:
            writer.result()
        verdict = _verify(reader, tmp_path)
    assert (faults, verdict.faults) == ([], [])
    assert (verdict.rows, verdict.unsealed, verdict.anchors) == (16 * each, 0, checks)
    assert checks > 1


def _lines(folder: Path) -> list[bytes]:
    return (folder / anchors.NAME).read_bytes().splitlines(keepends=True)


def _anchored_thrice(database: cluster.Urls, folder: Path) -> list[bytes]:
    make_secrets()
    for _ in range(3):
        with psycopg.connect(database.owner) as owner:
            _fill(owner, 100)
        assert ledger.take_anchor(app_engine(database.app), folder, due=dt.timedelta(0))
    return _lines(folder)


@pytest.mark.promise("P9")
@pytest.mark.usefixtures("committed")
def test_anchors_that_were_altered_are_found(database: cluster.Urls, tmp_path: Path) -> None:
    first, second, third = _anchored_thrice(database, tmp_path)
    forged = anchors.signed({"number": 2})[:-3] + b'"}\n'
    for lines in (
        [first, third], [second, third], [first, second], [second, first, third], [first, second, second, third],
        [first, second.replace(b'"unsealed":0', b'"unsealed":1'), third], [first, forged, third], [first, b"\n", third],
    ):  # fmt: skip
        (tmp_path / anchors.NAME).write_bytes(b"".join(lines))
        with psycopg.connect(database.owner) as connection:
            assert {fault.what for fault in _verify(connection, tmp_path).faults} == {"anchors"}
    (tmp_path / anchors.NAME).write_bytes(first + second + third)
    with psycopg.connect(database.owner) as connection:
        assert _verify(connection, tmp_path).faults == []
        assert anchors.read(tmp_path, "00" * 32).faults


@pytest.mark.usefixtures("committed")
def test_half_a_line_of_a_crash_is_no_anchor(database: cluster.Urls, tmp_path: Path) -> None:
    lines = _anchored_thrice(database, tmp_path)
    (tmp_path / anchors.NAME).write_bytes(b"".join(lines) + lines[0][:200])
    assert ledger.take_anchor(app_engine(database.app), tmp_path, due=dt.timedelta(0))
    assert _lines(tmp_path)[:3] == lines
    with psycopg.connect(database.owner) as connection:
        verdict = _verify(connection, tmp_path)
    assert (verdict.faults, verdict.anchors) == ([], 4)


@pytest.mark.usefixtures("committed")
def test_an_anchor_is_taken_once_an_hour_by_one_of_many(database: cluster.Urls, tmp_path: Path) -> None:
    make_secrets()
    engine = app_engine(database.app)
    assert ledger.take_anchor(engine, tmp_path)
    assert ledger.take_anchor(engine, tmp_path) is None
    line = (tmp_path / anchors.NAME).read_text()
    an_hour_ago = ledger.utc(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=61))
    (tmp_path / anchors.NAME).write_text(re.sub(r'(?<="at":")[^"]+', an_hour_ago, line))
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: ledger.take_anchor(engine, tmp_path), range(8)))
    assert len([digest for digest in taken if digest]) == 1
    assert len(_lines(tmp_path)) == 2


def test_an_anchor_that_cannot_be_written_does_not_count(
    committed: Engine, database: cluster.Urls, tmp_path: Path
) -> None:
    make_secrets()
    (tmp_path / "full").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="full"):
        ledger.take_anchor(app_engine(database.app), tmp_path / "full")
    assert ledger.take_anchor(app_engine(database.app), tmp_path)


@pytest.mark.usefixtures("committed")
def test_verifying_may_begin_at_an_anchor(database: cluster.Urls, tmp_path: Path) -> None:
    _anchored_thrice(database, tmp_path)
    tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).date().isoformat()
    with psycopg.connect(database.owner) as connection:
        _fill(connection, 70)
        key = anchors.public_key()
        verdict = ledger.verify(connection, anchors.read(tmp_path, key, begin=tomorrow), since_begin=True)
        assert (verdict.faults, verdict.rows) == ([], 70)
        whole = ledger.verify(connection, anchors.read(tmp_path, key, begin="2020-01-01"))
        assert (whole.faults, whole.rows) == ([], 370)


def test_rows_from_before_the_chains_are_told_and_no_more_may_come(
    committed: Engine, database: cluster.Urls, tmp_path: Path
) -> None:
    make_secrets()
    with _superuser(committed) as connection:
        connection.execute("SET session_replication_role = replica")
        _fill(connection, 30)
        connection.execute("UPDATE registry.audit SET at = date_trunc('month', now())")
    with psycopg.connect(database.owner) as owner:
        _fill(owner, 200)
    assert ledger.take_anchor(app_engine(database.app), tmp_path)
    with _superuser(committed) as connection:
        verdict = _verify(connection, tmp_path)
        assert (verdict.faults, verdict.rows, verdict.unsealed) == ([], 200, 30)
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "DELETE FROM registry.audit WHERE id = (SELECT id FROM registry.audit WHERE shard IS NULL LIMIT 1)"
        )
        assert [fault.what for fault in _verify(connection, tmp_path).faults] == ["unsealed"]
