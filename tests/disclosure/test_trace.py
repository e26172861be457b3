"""P25: whoever lets a list out is named by what is left of it, and nobody else ever is."""

# ruff: noqa: ANN401  (an override may be any field of a request)

import csv
import io
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openpyxl import Workbook
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_registry import db
from geo_registry.cli import app as commands
from geo_registry.disclosure import rules
from geo_registry.disclosure.trace import Trace, named, trace, trace_file
from geo_registry.errors import RuleBroken
from tests.disclosure.conftest import Ground

pytestmark = pytest.mark.commits
Save = Callable[[bytes, str], Path]
RECIPIENTS = 50
APPROVED = text("""
    WITH opened AS (UPDATE registry.disclosure SET state = 'approved' RETURNING id)
    INSERT INTO registry.disclosure_approval (disclosure_id, account_id, verdict)
    SELECT opened.id, a.id, 'approved' FROM opened, registry.account a WHERE a.login IN ('head', 'office')
""")


@dataclass(frozen=True, slots=True)
class Leak:
    """What a thief did to a copy, and whose copy it was."""

    disclosure: UUID
    rows: list[list[str]]
    is_sorted: bool


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def _leak(copy: list[list[str]], disclosure: UUID, chance: random.Random) -> Leak:
    """Cut the mark, the headings and half of the rows, put the columns in another order, sort every other time."""
    rows = copy[2:]
    kept = sorted(chance.sample(range(len(rows)), len(rows) // 2))
    order = chance.sample(range(len(rows[0])), len(rows[0]))
    left = [[rows[turn][place] for place in order] for turn in kept]
    if is_sorted := chance.random() < 0.5:
        column = chance.randrange(len(order))
        left.sort(key=lambda row: row[column], reverse=chance.random() < 0.5)
    return Leak(disclosure, left, is_sorted)


def _as_csv(rows: list[list[str]], encoding: str) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode(encoding)


def _as_xlsx(rows: list[list[str]]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(content)
    return content.getvalue()


def _copies(ground: Ground, recipients: int = RECIPIENTS, **over: Any) -> dict[UUID, list[list[str]]]:
    """Return what each recipient of the same list got."""
    asked = [ground.request(recipient=f"第{turn}小学", **over) for turn in range(recipients)]
    with ground.owner.begin() as connection:
        connection.execute(APPROVED)
    return {one: _rows(ground.make(one).content) for one in asked}


def _traced(ground: Ground, leak: Leak, save: Save, chance: random.Random) -> Trace | None:
    form = chance.choice(("xlsx", "utf-8", "gb18030"))
    content = _as_xlsx(leak.rows) if form == "xlsx" else _as_csv(leak.rows, form)
    with Session(ground.owner) as session:
        return named(trace_file(session, save(content, f"leak.{'xlsx' if form == 'xlsx' else 'csv'}")))


def _outcomes(ground: Ground, save: Save, leaks: int, **over: Any) -> Counter[str]:
    chance = random.Random(25)
    copies = _copies(ground, **over)
    found: Counter[str] = Counter()
    for _ in range(leaks):
        asked = chance.choice(list(copies))
        leak = _leak(copies[asked], asked, chance)
        who = _traced(ground, leak, save, chance)
        found["nobody" if who is None else "right" if who.id == asked else "wrong"] += 1
        found["sorted"] += leak.is_sorted
    return found


@pytest.mark.promise("P25")
def test_a_hundred_leaks_name_their_recipient(ground: Ground, saved: Save) -> None:
    found = _outcomes(ground, saved, 100)
    assert found["right"] >= 99
    assert found["wrong"] == 0
    assert 30 <= found["sorted"] <= 70


@pytest.mark.deep
@pytest.mark.promise("P25")
def test_of_a_thousand_leaks_of_a_whole_community_none_names_a_wrong_one(ground: Ground, saved: Save) -> None:
    found = _outcomes(
        ground, saved, 1_000, object_kind="division", object_id=ground.ids["c"], with_numbers=True
    )
    assert found["right"] >= 990
    assert found["wrong"] == 0


@pytest.mark.promise("P25")
def test_a_list_that_the_registry_did_not_make_names_nobody(ground: Ground) -> None:
    _copies(ground, 10)
    chance = random.Random(7)
    with Session(ground.owner) as session:
        living = session.execute(
            text("""SELECT a.standard_text || ba.building_no || u.unit_text FROM registry.housing_unit u
                    JOIN registry.building_address ba USING (building_id) JOIN registry.address a ON a.id = ba.address_id""")
        ).scalars().all()  # fmt: skip
        for _ in range(40):
            rows = [
                [address, "张*", "男"] for address in chance.sample(living, chance.randrange(2, len(living)))
            ]
            assert trace(session, rows) == []
        assert trace(session, []) == []


def test_what_is_left_is_told_with_its_weight(ground: Ground, saved: Save) -> None:
    asked, other = ground.approved(), ground.approved(recipient="另一单位")
    content = ground.make(asked, "xlsx").content
    with Session(ground.owner) as session:
        whole = trace_file(session, saved(content, "whole.xlsx"))
        assert [(one.id, one.is_same_file, one.decoys, one.is_in_order, one.is_marked) for one in whole] == [
            (asked, True, 8, True, True)
        ]
        rows = _rows(ground.make(asked).content)
        # A forged mark does not outweigh what nobody can forge.
        forged = [["对外提供 " + ground.read(other).number], *rows[2:]]
        found = trace(session, forged)
        assert [one.id for one in found] == [asked, other]
        assert named(found) == found[0]
        assert (found[1].is_marked, found[1].decoys, found[1].is_in_order) == (True, 0, False)
        # By the order alone, upside down too.
        decoys = set(session.execute(text("SELECT unnest(decoys) FROM registry.disclosure")).scalars())
        honest = [row for row in rows[2:] if row[0] not in decoys]
        for left in (honest, honest[::-1], honest[:30]):
            (one,) = trace(session, left)
            assert (one.id, one.decoys, one.is_in_order) == (asked, 0, True)
        # Too few rows to be sure of an order say nothing.
        assert trace(session, honest[:8]) == []


def test_another_way_of_writing_hides_nobody(ground: Ground) -> None:
    asked = ground.approved()
    rows = _rows(ground.make(asked).content)[2:]
    widths = str.maketrans("0123456789", "０１２３４５６７８９")
    with Session(ground.owner) as session:
        for change in (
            lambda cell: cell.translate(widths),
            lambda cell: f" {cell[:3]} {cell[3:]} ",
            lambda cell: cell.replace("号", "號"),
        ):
            (one,) = trace(session, [[change(cell) for cell in row] for row in rows])
            assert (one.id, one.decoys, one.is_in_order) == (asked, 8, True)


def test_two_copies_in_one_file_name_both_and_neither_alone(ground: Ground) -> None:
    first, second = ground.approved(), ground.approved(recipient="另一单位")
    rows = [row for asked in (first, second) for row in _rows(ground.make(asked).content)[2:]]
    with Session(ground.owner) as session:
        found = trace(session, rows)
    assert {one.id for one in found} == {first, second}
    assert named(found) is None


@pytest.mark.promise("P25")
def test_decoys_look_like_the_street_and_lie_nowhere(ground: Ground) -> None:
    copies = _copies(ground, 12)
    with Session(ground.owner) as session:
        decoys = session.execute(text("SELECT unnest(decoys) FROM registry.disclosure")).scalars().all()
        real = set(session.execute(text("SELECT standard_text FROM registry.address")).scalars())
    assert len(decoys) == len(set(decoys)) == rules.MOST_DECOYS * 12
    assert all(decoy.startswith("映月路") and decoy.partition("号")[0] + "号" not in real for decoy in decoys)
    assert all(decoy.endswith("室") for decoy in decoys)
    # Nothing in a file tells them from the others.
    for copy in copies.values():
        false = [row for row in copy[2:] if row[0] in set(decoys)]
        true = [row for row in copy[2:] if row[0] not in set(decoys)]
        assert len(false) == rules.MOST_DECOYS
        for place in (1, 2, 4):
            assert {row[place] for row in false} <= {row[place] for row in true}


def test_the_command_names_the_recipient(
    ground: Ground, saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "owner_engine", lambda: ground.owner)
    asked = ground.approved()
    rows = _rows(ground.make(asked).content)
    path = saved(_as_csv(rows[2:50], "utf-8"), "leak.csv")
    told = CliRunner().invoke(commands, ["trace", str(path)])
    assert told.exit_code == 0, told.output
    assert f"{ground.read(asked).number}: 映山区教育局, requested by officer" in told.output
    nobody = CliRunner().invoke(commands, ["trace", str(saved(b"a,b\r\n1,2\r\n", "other.csv"))])
    assert nobody.exit_code == 1
    by_mark = CliRunner().invoke(commands, ["trace", str(saved(_as_csv(rows[:1], "utf-8"), "mark.csv"))])
    assert (by_mark.exit_code, "mark alone" in by_mark.output) == (0, True)


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b'"open', b"\xff\xfe\x00\x01" * 50])
def test_a_file_that_is_no_table_names_nobody(ground: Ground, saved: Save, content: bytes) -> None:
    with Session(ground.owner) as session:
        assert trace_file(session, saved(content, "strange")) == []


def test_a_workbook_without_its_parts_is_refused(ground: Ground, saved: Save) -> None:
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("nothing.txt", "x")
    with Session(ground.owner) as session, pytest.raises(RuleBroken):
        trace_file(session, saved(packed.getvalue(), "leak.xlsx"))
