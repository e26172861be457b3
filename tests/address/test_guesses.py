"""Names that a search guesses at: those of the viewer's districts, however many others there are."""

import gc
import weakref

import pytest
from sqlalchemy.orm import Session

from geo_registry.address.known import registry_gazetteer
from geo_registry.address.known_places import known_places
from geo_registry.address.reads import search
from geo_registry.address.search.guesses import containing, districts_of, known_name, nearly
from geo_registry.address.tables import Address
from tests import factories as make


@pytest.fixture
def own(session: Session) -> Address:
    """Build 听雨路 in more districts than a guess holds names, then in one district more; return its door 6."""
    for _ in range(65):
        district = make.make_division(session, boundary=None)
        areas = {"district_id": district.id, "township_id": None, "community_id": None}
        make.make_street(session, "听雨路", community=district, scope_id=district.id, axis=None, **areas)
    community = make.make_community(session)
    street = make.make_street(session, "听雨路", community=community, township_id=None, community_id=None)
    return make.make_address(
        session, 6, street=street, township_id=community.township_id, community_id=community.id
    )


@pytest.mark.parametrize("level", ["district_id", "township_id", "community_id"])
def test_guesses_keep_to_the_districts_of_the_viewer(session: Session, own: Address, level: str) -> None:
    known = registry_gazetteer(session)
    parts = districts_of(known, [getattr(own, level)])
    assert containing(known, "听雨", parts) == ((own.place_name_id, "inside"),)
    assert nearly(known, "听语路", parts) == ((own.place_name_id, "sound"),)
    named = known_name(known, "请送到听雨路6号", parts)
    assert named is not None
    assert (named.start, named.end, named.found) == (3, 6, ((own.place_name_id, "exact"),))
    everywhere = [containing(known, "听雨"), nearly(known, "听语路")]
    assert [len(found) for found in everywhere] == [40, 40]
    assert not any(own.place_name_id in dict(found) for found in everywhere)
    assert districts_of(known, None) is None
    assert districts_of(known, []) == []
    assert containing(known, "听雨", []) == nearly(known, "听语路", []) == ()
    assert known_name(known, "请送到听雨路6号", []) is None


@pytest.mark.parametrize("text", ["听语路6号", "请送到听雨路6号", "聽雨路6号"])
def test_an_own_door_is_found_among_many_streets_of_the_name(
    session: Session, own: Address, text: str
) -> None:
    for area in (own.district_id, own.community_id):
        assert area is not None
        hits = search(session, make.make_viewer(areas=[area]), text=text).hits
        assert own.id in {hit.id for hit in hits}


def test_names_are_found_by_a_piece_up_to_the_last_one(session: Session) -> None:
    streets = [make.make_street(session, name) for name in ("月月桥路", "观月桥路", "月桥")]
    known = registry_gazetteer(session)
    assert [key for key, _ in containing(known, "月桥")] == [street.id for street in streets]
    assert containing(known, "桥月") == containing(known, "路\n") == containing(known, "月") == ()


def test_names_that_were_read_anew_are_forgotten(session: Session) -> None:
    make.make_street(session, "听雨路")
    known = known_places(session)
    assert containing(known, "听雨")
    assert nearly(known, "听语路")
    kept = weakref.ref(known)
    del known
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize(
    ("name", "written"),
    [("映月东路", "映月西路"), ("光明八路", "光明九路"), ("柳营街", "柳营路"), ("柳营支路", "柳营路")],
)
def test_another_direction_numeral_or_last_word_is_a_candidate_only(
    session: Session, name: str, written: str
) -> None:
    street = make.make_street(session, name)
    building = make.make_building(session, address=make.make_address(session, 6, street=street))
    unit = make.make_unit(session, building, "402")
    found = {hit.id: hit for text in ("", "6号", "6号402室") for hit in search(
        session, make.make_viewer(), text=written + text).hits}  # fmt: skip
    assert {street.id, building.id, unit.id} <= set(found)
    assert {hit.match for hit in found.values()} == {"C"}
    assert nearly(registry_gazetteer(session), written) == ((street.id, "other"),)
