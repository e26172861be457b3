"""A plate before it is stored: its texts, and what speaks against it."""

from collections.abc import Callable
from typing import Any

import pytest

from geo_registry.codes import new_id
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate.preview import Preview, preview_address
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]


def codes(found: Preview) -> list[str]:
    return [remark.code for remark in found.remarks]


def test_a_preview_reads_as_the_plate_will(street_of: Lay) -> None:
    street = street_of(2)
    lon, lat = make.metres(30, 12)
    found = preview_address(street.session, street.clerk, place_name_id=street.place.id, lon=lon, lat=lat)
    assert (found.number, found.plate_text, found.kind, found.side) == ("3", "3号", "gate_small", "odd")
    assert found.standard_text.endswith(f"区{street.place.full_name}3号")
    assert found.from_axis_m == pytest.approx(12, abs=0.2)
    assert found.remarks == ()


def test_a_preview_warns_before_anything_is_stored(street_of: Lay) -> None:
    street = street_of(2)
    act = street.session, street.clerk
    place: dict[str, Any] = {"place_name_id": street.place.id}
    taken = preview_address(*act, number="2", **place)
    assert (codes(taken), taken.remarks[0].level) == (["number-taken"], "error")
    lon, lat = make.metres(30, 35)
    odd = preview_address(*act, number="4", lon=lon, lat=lat, **place)
    assert codes(odd) == ["other-side", "far-from-street"]
    assert odd.remarks[0].text == "这一侧编单号，4号 是双号"
    assert odd.remarks[1].text == "距道路中心线 35.0 米，超过 20 米"
    assert codes(preview_address(*act, number="7", side="even", **place)) == ["other-side"]
    make.make_division(street.session, boundary=make.square(90_000, 0, 5000))
    lon, lat = make.metres(90_000, 0)
    assert "other-district" in codes(preview_address(*act, number="4", lon=lon, lat=lat, **place))


def test_a_preview_of_a_community_without_street_names(street_of: Lay) -> None:
    street = street_of(0)
    found = preview_address(
        street.session, street.clerk, community_id=street.place.community_id, number="临3"
    )
    assert (found.kind, found.side) == ("temporary", None)
    assert found.standard_text.endswith("居委会临3号")


def test_a_preview_refuses_what_it_cannot_read(street_of: Lay) -> None:
    street = street_of(0)
    act = street.session, street.clerk
    with pytest.raises(RuleBroken, match="须指明"):
        preview_address(*act, number="3")
    with pytest.raises(RuleBroken):
        preview_address(*act, place_name_id=street.place.id, number="三室一厅")
    with pytest.raises(RuleBroken, match="门牌种类"):
        preview_address(*act, place_name_id=street.place.id, kind="row")
    unknowns: list[dict[str, Any]] = [{"place_name_id": new_id()}, {"community_id": new_id()}]
    for unknown in unknowns:
        with pytest.raises(NotFound):
            preview_address(*act, number="3", **unknown)
