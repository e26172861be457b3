"""Search as one types, on one lane, a street of shops and an estate with a former name."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.reads import Hit, search
from geo_registry.housing.tables import Building
from tests import factories as make

Find = Callable[..., tuple[Hit, ...]]


@pytest.fixture
def find(session: Session) -> Find:
    """Build 映月路 with shops, 218弄 with houses 1, 6, 16, 60, and the estate 映月新村; answer a search on it."""
    district = make.make_division(session, name="映山区")
    community = make.make_division(
        session, parent=make.make_division(session, parent=district, name="望澜街道")
    )
    street = make.make_street(session, "映月路", community=community)
    lane = make.make_street(session, "218弄", kind="lane", parent=street)
    for number in (1, 6, 16, 60):
        building = make.make_building(
            session, address=make.make_address(session, number, street=lane), name="映月新村"
        )
        for room in ("101", "402", "403"):
            make.make_unit(session, building, room)
        if number == 6:
            make.make_alias(session, building, "映月新村6幢")
    shop = make.make_address(session, 218, street=street)
    make.make_plate(session, shop)
    other = make.make_division(session, name="青浦区")
    make.make_address(session, 6, street=make.make_street(session, "映月路", community=make.make_division(
        session, parent=make.make_division(session, parent=other))))  # fmt: skip
    old = make.make_street(session, "文昌路", community=community)
    make.make_alias(session, old, "学前街")
    make.make_address(session, 3, street=old)

    def found(text: str, viewer: Viewer | None = None, **more: object) -> tuple[Hit, ...]:
        return search(session, viewer or make.make_viewer(), text=text, **more).hits  # type: ignore[arg-type]

    return found


def _shown(hits: tuple[Hit, ...]) -> list[tuple[str, str, str]]:
    return [(hit.kind, hit.text, hit.match) for hit in hits]


def test_a_whole_address_is_found_exactly(find: Find) -> None:
    first = find("映月路218弄6号402室")[0]
    assert (first.kind, first.text, first.match) == ("unit", "映月路218弄6号402室", "A")
    assert first.building_id is not None
    assert first.unit_id == first.id
    assert first.highlight == ((0, 13),)


def test_a_number_still_being_typed_brings_building_units_and_longer_numbers(find: Find) -> None:
    hits = find("映月路218弄6")
    assert _shown(hits)[:4] == [
        ("building", "映月路218弄6号", "A"), ("unit", "映月路218弄6号101室", "A"),
        ("unit", "映月路218弄6号402室", "A"), ("unit", "映月路218弄6号403室", "A"),
    ]  # fmt: skip
    assert ("building", "映月路218弄60号", "C") in _shown(hits)
    assert hits[0].highlight == ((0, 8),)
    assert "映月新村 · 3户" in hits[0].note


def test_a_lane_brings_the_door_of_the_same_number_as_a_candidate(find: Find) -> None:
    beside = [hit for hit in find("映月路218弄6") if hit.reason.startswith("号与弄不同")]
    assert [hit.text for hit in beside] == ["映月路218号", "映月路218号"]
    assert {hit.kind for hit in beside} == {"address", "plate"}


def test_initials_pinyin_and_figures(find: Find) -> None:
    texts = [hit.text for hit in find("yyl218")]
    assert "映月路218弄" in texts
    assert "映月路218号" in texts
    assert find("yyl218-6")[0].text == "映月路218弄6号"
    assert find("yyl218-6-402")[0].text == "映月路218弄6号402室"
    assert "映月路" in [hit.text for hit in find("yingyue")]


def test_former_names_lead_to_what_stands_there_now(find: Find) -> None:
    alias = find("映月新村6幢")[0]
    assert (alias.kind, alias.match, alias.reason) == ("building", "B", "曾用名")
    assert "映月路218弄6号" in alias.note
    street = find("学前街3号")[0]
    assert (street.text, street.match, street.reason) == ("文昌路3号", "B", "曾用名")


def test_divisions_tell_streets_of_one_name_apart(find: Find) -> None:
    assert find("青浦区映月路6号")[0].text == "映月路6号"
    assert find("青浦区映月路6号")[0].match == "A"
    assert all(hit.match == "C" for hit in find("青浦区映月路218弄6号"))


def test_a_missing_lane_is_a_choice_not_a_guess(find: Find) -> None:
    inside = [hit for hit in find("映山区映月路16号") if hit.kind == "building"]
    assert [(hit.text, hit.match, hit.reason) for hit in inside] == [("映月路218弄16号", "C", "未写弄号")]


def test_a_beginning_brings_names_in_order(find: Find) -> None:
    hits = find("映月")
    assert hits[0].text == "映月路"
    assert hits[0].highlight == ((0, 2),)


def test_a_generic_word_left_out_is_put_in(find: Find) -> None:
    first = find("文昌3号")[0]
    assert (first.text, first.match) == ("文昌路3号", "B")


def test_a_street_named_after_an_estate_is_read_whole(session: Session) -> None:
    district = make.make_division(session, name="映山区")
    community = make.make_division(session, parent=make.make_division(session, parent=district))
    street = make.make_street(session, "春园西路", community=community)
    lane = make.make_street(session, "49弄", kind="lane", parent=street)
    make.make_building(session, address=make.make_address(session, 3, street=lane))
    for text in ("春园西路49弄3号", "映山区春园西路49弄3号"):
        first = search(session, make.make_viewer(), text=text).hits[0]
        assert (first.kind, first.text, first.match) == ("building", "春园西路49弄3号", "A")


def test_public_codes_of_every_class(session: Session) -> None:
    plate = make.make_plate(session)
    unit = make.make_unit(session)
    viewer = make.make_viewer()
    for row, kind in ((plate, "plate"), (unit, "unit")):
        spaced = f"{row.code[:4]}-{row.code[4:8]}-{row.code[8:]}".lower()
        hits = search(session, viewer, text=spaced).hits
        assert [(hit.kind, hit.id, hit.match) for hit in hits] == [(kind, row.id, "A")]


@pytest.mark.parametrize(
    "text", ["", " ", "%", "号", "💥", "a", "'; --", "９", "映" * 300, "\x00", "218弄", "_____"]
)
def test_any_text_is_answered(find: Find, text: str) -> None:
    assert isinstance(find(text), tuple)


def test_nothing_outside_the_area_is_found(session: Session, find: Find) -> None:
    stranger = make.make_viewer(areas=[make.make_community(session).id])
    for text in ("映月路218弄6号402室", "映月", "yyl218", "映月新村6幢", "学前街3号"):
        assert find(text, stranger) == ()


def test_a_room_needs_no_entrance_while_one_entrance_alone_has_it(find: Find, session: Session) -> None:
    building = session.get_one(Building, find("映月路218弄16号")[0].id)
    make.make_unit(session, building, "501", entrance=make.make_entrance(session, building))
    first = find("映月路218弄16号501室")[0]
    assert (first.kind, first.match, first.reason) == ("unit", "B", "补全单元")
    make.make_unit(session, building, "501", entrance=make.make_entrance(session, building, 2))
    hits = find("映月路218弄16号501室")
    assert [(hit.kind, hit.match, hit.reason) for hit in hits[:3]] == [
        ("unit", "C", "未写单元"), ("unit", "C", "未写单元"), ("building", "C", "上级地址"),
    ]  # fmt: skip


def test_the_building_of_a_room_that_is_not_there_is_a_candidate(find: Find) -> None:
    assert {hit.match for hit in find("映月路218弄6号999室")} == {"C"}
