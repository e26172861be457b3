"""Pages and pieces over HTTP: headers, refusals, hostile names, links that stay on this host."""

import re
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from geo_registry import cluster
from geo_registry.plate.faces import parts_of
from tests.map.conftest import headers_of, sign_in
from tests.map.town import adult_of
from web_map import words
from web_map.deps import safe_next

HOSTILE = "<script>alert(1)</script>${alert(2)}`\"'><img src=x onerror=alert(3)>"
PAGES = ["/", "/person", "/about", "/nowhere"]


@pytest.fixture
def hostile_building(town_url: cluster.Urls) -> str:
    """Give a building whose name and label are code."""
    query = """
        UPDATE registry.building SET name = %s, label = %s
        WHERE id = (SELECT b.id FROM registry.building b JOIN registry.division d ON d.id = b.township_id
                    WHERE d.code = '990101001000' ORDER BY b.id DESC LIMIT 1) RETURNING id::text
    """
    with psycopg.connect(town_url.owner) as connection:
        row = connection.execute(query, [HOSTILE, HOSTILE]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("path", PAGES)
def test_a_page_links_to_this_host_alone_and_runs_only_what_the_nonce_names(
    client: httpx.Client, path: str
) -> None:
    reply = client.get(path, headers={"Accept": "text/html"})
    policy = reply.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce
    links = re.findall(r'(?:src|href|action)="([^"]*)"', reply.text)
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in links)
    for tag in re.findall(r"<script\b[^>]*>", reply.text):
        assert f'nonce="{nonce[1]}"' in tag or 'src="/static/' in tag
    assert not re.search(r"\son[a-z]+=", reply.text)
    assert "javascript:" not in reply.text
    assert '<html lang="zh-CN">' in reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert "app;dur=" in reply.headers["server-timing"]


def test_two_replies_have_two_nonces(client: httpx.Client) -> None:
    first, second = (client.get("/about").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_hostile_names_stay_text(client: httpx.Client, hostile_building: str) -> None:
    for path in (f"/panels/buildings/{hostile_building}", f"/panels/buildings/{hostile_building}/history"):
        reply = client.get(path)
        assert reply.status_code == 200
        assert "<script" not in reply.text
        assert "<img src=x" not in reply.text
    box = {"west": 120, "south": 30, "east": 122, "north": 32}
    assert "<img src=x" not in client.get("/panels/table", params=box).text
    assert "<script" not in client.post("/panels/search", data={"text": HOSTILE}).text


def test_a_page_without_a_session_leads_to_the_sign_in_and_back(server: str) -> None:
    reply = httpx.get(f"{server}/person?x=1")
    assert (reply.status_code, reply.headers["location"]) == (303, "/login?next=/person%3Fx%3D1")
    piece = httpx.get(f"{server}/panels/crumbs", headers={"HX-Request": "true"})
    assert (piece.status_code, piece.headers["hx-redirect"]) == (401, "/login")


@pytest.mark.parametrize(
    "target", ["https://else.example/", "//else.example", "/\\else.example", "javascript:alert(1)", ""]
)
def test_the_sign_in_leads_nowhere_else(target: str) -> None:
    assert safe_next(target) == "/"


def test_the_sign_in_leads_back() -> None:
    assert safe_next("/person?x=1") == "/person?x=1"


def test_who_is_signed_in_does_not_sign_in_again(client: httpx.Client) -> None:
    reply = client.get("/login", params={"next": "/person"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/person")


def test_an_unknown_page_is_a_page_for_people_and_a_problem_for_programs(client: httpx.Client) -> None:
    page = client.get("/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "没有这个页面" in page.text
    problem = client.get("/v1/nowhere", headers={"Accept": "text/html"})
    assert problem.headers["content-type"] == "application/problem+json"


def test_a_building_elsewhere_is_not_there(client: httpx.Client) -> None:
    reply = client.get(f"/panels/buildings/{UUID(int=7)}", headers={"HX-Request": "true"})
    assert reply.status_code == 404
    assert 'data-code="building-not-found"' in reply.text


def test_what_is_malformed_is_not_echoed(client: httpx.Client) -> None:
    reply = client.get("/panels/buildings/%3Cb%3Ex", headers={"HX-Request": "true"})
    assert reply.status_code == 422
    assert "<b>x" not in reply.text


def test_a_look_needs_a_purpose_and_a_permission(server: str, client: httpx.Client) -> None:
    refused = client.post(
        "/panels/occupants", data={"unit_id": str(UUID(int=7))}, headers={"HX-Request": "true"}
    )
    assert refused.status_code == 403
    assert 'data-code="purpose-required"' in refused.text
    both = client.post(
        "/panels/occupants", data={"purpose": "01", "case_number": "2026-1"}, headers={"HX-Request": "true"}
    )
    assert 'data-code="object-required"' in both.text
    clerk = headers_of(server, sign_in(server, "lin")) | {"HX-Request": "true"}
    absent = httpx.post(f"{server}/panels/occupants", data={"unit_id": str(UUID(int=7))}, headers=clerk)
    assert absent.status_code == 404


def test_pieces_with_persons_are_never_stored(client: httpx.Client, town_url: cluster.Urls) -> None:
    number, name = adult_of(town_url)
    stated = {"purpose": "05", "case_number": "2026-1183", "id_type": "111", "id_number": number}
    reply = client.post("/panels/dwellings", data=stated)
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert number not in reply.text
    assert name not in reply.text
    assert f"{name[0]}*" in reply.text


def test_a_post_from_another_site_is_refused(server: str, client: httpx.Client) -> None:
    reply = client.post("/panels/search", data={"text": "路"}, headers={"Origin": "http://else.example"})
    assert reply.status_code == 403


def test_the_icon_is_served_at_its_old_place(server: str) -> None:
    assert httpx.get(f"{server}/favicon.ico").headers["content-type"].startswith("image/svg+xml")


def test_a_versioned_file_may_be_kept_for_good(server: str) -> None:
    kept = httpx.get(f"{server}/static/css/tokens.css?v=1").headers["cache-control"]
    assert "immutable" in kept
    assert "immutable" not in httpx.get(f"{server}/static/css/tokens.css").headers["cache-control"]


@pytest.mark.parametrize(
    ("row", "hukou", "chip"),
    [
        ({"registration": "active", "expires_on": "2999-01-01"}, None, ("ok", "有效至 2999-01-01")),
        ({"registration": "active", "expires_on": "2001-01-01"}, None, ("warning", "已于 2001-01-01 到期")),
        ({"registration": "active"}, None, ("ok", "有效")),
        ({"registration": "station_review"}, None, ("info", "站级复核中")),
        ({"category": "local_hukou", "separation": "consistent"}, None, ("ok", "人户一致")),
        ({"category": "local_hukou", "separation": None}, None, ("plain", "户籍待核")),
        ({"category": "local_hukou", "unit_id": "a"}, {"unit_id": "b"}, ("info", "人在户不在")),
        ({"category": "incomer", "until": None}, None, ("warning", "未登记")),
        ({"category": "incomer", "until": "2020-01-01"}, None, None),
    ],
)
def test_the_chip_says_what_holds(
    row: dict[str, str | None], hukou: dict[str, str] | None, chip: tuple[str, str] | None
) -> None:
    assert words.registration_chip(row, hukou) == chip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("映月路213号", ("映月路", "213")),
        ("映月路218弄6号", ("映月路218弄", "6")),
        ("石桥村3组12-1号", ("石桥村3组", "12-1")),
        ("映月路附5号", ("映月路", "附5")),
        ("没有号的名称", ("", "没有号的名称")),
    ],
)
def test_a_plate_has_the_name_above_and_the_number_below(text: str, parts: tuple[str, str]) -> None:
    assert parts_of(text) == parts


def test_the_editor_comes_with_the_list_that_its_address_asks_for(
    server: str, cookies: dict[str, httpx.Cookies]
) -> None:
    with httpx.Client(base_url=server, headers=headers_of(server, cookies["lin"])) as client:
        street = client.get("/v1/streets?limit=1").json()["rows"][0]
        for asked, first in (
            ("", "tab=plates"),
            ("?t=missing", "tab=missing"),
            (f"?s={street['id']}&d=odd", f"tab=plates&amp;street={street['id']}&amp;side=odd"),
        ):
            page = client.get(f"/plates{asked}").text
            own = client.get(f"/panels/plates/list?{first.replace('&amp;', '&')}").text
            assert f'data-first="{first}">{own}' in page
        for asked in ("?s=abc", "?t=all", "?m=<b>", f"?s={uuid4()}"):
            reply = client.get(f"/plates{asked}")
            assert (reply.status_code, "data-first" in reply.text) == (200, False)
