"""Ids, public codes and the codes of other registers."""

import uuid

import pytest

from geo_registry.codes import (
    ALPHABET,
    CODE_LENGTH,
    CodeKind,
    DivisionLevel,
    check_character,
    format_code,
    is_public_code,
    new_code,
    new_codes,
    new_id,
    new_ids,
    parse_code,
    parse_division_code,
    parse_grid_code,
)
from geo_registry.errors import RuleBroken


def test_ids_rise_and_are_version_7() -> None:
    made = [new_id(), *new_ids(5000), new_id(), *[new_id() for _ in range(500)], *new_ids(10)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert new_ids(0) == []


def test_alphabet_leaves_out_what_is_misread() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 31
    assert not set("0OILU") & set(ALPHABET)


def test_codes_are_distinct_and_well_formed() -> None:
    codes = new_codes(2000)
    assert len(set(codes)) == 2000
    assert all(len(code) == CODE_LENGTH and parse_code(code) == (None, code) for code in codes)


def _is_caught(wrong: str) -> bool:
    return check_character(wrong[:-1]) != wrong[-1]


def test_check_catches_every_single_substitution() -> None:
    for code in new_codes(20):
        for place in range(CODE_LENGTH):
            for char in set(ALPHABET) - {code[place]}:
                assert _is_caught(code[:place] + char + code[place + 1 :])


def test_check_catches_every_exchange_of_neighbours() -> None:
    for first in ALPHABET:
        for second in set(ALPHABET) - {first}:
            for place in range(CODE_LENGTH - 2):
                body = "7" * place + first + second + "7" * (CODE_LENGTH - 3 - place)
                code = body + check_character(body)
                assert _is_caught(code[:place] + second + first + code[place + 2 :])


def test_check_catches_an_exchange_with_the_check_character() -> None:
    for code in new_codes(500):
        if code[-1] != code[-2]:
            assert _is_caught(code[:-2] + code[-1] + code[-2])


@pytest.mark.parametrize("kind", list(CodeKind))
def test_codes_are_read_as_they_are_written(kind: CodeKind) -> None:
    code = new_code()
    shown = format_code(kind, code)
    assert shown[:2] == f"{kind.value} "
    assert [len(block) for block in shown[2:].split("-")] == [4, 4, 4, 1]
    for typed in (shown, shown.lower(), shown.replace("-", " "), f"{kind}{code}", f" {kind}-{code} "):
        assert parse_code(typed) == (kind, code)
    assert parse_code(format_code(None, code)) == (None, code)
    assert is_public_code(shown)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "code-length"),
        ("7KQ4", "code-length"),
        ("X7KQ4M2XP9RTC5", "code-kind"),
        ("7KQ4-M2XP-9RTO-5", "code-character"),
        ("映月路218弄", "code-length"),
    ],
)
def test_bad_codes_say_what_is_wrong(text: str, code: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        parse_code(text)
    assert caught.value.code == code
    assert not is_public_code(text)


def test_a_wrong_check_character_is_named() -> None:
    code = new_code()
    wrong = code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 31]
    with pytest.raises(RuleBroken, match="校验位"):
        parse_code(wrong)


@pytest.mark.parametrize(
    ("text", "level", "short"),
    [
        ("31", DivisionLevel.PROVINCE, "31"),
        ("310112", DivisionLevel.DISTRICT, "310112"),
        ("310112000000", DivisionLevel.DISTRICT, "310112"),
        ("310112101", DivisionLevel.TOWNSHIP, "310112101"),
        ("310112101005", DivisionLevel.COMMUNITY, "310112101005"),
        ("441900003000", DivisionLevel.TOWNSHIP, "441900003"),
    ],
)
def test_division_codes(text: str, level: DivisionLevel, short: str) -> None:
    code = parse_division_code(text)
    assert (code.level, code.short) == (level, short)
    assert len(code.digits) == 12


def test_parents_of_a_division() -> None:
    code = parse_division_code("310112101005")
    chain = []
    while code.parent:
        code = code.parent
        chain.append(code.short)
    assert chain == ["310112101", "310112", "3101", "31"]


@pytest.mark.parametrize(
    "text", ["", "3", "31011", "abcdef", "000000", "310012", "310112000005", "３１０x12"]
)
def test_bad_division_codes(text: str) -> None:
    with pytest.raises(RuleBroken):
        parse_division_code(text)


def test_grid_codes() -> None:
    grid = parse_grid_code("310112101005007")
    assert (grid.community.short, grid.sequence, str(grid)) == ("310112101005", 7, "310112101005007")
    for bad in ("31011210100500", "310112101005000", "310112101000001", "31011210100500x"):
        with pytest.raises(RuleBroken):
            parse_grid_code(bad)
