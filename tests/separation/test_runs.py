"""Runs: a list is loaded, every person gets an outcome, finds are counted apart, a second import is without effect."""

# ruff: noqa: ANN401  (an override may be any item of an outcome)

import datetime as dt
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openpyxl import Workbook
from sqlalchemy import text
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.access import cipher
from geo_registry.access.audit import Look
from geo_registry.access.viewer import enter
from geo_registry.cli import app
from geo_registry.codes import new_id
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, Refused, RegistryError, RuleBroken, Stale
from geo_registry.registration.reads import open_forms
from geo_registry.separation import reads, writes
from geo_registry.separation.load import Loaded, load_list, load_members
from tests.registration.conftest import Desk, citizen_number, sheet

pytestmark = pytest.mark.commits
HEAD = ("姓名", "性别", "公民身份号码", "户籍地址", "现住址")


def open_run(desk: Desk, mode: str = "register_first", login: str = "officer", area: str = "c") -> UUID:
    """Open a run of the community."""
    token, day = desk.tokens[login], today()
    given = writes.Run("九月核对", mode, desk.ids[area], day, day + dt.timedelta(days=30))
    with transaction(desk.app) as session:
        return writes.open_run(session, enter(session, token), token, given).id


def load(desk: Desk, run: UUID, folder: Path, *lines: tuple[str, ...]) -> Loaded:
    """Load a list as the police system writes it."""
    file = folder / f"{new_id()}.csv"
    file.write_text("\n".join(map(",".join, (HEAD, *lines))), encoding="utf-8")
    return load_list(desk.owner, run, file)


def line(
    name: str = "周一", number: str | None = None, current: str = "月河镇映月路8号1幢101室"
) -> tuple[str, ...]:
    """Return one line of a list."""
    return name, "男", number or citizen_number(), "映山区东林镇新街1号", current


def items(desk: Desk, run: UUID, login: str = "officer") -> list[dict[str, Any]]:
    """Look at the persons of a run."""
    return reads.items(desk.app, Look(desk.tokens[login], "03", "核对-0001", None, new_id()), run).rows


def settle(
    desk: Desk, item: UUID | str, outcome: str, login: str = "officer", version: int = 1, **over: Any
) -> writes.Settled:
    """Note an outcome."""
    token = desk.tokens[login]
    with transaction(desk.app) as session:
        told = writes.Outcome(outcome, **over)
        return writes.settle(session, enter(session, token), token, UUID(str(item)), told, version=version)


def read(desk: Desk, run: UUID, login: str = "officer") -> reads.RunRow:
    """Read a run with its progress."""
    token = desk.tokens[login]
    with transaction(desk.app) as session:
        return reads.run(session, enter(session, token), token, run)


def close(desk: Desk, run: UUID, login: str = "officer") -> int:
    """Close a run as it stands."""
    token = desk.tokens[login]
    with transaction(desk.app) as session:
        viewer = enter(session, token)
        version = reads.run(session, viewer, token, run).version
        return writes.close_run(session, viewer, token, run, version=version).version


def find(desk: Desk, run: UUID, number: str, login: str = "officer") -> UUID:
    """Add somebody whom the field found."""
    token = desk.tokens[login]
    given = writes.Find("吴二", "111", number, next(desk.rooms))
    with transaction(desk.app) as session:
        return writes.add_find(session, enter(session, token), token, run, given).id


def code_of(kind: type[RegistryError], call: Any, *given: Any, **more: Any) -> str:
    """Return the code with which a call is refused."""
    with pytest.raises(kind) as caught:
        call(*given, **more)
    return caught.value.code


@pytest.mark.requirement("R15")
def test_every_listed_person_ends_with_an_outcome(desk: Desk, tmp_path: Path) -> None:
    run = open_run(desk)
    assert code_of(Conflict, close, desk, run) == "run-empty"
    loaded = load(
        desk,
        run,
        tmp_path,
        line("周一"),
        line("周二"),
        line("周三"),
        ("", "男", citizen_number(), "", ""),
        line("周四", "123"),
    )
    assert (loaded.rows, loaded.stored, loaded.faults) == (5, 3, {"name-missing": 1, "id-format": 1})
    rows = items(desk, run)
    assert [row["name"] for row in rows] == ["周*"] * 3
    assert all("id_number" not in row for row in rows)
    for row, outcome in zip(rows, ("still_separated", "ended", "not_found"), strict=True):
        assert code_of(Conflict, close, desk, run) == "outcomes-missing"
        assert settle(desk, row["id"], outcome).version == 2
    shown = read(desk, run)
    assert (shown.listed, shown.found, shown.missing) == (3, 0, 0)
    assert shown.outcomes == {"still_separated": 1, "ended": 1, "not_found": 1, "whereabouts_known": 0}
    close(desk, run)
    assert code_of(Conflict, settle, desk, rows[0]["id"], "ended", version=2) == "run-closed"
    assert code_of(Conflict, load, desk, run, tmp_path, line()) == "run-closed"
    assert code_of(Conflict, close, desk, run) == "run-closed"


@pytest.mark.requirement("R16")
def test_finds_of_the_field_are_counted_apart(desk: Desk, tmp_path: Path) -> None:
    run, known = open_run(desk, "field_first"), citizen_number()
    load(desk, run, tmp_path, line(number=known))
    find(desk, run, citizen_number())
    find(desk, run, citizen_number())
    assert code_of(Conflict, find, desk, run, known) == "already-listed"
    shown = read(desk, run)
    assert (shown.listed, shown.found, shown.missing) == (1, 2, 3)
    assert sorted(row["found_in"] for row in items(desk, run)) == ["field", "field", "list"]


@pytest.mark.requirement("R19")
def test_a_second_import_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    run = open_run(desk, "data_only")
    lines = [line(f"郑{n}") for n in "一二三"]
    assert load(desk, run, tmp_path, *lines).stored == 3
    settle(desk, items(desk, run)[0]["id"], "ended")
    kept = desk.one(
        "SELECT string_agg(i::text, ' ' ORDER BY i.id) FROM registry.separation_item i WHERE run_id = :r",
        r=run,
    )
    again = load(desk, run, tmp_path, *lines)
    assert (again.stored, again.unchanged) == (0, 3)
    assert (
        desk.one(
            "SELECT string_agg(i::text, ' ' ORDER BY i.id) FROM registry.separation_item i WHERE run_id = :r",
            r=run,
        )
        == kept
    )
    assert code_of(Conflict, find, desk, run, citizen_number()) == "no-field"


@pytest.mark.requirement("R60")
def test_whereabouts_are_a_rate_with_its_interval(desk: Desk, tmp_path: Path) -> None:
    run = open_run(desk, "data_only")
    load(desk, run, tmp_path, *(line(f"王{n}") for n in range(40)))
    rows = items(desk, run)
    assert code_of(RuleBroken, settle, desk, rows[0]["id"], "whereabouts_known") == "whereabouts-missing"
    assert (
        code_of(RuleBroken, settle, desk, rows[0]["id"], "whereabouts_known", whereabouts="电话13812345678")
        == "text-unreadable"
    )
    for row in rows[:37]:
        settle(desk, row["id"], "whereabouts_known", whereabouts_code="310000", whereabouts="在外务工")
    open_rate = read(desk, run).rate
    assert (open_rate.known, open_rate.persons, open_rate.verdict) == (37, 40, "not_demonstrated")
    assert open_rate.low < 0.925 < open_rate.high
    for row in rows[37:]:
        settle(desk, row["id"], "not_found")
    close(desk, run)
    assert read(desk, run).rate.verdict == "missed"
    assert reads.rate_of(95, 100, is_full=True).verdict == "met"


@pytest.mark.requirement("R102")
def test_a_separated_person_is_registered_where_he_lives_with_a_receipt(desk: Desk, tmp_path: Path) -> None:
    run, number, home = open_run(desk), citizen_number(), next(desk.rooms)
    load(desk, run, tmp_path, line("钱三", number))
    row = items(desk, run)[0]
    told = reads.open_item(
        desk.app, Look(desk.tokens["officer"], "03", "核对-0001", None, new_id()), run, UUID(row["id"])
    )[1]
    assert (told["name"], told["id_number"]) == ("钱三", number)
    assert code_of(RuleBroken, settle, desk, row["id"], "still_separated", unit_id=home) == "number-differs"
    assert (
        code_of(Conflict, settle, desk, row["id"], "ended", unit_id=home, id_number=number) == "case-not-due"
    )
    settled = settle(desk, row["id"], "still_separated", unit_id=home, id_number=number)
    case = settled.case_id
    assert case
    shown = desk.row(case)
    assert (shown.form, shown.action, shown.source, shown.status) == (
        "resident_not_registered_here", "register", "separation", "draft",
    )  # fmt: skip
    drafted = open_forms(desk.app, desk.look("clerk"), case).forms[0]
    assert (drafted["name"], drafted["id_number"], drafted["category"]) == ("钱三", number, "local_hukou")
    desk.fill(case, sheet(
        name="钱三", id_number=number, category="local_hukou", hukou_code=None, hukou_address=None,
        proof="title", hukou_unit_id=str(desk.ids["distant_unit"]), since=str(today()), id=drafted["id"],
    ))  # fmt: skip
    desk.submit(case)
    desk.passed(case, officer="partner")
    slip = desk.one("SELECT slip_number FROM registry.case_person WHERE case_id = :c", c=case)
    assert slip
    lives = """SELECT g.status FROM registry.residence r JOIN registry.registration g ON g.residence_id = r.id
        WHERE r.unit_id = :u AND upper_inf(r.sys)"""
    assert desk.one(lives, u=home) == "active"


@pytest.mark.requirement("R107")
def test_members_of_collective_households_are_checked_as_all_others(desk: Desk) -> None:
    unit, holder = next(desk.rooms), next(desk.rooms)
    numbers = [citizen_number(), citizen_number()]
    for number in numbers:
        desk.registered(sheet(id_number=number, relation_to_head="8"), unit=unit, household_kind="collective")
    household = desk.one(
        "SELECT id FROM registry.household WHERE unit_id = :u AND kind = 'collective' LIMIT 1", u=unit
    )
    assert household
    desk.one("UPDATE registry.household SET holder_unit_id = :h WHERE unit_id = :u", h=holder, u=unit)
    third = new_id()
    number = citizen_number()
    with desk.owner.begin() as connection:
        connection.execute(
            text("""INSERT INTO registry.person (id, name, sex, birth_year, birth_month, id_type, id_number, id_index, id_tail)
                VALUES (:id, '孙六', '1', 1990, 2, '111', :cipher, :index, :tail)"""),
            {
                "id": third,
                "cipher": cipher.seal("person", "id_number", third, number),
                "index": cipher.blind_index("111", number),
                "tail": number[-2:],
            },
        )
        connection.execute(
            text("INSERT INTO registry.hukou (person_id, unit_id) VALUES (:p, :u)"), {"p": third, "u": holder}
        )
    run = open_run(desk, "data_only")
    first = load_members(desk.owner, run)
    assert (first.stored, load_members(desk.owner, run).stored) == (3, 0)
    shown = read(desk, run)
    assert (shown.listed, shown.collective) == (3, 3)
    assert {row["id_tail"] for row in items(desk, run)} == {one[-2:] for one in (*numbers, number)}


def test_a_run_belongs_to_its_area_and_its_roles(desk: Desk, tmp_path: Path) -> None:
    run = open_run(desk)
    load(desk, run, tmp_path, line())
    item = items(desk, run)[0]["id"]
    assert code_of(Refused, open_run, desk, login="clerk") == "not-allowed"
    assert code_of(NotFound, open_run, desk, area="far") == "not-found"
    assert code_of(Refused, settle, desk, item, "ended", login="clerk") == "not-allowed"
    assert code_of(Refused, settle, desk, item, "ended", login="distant") == "not-allowed"
    assert code_of(Stale, settle, desk, item, "ended", version=7) == "stale"
    assert code_of(NotFound, settle, desk, new_id(), "ended") == "not-found"
    with pytest.raises(NotFound):
        items(desk, new_id())
    with pytest.raises(Refused):
        items(desk, run, "clerk")


def test_a_spreadsheet_on_the_command_line(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, book, file, told = open_run(desk), Workbook(), tmp_path / "list.xlsx", line("冯七")
    page = book.active
    assert page
    page.append(HEAD)
    page.append(told)
    book.save(file)
    url = desk.owner.url.render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    for stored in ("1", "0"):
        shown = CliRunner().invoke(app, ["separation", "load", str(run), str(file)])
        assert shown.exit_code == 0, shown.output
        assert told[2] not in shown.output
        assert f" {stored} " in next(one for one in shown.output.splitlines() if "stored" in one)
    assert CliRunner().invoke(app, ["separation", "members", str(run)]).exit_code == 0
    assert CliRunner().invoke(app, ["separation", "load", str(new_id()), str(file)]).exit_code == 1
