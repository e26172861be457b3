"""The decree on a place name as it is printed."""

import pytest
from sqlalchemy.orm import Session

from geo_registry import printing
from geo_registry.address.naming_papers import HEIGHT, WIDTH, decree, html_of, romanized, sketch_of
from geo_registry.address.naming_reads import naming_case
from geo_registry.address.profile import load_profile
from geo_registry.errors import RuleBroken
from tests import factories as make
from tests.address.naming_office import DECREE, Office


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


def test_a_decree_says_what_was_decided_by_whom(session: Session, office: Office) -> None:
    street = office.street("学前街", axis=make.line((0, 0), (400, 0), (600, 100)))
    office.street("新南路", axis=make.line((200, -300), (200, 300)))
    done = office.open(
        "<文昌>路", action="rename", kind=None, area_id=None, place_name_id=street.id, meaning="文风<昌>盛"
    )
    with pytest.raises(RuleBroken, match="decree-too-early"):
        decree(session, office.clerk, done.id)
    done = office.take("approve", office.county, office.take("approve", office.town, done, note="符合规划"))
    draft = html_of(session, office.clerk, naming_case(session, office.clerk, done.id))
    assert "草稿" in draft
    assert "文号待公布时填写" in draft
    done = office.take("publish", office.clerk, done, **DECREE)
    case = naming_case(session, office.clerk, done.id)
    html = html_of(session, office.clerk, case)
    assert "草稿" not in html
    for text in (
        "地名更名批准书",
        "东民〔2026〕12号",
        "原名称",
        "学前街",
        "文风&lt;昌&gt;盛",
        "镇街",
        "区县",
        "符合规划",
        "新南路",
        "200 米",
    ):
        assert text in html, text
    assert "<文昌>" not in html
    assert len(printing.laid_out(html).pages) == 1
    name, content = decree(session, office.clerk, done.id)
    assert (name, content[:5]) == (f"{case.number}.pdf", b"%PDF-")


def test_the_sketch_holds_the_whole_street(session: Session, office: Office) -> None:
    long = office.street("纬一路", axis=make.line((0, 0), (3000, 0)))
    tall = office.street("经一路", axis=make.line((1500, -900), (1500, 900)))
    for street in (long, tall):
        done = office.open(None, action="retire", kind=None, area_id=None, place_name_id=street.id)
        sketch = sketch_of(session, naming_case(session, office.clerk, done.id))
        assert sketch is not None
        points = [tuple(map(float, point.split(","))) for point in sketch.own.strokes[0].split()]
        assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in points)
        assert [line.name for line in sketch.beside] == [
            {"纬一路": "经一路", "经一路": "纬一路"}[street.name]
        ]
        assert 15 < sketch.bar_mm <= 0.25 * WIDTH


@pytest.mark.parametrize(
    ("kind", "name", "latin"),
    [
        ("street", "听雨路", "Tingyu Lu"),
        ("street", "世纪大道", "Shiji Dadao"),
        ("estate", "春风里", "Chunfeng Li"),
    ],
)
def test_a_name_in_latin_letters_parts_the_generic_word(kind: str, name: str, latin: str) -> None:
    assert romanized(load_profile("national"), kind, name) == latin
