"""A division that was read by another name than its own is told, and a county is no city."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from geo_registry.address.matching import Match, match
from geo_registry.address.profile import load_profile
from geo_registry.gazetteer.files import compile_folder
from geo_registry.settings import settings
from tests import factories as make

Find = Callable[[str], Match]
NAMED = ("A", ("写明的各部分与登记完全一致",))


@pytest.fixture
def find(session: Session) -> Find:
    """Give the match of a text in a town whose divisions had other names."""
    district = make.make_division(session, name="临平市")
    township = make.make_division(session, parent=district, name="东湖街道")
    community = make.make_division(session, parent=township, name="映月居委会")
    street = make.make_street(session, "映月路", community=community)
    make.make_address(session, 12, street=street)
    make.make_alias(session, township, "旧桥镇")
    make.make_alias(session, community, "大马村", kind="common_name")
    return lambda text: match(session, make.make_viewer(), text)


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ("临平市东湖街道映月居委会", NAMED),
        ("临平東湖街道", NAMED),
        ("临平市东湖街道办事处映月社区", NAMED),
        ("临平市大马村", NAMED),
        ("临平市旧桥镇", ("B", ("“旧桥镇”是“东湖街道”的旧称",))),
        ("临平市东糊街道", ("B", ("没有“东糊街道”，按“东湖街道”理解",))),
    ],
)
def test_a_division_by_another_name(find: Find, areas: str, expected: tuple[str, tuple[str, ...]]) -> None:
    found = find(f"{areas}映月路12号")
    assert (found.grade, found.reasons) == expected
    assert found.best is not None
    assert found.best.text == "映月路12号"


@pytest.mark.parametrize("areas", ["临平县", "临平县东湖街道", "临平市旧桥镇大糊村"])
def test_another_kind_of_division_or_two_steps_leave_a_choice(find: Find, areas: str) -> None:
    assert find(f"{areas}映月路12号").grade == "C"


def test_a_village_beside_a_community_of_its_name_is_another_one(session: Session) -> None:
    township = make.make_division(session, parent=make.make_division(session, name="临平市"), name="东湖街道")
    village, community = (
        make.make_division(session, parent=township, name=name) for name in ("友谊村", "友谊社区")
    )
    street = make.make_street(session, "映月路", community=community)
    make.make_address(session, 12, street=street)
    for area, number in ((village, 2), (community, 3)):
        estate = make.make_street(session, "桂花新村", kind="estate", community=area, scope_id=area.id)
        make.make_address(session, number, street=estate)
    grades = {
        text: match(session, make.make_viewer(), f"临平市东湖街道{text}").grade
        for text in (
            "友谊社区映月路12号", "友谊村映月路12号", "友谊村桂花新村2号", "友谊社区桂花新村2号",
            "友谊社区桂花新村3号", "友谊村桂花新村3号",
        )
    }  # fmt: skip
    assert list(grades.values()) == ["A", "B", "A", "C", "A", "C"]


@pytest.fixture
def country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Load a table of divisions that holds a city beside the one of the registry."""
    (tmp_path / "divisions.csv").write_text(
        "code,name\n33,浙江省\n3301,杭州市\n330113,临平市\n330112,临安市\n", encoding="utf-8"
    )
    compile_folder(tmp_path, tmp_path / "home")
    monkeypatch.setenv("GEO_REGISTRY_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("country")
def test_another_division_of_the_country_is_no_slip(find: Find) -> None:
    found = find("临安市东湖街道映月路12号")
    assert found.grade == "C"
    assert "写的是“临安市”，登记在“临平市”" in found.reasons
    assert find("临坪市东湖街道映月路12号").grade == "B"


def test_where_the_neighbourhood_speaks_against_a_door_every_lane_is_looked_into(session: Session) -> None:
    session.execute(sql("UPDATE registry.jurisdiction SET profile = 'road-section'"))
    profile = load_profile("road-section")
    community = make.make_community(session, name="新莊里")
    street = make.make_street(session, "新莊街", community=community, profile=profile)
    make.make_address(session, 7, street=street, number_text="7號", neighborhood="12鄰")
    for number in range(11, 60):
        lane = make.make_street(session, f"{number}巷", kind="lane", parent=street, profile=profile)
        make.make_address(session, 7, street=lane, number_text="7號", neighborhood=f"{number}鄰")
    viewer = make.make_viewer()
    assert match(session, viewer, "新莊里12鄰新莊街7號").grade == "A"
    found = match(session, viewer, "新莊里59鄰新莊街7號")
    assert found.grade == "C"
    assert {one.text for one in found.candidates[:2]} == {"新莊街7號", "新莊街59巷7號"}
