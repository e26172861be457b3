"""Search by how a name sounds, and by a name with a slip in it."""

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
    hall = make.make_building(session, name="金桂大厦")
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
    # Three houses bear the name of the estate around them: it stands once.
    houses = [hit for hit in found(session, "yyxc") if hit.kind == "building"]
    assert [(hit.text, hit.match) for hit in houses] == [("映月新村", "C")]
    assert houses[0].note.endswith("共 3 栋")
    for typed in ("zhsy", "zhuhaishuiyun", "竹hs韵"):
        assert [(hit.id, hit.match) for hit in found(session, typed)] == [(estate.id, "B")]
    elsewhere = make.make_viewer(areas=[make.make_community(session).id])
    assert found(session, "jgds", elsewhere) == ()
    assert found(session, "j") == ()
