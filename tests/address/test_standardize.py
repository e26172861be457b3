"""Standard form of a text with the registry's names: which reader reads, and what it knows."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.address.profile import load_profile
from geo_registry.address.standardize import standardize, standardizer_for
from geo_registry.errors import RuleBroken
from tests import factories as make


def test_the_profile_named_reads(session: Session) -> None:
    assert standardize(session, "柳营路12之1号", "shanghai").standard == "柳营路12-1号"
    assert standardize(session, "柳营路12之1号", "village").standard == "柳营路12号附1号"


def test_an_unknown_profile_is_refused(session: Session) -> None:
    with pytest.raises(RuleBroken) as refused:
        standardize(session, "柳营路12号", "nowhere")
    assert refused.value.code == "profile-missing"


def test_a_street_of_the_registry_is_read_without_a_generic_word(session: Session) -> None:
    community = make.make_community(session, name="顾家桥社区居委会")
    before = standardize(session, "杨公堤43号", "shanghai")
    make.make_street(session, "杨公堤", community=community, community_id=community.id)
    after = standardize(session, "杨公堤43号", "shanghai")
    assert before.first("street") is None
    street = after.first("street")
    assert street is not None
    assert (street.text, street.rule) == ("杨公堤", "street.known")


def test_readers_with_and_without_the_registry_are_kept_apart(session: Session) -> None:
    national = load_profile("national")
    assert standardizer_for(None) is standardizer_for(None, national)
    assert standardizer_for(session, national) is not standardizer_for(None, national)


def test_a_note_names_a_former_name_by_what_bears_it(session: Session) -> None:
    community = make.make_community(session, name="顾家桥社区居委会")
    estate = make.make_street(session, "竹海水韵", kind="estate", community=community)
    make.make_alias(session, estate, "翠湖小区")
    (note, *_) = standardize(session, "翠湖小区3幢", "shanghai").notes
    assert note == "“翠湖小区”是旧名，现为竹海水韵"
