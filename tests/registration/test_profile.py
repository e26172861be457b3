"""Residence profiles and the calendar of working days."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from geo_registry.cli import app
from geo_registry.errors import RuleBroken
from geo_registry.residence.calendar import FOLDER as CALENDARS
from geo_registry.residence.calendar import add_working_days, is_known, is_working_day, read_year
from geo_registry.residence.profile import FOLDER, GENERAL, read_residence_profile, residence_profile

DAY = dt.date(2026, 6, 1)
HOLDING = {path.stem for path in FOLDER.glob("*.yaml")}


@pytest.mark.parametrize("code", sorted(HOLDING))
def test_every_shipped_profile_holds(code: str) -> None:
    found = residence_profile(code, DAY)
    assert (found.code, found.calendar) == (code, "cn")
    assert found.presence_days == 3
    assert (found.term_months, found.renewal_days, found.decision_ahead_days) == (12, 30, 0)


@pytest.mark.requirement("R2", "R81")
def test_what_differs_from_place_to_place() -> None:
    assert (
        residence_profile("shanghai", DAY).inclusive,
        residence_profile("shanghai", DAY).overseas_admitted,
    ) == (True, False)
    everybody = residence_profile("all-residents", DAY)
    assert (everybody.inclusive, everybody.overseas_admitted) == (False, True)
    # A scheme without a profile of its own has the general one, and so has a day before the first version.
    assert (
        residence_profile("village", DAY).code
        == residence_profile("shanghai", dt.date(2005, 1, 1)).code
        == GENERAL
    )


def test_a_faulty_profile_names_its_field(tmp_path: Path) -> None:
    text = (FOLDER / "national.yaml").read_text(encoding="utf-8")
    for change, field in (
        ("presence_days: 3", "presence_days"),
        ("code: national", "code"),
        ("inclusive: true", "inclusive"),
    ):
        path = tmp_path / "faulty.yaml"
        path.write_text(text.replace(change, f"{field}: []"), encoding="utf-8")
        with pytest.raises(RuleBroken, match=field):
            read_residence_profile(path)
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(RuleBroken, match="YAML"):
        read_residence_profile(path)
    path.write_text(text + "valid_to: 1999-01-01\n", encoding="utf-8")
    with pytest.raises(RuleBroken, match="valid_to"):
        read_residence_profile(path)


def _checked(*files: Path) -> tuple[int, str]:
    told = CliRunner().invoke(app, ["residence", "profile", "check", *map(str, files)])
    return told.exit_code, told.output


def test_the_command_names_every_fault_with_file_and_field(tmp_path: Path) -> None:
    shipped = [*FOLDER.glob("*.yaml"), *CALENDARS.glob("*.yaml")]
    assert _checked(*shipped) == (0, f"{len(shipped)} files hold\n")
    assert _checked()[0] == 0
    text = (FOLDER / "national.yaml").read_text(encoding="utf-8")
    ours, year, odd = tmp_path / "ours.yaml", tmp_path / "cn-2027.yaml", tmp_path / "odd.yaml"
    ours.write_text(
        text.replace("term_months: 12", "term_months: 0").replace("max_per_room: 2", "max_per_rom: 2")
    )
    year.write_text(
        "year: 2026\nholidays: [[2026-01-01, 2026-01-03, 元旦]]\nwork_days: [2026-01-02, 2026-01-05]\n"
    )
    odd.write_text("- 1\n")
    code, told = _checked(ours, year, odd)
    assert code == 1
    for fault in (
        "ours.yaml: term_months: ", "ours.yaml: occupancy.max_per_room: ", "ours.yaml: occupancy.max_per_rom: ",
        "cn-2027.yaml: year: ", "cn-2027.yaml: work_days: 2026-01-02 is a holiday", "work_days: 2026-01-05 is no weekend",
        "odd.yaml: file: ",
    ):  # fmt: skip
        assert fault in told
    ours.write_text(text.replace("calendar: cn", "calendar: moon"))
    assert "ours.yaml: calendar: moon has no file" in _checked(ours)[1]
    assert "file: cannot be read" in _checked(tmp_path / "none.yaml")[1]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-14", True), ("2026-02-15", False), ("2026-02-23", False), ("2026-02-24", True), ("2026-02-28", True),
        ("2026-10-01", False), ("2026-10-08", True), ("2026-10-10", True), ("2026-10-11", False), ("2026-11-21", False),
        ("2025-01-26", True), ("2025-01-28", False), ("2025-10-08", False), ("2025-10-11", True), ("2025-05-31", False),
        ("2030-05-01", False), ("2030-05-06", True), ("2030-10-05", False),
    ],
)  # fmt: skip
def test_working_days(day: str, *, works: bool) -> None:
    assert is_working_day("cn", dt.date.fromisoformat(day)) is works


def test_days_are_counted_over_holidays() -> None:
    assert add_working_days("cn", dt.date(2026, 9, 30), 1) == dt.date(2026, 10, 8)
    # The Saturday worked in place of a holiday counts.
    assert add_working_days("cn", dt.date(2026, 10, 8), 2) == dt.date(2026, 10, 10)
    assert add_working_days("cn", dt.date(2026, 2, 13), 2) == dt.date(2026, 2, 24)
    assert is_known("cn", 2026)
    assert not is_known("cn", 2030)


@given(st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31)), st.integers(0, 40))
def test_the_last_day_counted_is_worked(day: dt.date, count: int) -> None:
    end = add_working_days("cn", day, count)
    between = (day + dt.timedelta(days=n) for n in range(1, (end - day).days + 1))
    assert sum(is_working_day("cn", one) for one in between) == count
    assert count == 0 or is_working_day("cn", end)


@pytest.mark.parametrize(
    "text",
    [
        "year: 2027",
        "[",
        "year: 2027\nholidays: [[2026-01-01, 2026-01-02, 元旦]]\nwork_days: []",
        "year: 2027\nholidays: []\nwork_days: [2026-01-01]",
    ],
)
def test_a_faulty_year_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cn-2027.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RuleBroken, match=r"cn-2027\.yaml"):
        read_year(path)
