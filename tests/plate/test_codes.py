"""The square code of a plate: written and read back, and nothing that was not signed is taken for it."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as some

from geo_registry.codes import ALPHABET, check_character, new_code
from geo_registry.errors import RuleBroken
from geo_registry.plate.codes import plate_url, read_code, sign, signed_code
from geo_registry.settings import make_secrets


@pytest.fixture(scope="module", autouse=True)
def keys() -> None:
    make_secrets()


def test_what_is_written_is_read_back() -> None:
    code = new_code()
    written = plate_url(code)
    assert written.startswith("http://127.0.0.1:8100/p/")
    for text in (written, f" {written}\n", signed_code(code), signed_code(code).lower(), written.upper()):
        assert read_code(text) == code
    assert read_code(f"https://plates.example.cn/of/town/p/{signed_code(code)}") == code


def test_the_address_holds_the_code_and_the_signature_alone() -> None:
    code = new_code()
    assert plate_url(code).rsplit("/", 1)[1] == f"{code}.{sign('plate', code)}"
    assert len(signed_code(code)) == 13 + 1 + 8
    assert sign("plate", code) == sign("plate", code) != sign("plate", new_code())


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "/p/", "7KQ4M2XP9RTC5", "http://127.0.0.1:8100/p/", "http://127.0.0.1:8100/p/7KQ4M2XP9RTC5",
        "javascript:alert(1)", "\x00", "龘" * 22, "A" * 100_000, "7KQ4M2XP9RTC5.00000000",
    ],
)  # fmt: skip
def test_no_code_at_all_is_refused(text: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        read_code(text)
    assert refused.value.code == "plate-code"
    assert refused.value.facts["field"] == "code"


@given(some.text(max_size=60))
def test_any_text_is_refused_and_never_a_fault(text: str) -> None:
    with pytest.raises(RuleBroken):
        read_code(text)


def test_one_changed_character_is_refused() -> None:
    code = new_code()
    whole = signed_code(code)
    for place, char in enumerate(whole):
        if char != ".":
            other = secrets.choice([one for one in "234567ABCDEFGH" if one != char])
            with pytest.raises(RuleBroken):
                read_code(whole[:place] + other + whole[place + 1 :])


def test_a_made_up_code_needs_the_key() -> None:
    body = "".join(secrets.choice(ALPHABET) for _ in range(12))
    code = body + check_character(body)
    with pytest.raises(RuleBroken):
        read_code(f"{code}.{sign('certificate', code)}")
    assert read_code(signed_code(code, "certificate"), "certificate") == code
