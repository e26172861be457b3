"""What speaks against numbers: found from the whole street, ranked by effect, cured or accepted."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Act
from geo_registry.access.viewer import Viewer
from geo_registry.address import warning_list, writes
from geo_registry.address.tables import Address, AddressWarning, PlaceName
from geo_registry.address.warnings import check_scope, check_scopes
from geo_registry.codes import new_id
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken
from tests import factories as make
from tests.statements import statements_of


def _clerk(session: Session) -> Viewer:
    return make.make_viewer("clerk", account_id=make.make_account(session).id)


def _row_of(session: Session, numbers: Iterable[int], street: PlaceName | None = None) -> list[Address]:
    """Store numbers along a street, odd ones in the north and even ones in the south."""
    street = street or make.make_street(session)
    return [
        make.make_address(
            session, number, street=street,
            position=make.point(5.0 * number, 10 if number % 2 else -10),
        )
        for number in numbers
    ]  # fmt: skip


def _found(session: Session, scope_id: UUID) -> set[tuple[str, str]]:
    """Return number and kind of all warnings of a street."""
    query = (
        select(Address.number_text, AddressWarning.kind)
        .join(Address, Address.id == AddressWarning.address_id)
        .where(AddressWarning.scope_id == scope_id)
    )
    return {(row[0], row[1]) for row in session.execute(query)}


def test_a_street_in_order_has_no_warnings(session: Session) -> None:
    rows = _row_of(session, range(1, 41))
    assert check_scope(session, rows[0].scope_id) == 0
    assert _found(session, rows[0].scope_id) == set()


@pytest.mark.parametrize(
    ("number", "over", "kind"),
    [
        (21, {"position": make.point(105, -10)}, "other_side"),
        (21, {"position": make.point(20, 10)}, "out_of_order"),
        (21, {"position": make.point(105, 75)}, "far_from_street"),
        (21, {"position": make.point(105, 2800)}, "outside_area"),
        (21, {"position": None}, "no_position"),
        (21, {"position": make.point(115.3, 10.2)}, "duplicate"),
        (23, {"number": 21, "number_key": "21-1x", "number_text": "21 号"}, "duplicate"),
    ],
)
def test_each_kind_is_found_and_goes_when_it_is_cured(
    session: Session, number: int, over: dict[str, Any], kind: str
) -> None:
    street = make.make_street(session)
    rows = _row_of(session, [one for one in range(1, 41) if one != number], street)
    wrong = make.make_address(session, **{"number": number, "street": street, **over})
    assert check_scope(session, street.id) >= 1
    assert (wrong.number_text, kind) in _found(session, street.id)
    session.execute(
        text(
            "UPDATE registry.address SET position = CAST(:at AS geometry), number = 43, number_key = '43',"
            " number_text = '43号' WHERE id = :id"
        ),
        {"id": wrong.id, "at": make.point(215, 10)},
    )
    assert check_scope(session, street.id) == 0
    assert len(rows) == 39


def test_houses_of_a_lane_in_rows_are_not_held_to_sides(session: Session) -> None:
    """Numbered row by row behind the gate; a lane whose houses face each other is held to it."""
    street = make.make_street(session)
    lane = make.make_street(session, "218弄", kind="lane", parent=street, axis=make.line((0, 0), (100, 0)))
    for number in range(1, 13):
        row, turn = divmod(number - 1, 4)
        make.make_address(
            session, number, street=lane, position=make.point(10 + 20.0 * turn, 90.0 * row - 60)
        )
    check_scope(session, lane.id)
    assert _found(session, lane.id) == set()
    facing = make.make_street(session, "220弄", kind="lane", parent=street, axis=make.line((0, 0), (100, 0)))
    for number in (1, 2, 3, 4, 5, 6, 7, 8, 9):
        side = -8 if (number % 2 == 1) != (number == 9) else 8
        make.make_address(session, number, street=facing, position=make.point(10 + 8.0 * number, -side))
    check_scope(session, facing.id)
    assert _found(session, facing.id) == {("9号", "other_side")}


def test_a_long_jump_over_buildings_is_a_gap(session: Session) -> None:
    rows = _row_of(session, [*range(1, 12), *range(61, 80)])
    scope_id = rows[0].scope_id
    assert check_scope(session, scope_id) == 0
    for place in range(5):
        lone = make.make_building(session, address=rows[0], at=(100.0 + 20 * place, 22.0))
        session.execute(
            text("UPDATE registry.building_address SET valid = 'empty' WHERE building_id = :id"),
            {"id": lone.id},
        )
    assert check_scope(session, scope_id) == 1
    (row,) = session.execute(select(AddressWarning).where(AddressWarning.scope_id == scope_id)).scalars()
    assert (row.kind, row.address_id, row.effect) == ("gap", rows[11].id, 6)


def test_effect_counts_dwellings_and_made_plates_and_ranks_the_list(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    rows = _row_of(session, range(1, 20), street)
    few, many = rows[4], rows[8]
    session.execute(
        text("UPDATE registry.address SET position = NULL WHERE id = ANY (:ids)"), {"ids": [few.id, many.id]}
    )
    building = make.make_building(session, address=many)
    for room in ("101", "102", "201"):
        make.make_unit(session, building, room)
    make.make_plate(session, many)
    assert check_scope(session, street.id) == 2
    page = warning_list.warnings(session, clerk, place_name_id=street.id, limit=1)
    (first,) = page.rows
    assert (first.address_id, first.kind, first.level, first.effect) == (many.id, "no_position", "warning", 5)
    assert first.plate_id is not None
    assert first.lon is not None
    rest = warning_list.warnings(session, clerk, place_name_id=street.id, after=page.next)
    assert ([one.address_id for one in rest.rows], rest.next) == ([few.id], None)
    counts = warning_list.warning_counts(session, clerk, area_id=street.district_id)
    assert (counts.by_kind, counts.total, counts.accepted) == ({"no_position": 2}, 2, 0)
    away = make.make_viewer("clerk", [new_id()])
    assert warning_list.warnings(session, away).rows == ()
    assert warning_list.warning_counts(session, away).total == 0


def test_a_warning_is_accepted_with_a_reason_and_opened_again(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    rows = _row_of(session, range(1, 10), street)
    session.execute(text("UPDATE registry.address SET position = NULL WHERE id = :id"), {"id": rows[3].id})
    check_scope(session, street.id)
    target: dict[str, Any] = {"address_id": rows[3].id, "kind": "no_position"}
    with pytest.raises(RuleBroken, match="须说明事由"):
        warning_list.accept_warning(session, clerk, **target)
    with pytest.raises(Refused):
        warning_list.accept_warning(session, make.make_viewer("officer"), reason="拆迁", **target)
    warning_list.accept_warning(session, clerk, reason="整栋待拆", **target)
    assert warning_list.warnings(session, clerk, place_name_id=street.id).rows == ()
    # What was accepted is not asked about again.
    assert check_scope(session, street.id) == 0
    (row,) = warning_list.warnings(session, clerk, place_name_id=street.id, accepted=True).rows
    assert (row.reason, row.accepted_by is not None) == ("整栋待拆", True)
    with pytest.raises(Conflict, match="不必再办"):
        warning_list.accept_warning(session, clerk, reason="再次", **target)
    warning_list.reopen_warning(session, clerk, **target)
    with pytest.raises(RuleBroken, match="尚未接受"):
        warning_list.reopen_warning(session, clerk, **target)
    with pytest.raises(NotFound, match="没有这条提示"):
        warning_list.reopen_warning(session, clerk, address_id=rows[3].id, kind="gap")
    verbs = session.execute(select(Act.verb).where(Act.object_id == rows[3].id).order_by(Act.id)).scalars()
    assert list(verbs) == ["accept-warning", "reopen-warning"]
    assert warning_list.check_again(session, clerk, place_name_id=street.id).count == 1
    with pytest.raises(RuleBroken, match="须指明地名"):
        warning_list.check_again(session, clerk)


def test_acts_on_numbers_keep_the_list_in_step(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    rows = _row_of(session, range(1, 20), street)
    lon, lat = make.metres(35, -10)
    act = session, clerk
    writes.correct_address(*act, address_id=rows[6].id, version=1, lon=lon, lat=lat)
    assert _found(session, street.id) == {("7号", "other_side")}
    lon, lat = make.metres(35, 10)
    writes.correct_address(*act, address_id=rows[6].id, version=2, lon=lon, lat=lat)
    assert _found(session, street.id) == set()
    made = writes.number_address(*act, place_name_id=street.id, number="41")
    assert _found(session, street.id) == {("41号", "no_position")}
    writes.retire_address(*act, address_id=made.id, version=1)
    assert _found(session, street.id) == set()


def test_a_street_drawn_anew_is_checked_anew(session: Session) -> None:
    clerk, street = _clerk(session), make.make_street(session)
    rows = _row_of(session, range(1, 20), street)
    aside = [list(make.metres(*one)) for one in ((0, 90), (1000, 90))]
    axis = {"type": "LineString", "coordinates": aside}
    done = writes.correct_street(session, clerk, place_name_id=street.id, version=1, axis=axis)
    assert {kind for _, kind in _found(session, street.id)} >= {"far_from_street"}
    back = {"type": "LineString", "coordinates": [list(make.metres(*one)) for one in ((0, 0), (1000, 0))]}
    writes.correct_street(session, clerk, place_name_id=street.id, version=done.version, axis=back)
    assert _found(session, street.id) == set()
    assert len(rows) == 19


def test_a_street_of_2000_doors_is_checked_in_as_many_statements_as_one_of_ten(session: Session) -> None:
    street = make.make_street(session, axis=make.line((0, 0), (10_100, 0)))
    session.execute(
        text("""
            INSERT INTO registry.address (place_name_id, scope_id, number, number_key, number_text, standard_text,
              accuracy, district_id, township_id, community_id, position)
            SELECT p.id, p.id, n, n::text, n || '号', p.full_name || n || '号', 'A', p.district_id, p.township_id,
              p.community_id, ST_SetSRID(ST_MakePoint(:lon + 5.0 * n / :mx,
                :lat + CASE WHEN n % 2 = 1 THEN 10 ELSE -10 END / :my), 4490)
            FROM registry.place_name p, generate_series(1, 2000) n WHERE p.id = :id
        """),
        {
            "id": street.id, "lon": make.LON, "lat": make.LAT, "mx": make.METRES_PER_LON,
            "my": make.METRES_PER_LAT,
        },
    )  # fmt: skip
    session.execute(
        text("UPDATE registry.division SET boundary = NULL WHERE id = :id"), {"id": street.community_id}
    )
    small = make.make_street(session)
    _row_of(session, range(1, 11), small)
    sent = [
        len(statements_of(session.connection(), partial(check_scope, session, one.id)))
        for one in (street, small)
    ]
    assert sent[0] == sent[1] < 12
    assert check_scope(session, street.id) == 0


def test_streets_checked_together_are_found_as_each_alone(session: Session) -> None:
    rows = [_row_of(session, range(1, 12)) for _ in range(3)]
    make.make_address(session, 13, street=session.get(PlaceName, rows[0][0].scope_id), position=None)
    make.make_address(
        session, 13, street=session.get(PlaceName, rows[2][0].scope_id), position=make.point(65, 2800)
    )
    scopes = [one[0].scope_id for one in rows]
    query = select(AddressWarning.address_id, AddressWarning.kind, AddressWarning.effect)
    counts = [check_scope(session, one) for one in scopes]
    alone = sorted(tuple(row) for row in session.execute(query))
    session.execute(text("DELETE FROM registry.address_warning"))
    assert check_scopes(session, [*scopes, scopes[0]]) == sum(counts)
    assert sorted(tuple(row) for row in session.execute(query)) == alone
    assert {kind for _, kind, _ in alone} == {"no_position", "outside_area", "far_from_street"}
    assert check_scopes(session, []) == 0
