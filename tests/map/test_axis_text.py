"""An axis by its coordinates: with keys alone, and from the file of a survey (R80)."""

import json

import pytest
from playwright.sync_api import FilePayload, expect

from geo_registry import cluster
from tests.map.conftest import DESK, PHONE, Visitor
from tests.map.test_journeys import Visit, faults_of
from tests.map.test_place_name_pages import a_street, opened

pytestmark = [pytest.mark.requirement("R80"), pytest.mark.browser]
LINES = "121.0010,31.2010\n121.0030，31.2012\n121.0050 31.2020"
READ = "async ([name, text]) => (await import('/static/js/axis_text.js'))[name](text)"


def survey(told: object) -> FilePayload:
    """Return a file of a survey."""
    return {"name": "axis.geojson", "mimeType": "application/geo+json", "buffer": json.dumps(told).encode()}


def by_key(visitor: Visitor, selector: str) -> None:
    """Move to an element with the tabulator key, and press Enter."""
    page = visitor.page
    for _ in range(120):
        if page.evaluate("(one) => document.activeElement?.matches(one)", selector):
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    raise AssertionError(selector)


def test_an_axis_is_written_and_saved_with_keys_alone(visit: Visit, town_url: cluster.Urls) -> None:
    visitor = visit(DESK)
    page = visitor.page
    opened(visitor, "lin", f"?t=places&place={a_street(town_url)[0]}")
    page.wait_for_selector("[data-axis-type] >> nth=1")
    by_key(visitor, "#object [data-axis-type]")
    page.wait_for_selector("#typed[open]")
    before = page.input_value("#typed-points").split("\n")
    assert len(before) >= 2
    lon, lat = (float(part) for part in before[-1].split(","))
    east = round(lon + 0.0003, 5)
    page.keyboard.press("Control+End")
    page.keyboard.type(f"\n{lat},{lon}\nabc")
    assert page.inner_text("#typed-error").split("\n") == [
        f"第 {len(before) + 1} 行：经度在前，纬度在后，这一行像是写反了",
        f"第 {len(before) + 2} 行：应是“经度,纬度”两个数，如 121.4737,31.2304",
    ]
    visitor.shoot("axis-typed-faults")
    assert faults_of(visitor) == []
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("\n".join([*before, f"{east},{lat:.7f}"]))
    expect(page.locator("#typed-told").first).to_contain_text(f"{len(before) + 1} 个点", use_inner_text=True)
    visitor.shoot("axis-typed")
    assert faults_of(visitor) == []
    by_key(visitor, "#typed-use")
    page.wait_for_selector("#typed:not([open])", state="attached")
    page.wait_for_selector("[data-save-axis]")
    by_key(visitor, "[data-save-axis]")
    page.wait_for_selector("#act[open]")
    by_key(visitor, "#act-submit")
    page.wait_for_selector("#act:not([open])", state="attached")
    visitor.wait(f"(document.querySelector('[data-shown-place]')?.dataset.axis ?? '').includes('{east}')")


def test_a_survey_is_taken_from_its_file(visit: Visit) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    visitor.enter("lin", "/place-names")
    visitor.wait_for_map()
    page.click("[data-form=name]")
    page.wait_for_selector("#name-text")
    page.click("#object [data-axis-type]")
    page.wait_for_selector("#typed[open]")
    line = {
        "type": "LineString",
        "coordinates": [[121.001, 31.201, 4.2], [121.003, 31.2012], [121.005, 31.202]],
    }
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    page.set_input_files("#typed-file", survey({"type": "FeatureCollection", "features": [feature, feature]}))
    visitor.wait("document.querySelector('#typed-error').textContent.includes('文件里有 2 条线')")
    page.set_input_files("#typed-file", {**survey(0), "buffer": b"\xff{"})
    visitor.wait("document.querySelector('#typed-error').textContent.includes('不是 GeoJSON')")
    page.set_input_files("#typed-file", survey({"type": "FeatureCollection", "features": [feature]}))
    visitor.wait("document.querySelector('#typed-told').textContent.startsWith('3 个点')")
    visitor.shoot("axis-file")
    assert faults_of(visitor) == []
    page.click("#typed-use")
    visitor.wait("/^4\\d\\d m$/.test(document.getElementById('axis-told').textContent)")
    expect(page.locator("#axis-tools").first).to_be_hidden()


def test_what_is_written_is_read_line_by_line(visit: Visit) -> None:
    visitor = visit(DESK)
    visitor.enter("lin", "/place-names")

    def read(name: str, text: str) -> object:
        return visitor.page.evaluate(READ, [name, text])

    spots = [[121.001, 31.201], [121.003, 31.2012], [121.005, 31.202]]
    assert read("readLines", LINES) == {"parts": [spots], "faults": []}
    assert read("readLines", f"{LINES}\n\n{LINES}") == {"parts": [spots, spots], "faults": []}
    for text, line, word in (
        ("121,31\n40512345.1,3456789.2", 2, "投影坐标"),
        ("121,31\n121.5,31", 2, "km，请核对"),
        ("121,31", 1, "至少两个点"),
        ("121,31\n121.001,31\n\n121,31\n\n121,31\n121.001,31", 4, "只有一个点"),
        ("121,31\n121.001,31,4,5", 2, "一行只写一个点"),
    ):
        found = read("readLines", text)
        assert isinstance(found, dict)
        assert [one["line"] for one in found["faults"]] == [line], text
        assert word in found["faults"][0]["text"]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    told = read("readGeoJson", json.dumps({"type": "LineString", "coordinates": spots, "crs": crs}))
    assert isinstance(told, dict)
    assert "4549" in told["fault"]
    for text in (
        "null",
        "[]",
        '{"type":"LineString","coordinates":7}',
        '{"type":"Point","coordinates":[1,2]}',
    ):
        told = read("readGeoJson", text)
        assert isinstance(told, dict)
        assert told["fault"]
