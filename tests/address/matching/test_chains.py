"""Chains of names: where they begin, what they lead to, how far."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.address.known import registry_gazetteer
from geo_registry.address.matching.chains import MOST_BELOW, Chain, Chains
from geo_registry.address.matching.keys import name_of
from geo_registry.area.tables import Division
from tests import factories as make


def _chain(*names: tuple[str, str], **over: object) -> Chain:
    return Chain(tuple(name_of(make.PROFILE, kind, text) for kind, text in names), **over)  # type: ignore[arg-type]


STREET, LANE = ("street", "映月路"), ("lane", "12弄")


@pytest.fixture
def community(session: Session) -> Division:
    """Register 映月路, which was 学前街, with 12弄 and in it 3支弄."""
    community = make.make_community(session)
    street = make.make_street(session, "映月路", community=community)
    lane = make.make_street(session, "12弄", kind="lane", parent=street)
    make.make_street(session, "3支弄", kind="sub_lane", parent=lane)
    make.make_alias(session, street, "学前街")
    make.make_alias(session, lane, "学前街后弄")
    return community


def _places(session: Session, chain: Chain, *areas: Division) -> list[tuple[object, ...]]:
    viewer = make.make_viewer(areas=[area.id for area in areas] or None)
    found = Chains(registry_gazetteer(session), viewer).places(chain)
    return [(met.place.full_name, met.depth, met.is_below, met.skipped, met.via) for met in found]


@pytest.mark.parametrize(
    ("names", "may_skip", "found"),
    [
        ((STREET,), False, [("映月路", 1, False, None, None)]),
        ((STREET, LANE), False, [("映月路12弄", 2, False, None, None)]),
        ((LANE,), False, [("映月路12弄", 1, True, None, None)]),
        ((STREET, ("lane", "14弄")), False, [("映月路", 1, False, None, None)]),
        ((STREET, ("sub_lane", "3支弄")), False, [("映月路", 1, False, None, None)]),
        ((STREET, ("sub_lane", "3支弄")), True, [("映月路12弄3支弄", 2, False, "12弄", None)]),
        ((("street", "学前街"), LANE), False, [("映月路12弄", 2, False, None, "学前街")]),
        ((("street", "学前街"), ("hamlet", "后弄")), False, [("映月路12弄", 2, False, None, "学前街后弄")]),
        ((("street", "文昌路"), LANE), False, []),
        ((), False, []),
    ],
)
def test_a_chain_leads_as_far_as_its_names_do(
    session: Session,
    community: Division,
    *,
    names: tuple[tuple[str, str], ...],
    may_skip: bool,
    found: object,
) -> None:
    assert _places(session, _chain(*names, may_skip=may_skip)) == found
    assert _places(session, _chain(*names, may_skip=may_skip), community) == found


def test_a_chain_begins_in_the_own_districts(session: Session, community: Division) -> None:
    other = make.make_community(session)
    for chain in (_chain(STREET), _chain(LANE), _chain(("street", "学前街"))):
        assert _places(session, chain, other) == []
    make.make_street(session, "映月路", community=other)
    assert _places(session, _chain(STREET, LANE), other) == [("映月路", 1, False, None, None)]
    assert len(_places(session, _chain(STREET))) == 2


def test_a_chain_keeps_to_scopes_and_areas(session: Session, community: Division) -> None:
    other = make.make_community(session)
    street = make.make_street(session, "映月路", community=other)
    assert street.scope_id is not None
    assert len(_places(session, _chain(STREET, within=(other.id,)))) == 1
    assert len(_places(session, _chain(STREET, within=(other.district_id,)))) == 1
    assert len(_places(session, _chain(STREET, scopes=(street.scope_id,)))) == 1
    assert _places(session, _chain(LANE, scopes=(street.scope_id,))) == []


def test_what_was_removed_leads_nowhere(session: Session, community: Division) -> None:
    make.make_street(session, "望山路", community=community, state="removed")
    retired = make.make_street(session, "听涛路", community=community, state="retired")
    assert _places(session, _chain(("street", "望山路"))) == []
    found = Chains(registry_gazetteer(session), make.make_viewer()).places(_chain(("street", "听涛路")))
    assert [(met.place.id, met.place.state) for met in found] == [(retired.id, "retired")]


def test_of_a_lane_on_very_many_streets_so_many_are_met(session: Session, community: Division) -> None:
    for number in range(MOST_BELOW + 5):
        street = make.make_street(session, f"第{number}大道", community=community)
        make.make_street(session, "88弄", kind="lane", parent=street)
    found = _places(session, _chain(("lane", "88弄")))
    assert len(found) == MOST_BELOW
    assert all(one[2] for one in found)
