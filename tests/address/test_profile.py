"""Scheme profiles: the shipped ones, and faults reported at their line."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geo_registry.address.profile import check_profile, load_profile, read_profile, shipped_profiles
from geo_registry.commands.profile import app, composed
from geo_registry.errors import RuleBroken

GOOD = shipped_profiles()["shanghai"].read_text(encoding="utf-8")


def _line_of(text: str, piece: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if piece in line)


@pytest.mark.parametrize("code", ["shanghai", "village", "road-section"])
def test_shipped_profiles_are_sound_and_compose_their_examples(code: str) -> None:
    profile = load_profile(code)
    assert profile.code == code
    assert [composed(profile, text) for text in profile.examples] == list(profile.examples)
    assert load_profile(code) is profile


@pytest.mark.parametrize(
    ("piece", "wrong", "field", "message"),
    [
        ("script: hans", "script: latin", "script", "allowed: 'hans' or 'hant'"),
        ("  maximum: 9999", "  maximum: many", "numbering.maximum", "valid integer"),
        ("  maximum: 9999", "  maximum: 3", "numbering.maximum", "greater than or equal to 9"),
        ("  step_m: 4", "  step_metres: 4", "numbering.step_metres", "did you mean step_m?"),
        ("  step_m: 4", "  step_m: -4", "numbering.step_m", "greater than 0"),
        ("code: shanghai", "code: Shang Hai", "code", "must match"),
        ("valid_from: 2000-01-01", "valid_from: soon", "valid_from", "date"),
        ("  mode: order", "  mode: by-ear", "numbering.mode", "allowed: 'order' or 'distance'"),
        ("  position: inside", "  position: 5", "sub_number.position", "allowed: 'inside' or 'behind'"),
        ("    parents: [street, lane]", "    parents: [road, lane]", "parts[2].parents[0]", "'street'"),
        ("    parents: [street, lane]", "    parents: [estate]", "parts[2].parents", "must stand earlier"),
        ("  first: 1", "  first: 99998", "numbering.first", "must not exceed maximum"),
        ("  max_per_room: 2", "  max_per_room: 0", "occupancy.max_per_room", "greater than 0"),
        ("  - kind: sub_lane", "  - kind: street", "parts[2].kind", "stands twice"),
        ("street_unique_in: district", "street_unique_in: planet", "street_unique_in", "'township'"),
    ],
)
def test_a_wrong_value_is_reported_at_its_line(piece: str, wrong: str, field: str, message: str) -> None:
    assert GOOD.count(piece) >= 1
    text = GOOD.replace(piece, wrong, 1)
    profile, faults = read_profile(text)
    assert profile is None
    fault = next(fault for fault in faults if fault.field == field)
    assert fault.line == _line_of(GOOD, piece)
    assert message in fault.message


def test_every_fault_is_reported_in_the_order_of_the_lines() -> None:
    text = GOOD.replace("script: hans", "script: x").replace("  step_m: 4", "  step_m: x")
    _, faults = read_profile(text)
    assert [fault.field for fault in faults] == ["script", "numbering.step_m"]
    assert faults == sorted(faults, key=lambda fault: fault.line)


def test_a_missing_field_is_named() -> None:
    _, faults = read_profile(GOOD.replace("street_unique_in: district\n", ""))
    assert [(fault.field, fault.message) for fault in faults] == [
        ("street_unique_in", "is missing and must be given")
    ]


def test_a_repeated_key_is_named_with_both_lines() -> None:
    text = GOOD + "\nscript: hant\n"
    first, second = _line_of(text, "script: hans"), _line_of(text, "script: hant")
    _, faults = read_profile(text)
    assert str(faults[0]) == f"{second}: script: stands twice, first on line {first}"


@pytest.mark.parametrize(
    ("text", "field"),
    [("a: [1", "syntax"), ("- 1", "file"), ("", "file"), ("a: \t b: c", "syntax")],
)
def test_what_is_no_profile_at_all(text: str, field: str) -> None:
    profile, faults = read_profile(text)
    assert profile is None
    assert faults[0].field == field


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("valid_from: 2000-01-01", "valid_from: 2000-01-01\nvalid_to: 1999-01-01", "must lie after"),
        ("  - {kind: number, title: 号, suffixes: [号, 號]}\n", "", "kind number is missing"),
        ("    suffixes: [支弄]\n", "", "needs suffixes"),
        ("    parents: [street]\n", "", "can stand nowhere"),
        ("levels: [township, district]", "levels: [district, township]", "in the order township, district"),
        ("kinds: [street]", "kinds: [street, group]", "group is no part of this profile"),
        (
            "marks:\n",
            "marks:\n  - {text: 特, key: T}\n",
            "T is used by an earlier mark",
        ),
        (
            "  - {kind: number, title: 号, suffixes: [号, 號]}\n",
            "  - {kind: number, title: 号, suffixes: [号]}\n  - {kind: hamlet, title: 湾, may_start: true}\n",
            "must stand before number",
        ),
    ],
)
def test_contradictions_are_reported(old: str, new: str, message: str) -> None:
    assert old in GOOD
    profile, faults = read_profile(GOOD.replace(old, new, 1))
    assert profile is None
    assert any(message in fault.message for fault in faults)


def test_a_kind_of_name_is_approved_by_the_levels_of_its_profile() -> None:
    levels = {code: load_profile(code).naming_levels("street") for code in shipped_profiles()}
    assert levels == {
        "national": ("district",),
        "road-section": ("district",),
        "shanghai": ("township", "district"),
        "village": ("district",),
    }
    assert load_profile("village").naming_levels("group") == ("township",)
    without = GOOD[: GOOD.index("naming:")] + GOOD[GOOD.index("sub_number:") :]
    free, faults = read_profile(without)
    assert not faults
    assert free is not None
    assert free.naming_levels("street") == ()


def test_targets_hold_for_their_time() -> None:
    text = GOOD.replace(
        "    - {rate: registration_rate, target_permille: 910}",
        "    - {rate: registration_rate, target_permille: 910, valid_to: 2027-01-01}\n"
        "    - {rate: registration_rate, target_permille: 950, valid_from: 2027-01-01}",
    )
    profile, faults = read_profile(text)
    assert profile is not None, faults
    found = [profile.target("registration_rate", day) for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert [target and target.target_permille for target in found] == [910, 950]
    assert profile.target("completeness_rate", date(2026, 1, 1)) is None


def test_unknown_profiles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleBroken, match="shipped profiles: national, road-section, shanghai, village"):
        load_profile("atlantis")
    broken = tmp_path / "broken.yaml"
    broken.write_text(GOOD.replace("script: hans", "script: x"), encoding="utf-8")
    with pytest.raises(RuleBroken, match=r"broken.yaml:9: script"):
        load_profile(broken)


def test_command_lists_and_checks(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["list"])
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == list(shipped_profiles())
    checked = runner.invoke(app, ["check", str(shipped_profiles()["village"])])
    assert checked.exit_code == 0
    assert "  彭家湾3组25号附1号" in checked.stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD.replace("  step_m: 4", "  step_m: x"), encoding="utf-8")
    refused = runner.invoke(app, ["check", str(bad)])
    assert refused.exit_code == 1
    assert f"{bad}:{_line_of(GOOD, '  step_m: 4')}: numbering.step_m: 'x'" in refused.output
    bad.write_text(GOOD.replace("  - 三新路119-1号", "  - 三新路"), encoding="utf-8")
    refused = runner.invoke(app, ["check", str(bad)])
    assert refused.exit_code == 1
    assert "三新路 cannot be read" in refused.output


def test_a_profile_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "copy.yaml"
    path.write_text(GOOD, encoding="utf-8")
    profile, faults = check_profile(path)
    assert not faults
    assert profile == load_profile("shanghai")
    assert [part.kind for part in load_profile(path).place_parts] == ["street", "lane", "sub_lane", "estate"]
    assert load_profile(path).part("hamlet") is None
