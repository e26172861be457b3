"""The plate editor over a million plates: what the first view asks for, the first view in a browser, tiles, drags.

1 M plates in 200 communities of 25 streets with 200 doors, made in SQL. A drag is one `POST .../actions/move`: the plate,
its address, their acts and versions, the grid block, and the check of the whole street; twelve at one server process.
"""

import gzip
import hashlib
import http.client
import json
import math
import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from playwright.sync_api import Browser, sync_playwright

from api.guard import cookie_name
from benchmarks.load import serving
from geo_registry import cluster
from geo_registry.access.viewer import hash_token
from geo_registry.cluster import Urls
from geo_registry.settings import settings

DATABASE = "bench_plates"
PLATES, DRAGS, PORT, WORKERS = 1_000_000, 300, 8190, 2
MARK = "COMMENT ON DATABASE bench_plates IS 'loaded'"
COOKIE = cookie_name("http")
CHROMIUM, SOFTWARE, VISITS = "/usr/bin/chromium", ["--enable-unsafe-swiftshader"], 6
DRAWN = "performance.getEntriesByName('map-drawn').map((one) => one.startTime)"
PACKED = {"Accept-Encoding": "gzip"}
IS_LOADED = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
TOKEN = secrets.token_urlsafe(32)
CLERK = """
INSERT INTO registry.account (id, login, name, role) VALUES (md5('edit/clerk')::uuid, 'bench', '民政甲', 'clerk');
INSERT INTO registry.area_grant (account_id, division_id) SELECT md5('edit/clerk')::uuid, id FROM registry.division
WHERE level = 'district';
"""
SESSION = """
DELETE FROM registry.session WHERE account_id = md5('edit/clerk')::uuid;
"""


def ensure() -> Urls:
    """Make the plates unless they are there; sign the clerk in."""
    urls = cluster.create_database(settings(), DATABASE)
    cluster.migrate(urls.owner)
    with psycopg.connect(cluster.superuser_url(database=DATABASE), autocommit=True) as connection:
        if connection.execute(IS_LOADED, [DATABASE]).fetchone() != ("loaded",):
            began = time.perf_counter()
            connection.execute(Path(__file__).with_name("plates_edit.sql").read_bytes())
            connection.execute(CLERK.encode())
            connection.execute("VACUUM ANALYZE")
            connection.execute(MARK)
            print(f"{PLATES} plates made in {time.perf_counter() - began:.0f} s", flush=True)
        connection.execute("UPDATE registry.audit_anchor SET anchored_at = now()")
        connection.execute(SESSION)
        connection.execute(
            "INSERT INTO registry.session (token_hash, account_id, expires_at)"
            " VALUES (%s, md5('edit/clerk')::uuid, now() + interval '8 hours')",
            [hash_token(TOKEN)],
        )
    return urls


def own(kind: int, number: int) -> UUID:
    """Return the id of a thing, as the SQL makes it."""
    return UUID(hashlib.md5(f"edit/{kind}/{number}".encode(), usedforsecurity=False).hexdigest())


class Line:
    """One kept connection of the clerk."""

    def __init__(self) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[bytes, http.client.HTTPResponse, float]:
        """Send one request as the clerk; return the body, the answer and the seconds it took."""
        told = json.dumps(body).encode() if body is not None else None
        is_page = path.startswith(("/plates", "/panels"))
        known = {"Cookie": f"{COOKIE}={TOKEN}"} if is_page else {"Authorization": f"Bearer {TOKEN}"}
        sent = {**known, "Content-Type": "application/json", **(headers or {})}
        began = time.perf_counter()
        self._line.request(method, path, told, sent)
        answer = self._line.getresponse()
        read = answer.read()
        assert answer.status < 300, (path, answer.status, read[:400])
        return read, answer, time.perf_counter() - began


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Return the tile around a point."""
    x = int((lon + 180) / 360 * 2**zoom)
    return x, int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p50, p95 = (1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, most {1000 * ordered[-1]:.0f} ms of {len(ordered)}"


def _first_view(line: Line, lon: float, lat: float) -> float:
    """Ask for what the editor needs before it can be worked with: page, list, number line, twelve tiles a layer."""
    spent = line.ask("GET", "/plates")[2]
    spent += line.ask("GET", f"/panels/plates/list?street={own(5, 2500)}")[2]
    spent += line.ask("GET", f"/panels/plates/streets/{own(5, 2500)}")[2]
    x, y = tile_at(lon, lat, 17)
    for layer in ("plates", "buildings", "streets"):
        for dx in range(4):
            for dy in range(3):
                path = f"/tiles/{layer}/17/{x + dx}/{y + dy}.mvt"
                spent += line.ask("GET", path, headers=PACKED)[2]
    return spent


def _in_browser() -> None:
    """Open the editor in a browser, a fresh one each time: milliseconds until list and map can be worked with."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *SOFTWARE])
        for title, path in (("the editor", "/plates"), ("a street", f"/plates?s={own(5, 2500)}")):
            shown = [_visit(browser, path) for _ in range(VISITS)]
            for part, times in zip(("list", "map drawn"), zip(*shown, strict=True), strict=True):
                spread = ", ".join(f"{one:.0f}" for one in times)
                print(f"  in a browser, {title}, {part}: {spread} ms", flush=True)
        browser.close()


def _visit(browser: Browser, path: str) -> tuple[float, float]:
    """Return the milliseconds from the navigation to the list and to the map."""
    address = f"http://127.0.0.1:{PORT}"
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.add_cookies([{"name": COOKIE, "value": TOKEN, "url": address}])
    page = context.new_page()
    page.goto(f"{address}{path}", wait_until="commit")
    page.wait_for_selector("#plates-left .plates-head")
    listed = float(page.evaluate("performance.now()"))
    # The page's policy forbids what waits by `eval`.
    while not (marks := page.evaluate(DRAWN)):
        page.wait_for_timeout(20)
    context.close()
    return listed, float(marks[0])


def _tiles(line: Line) -> None:
    chance = random.Random(7)
    for zoom in (15, 16, 17, 18):
        sizes, plain, seconds = list[int](), list[int](), list[float]()
        for _ in range(30):
            x, y = tile_at(121.01 + chance.random() * 0.22, 31.005 + chance.random() * 0.09, zoom)
            body, answer, spent = line.ask("GET", f"/tiles/plates/{zoom}/{x}/{y}.mvt", headers=PACKED)
            sizes.append(len(body))
            plain.append(len(gzip.decompress(body)) if answer.getheader("Content-Encoding") else len(body))
            seconds.append(spent)
        print(
            f"  tiles at zoom {zoom}: {max(sizes) / 1024:.0f} KB at most ({max(plain) / 1024:.0f} KB unpacked),"
            f" {_spread(seconds)}",
            flush=True,
        )


def _drag(line: Line, chance: random.Random) -> float:
    number = chance.randrange(PLATES)
    told, answer, _ = line.ask("GET", f"/v1/plates/{own(7, number)}")
    shown = json.loads(told)
    at = {
        "lon": shown["lon"] + chance.uniform(-3e-5, 3e-5),
        "lat": shown["lat"] + chance.uniform(-3e-5, 3e-5),
    }
    version = answer.getheader("ETag") or ""
    headers = {"If-Match": version, "Idempotency-Key": uuid.uuid4().hex}
    return line.ask("POST", f"/v1/plates/{own(7, number)}/actions/move", at, headers)[2]


def _asked(title: str, ask: Callable[[], float], count: int) -> None:
    for _ in range(10):
        ask()
    print(f"  {title}: {_spread([ask() for _ in range(count)])}", flush=True)


def run(_data: Path) -> None:
    """Print the times of the first view, of tiles, and of drags and other requests of the editor."""
    urls = ensure()
    environment = {"GEO_REGISTRY_DATABASE_URL": urls.owner, "GEO_REGISTRY_APP_DATABASE_URL": urls.app}
    program = str(Path(sys.executable).with_name("geo-registry"))
    command = [program, "serve", "--port", str(PORT), "--workers", str(WORKERS)]
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    with serving(command, PORT, environment):
        line, chance = Line(), random.Random(11)
        print(f"  first view, 39 requests one after the other: {_first_view(line, 121.12, 31.05):.2f} s")
        _in_browser()
        # The server has closed the line of before meanwhile.
        line = Line()
        print(f"  again: {min(_first_view(line, 121.12, 31.05) for _ in range(5)):.2f} s", flush=True)
        _tiles(line)
        _asked("saving a drag", lambda: _drag(line, chance), DRAGS)
        ring = [[121.1, 31.05], [121.104, 31.05], [121.104, 31.053], [121.1, 31.053], [121.1, 31.05]]
        body = {"polygon": {"type": "Polygon", "coordinates": [ring]}}
        _asked("plates within a line", lambda: line.ask("POST", "/v1/plates/selection", body)[2], 50)
        _asked(
            "snap",
            lambda: line.ask("GET", f"/v1/plates/snap?lon={121.01 + chance.random() * 0.2}&lat=31.05")[2],
            100,
        )
        _asked("warnings", lambda: line.ask("GET", "/v1/address-warnings?limit=50")[2], 50)
        _asked("bin", lambda: line.ask("GET", "/v1/bin?limit=50")[2], 20)
