"""Reads of plates."""

import pytest
from sqlalchemy.orm import Session

from geo_registry.errors import NotFound
from geo_registry.plate import reads
from geo_registry.plate.rules import PHASES, phase_of
from geo_registry.plate.tables import PLATE_STATES
from tests import factories as make
from tests.statements import statements_of
from web_map.pages.plates import trial

VIEWER = make.make_viewer()


def test_every_state_has_one_phase() -> None:
    assert sorted(state for states in PHASES.values() for state in states) == sorted(PLATE_STATES)
    assert phase_of("damaged") != "on_wall"


def test_plates_are_counted_as_the_legend_shows_them(session: Session) -> None:
    states = ("draft", "numbered", "ordered", "produced", "missing", "installed", "verified", "cancelled")
    street = make.make_street(session)
    for number, state in enumerate(states, 1):
        make.make_plate(session, make.make_address(session, number, street=street), state=state)
    counts = reads.plate_counts(session, VIEWER, box=(121.2, 30.8, 121.4, 31.0))
    assert counts.by_phase == {"draft": 1, "numbered": 2, "made": 2, "on_wall": 2}
    assert counts.total == 7
    assert reads.plate_counts(session, VIEWER, box=(100, 30, 101, 31)).total == 0
    assert reads.plate_counts(session, VIEWER, area_id=street.district_id).by_state["installed"] == 1


def test_a_plate_knows_its_address_and_building(session: Session) -> None:
    address = make.make_address(session, 6)
    building = make.make_building(session, address=address)
    plate = make.make_plate(session, address)
    found = reads.plate(session, VIEWER, plate.id)
    assert (found.address, found.phase, found.building_id) == (address.standard_text, "on_wall", building.id)
    assert [row.id for row in reads.plates_of_building(session, VIEWER, building.id)] == [plate.id]
    with pytest.raises(NotFound):
        reads.plate(session, VIEWER, building.id)


def test_plates_are_filtered_by_what_a_list_asks_for(session: Session) -> None:
    street = make.make_street(session)
    one = make.make_plate(session, make.make_address(session, 1, street=street))
    make.make_plate(session, make.make_address(session, 2, street=street), state="draft", kind="temporary")
    for wanted in ({"state": "installed"}, {"kind": "gate_small"}, {"address_id": one.address_id}):
        rows = reads.plates(session, VIEWER, place_name_id=street.id, **wanted).rows
        assert [row.id for row in rows] == [one.id]


def test_a_trial_of_many_plates_is_one_read(session: Session) -> None:
    street = make.make_street(session)
    states = ("approved", "draft", "approved", "ordered")
    chosen = [
        make.make_plate(session, make.make_address(session, number, street=street), state=state).id
        for number, state in enumerate(states, 1)
    ][::-1]
    assert [row.id for row in reads.chosen_plates(session, VIEWER, [*chosen, chosen[0]])] == chosen
    ids = ",".join(map(str, chosen))
    sent = statements_of(session.connection(), lambda: trial(session, VIEWER, ids, "order"))
    assert len(sent) == 1
    told = bytes(trial(session, VIEWER, ids, "order").body).decode()
    assert f'data-ids="{chosen[1]},{chosen[3]}"' in told
    assert "已下单、尚未制作，不能下单" in told
    outside = make.make_viewer(areas=[make.make_division(session).id])
    with pytest.raises(NotFound, match="4 块门牌不存在"):
        reads.chosen_plates(session, outside, chosen)
