"""The leader's page over a township in memory: its address, its order, its words, what it never sends."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from geo_registry.access.viewer import Role
from tests.map import fake_figures as fake
from web_map import board, choropleth
from web_map.board import View
from web_map.pages import dashboard

WORST, LARGE = UUID(int=100), UUID(int=115)


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """Give the address of a server with the leader's page alone."""
    with fake.serving() as address:
        yield address


@pytest.fixture(autouse=True)
def township(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page read the township in memory."""
    fake.install(monkeypatch)


@pytest.fixture
def leader(town: str) -> Iterator[httpx.Client]:
    """Give the page as a leader reads it."""
    with httpx.Client(base_url=town) as client:
        yield client


def drawing_in(html: str) -> dict[str, object]:
    """Return the drawing that a piece carries."""
    found = re.search(r'<script type="application/json" id="drawing">(.*?)</script>', html, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_an_address_says_only_what_is_not_usual() -> None:
    view = View(fake.TOWN, "community")
    assert view.link() == f"/dashboard?area={fake.TOWN}&level=community"
    assert "rate=accuracy_rate" in view.link(rate="accuracy_rate")
    into = replace(view, focus=WORST, view="heat").into(WORST)
    assert into == f"/dashboard?area={WORST}&view=heat"


def test_the_lowest_come_first_classes_by_their_lower_end_and_hidden_ones_last() -> None:
    rows = [
        fake.area_rates(None, None, area_id=area) for area in (LARGE, WORST, UUID(int=110), UUID(int=101))
    ]
    told = rows[2].rates["registration_rate"]
    rows[2] = replace(rows[2], rates=rows[2].rates | {"registration_rate": fake.only_class(told)})
    assert [row.id.int for row in board.ordered(rows, "registration_rate")] == [100, 101, 110, 115]


def test_a_rate_is_told_as_far_as_it_may_be() -> None:
    value = fake.rate("registration_rate", 251, 307)
    assert board.value_text(value) == "81.8"
    assert board.lines_of(value) == ["81.8 % · 251 / 307", "77.1–85.7 %，未达到"]
    assert board.value_text(fake.only_class(value)) == "<85"
    assert board.lines_of(fake.only_class(value)) == ["<85 %", "人数少，只列级别"]
    hidden = fake.rate("registration_rate", 18, 22)
    assert board.lines_of(hidden) == ["样本过少", "不列率"]
    assert board.lines_of(fake.rate("plate_on_wall_rate", 96, 100, is_full=True))[1] == "全数，未达到"


@pytest.mark.parametrize(
    ("change", "text"), [(0.62, "+0.6"), (-1.3, "−1.3"), (0.04, "±0.0"), (-0.01, "±0.0"), (None, "—")]
)
def test_a_change_carries_its_sign(change: float | None, text: str) -> None:
    assert board.change_text(change) == text


@pytest.mark.parametrize(("k", "fill"), [(60, "#762a83"), (88, "url(#hatch-1)"), (200, "#1b7837")])
def test_areas_have_the_colour_of_their_class_and_hatching_while_nothing_is_shown(k: int, fill: str) -> None:
    n = 200 if k == 200 else 100
    assert choropleth.area_style(fake.rate("registration_rate", k, n))["fillColor"] == fill


def test_what_is_hidden_is_grey_and_heat_leaves_borders_alone() -> None:
    hidden = fake.rate("registration_rate", 18, 22)
    assert choropleth.area_style(hidden)["fillColor"] == choropleth.NOT_SHOWN
    assert choropleth.area_style(hidden, is_heat=True)["fillOpacity"] == 0
    assert choropleth.heat_style(None)["fillColor"] == choropleth.NOT_SHOWN
    assert choropleth.heat_style(5)["fillColor"] == "#00224e"


def test_counts_on_paper_are_rounded_to_five() -> None:
    assert [board.rounded(count) for count in (787, 22, 23, 0)] == [785, 20, 25, 0]


def test_the_page_shows_five_tiles_with_interval_verdict_and_target(leader: httpx.Client) -> None:
    html = leader.get("/dashboard").text
    assert html.count('class="tile"') == 5
    assert "89.0–93.0 %" in html
    assert "目标 91 %" in html
    assert html.index("东渡") < html.index("北门仓库片区")
    assert "超期 1 个" in html
    assert "较上周 <b>+0.6</b>" in html


def test_the_page_says_nothing_of_hidden_areas(leader: httpx.Client) -> None:
    for path in ("/dashboard", "/dashboard?view=table", f"/panels/dashboard?focus={LARGE}"):
        html = leader.get(path).text
        assert "20 / 24" not in html
        assert ">24<" not in html
        assert "&lt;30" in html


def test_a_piece_sends_shapes_only_once(leader: httpx.Client) -> None:
    first = drawing_in(leader.get("/panels/dashboard").text)
    assert isinstance(first["areas"], list)
    assert len(first["areas"]) == 17
    again = drawing_in(leader.get("/panels/dashboard", params={"drawn": str(first["key"])}).text)
    assert again["areas"] is None
    assert again["styles"] == first["styles"]
    other = drawing_in(leader.get(f"/panels/dashboard?area={WORST}&drawn={first['key']}").text)
    assert isinstance(other["areas"], list)
    assert len(other["areas"]) == 6


def test_a_chosen_area_is_marked_everywhere_and_leads_on(leader: httpx.Client) -> None:
    html = leader.get(f"/panels/dashboard?focus={WORST}").text
    assert 'class="is-chosen"' in html
    assert "看各网格" in html
    words, _ = html.split('<script type="application/json"')
    assert "东渡口老街片区" in words
    assert "北门仓库片区" not in words
    styles = drawing_in(html)["styles"]
    assert isinstance(styles, dict)
    assert styles[str(WORST)]["go"] == f"/dashboard?area={WORST}"
    assert f"focus={LARGE}" in styles[str(LARGE)]["go"]


def test_a_chosen_zone_marks_its_area(leader: httpx.Client) -> None:
    html = leader.get(f"/panels/dashboard?focus={fake.zone_row(1).id}").text
    assert re.search(r'<tr class="is-chosen">\s*<td class="num">1</td>', html)
    assert "zone-card is-chosen" in html
    assert f"/zones/{fake.zone_row(1).id}" in html


def test_a_block_shows_buildings_with_counts_alone(leader: httpx.Client) -> None:
    html = leader.get(f"/panels/dashboard?area={UUID(int=1000)}").text
    drawing = drawing_in(html)
    buildings = drawing["buildings"]
    assert isinstance(buildings, list)
    assert len(buildings) == 8
    assert buildings[2]["lines"] == ["36 户，出租 6 户", "不足 10 人"]
    assert set(buildings[0]) == {"id", "lon", "lat", "radius", "style", "name", "lines"}
    assert "不足 10" in html


def test_a_past_week_is_told_and_the_current_one_goes_unsaid(leader: httpx.Client) -> None:
    week = fake.WEEKS[3]
    html = leader.get(f"/panels/dashboard?week={week}").text
    assert f"第 {week.isocalendar().week} 周</b> 截至 09-27" in html
    assert f"week={week}" in html
    assert "week=" not in leader.get(f"/panels/dashboard?week={fake.WEEKS[-1]}").text


def test_the_ranking_comes_as_a_file_without_formulas_and_with_rounded_counts(leader: httpx.Client) -> None:
    reply = leader.get("/dashboard/ranking.csv", params={"rate": "registration_rate"})
    assert reply.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(reply.text.removeprefix("\ufeff"))))
    assert rows[1][:2] == ["东渡", "登记率"]
    assert rows[1][6] == "305"
    assert rows[-1][3:7] == ["样本过少", "", "", ""]


def test_a_name_that_is_code_stays_text(leader: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "</script><script>alert(1)</script>${x}`=1+1"

    def ranking(*_: object, **__: object) -> tuple[object, ...]:
        return (replace(fake.area_rates(None, None, area_id=WORST), name=hostile),)

    monkeypatch.setattr(dashboard, "ranking", ranking)
    for path in ("/dashboard", "/panels/dashboard", "/dashboard?view=table"):
        assert "<script>alert(1)" not in leader.get(path).text
    assert "\n=1" not in leader.get("/dashboard/ranking.csv").text


@pytest.mark.parametrize(
    "query", ["rate=wealth", "view=3d", "area=x", "week=x", "focus=1", "level=" + "x" * 30]
)
def test_bad_addresses_are_refused_in_words(leader: httpx.Client, query: str) -> None:
    reply = leader.get(f"/panels/dashboard?{query}", headers={"HX-Request": "true"})
    assert reply.status_code in {400, 422}
    assert "state-error" in reply.text


def test_without_figures_the_page_says_so(leader: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "weeks", lambda _session: ())
    monkeypatch.setattr(dashboard, "ranking", lambda *_, **__: ())
    html = leader.get("/dashboard").text
    assert "还没有居委可比" in html
    assert 'id="week"' not in html


def test_roles_without_figures_have_no_such_page_and_clerks_see_no_zones(leader: httpx.Client) -> None:
    for path in ("/dashboard", "/dashboard/ranking.csv", "/panels/dashboard"):
        assert leader.get(path, headers={"X-Role": Role.COORDINATOR}).status_code == 404
    html = leader.get("/dashboard", headers={"X-Role": Role.CLERK}).text
    assert "挂牌整治" not in html
    assert html.count('class="tile"') == 4


@pytest.mark.parametrize(("communities", "level"), [(60, "community"), (61, "township")])
def test_a_district_opens_at_its_communities_unless_they_are_many(
    leader: httpx.Client, monkeypatch: pytest.MonkeyPatch, communities: int, level: str
) -> None:
    town = fake.area_rates(None, None, area_id=fake.TOWN)

    def ranking(*_: object, level: str, **__: object) -> tuple[object, ...]:
        count = communities if level == "community" else 3
        return tuple(replace(town, id=UUID(int=5000 + at), level=level) for at in range(count))

    monkeypatch.setattr(dashboard, "area_rates", lambda *_, **__: replace(town, level="district"))
    monkeypatch.setattr(dashboard, "ranking", ranking)
    assert drawing_in(leader.get("/panels/dashboard").text)["key"] == f"{fake.TOWN}:{level}"
    asked = drawing_in(leader.get("/panels/dashboard?level=community").text)
    assert asked["key"] == f"{fake.TOWN}:community"
