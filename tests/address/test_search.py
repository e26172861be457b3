"""Search as one types, on one lane, a street of shops and an estate with a former name."""

from collections.abc import Callable

import pytest
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.reads import Hit, search
from geo_registry.codes import new_codes
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
    for typed, marked in (("yyl218-6-402", ((0, 6), (7, 8), (9, 12))), ("yingyuel218n6h402", ((0, 12),))):
        assert find(typed)[0].highlight == marked
    assert find("yingy")[0].highlight == ((0, 2),)


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
    tower = make.make_building(session, name="金桂大厦")
    typed = (
        "映月路218弄6号402室", "映月", "yyl218", "映月新村6幢", "学前街3号", "映", "y", "映月新村", "金桂大厦",
        "金桂", "映日路218弄6号", "映越路218弄6号", "映月lu218", "yyl218n6h", "某处映月路218弄6号", "月路", tower.code,
        tower.code[:8], "映月路 218 6 402", "文昌3号",
    )  # fmt: skip
    for text in typed:
        assert find(text, stranger) == (), text
        assert find(text) != (), text


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


@pytest.fixture
def town(session: Session) -> Find:
    """Build a small town of streets, an estate and named buildings; answer a search on it."""
    district = make.make_division(session, name="映山区")
    community = make.make_division(
        session, parent=make.make_division(session, parent=district, name="望澜街道"), name="春晓社区"
    )
    street = make.make_street(session, "映月路", community=community)
    lane = make.make_street(session, "218弄", kind="lane", parent=street)
    for number in (6, 60):
        building = make.make_building(session, address=make.make_address(session, number, street=lane))
        make.make_unit(session, building, "402")
    for name in ("绿汀路", "中山东路", "中山西路", "学前街", "东湖路"):
        other = make.make_street(session, name, community=community)
        make.make_building(session, address=make.make_address(session, 12, street=other))
    estate = make.make_street(session, "竹海小区", kind="estate", parent=lane)
    for figure in (3, 12):
        address = make.make_address(
            session, figure, street=estate, number_key=f"b{figure}", number_text=f"{figure}幢"
        )
        make.make_unit(session, make.make_building(session, address=address), "1001")
    tower = make.make_building(
        session, address=make.make_address(session, 30, street=street), name="金桂大厦"
    )
    make.make_unit(session, tower, "802")

    def found(text: str, **more: object) -> tuple[Hit, ...]:
        return search(session, make.make_viewer(), text=text, **more).hits  # type: ignore[arg-type]

    return found


HOUSE = "映月路218弄6号"
TYPED = {
    "exact": [
        (HOUSE, HOUSE, "A"),
        ("映山区望澜街道春晓社区映月路218弄6号", HOUSE, "A"),
        ("映月路218弄竹海小区12幢", "映月路218弄竹海小区12幢", "A"),
    ],
    "a word dropped": [
        ("映月路218弄6", HOUSE, "A"),
        ("映月218弄6号", HOUSE, "B"),
        ("学前12", "学前街12号", "B"),
        ("映月路218-6", HOUSE, "A"),
        ("映月路 218 6", HOUSE, "A"),
    ],
    "one wrong character": [
        ("映日路218弄6号", HOUSE, "B"),
        ("映月月路218弄6号", HOUSE, "B"),
        ("月路218弄6号", HOUSE, "B"),
        ("月映路218弄6号", HOUSE, "B"),
        ("中山冬路12号", "中山东路12号", "C"),
        ("中衫东路12号", "中山东路12号", "B"),
    ],
    "a character of the same sound": [
        ("英悦路218弄6号", HOUSE, "B"),
        ("映越路218弄6号", HOUSE, "B"),
        ("绿听路12号", "绿汀路12号", "B"),
        ("学钱街12号", "学前街12号", "C"),
    ],
    "another way of writing": [
        ("映月路 ２１８弄 ６号", HOUSE, "A"),
        ("映月路218弄六号", HOUSE, "A"),
        ("映月路二百一十八弄6号", HOUSE, "A"),
        ("映月路218弄6號", HOUSE, "A"),
        ("綠汀路12號", "绿汀路12号", "A"),
        ("學前街12號", "学前街12号", "A"),
        ("東湖路１２號", "东湖路12号", "A"),
        ("映月路218弄竹海小区12号楼", "映月路218弄竹海小区12幢", "A"),
        ("竹海小区12栋", "映月路218弄竹海小区12幢", "A"),
        ("竹海小區12號樓", "映月路218弄竹海小区12幢", "A"),
    ],
    "pinyin": [
        ("yingyuelu218nong6hao", HOUSE, "B"),
        ("yingyuelu 218 long 6 hao", HOUSE, "B"),
        ("ying yue lu 218nong6", HOUSE, "B"),
        ("yingyuelu218-6", HOUSE, "B"),
        ("zhuhaixiaoqu12zhuang", "映月路218弄竹海小区12幢", "B"),
        ("zhuhaixiaoqu12haolou1001", "映月路218弄竹海小区12幢1001室", "B"),
    ],
    "initials": [
        ("yyl218n6h", HOUSE, "B"),
        ("yyl218n6h 402", "映月路218弄6号402室", "B"),
        ("yyl218-6-402", "映月路218弄6号402室", "B"),
        ("YYL 218 6", HOUSE, "B"),
        ("zsdl12h", "中山东路12号", "B"),
    ],
    "characters and letters": [
        ("映月lu218弄6号", HOUSE, "B"),
        ("映月lu218-6", HOUSE, "B"),
        ("ying月路218弄6号", HOUSE, "B"),
        ("映y路218弄6", HOUSE, "B"),
        ("映山区映yl218弄6号", HOUSE, "B"),
        ("映月路218n6h", HOUSE, "A"),
    ],
    "a building's name": [
        ("金桂大厦", "映月路30号", "A"),
        ("金桂大厦30号", "映月路30号", "B"),
        ("金桂大厦30号802室", "映月路30号802室", "B"),
        ("金桂", "金桂大厦", "C"),
    ],
    "an estate's name": [
        ("竹海小区", "映月路218弄竹海小区", "A"),
        ("竹海", "映月路218弄竹海小区", "B"),
        ("竹海小区3幢1001", "映月路218弄竹海小区3幢1001室", "A"),
    ],
    "a unit": [
        ("映月路218弄6号402室", "映月路218弄6号402室", "A"),
        ("映月路218弄6号402", "映月路218弄6号402室", "A"),
        ("映日路218弄6号402室", "映月路218弄6号402室", "B"),
    ],
    "behind other words": [
        ("近某某广场旁边映月路218弄6号", HOUSE, "C"),
        ("海小", "映月路218弄竹海小区", "C"),
    ],
    "the first keystroke": [
        ("映", "映月路", "B"),
        ("y", "映月路", "B"),
        ("z", "中山东路", "C"),
    ],
}


@pytest.mark.parametrize(("text", "first", "match"), [case for cases in TYPED.values() for case in cases])
def test_ways_of_typing(town: Find, text: str, first: str, match: str) -> None:
    hits = town(text)
    assert [(hit.text, hit.match) for hit in hits[:1]] == [(first, match)], [
        (hit.kind, hit.text, hit.match, hit.reason, hit.score) for hit in hits
    ]


def test_the_beginning_of_a_code_brings_what_bears_it(session: Session) -> None:
    # Four figures alone are read as a number.
    plate = make.make_plate(session, code=next(c for c in new_codes(1000) if not c[:4].isdecimal()))
    viewer = make.make_viewer()
    for length, match in ((4, None), (8, "B"), (12, "B"), (13, "A")):
        typed = plate.code[:length]
        for text in (typed, typed.lower(), f"{typed[:4]}-{typed[4:]}", f"P {typed}"):
            hits = [hit for hit in search(session, viewer, text=text).hits if hit.id == plate.id]
            assert hits, text
            assert match in (None, hits[0].match)


def test_what_is_near_the_middle_of_the_map_comes_first_among_candidates(session: Session) -> None:
    near, far = make.metres(0, 0), make.metres(9000, 0)
    for x, name in ((0, "映山路"), (9000, "映水路"), (9000, "映水东路")):
        make.make_street(session, name, axis=make.line((x, 0), (x + 10, 0)))
    viewer = make.make_viewer()

    def texts(text: str, at: tuple[float, float]) -> list[str]:
        return [hit.text for hit in search(session, viewer, text=text, near=at).hits]

    assert texts("映", near)[0] == "映山路"
    assert texts("映", far)[:2] == ["映水路", "映水东路"]
    assert texts("ys", far)[0] == "映水路"
    # What was asked for stands first, however far.
    assert texts("映水路", near)[0] == "映水路"


def test_one_name_in_many_places_brings_the_nearest_door(session: Session) -> None:
    viewer = make.make_viewer()
    for place in range(40):
        street = make.make_street(session, "映月路", axis=None)
        make.make_address(session, 6, street=street, position=make.point(500 * place, 0))
    for place in (0, 7, 39):
        at = make.metres(500 * place, 20)
        first = search(session, viewer, text="映月路6号", limit=5, near=at).hits[0]
        assert first.lon == pytest.approx(make.metres(500 * place, 0)[0], abs=1e-6)


def test_a_name_that_many_buildings_bear_stands_once_until_it_is_whole(session: Session) -> None:
    for _ in range(3):
        make.make_building(session, name="金桂大厦")
    viewer = make.make_viewer()
    begun = search(session, viewer, text="金桂").hits
    assert [(hit.text, hit.match) for hit in begun] == [("金桂大厦", "C")]
    assert "共 3 栋" in begun[0].note
    assert [hit.match for hit in search(session, viewer, text="金桂大厦").hits] == ["A", "A", "A"]


def test_a_name_given_a_moment_ago_is_found_in_every_way(session: Session, town: Find) -> None:
    assert town("云溪大道5号") == ()
    street = make.make_street(session, "云溪大道")
    make.make_address(session, 5, street=street)
    for text in ("云溪大道5号", "雲溪大道5號", "云西大道5号", "yxdd5h", "云x大道5"):
        assert town(text)[0].text == "云溪大道5号", text


def test_a_door_of_another_name_is_never_what_was_asked_for(town: Find) -> None:
    for text in ("中山北路12号", "中山路12号", "映月路216弄6号", "映月路218弄7号", "映日路218弄7号"):
        assert all(hit.match != "A" for hit in town(text)), text


def test_the_first_letter_brings_what_is_near_among_more_names_than_are_read(session: Session) -> None:
    community = make.make_community(session)
    district = community.district_id
    session.execute(
        sql(
            "INSERT INTO registry.place_name (kind, name, normal_name, full_name, pinyin, initials, scope_id, district_id)"
            " SELECT 'street', '映' || n || '路', '映' || n || '路', '映' || n || '路', 'ying' || n || 'lu', 'y' || n || 'l',"
            " :district, :district FROM generate_series(1000, 1999) n"
        ),
        {"district": district},
    )
    make.make_street(session, "映紫路", community=community, axis=make.line((50, 0), (60, 0)))
    for text in ("映", "y"):
        hits = search(session, make.make_viewer(), text=text, limit=5, near=make.metres(0, 0)).hits
        assert hits[0].text == "映紫路"
