"""Identity documents, and what a list may show."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_registry.errors import RuleBroken
from geo_registry.person.rules import (
    Exclusion,
    IdType,
    age_band,
    age_on,
    check_credit_code,
    check_document,
    exclusion_of,
    id_check_character,
    is_minor_under_14,
    last_two,
    month_of,
    sex_disagrees,
)

TODAY = date(2026, 6, 1)
VALID = [
    ("111", "11010519491231002X", date(1949, 12, 31), "2"),
    ("111", "440524188001010014", date(1880, 1, 1), "1"),
    ("111", "310112199003072013", date(1990, 3, 7), "1"),
    ("111", "810000199801010017", date(1998, 1, 1), "1"),
    ("111", "830000199801010010", date(1998, 1, 1), "1"),
]


@pytest.mark.parametrize(("kind", "number", "birth", "sex"), VALID)
def test_known_numbers(kind: str, number: str, birth: date, sex: str) -> None:
    document = check_document(kind, number, on=TODAY)
    assert (document.normal, document.birth_date, document.sex) == (number, birth, sex)
    assert document.warnings == (("id-residence-permit",) if number[0] == "8" else ())


@pytest.mark.parametrize(("kind", "number", "birth", "sex"), VALID)
def test_any_other_last_character_is_refused(kind: str, number: str, birth: date, sex: str) -> None:
    for last in set("0123456789X") - {number[-1]}:
        with pytest.raises(RuleBroken) as caught:
            check_document(kind, number[:-1] + last, on=TODAY)
        assert caught.value.code == "id-check"
        assert number[:6] not in str(caught.value)


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 999))
def test_made_numbers_are_read(birth: date, sequence: int) -> None:
    body = f"990101{birth:%Y%m%d}{sequence:03d}"
    document = check_document(IdType.CITIZEN_ID, body + id_check_character(body), on=TODAY)
    assert document.birth_date == birth
    assert document.sex == ("1" if sequence % 2 else "2")
    assert document.warnings == ("id-division-unknown",)


def test_input_is_normalised() -> None:
    assert check_document("111", " 110105 19491231 002x ", on=TODAY).normal == "11010519491231002X"
    assert check_document("111", "１１０１０５１９４９１２３１００２Ｘ", on=TODAY).sex == "2"


def test_fifteen_digits_are_lengthened_and_warned_about() -> None:
    document = check_document("111", "110105491231002", on=TODAY)
    assert document.normal == "11010519491231002X"
    assert "id-fifteen-digits" in document.warnings


@pytest.mark.parametrize(
    ("kind", "number", "code"),
    [
        ("111", "", "id-format"),
        ("111", "1101051949123100", "id-format"),
        ("553", "310112199003072013", "id-format"),
        ("516", "12345678", "id-format"),
        ("511", "123", "id-format"),
        ("414", "AB", "id-format"),
        ("library_card", "1", "id-type"),
    ],
)
def test_wrong_forms_are_refused(kind: str, number: str, code: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        check_document(kind, number, on=TODAY)
    assert caught.value.code == code


@pytest.mark.parametrize("figures", ["20260602", "19900230", "18000101", "00000000"])
def test_impossible_births_are_refused(figures: str) -> None:
    body = f"310112{figures}201"
    with pytest.raises(RuleBroken) as caught:
        check_document("111", body + id_check_character(body), on=TODAY)
    assert caught.value.code == "id-birth"


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("516", "H12345678"),
        ("516", "m1234567801"),
        ("511", "12345678"),
        ("414", "E12345678"),
        ("414", "EA1234567"),
        ("414", "G12345678"),
        ("414", "C01X00T47"),
        ("553", "ABC123456789012"),
        ("113", "007123456"),
    ],
)
def test_other_documents_tell_nothing_but_their_form(kind: str, number: str) -> None:
    document = check_document(kind, number, on=TODAY)
    assert (document.normal, document.birth_date, document.sex) == (number.upper(), None, None)


def test_a_passport_of_another_form_is_told() -> None:
    assert check_document("414", "E12345678", on=TODAY).warnings == ()
    assert check_document("414", "EI1234567", on=TODAY).warnings == ("passport-foreign-form",)


def test_new_permanent_card() -> None:
    body = "931156" + "19900101" + "123"
    document = check_document("553", body + id_check_character(body), on=TODAY)
    assert document.birth_date == date(1990, 1, 1)


def test_stated_sex_may_disagree() -> None:
    document = check_document("111", "310112199003072013", on=TODAY)
    assert sex_disagrees(document, "2")
    assert not sex_disagrees(document, "1")
    assert not sex_disagrees(document, None)
    assert not sex_disagrees(document, "9")


def test_credit_codes() -> None:
    assert check_credit_code("91350100m000100y43 ") == "91350100M000100Y43"
    for wrong, code in (("91350100M000100Y44", "credit-check"), ("91350100I000100Y43", "credit-format")):
        with pytest.raises(RuleBroken) as caught:
            check_credit_code(wrong)
        assert caught.value.code == code


def test_of_a_birth_the_month_is_kept() -> None:
    assert month_of(check_document("111", "11010519491231002X", on=TODAY)) == (1949, 12)
    assert month_of(check_document("990", "ABCD1234", on=TODAY)) == (None, None)


def test_last_two() -> None:
    assert last_two("11010519491231002x") == "2X"


def test_ages() -> None:
    assert age_on(date(2000, 2, 29), date(2025, 2, 28)) == 24
    assert age_on(date(2000, 2, 29), date(2025, 3, 1)) == 25
    assert is_minor_under_14(date(2012, 6, 2), TODAY)
    assert not is_minor_under_14(date(2012, 6, 1), TODAY)
    bands = [age_band(date(2026 - years, 6, 1), TODAY) for years in (0, 5, 6, 13, 14, 17, 18, 59, 60, 100)]
    assert bands == ["0-5", "0-5", "6-13", "6-13", "14-17", "14-17", "18-59", "18-59", "60+", "60+"]


@pytest.mark.parametrize(
    ("days", "inclusive", "wanted"),
    [(2, True, Exclusion.TOO_SHORT), (3, True, None), (3, False, Exclusion.TOO_SHORT), (4, False, None)],
)
def test_three_days_count_in_by_default(*, days: int, inclusive: bool, wanted: Exclusion | None) -> None:
    found = exclusion_of(days=days, is_overseas=False, is_serving=False, inclusive=inclusive)
    assert found is wanted


def test_excluded_persons_are_named() -> None:
    assert exclusion_of(days=9, is_overseas=True, is_serving=False) is Exclusion.OVERSEAS
    assert exclusion_of(days=9, is_overseas=False, is_serving=True) is Exclusion.SERVING
