"""What two do to one run or one person at once, and what of a list the server may hold."""

import datetime as dt
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_registry.access.audit import Look, Target, look
from geo_registry.access.viewer import enter
from geo_registry.codes import new_id
from geo_registry.db import today, transaction
from geo_registry.errors import PurposeRequired, RegistryError
from geo_registry.residence import decisions
from geo_registry.separation import reads, writes
from tests.registration.conftest import Desk, citizen_number, sheet
from tests.separation.test_runs import close, items, line, load, open_run, read, settle

pytestmark = pytest.mark.commits
WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class Later(threading.Thread):
    """An act that begins while another one is not committed yet; `outcome` is what it said."""

    def __init__(self, act: Any, *given: Any) -> None:  # noqa: ANN401  (any act)
        super().__init__()
        self.act, self.given, self.outcome = act, given, ""
        self.start()

    def run(self) -> None:
        """Act once."""
        try:
            self.act(*self.given)
            self.outcome = "done"
        except RegistryError as refused:
            self.outcome = refused.code

    def until_it_waits(self, desk: Desk) -> None:
        """Return when the act waits for a lock, or has ended."""
        for _ in range(1_000):
            if not self.is_alive() or desk.one(WAITS):
                return
            self.join(0.02)


@pytest.mark.requirement("R15")
def test_a_run_that_is_being_added_to_does_not_close(desk: Desk, tmp_path: Path) -> None:
    run, token = open_run(desk), desk.tokens["officer"]
    load(desk, run, tmp_path, line())
    settle(desk, items(desk, run)[0]["id"], "ended")
    with transaction(desk.app) as session:
        found = writes.Find("吴二", "111", citizen_number(), next(desk.rooms))
        writes.add_find(session, enter(session, token), token, run, found)
        closing = Later(close, desk, run)
        closing.until_it_waits(desk)
    closing.join()
    assert closing.outcome == "outcomes-missing"
    assert read(desk, run).closed_at is None


def merging(desk: Desk, session: Any, twin: UUID, kept: UUID) -> None:  # noqa: ANN401  (a session)
    """Merge one record into another, without committing it."""
    own = new_id()
    asked = "SELECT outcome FROM registry.judge_lineage(sha256(:t), :own, 1, 'approved', :own)"
    proposed = (
        "SELECT registry.propose_lineage(sha256(:t), :own, 'merge', :twin, :kept, '{}', '核对一致', :own)"
    )
    tokens = [desk.tokens[login].encode() for login in ("head", "second")]
    given = {"own": own, "twin": twin, "kept": kept}
    assert session.execute(text(proposed), {**given, "t": tokens[0]}).scalar_one() == "done"
    assert session.execute(text(asked), {"own": own, "t": tokens[1]}).scalar_one() == "done"


def lives(desk: Desk) -> UUID:
    """Register somebody and return the record."""
    case = desk.registered(sheet())
    found: UUID = desk.one("SELECT person_id FROM registry.case_person WHERE case_id = :c", c=case)
    return found


def test_a_decision_that_waits_for_a_merge_is_of_the_record_that_holds(desk: Desk) -> None:
    twin, kept, token = lives(desk), lives(desk), desk.tokens["officer"]

    def decide() -> None:
        with transaction(desk.app) as session:
            viewer = enter(session, token)
            decisions.decide(session, viewer, token, twin, "false_alarm", "每天往返两地", today())

    with transaction(desk.app) as session:
        merging(desk, session, twin, kept)
        deciding = Later(decide)
        deciding.until_it_waits(desk)
    deciding.join()
    assert deciding.outcome == "done"
    of = "SELECT person_id FROM registry.separation_decision WHERE person_id IN (:a, :b)"
    assert desk.one(of, a=twin, b=kept) == kept


def test_a_referral_that_waits_for_a_merge_is_of_the_record_that_holds(desk: Desk) -> None:
    twin, kept, token = lives(desk), lives(desk), desk.tokens["officer"]
    desk.one("DELETE FROM registry.hukou WHERE person_id IN (:a, :b)", a=twin, b=kept)

    def refer() -> None:
        with transaction(desk.app) as session:
            writes.refer(session, enter(session, token), token, twin, "police")

    with transaction(desk.app) as session:
        merging(desk, session, twin, kept)
        referring = Later(refer)
        referring.until_it_waits(desk)
    referring.join()
    assert referring.outcome == "done"
    of = "SELECT person_id FROM registry.hukou_referral WHERE person_id IN (:a, :b)"
    assert desk.one(of, a=twin, b=kept) == kept


def test_the_server_gets_a_list_masked(desk: Desk, tmp_path: Path) -> None:
    child = citizen_number(f"{today() - dt.timedelta(days=5 * 366):%Y%m%d}")
    run, number = open_run(desk), citizen_number()
    load(desk, run, tmp_path, line("钱小三", number), line("钱小四", child))
    asked = Look(desk.tokens["officer"], "03", "核对-0001", None, new_id())
    rows = look(desk.app, asked, Target("run", "separation_run", run, ("name_masked",)))[1]["rows"]
    assert [(row["name"], row["minor"], row["id_tail"]) for row in rows] == [
        ("钱**", False, number[-2:]), (None, True, None),
    ]  # fmt: skip
    assert rows[0]["age"] == today().year - int(number[6:10]) - (today().month < int(number[10:12]))
    assert not any(value in str(rows) for value in ("小三", "小四", number, child))
    assert all("id_number" not in row and "known" not in row for row in rows)


def test_a_purpose_without_numbers_opens_nobody_of_a_run(desk: Desk, tmp_path: Path) -> None:
    run = open_run(desk)
    load(desk, run, tmp_path, line())
    item = UUID(items(desk, run)[0]["id"])
    desk.one("""INSERT INTO registry.purpose (code, title, legal_basis, roles, case_pattern, fields, valid)
        VALUES ('71', '电话回访', '地方规定', ARRAY['officer'], '.{4,60}', ARRAY['phone'], '[2000-01-01,)')""")
    plain = Look(desk.tokens["officer"], "71", "核对-0001", None, new_id())
    assert len(reads.items(desk.app, plain, run).rows) == 1
    with pytest.raises(PurposeRequired) as refused:
        reads.open_item(desk.app, plain, run, item)
    assert refused.value.code == "field-not-allowed"
    full = Look(desk.tokens["officer"], "03", "核对-0001", None, new_id())
    assert reads.open_item(desk.app, full, run, item)[1]["name"] == "周一"
