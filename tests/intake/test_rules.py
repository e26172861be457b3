"""What a declaration must hold."""

# ruff: noqa: ANN401  (an override may be any field)

import datetime as dt
from typing import Any

import pytest

from geo_registry.errors import RuleBroken
from geo_registry.intake.rules import Declared, check_declared

DAY = dt.date(2026, 11, 23)
ADULT, CHILD = "11010519491231002X", "110105201212310019"


def _checked(**over: Any) -> Declared:
    given = {
        "kind": "arrival", "address": " 月河镇 映月路８号 402室 ", "name": "张 小满", "id_type": "111", "id_number": ADULT,
        "phone": "138 1234 5678", "on_day": DAY, "is_adult": True, "agrees": True, "today": DAY, **over,
    }  # fmt: skip
    return check_declared(**given)


def test_a_declaration_takes_its_normal_form() -> None:
    told = _checked()
    assert (told.address, told.phone, told.document.normal) == ("月河镇映月路8号402室", "13812345678", ADULT)


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"kind": "birth"}, "kind"),
        ({"id_number": CHILD}, "id_number"),
        ({"id_type": "414", "id_number": "E12345678", "is_adult": False}, "id_number"),
        ({"id_number": "110105194912310021"}, "id_number"),
        ({"address": "8号"}, "address"),
        ({"address": f"映月路8号{ADULT}"}, "address"),
        ({"name": "13812345678"}, "name"),
        ({"name": "<script>"}, "name"),
        ({"phone": "12"}, "phone"),
        ({"on_day": DAY - dt.timedelta(400)}, "on_day"),
        ({"on_day": DAY + dt.timedelta(32)}, "on_day"),
        ({"agrees": False}, "agrees"),
    ],
)
def test_what_is_missing_or_wrong_names_its_field(over: dict[str, Any], field: str) -> None:
    with pytest.raises(RuleBroken) as caught:
        _checked(**over)
    assert caught.value.facts["field"] == field
    assert ADULT not in caught.value.detail


def test_a_passport_tells_no_birth_so_the_adult_says_so() -> None:
    assert _checked(id_type="414", id_number="E12345678").document.birth_date is None
    assert _checked(name="Ana-Maria O'Neil", id_type="414", id_number="E12345678").name == "Ana-Maria O'Neil"
