"""Search by how a name sounds, and by a name with a slip in it."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.reads import Hit, search
from geo_registry.housing.sounds import add_sounds
from tests import factories as make


def found(session: Session, text: str, viewer: Viewer | None = None) -> tuple[Hit, ...]:
    return search(session, viewer or make.make_viewer(), text=text).hits


def test_buildings_and_estates_are_found_by_sound_and_initials(session: Session) -> None:
    community = make.make_community(session)
    lane = make.make_street(session, "218弄", kind="lane", community=community)
    for number in (1, 6, 16):
        make.make_building(session, address=make.make_address(session, number, street=lane), name="映月新村")
    hall_door = make.make_address(session)
    hall = make.make_building(session, name="金桂大厦", address=hall_door)
    make.make_building(session, name="金桂大厦北楼", address=make.make_address(session))
    estate = make.make_street(session, "竹海水韵", kind="estate")
    add_sounds(session)
    for typed, marked in (("jgds", 4), ("金gds", 4), ("jinguidasha", 4), ("jing", 2)):
        hits = [hit for hit in found(session, typed) if hit.kind == "building"]
        assert (hits[0].id, hits[0].text, hits[0].match) == (hall.id, "金桂大厦", "C"), typed
        assert hits[0].highlight == ((0, marked),)
        assert hits[1].text == "金桂大厦北楼"
    sole = found(session, "jgdsbl")[0]
    assert (sole.text, sole.match, sole.reason) == ("金桂大厦北楼", "B", "楼栋名称拼音首字母")
    # With a number behind it the door is offered, its room too.
    number = hall_door.number
    make.make_unit(session, hall, "802")
    assert found(session, f"jgds{number}h")[0].text == hall_door.standard_text
    assert found(session, f"jinguidasha{number}hao802")[0].text.endswith(f"{number}号802室")
    # Three houses bear the name of the estate around them: it stands once.
    houses = [hit for hit in found(session, "yyxc") if hit.kind == "building"]
    assert [(hit.text, hit.match) for hit in houses] == [("映月新村", "C")]
    assert houses[0].note.endswith("共 3 栋")
    for typed in ("zhsy", "zhuhaishuiyun", "竹hs韵"):
        assert [(hit.id, hit.match) for hit in found(session, typed)] == [(estate.id, "B")]
    elsewhere = make.make_viewer(areas=[make.make_community(session).id])
    assert found(session, "jgds", elsewhere) == ()
    assert found(session, "j") == ()


def test_buildings_of_others_crowd_out_none(session: Session) -> None:
    for number in range(70):
        make.make_building(session, name=f"金桂大厦{chr(ord('A') + number % 26)}{number}栋")
    mine = make.make_building(session, name="金桂大厦中楼", address=make.make_address(session))
    add_sounds(session)
    viewer = make.make_viewer(areas=[mine.district_id])
    for typed in ("jgds", "jinguidasha", "金gds"):
        assert [hit.id for hit in found(session, typed, viewer)] == [mine.id]


@pytest.mark.parametrize(
    ("typed", "text", "grade"),
    [
        ("竹孩", "竹海", "B"),
        ("竹孩3号", "竹海3号", "B"),
        ("闻路", "文路", "B"),
        ("闻路5号", "文路5号", "B"),
        ("竹海3号", "竹海3号", "A"),
        # Two names sound so: the choice is left.
        ("花原", "花园", "C"),
    ],
)
def test_a_name_of_two_characters_is_found_by_its_sound(
    session: Session, typed: str, text: str, grade: str
) -> None:
    community = make.make_community(session)
    estate = make.make_street(session, "竹海", kind="estate", community=community)
    make.make_address(session, 3, street=estate)
    make.make_address(session, 5, street=make.make_street(session, "文路", community=community))
    for name in ("花园", "花源"):
        make.make_street(session, name, kind="estate", community=community)
    first = found(session, typed)[0]
    assert (first.text, first.match) == (text, grade)
    # A numeral is another name, never a slip.
    assert found(session, "十路5号") == ()
