"""Whatever happens to a text: no certain answer ever bears another figure than the text."""

import itertools
import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.matching import match
from tests import factories as make

STREETS = ("映月路", "映山路", "文昌路")
LANES = ("", "21弄", "218弄")
NUMBERS = ("1", "2", "12", "12-1", "21")
LETTERS = "0123456789-之附号弄室映月山文昌路街甲东 西对面、"


@pytest.fixture
def viewer(session: Session) -> Viewer:
    """Register every number on every street and in every lane, each with a building of two rooms."""
    district = make.make_division(session, name="映山区")
    community = make.make_division(
        session, parent=make.make_division(session, parent=district, name="望澜街道"), name="映月居委会"
    )
    for name in STREETS:
        street = make.make_street(session, name, community=community)
        for lane in LANES:
            scope = make.make_street(session, lane, kind="lane", parent=street) if lane else street
            for key in NUMBERS:
                address = make.make_address(
                    session, int(key.split("-")[0]), street=scope, number_key=key, number_text=f"{key}号"
                )
                building = make.make_building(session, address=address)
                for room in ("102", "201"):
                    make.make_unit(session, building, room)
    return make.make_viewer()


def _figures(text: str) -> list[str]:
    return [str(int(figure)) for figure in re.findall(r"\d+", unicodedata.normalize("NFKC", text))]


doors = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(("", "映山区", "映山区望澜街道")), st.sampled_from(STREETS), st.sampled_from(LANES),
        st.sampled_from([f"{number}号" for number in NUMBERS]), st.sampled_from(("", "102室", "201室")),
    ),
)  # fmt: skip
errors = st.lists(
    st.tuples(st.sampled_from(("put", "drop", "swap")), st.integers(0, 40), st.sampled_from(LETTERS)),
    max_size=3,
)


def _damaged(text: str, steps: list[tuple[str, int, str]]) -> str:
    for way, place, letter in steps:
        at = place % max(1, len(text))
        if way == "put":
            text = text[:at] + letter + text[at:]
        elif way == "drop":
            text = text[:at] + text[at + 1 :]
        else:
            text = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    return text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=doors, steps=errors)
def test_no_figure_is_ever_corrected(
    session: Session, viewer: Viewer, text: str, steps: list[tuple[str, int, str]]
) -> None:
    damaged = _damaged(text, steps)
    found = match(session, viewer, damaged)
    if found.best is None:
        return
    asked, own = _figures(damaged), _figures(found.best.text)
    if found.grade == "A":
        assert asked == own, (damaged, found.best.text)
    else:
        left = iter(own)
        assert all(figure in left for figure in asked), (damaged, found.best.text, found.reasons)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=doors)
def test_what_is_registered_is_found(session: Session, viewer: Viewer, text: str) -> None:
    found = match(session, viewer, text)
    assert found.grade == "A"
    assert found.best is not None
    assert text.endswith(found.best.text)


def test_every_other_number_is_another_door(session: Session, viewer: Viewer) -> None:
    for number, behind in itertools.product(
        ("3", "12-2", "121", "2-1", "12附1", "12甲", "临12"), ("", "102室")
    ):
        found = match(session, viewer, f"映月路{number}号{behind}")
        assert found.grade in {"C", "none"}, (number, found.best)
