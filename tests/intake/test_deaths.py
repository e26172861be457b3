"""Deaths that are told: found among the registered, proposed, and cancelled only after both reviews (R77)."""

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from geo_registry import cluster
from geo_registry.access.audit import Look
from geo_registry.access.viewer import enter
from geo_registry.cli import app
from geo_registry.codes import new_id
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken
from geo_registry.intake import reads, writes
from geo_registry.intake.deaths import Compared, import_deaths
from tests.intake.conftest import register_of
from tests.registration.conftest import Desk, citizen_number, sheet

pytestmark = pytest.mark.commits
DIED = today() - dt.timedelta(days=2)


def _resident(desk: Desk) -> tuple[str, UUID]:
    number, home = citizen_number("19300101"), next(desk.rooms)
    desk.registered(sheet(id_number=number), unit=home)
    return number, home


def _feed(desk: Desk, folder: Path, *lines: tuple[str, str]) -> Compared:
    file = folder / f"{new_id()}.csv"
    rows = [f"某某,{number},{day},病故" for number, day in lines]
    file.write_text("\n".join(["姓名,身份证号,死亡日期,死因", *rows]), encoding="utf-8")
    return import_deaths(desk.owner, file)


def _notice(desk: Desk, home: UUID) -> UUID:
    query = """SELECT n.id FROM registry.death_notice n JOIN registry.residence r ON r.person_id = n.person_id
        WHERE r.unit_id = :home ORDER BY n.id DESC LIMIT 1"""
    return UUID(str(desk.one(query, home=home)))


def _confirm(desk: Desk, notice: UUID, login: str = "officer") -> UUID:
    token = desk.tokens[login]
    with transaction(desk.app) as session:
        decided = writes.confirm_death(session, enter(session, token), token, notice, version=1)
    assert decided.case_id
    return decided.case_id


def _lives(desk: Desk, home: UUID) -> bool:
    query = "SELECT count(*) FROM registry.residence WHERE unit_id = :u AND upper_inf(sys) AND valid @> CURRENT_DATE"
    return bool(desk.one(query, u=home))


@pytest.mark.requirement("R77")
def test_only_hits_are_kept_and_a_second_import_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    number, home = _resident(desk)
    before = register_of(desk)
    lines = (
        (number, str(DIED)), (citizen_number("19310101"), str(DIED)), ("12345", str(DIED)), (number, "not a day"),
        (number, str(today() + dt.timedelta(1))),
    )  # fmt: skip
    first = _feed(desk, tmp_path, *lines)
    assert (first.rows, first.found, first.stored) == (5, 1, 1)
    assert first.faults == {"id-format": 1, "day-invalid": 2}
    kept = desk.one("SELECT string_agg(n::text, ' ') FROM registry.death_notice n")
    assert "病故" not in kept
    assert number not in kept
    again = _feed(desk, tmp_path, *lines)
    assert (again.found, again.stored) == (1, 0)
    assert desk.one("SELECT string_agg(n::text, ' ') FROM registry.death_notice n") == kept
    assert register_of(desk) == before
    assert _lives(desk, home)


@pytest.mark.requirement("R77")
def test_nothing_is_cancelled_without_both_reviews(desk: Desk, tmp_path: Path) -> None:
    number, home = _resident(desk)
    _feed(desk, tmp_path, (number, f"{DIED:%Y%m%d}"))
    notice = _notice(desk, home)
    told = reads.open_notice(
        desk.app, Look(desk.tokens["officer"], "05", "死亡-0001", None, new_id()), notice
    ).notice
    assert (told["name"], told["died_on"], told["unit_id"]) == ("陈小满", str(DIED), str(home))
    case = _confirm(desk, notice)
    row = desk.row(case)
    assert (row.status, row.source, row.action) == ("draft", "death", "cancel")
    desk.submit(case)
    assert _lives(desk, home)
    with pytest.raises(Refused) as own:
        desk.judge("officer", case, "take")
    assert own.value.code == "own-case"
    desk.judge("partner", case, "take")
    desk.judge("partner", case, "pass")
    assert _lives(desk, home)
    desk.judge("head", case, "pass")
    assert not _lives(desk, home)
    ended = "SELECT end_reason || ' ' || upper(valid) FROM registry.residence WHERE unit_id = :u AND upper_inf(sys)"
    assert desk.one(ended, u=home) == f"deceased {DIED}"


def test_a_notice_is_decided_once_by_who_may(desk: Desk, tmp_path: Path) -> None:
    number, home = _resident(desk)
    _feed(desk, tmp_path, (number, str(DIED)))
    notice = _notice(desk, home)
    for login, kind in (("clerk", Refused), ("distant", Refused)):
        with pytest.raises(kind):
            _confirm(desk, notice, login)
    token = desk.tokens["head"]
    with transaction(desk.app) as session:
        viewer = enter(session, token)
        done = writes.reject_death(session, viewer, token, notice, "同名不同人，已电话核实", version=1)
    assert (done.version, done.case_id) == (2, None)
    assert _lives(desk, home)
    with pytest.raises(Conflict), transaction(desk.app) as session:
        writes.confirm_death(session, enter(session, token), token, notice, version=2)
    with pytest.raises(NotFound), transaction(desk.app) as session:
        writes.confirm_death(session, enter(session, token), token, new_id(), version=1)
    with transaction(desk.app) as session:
        rows = reads.death_notices(session, token, status="rejected", limit=100).rows
    assert notice in {row.id for row in rows}
    assert "陈小满" not in str(rows)


def test_a_spreadsheet_on_the_command_line(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, home = _resident(desk)
    book, file = Workbook(), tmp_path / "deaths.xlsx"
    sheet_of = book.active
    assert sheet_of
    for line in (
        ("证件类型", "证件号码", "死亡日期"),
        ("居民身份证", number, f"{DIED:%Y年%m月%d日}"),
        ("护照", "E12345678", str(DIED)),
    ):
        sheet_of.append(line)
    book.save(file)
    url = desk.owner.url.render_as_string(hide_password=False)
    monkeypatch.setattr(cluster, "urls", lambda: cluster.Urls(url, url))
    shown = CliRunner().invoke(app, ["import", "deaths", str(file)])
    assert shown.exit_code == 0, shown.output
    assert number not in shown.output
    assert _notice(desk, home).version == 7


def test_a_file_without_its_columns_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("姓名,日期\n某,2026-01-01\n", encoding="utf-8")
    with pytest.raises(RuleBroken) as caught:
        import_deaths(desk.owner, file)
    assert caught.value.code == "column-missing"
