"""地址识别 in a browser: a text taken apart as one types, found in the register and on the map, and a list at once."""

import csv
import io
from collections.abc import Callable

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from geo_registry import cluster
from geo_registry.address.reading.parts import Inferred, Reading, ReadPart
from tests.map.conftest import DESK, LAPTOP, PHONE, Visitor
from tests.map.test_journeys import faults_of
from web_map import reading_words

Visit = Callable[[tuple[int, int]], Visitor]
both = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
browser = pytest.mark.browser


@pytest.fixture(scope="session")
def door(town_url: cluster.Urls) -> str:
    """Return the text of a current address in the accounts' areas that has a building with rooms."""
    query = """
        SELECT a.standard_text FROM registry.address a
        JOIN registry.division d ON d.id = a.township_id AND d.code = '990101001000'
        JOIN registry.building_address b ON b.address_id = a.id
        JOIN registry.housing_unit u ON u.building_id = b.building_id
        WHERE a.state = 'current' AND a.position IS NOT NULL ORDER BY a.standard_text LIMIT 1
    """
    with psycopg.connect(town_url.owner) as connection:
        return str(connection.execute(query).fetchall()[0][0])


def type_text(visitor: Visitor, text: str) -> None:
    """Put a text into the field and wait until it has been read."""
    visitor.page.fill("#text", text)
    visitor.page.wait_for_selector(".read")


def parts_of(visitor: Visitor) -> dict[str, str]:
    """Return the shown parts: the name of the kind, and the text as written."""
    shown = visitor.page.locator(".read .parts .part:not(.part-gap)")
    pairs = [one.inner_text().split("\n")[:2] for one in shown.all()]
    return {kind: text for text, kind in pairs}


def test_the_pieces_are_the_whole_text() -> None:
    parts = (
        ReadPart("street", "映月路", "映月路", 1, 4, "street.suffix"),
        ReadPart("street_number", "６号", "6号", 5, 7, "number.door"),
        ReadPart("note", "对面", "对面", 7, 9, "note"),
    )
    reading = Reading(" 映月路-６号对面。", "映月路6号", 0.9, parts, (Inferred("city", "澜江市", "", "x"),))
    pieces = list(reading_words.pieces_of(reading))
    assert "".join(piece.text for piece in pieces if piece.group != "inferred") == reading.input
    groups = ["gap", "inferred", "way", "gap", "way", "none", "gap"]
    assert [piece.group for piece in pieces] == groups
    assert [piece.value for piece in pieces if piece.value] == ["6号"]
    assert reading_words.has_address(reading)


def test_every_kind_has_a_name_and_a_group() -> None:
    assert set(reading_words.GROUP_OF.values()) == set(reading_words.GROUPS)
    assert set(reading_words.GROUP_OF) == set(reading_words.KINDS)
    assert len(set(reading_words.KINDS.values())) == len(reading_words.KINDS)
    told = [reading_words.confidence_words(value) for value in (1.0, 0.94, 0.5, 0.0)]
    assert len(set(told)) == 4


@browser
@both
def test_a_text_is_taken_apart_as_one_types(visit: Visit, size: tuple[int, int]) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("fang", "/addresses")
    assert page.get_attribute(".sections [aria-current]", "href") == "/addresses"
    visitor.shoot("reading-start")
    assert faults_of(visitor) == []
    page.click("#text")
    page.keyboard.type("映月路２１８弄六号付2号402室")
    page.wait_for_selector(".part-house")
    visitor.wait("document.querySelectorAll('.read .part').length >= 4")
    shown = parts_of(visitor)
    assert (shown["路街"], shown["弄巷"], shown["户室"]) == ("映月路", "２１８弄", "402室")
    expect(page.locator(".read .part-way .part-value >> nth=0").first).to_contain_text(
        "218弄", use_inner_text=True
    )
    expect(page.locator("#standard").first).to_contain_text("映月路218弄6附2号402室", use_inner_text=True)
    assert page.locator("meter").get_attribute("aria-labelledby") == "sure"
    visitor.wait("document.querySelector('#reading-status').textContent.startsWith('读出')")
    page.click(".read-rules summary")
    visitor.shoot("reading-parts")
    assert faults_of(visitor) == []
    page.focus("#text")
    page.keyboard.press("Escape")
    page.wait_for_selector(".read-start")
    assert page.input_value("#text") == ""
    # What was typed stands in no address.
    assert not [request for request in visitor.watch.requests if "%E6%98%A0" in request]


@browser
@both
def test_a_match_says_what_it_found_and_shows_it(visit: Visit, size: tuple[int, int], door: str) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("du", "/addresses")
    type_text(visitor, door)
    page.wait_for_selector(".candidate.is-best")
    assert page.inner_text(".grade").split() == ["A", "一致"]
    assert page.inner_text(".candidate.is-best .candidate-go b") == door
    page.wait_for_selector(".reading-pin.is-best")
    visitor.wait_for_map()
    page.focus("#text")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector(".candidate.is-chosen")
    page.wait_for_selector(".reading-pin.is-chosen")
    visitor.shoot("reading-match")
    assert faults_of(visitor) == []
    page.locator(".candidate").nth(page.locator(".candidate").count() - 1).locator(".candidate-go").click()
    expect(page.locator(".candidate.is-chosen")).to_have_count(1)
    page.click(".candidate.is-best .candidate-facts a")
    page.wait_for_selector("#object:not([hidden])")
    # The way back finds the text again; signing out takes it away.
    page.go_back()
    page.wait_for_selector(".candidate.is-best")
    assert page.input_value("#text") == door


@browser
def test_a_text_does_not_outlast_its_reader(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lin", "/addresses")
    type_text(visitor, "映月路8号王先生")
    page.reload()
    page.wait_for_selector(".read")
    assert page.input_value("#text") == "映月路8号王先生"
    page.context.clear_cookies()
    page.goto(page.url)
    page.wait_for_selector("#login-form")
    visitor.enter("lin", "/addresses")
    assert page.input_value("#text") == ""


@browser
def test_a_lost_server_leaves_no_answer_to_another_text(visit: Visit, door: str) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("du", "/addresses")
    type_text(visitor, door)
    page.wait_for_selector(".reading-pin")
    page.route("**/panels/reading", lambda route: route.abort())
    page.fill("#text", f"{door}1室")
    page.wait_for_selector("#reading:has-text('连接中断')")
    expect(page.locator(".reading-pin")).to_have_count(0)
    page.unroute("**/panels/reading")
    type_text(visitor, door)
    page.wait_for_selector(".reading-pin")
    # The browser and HTMX note the aborted request; nothing else may be amiss.
    assert all("ERR_FAILED" in fault or "htmx:" in fault for fault in visitor.watch.faults)
    visitor.watch.faults.clear()


@browser
def test_what_is_no_address_is_said_to_be_none(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("lin", "/addresses")
    for text in ("!!!", "<b>x</b><script>window.hit = 1</script>", "\u202e\U0001f3e0"):
        type_text(visitor, text)
        visitor.wait("!document.querySelector('.htmx-request')")
        expect(page.locator(".parts b, .parts script")).to_have_count(0)
    assert page.evaluate("window.hit") is None
    expect(page.locator(".candidate")).to_have_count(0)
    visitor.shoot("reading-none")
    assert faults_of(visitor) == []
    expect(page.locator(".reading-foot")).to_have_count(0)


@browser
@pytest.mark.parametrize("size", [DESK, LAPTOP, PHONE], ids=["desk", "laptop", "phone"])
def test_a_list_becomes_a_table_and_a_file(visit: Visit, size: tuple[int, int], door: str) -> None:
    visitor = visit(size)
    page = visitor.page
    visitor.enter("he", "/addresses")
    texts = [door, "不知何处", f"{door}对面", "=1+1"]
    page.click("#show-list")
    page.fill("#lines", "\n\n".join(texts))
    expect(page.locator("#lines-count").first).to_have_text("4 行", use_inner_text=True)
    page.click("#read-list")
    page.wait_for_selector(".readings")
    expect(page.locator(".readings tbody tr")).to_have_count(4)
    expect(page.locator(".readings tbody tr >> nth=0").first).to_contain_text("一致", use_inner_text=True)
    visitor.shoot("reading-list")
    assert faults_of(visitor) == []
    with page.expect_download() as waiting:
        page.click("button[form=list-form]")
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["原文"] for row in rows] == [*texts[:3], "'=1+1"]
    assert (rows[0]["匹配等级"], rows[0]["登记地址"]) == ("A", door)
    page.reload()
    page.click("#show-list")
    assert page.input_value("#lines").split("\n\n") == texts
    page.click("#read-list")
    page.wait_for_selector(".readings")
    page.fill("#lines", "\n".join(["映月路8号"] * 201))
    page.click("#read-list")
    expect(page.locator("#lines-count").first).to_contain_text("一次至多 200 行", use_inner_text=True)
    page.click(".readings-open >> nth=0")
    page.wait_for_selector(".candidate.is-best")
    assert page.input_value("#text") == door


@browser
def test_several_lines_pasted_open_the_list(visit: Visit) -> None:
    visitor = visit(DESK)
    page = visitor.page
    visitor.enter("feng", "/addresses")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#text")
    page.evaluate("navigator.clipboard.writeText('映月路8号\\r\\n\\r\\n映月路218弄\\n')")
    page.keyboard.press("Control+V")
    page.wait_for_selector(".readings")
    expect(page.locator(".readings tbody tr")).to_have_count(2)
    page.click("#show-one")
    page.fill("#text", "映月路8号")
    page.wait_for_selector("[data-copy]")
    page.click("[data-copy]")
    page.wait_for_selector(".toast-line:has-text('已复制')")
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text("#standard")


@browser
def test_the_steward_alone_is_told_what_is_not_loaded(visit: Visit) -> None:
    for login, told in (("fang", 1), ("du", 0)):
        visitor = visit(DESK)
        visitor.enter(login, "/addresses")
        assert visitor.page.locator(".reading-foot").count() == told
    visitor.enter("ye", "/")
    expect(visitor.page.locator(".sections a[href='/addresses']")).to_have_count(0)
    visitor.page.goto(f"{visitor.watch.base}/addresses")
    expect(visitor.page.locator("h1").first).to_have_text("没有找到", use_inner_text=True)


def test_a_panel_refuses_in_words(client: httpx.Client) -> None:
    piece = {"HX-Request": "true"}
    for path, sent, said in (
        ("/panels/reading", {"text": "映" * 501}, "至多 500 字，现有 501 字"),
        ("/panels/reading", {"text": "映月路", "profile": "/etc/hostname"}, "没有这种体例"),
        ("/panels/readings", {"lines": " \n\t\n"}, "请粘贴地址"),
        ("/panels/readings", {"lines": "映\n" * 201}, "一次至多 200 行，现有 201 行"),
        ("/panels/readings", {"lines": "映月路\n" + "映" * 501}, "第 2 条超过 500 字"),
    ):
        answer = client.post(path, data=sent, headers=piece)
        assert answer.status_code == 422
        assert said in answer.text
    for text in (
        "",
        "\x00",
        "\x00映月路\x008号\x07",
        "\x1f\u2028",
        "\ufffe\U0010ffff",
        "龘𠮷🏠" * 100,
        "8-" * 250,
    ):
        assert client.post("/panels/reading", data={"text": text}, headers=piece).status_code == 200
    assert client.get("/panels/reading", headers=piece).status_code == 405
