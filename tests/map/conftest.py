"""A real server over a small town, a real browser, and the watch that every page is held to."""

import contextlib
import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from api.app import create_app
from geo_registry import cluster
from geo_registry.db import today
from geo_registry.settings import settings
from tests.map.duty import Duty, give_duty
from tests.map.town import PASSWORD, store_town
from tests.templates import anchor_now, digest_of, drop, locked, migrated, sources, template

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--lang=zh-CN",
    # Whatever a page asks for elsewhere fails at once, and is seen by the watch.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
DESK, LAPTOP, PHONE = (1440, 900), (1024, 768), (390, 844)
_CSP_WATCH = """
    window.cspReports = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.cspReports.push(event.violatedDirective + ' ' + event.blockedURI);
    });
"""


@pytest.fixture(scope="session")
def town_url(database: cluster.Urls) -> Iterator[cluster.Urls]:
    """Give a database of its own with the small town, dropped at the end."""
    name = f"map_{os.getpid()}"
    with locked("template", fcntl.LOCK_EX):
        urls = cluster.create_database(settings(), name, _town())
    anchor_now(urls)
    yield urls
    drop(name)


def _town() -> str:
    """Store the town once for each day and each state of what stores it; return the name of its template."""
    files = [*sources("migrations", "geo_registry"), Path(__file__).with_name("town.py")]
    return template("town", digest_of(files, str(today())), _store, of=migrated())


def _store(urls: cluster.Urls) -> None:
    store_town(urls.owner)
    name = urls.owner.rpartition("/")[2]
    with psycopg.connect(cluster.superuser_url(database=name), autocommit=True) as connection:
        connection.execute("ANALYZE")


@pytest.fixture(scope="session")
def duty(town_url: cluster.Urls) -> Duty:
    """Give the coordinator a block, and a colleague who could take it over."""
    return give_duty(town_url.owner)


class Server(uvicorn.Server):
    """uvicorn in a thread of the test."""

    def install_signal_handlers(self) -> None:
        """Leave the signals to pytest."""


@pytest.fixture(scope="session")
def server(town_url: cluster.Urls) -> Iterator[str]:
    """Give the address of the running application."""
    config = uvicorn.Config(create_app(town_url.app), host="127.0.0.1", port=0, log_level="error")
    runner = Server(config)
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    limit = time.monotonic() + 60
    while not runner.started:
        assert time.monotonic() < limit, "the server did not start within a minute"
        time.sleep(0.05)
    port = runner.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    runner.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a browser that reaches nothing but this machine."""
    # As long as a visitor waits for an expression.
    expect.set_options(timeout=40_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What no page may do: errors on the console, requests elsewhere, breaches of the policy."""

    base: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self.on_request)

    def on_console(self, message: ConsoleMessage) -> None:
        # A refused look answers 4xx, which the browser notes itself; the page shows it.
        if message.type == "error" and not re.search(r"status of 4\d\d", message.text):
            self.faults.append(f"console: {message.text}")

    def on_request(self, request: Request) -> None:
        self.requests.append(f"{request.method} {request.url}")
        if not request.url.startswith((self.base, "data:", "blob:" + self.base)):
            self.faults.append(f"foreign: {request.url}")


@dataclass
class Visitor:
    """A page at one width, watched, with the steps that tests share."""

    page: Page
    watch: Watch
    width: int
    cookies: dict[str, httpx.Cookies]

    def enter(self, login: str = "du", path: str = "/") -> None:
        """Open a page with a session that exists already."""
        found = [
            {"name": name, "value": value, "url": self.watch.base}
            for name, value in self.cookies[login].items()
        ]
        self.page.context.add_cookies(found)  # type: ignore[arg-type]
        self.page.goto(self.watch.base + path)
        self.page.wait_for_selector("#who")

    def sign_in(self, login: str = "du") -> None:
        """Sign in by the form and wait for the page behind it."""
        self.page.goto(f"{self.watch.base}/login")
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("#who")

    def wait(self, expression: str, seconds: float = 40) -> None:
        """Wait until an expression holds in the page; Playwright's own way would need eval."""
        limit = time.monotonic() + seconds
        while not self.page.evaluate(expression):
            assert time.monotonic() < limit, f"still false: {expression}"
            self.page.wait_for_timeout(100)

    def wait_for_map(self) -> float:
        """Wait until the first view is drawn; return the milliseconds since the navigation began."""
        mark = "performance.getEntriesByName('map-drawn')"
        self.wait(f"{mark}.length > 0")
        return float(self.page.evaluate(f"{mark}[0].startTime"))

    def shoot(self, name: str) -> None:
        """Save a screenshot for human eyes; a browser too busy to paint one is no fault of the page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(PlaywrightTimeout):
            self.page.screenshot(path=str(SCREENSHOTS / f"{name}-{self.width}.png"))

    def settle(self) -> None:
        """Hold the page to the watch and to its width."""
        reports = self.page.evaluate("window.cspReports ?? []")
        assert [*self.watch.faults, *reports] == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        wide = "[...document.querySelectorAll('.pane-scroll')].filter((one) => one.scrollWidth > one.clientWidth + 1)"
        assert self.page.evaluate(f"{wide}.map((one) => one.className)") == []


class Cookies(dict[str, httpx.Cookies]):
    """The cookies of each account, signed in when it is first asked for, as a machine does.

    A session ends when nobody uses it for a quarter of an hour, and a run takes longer.
    """

    FRESH_SECONDS = 300

    def __init__(self, server: str) -> None:
        super().__init__()
        self.server = server
        self.asked: dict[str, float] = {}

    def __getitem__(self, login: str) -> httpx.Cookies:
        """Return the cookies of a session that is alive."""
        if time.monotonic() - self.asked.get(login, -self.FRESH_SECONDS) >= self.FRESH_SECONDS:
            self[login] = sign_in(self.server, login)
        self.asked[login] = time.monotonic()
        return super().__getitem__(login)

    def __setitem__(self, name: str, cookies: httpx.Cookies) -> None:
        """Keep the cookies of a session that has just begun, of an account or of a visitor with a name of its own."""
        self.asked[name] = time.monotonic()
        super().__setitem__(name, cookies)


@pytest.fixture(scope="session")
def cookies(server: str) -> dict[str, httpx.Cookies]:
    """Give the cookies of each account; tests of the form sign in by the form."""
    return Cookies(server)


def sign_in(server: str, login: str) -> httpx.Cookies:
    """Return the cookies of a new session."""
    reply = httpx.post(
        f"{server}/v1/session", json={"login": login, "password": PASSWORD}, headers={"Origin": server}
    )
    assert reply.status_code == 201
    return reply.cookies


@pytest.fixture
def visit(
    browser: Browser, server: str, cookies: dict[str, httpx.Cookies]
) -> Iterator[Callable[[tuple[int, int]], Visitor]]:
    """Give a maker of visitors of some width; each is held to the watch at the end."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def make(size: tuple[int, int]) -> Visitor:
        width, height = size
        is_phone = width < 768
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            has_touch=is_phone,
            is_mobile=is_phone,
        )
        context.add_init_script(_CSP_WATCH)
        contexts.append(context)
        visitors.append(Visitor(context.new_page(), Watch(server), width, cookies))
        visitors[-1].watch.follow(visitors[-1].page)
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.settle()
    for context in contexts:
        context.close()


@pytest.fixture
def client(server: str, cookies: dict[str, httpx.Cookies]) -> Iterator[httpx.Client]:
    """Give a plain HTTP client of the same server, signed in as the officer."""
    with httpx.Client(base_url=server, headers=headers_of(server, cookies["du"])) as client:
        yield client


def headers_of(server: str, cookies: httpx.Cookies) -> dict[str, str]:
    """Return what a browser sends; httpx itself keeps secure cookies back on 127.0.0.1."""
    return {"Origin": server, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
