"""The trial of an estate says what the act will say, and each flaw names its row."""

# ruff: noqa: ANN401  (what hypothesis draws)

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.address.tables import PlaceName
from geo_registry.errors import RegistryError
from geo_registry.housing.estate_rows import EstateRow
from geo_registry.plate.estate_blocks import BuildingPlace
from geo_registry.plate.estates import take_in_estate
from tests import factories as make

CLERK = make.make_viewer()
LON, LAT = make.metres(30, 30)
BUILDINGS = st.sampled_from(["1", "3栋", "三", "03", "十二号楼", "B座", "0", "号", "3-1", "9" * 12, "龘"])
ENTRANCES = st.sampled_from([None, "1", "二单元", "甲", "B", "0", "99999", "1-2", "\x00", "单元"])
ROOMS = st.sampled_from(
    [None, "101", "1单元101", "B101", "99999", "20101", "0", "2.01", "-101", "301室A", "阁楼"]
)
AREAS = st.sampled_from(
    [None, 80.0, 0.01, 0.004, 1e-300, 99_999.99, 99_999.995, 99_999.999, 1e5, float("nan"), -1.0]
)
SPOTS = st.sampled_from(
    [(None, None), (LON, LAT), (LON + 0.0002, LAT), (100.0, 30.0), (100.0, 20.0), (2.0, 48.0), (LON, None), (LON + 0.02, LAT)]
)  # fmt: skip
FLOORS = st.sampled_from([None, 1, -1, 200, 201, 0, 30_000])
PLACES = st.builds(
    lambda building, spot: BuildingPlace(building, *spot),
    st.sampled_from(["1", "3", "三栋", "12", "7"]), SPOTS,
)  # fmt: skip


@st.composite
def rows(draw: st.DrawFn) -> list[EstateRow]:
    """Draw a short table in which most cells are sound."""

    def mostly(sound: Any, odd: st.SearchStrategy[Any]) -> Any:
        return draw(odd) if draw(st.integers(0, 5)) == 0 else sound

    return [
        EstateRow(
            line, mostly("1", BUILDINGS), mostly("1", ENTRANCES), mostly(1, FLOORS), mostly(f"1{line:02}", ROOMS),
            None, mostly(80.0, AREAS), *mostly((LON, LAT), SPOTS),
        )
        for line in range(2, 2 + draw(st.integers(1, 4)))
    ]  # fmt: skip


class _Undone(Exception):
    """Takes back what was stored."""


def verdict(session: Session, **asked: Any) -> Any:
    """Return what an intake says, up to what is asked at COMMIT; nothing of it stays."""
    said: Any = None
    with suppress(_Undone), session.begin_nested():
        try:
            said = take_in_estate(session, CLERK, **asked).plan
            session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        except RegistryError as error:
            said = (error.code, error.facts.get("errors"))
        raise _Undone
    return said


@given(
    rows=rows(), places=st.lists(PLACES, max_size=2), numbers=st.sampled_from(["table", "s_shape"]),
    plates=st.sampled_from(["none", "draft"]),
    reason=st.sampled_from([None, "新建", "310101199001011232"]),
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_trial_and_act_agree(session: Session, estate: PlaceName, **asked: Any) -> None:
    asked |= {"place_name_id": estate.id, "version": estate.version}
    tried = verdict(session, **asked, dry_run=True)
    assert tried == verdict(session, **asked)
    if tried[0] in {"value-refused", "geometry-unsound", "already-exists"}:
        raise AssertionError(tried)


@pytest.fixture
def estate(session: Session) -> PlaceName:
    return make.make_street(session, "清源小区", kind="estate")


@pytest.mark.parametrize(
    ("row", "code", "pointer"),
    [
        ({"area_m2": 1e-300}, "area-invalid", "#/rows/1/area_m2"),
        ({"area_m2": 99_999.999}, "area-invalid", "#/rows/1/area_m2"),
        ({"lon": 100.0, "lat": 30.0}, "other-district", "#/rows/1/building"),
        ({"lon": 2.0, "lat": 48.0}, "other-district", "#/rows/1/building"),
        ({"lon": 200.0, "lat": 48.0}, "position-invalid", "#/rows/1/building"),
    ],
)
def test_the_trial_names_the_row_of_each_flaw(
    session: Session, estate: PlaceName, row: dict[str, Any], code: str, pointer: str
) -> None:
    first = EstateRow(2, "1", "1", 1, "101", None, 80.0, LON, LAT)
    values: dict[str, Any] = {"building": "2", "floor": 1, "room": "101", "lon": LON, "lat": LAT}
    other = EstateRow(3, **{**values, **row})
    for dry_run in (True, False):
        with pytest.raises(RegistryError) as refused:
            take_in_estate(
                session, CLERK, rows=[first, other], place_name_id=estate.id, version=1, dry_run=dry_run
            )
        found: Any = refused.value.facts["errors"]
        assert (refused.value.code, [one["pointer"] for one in found]) == (code, [pointer])
