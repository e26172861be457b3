"""Hands at the entry desk: typed at a typist's pace, never a mouse; and persons whom the register does not know."""

import time
from dataclasses import dataclass
from random import Random
from typing import Any, LiteralString

import httpx
import psycopg
from playwright.sync_api import Page

from api.guard import csrf_token
from geo_registry import cluster
from geo_registry.person.rules import id_check_character
from tests.map.conftest import Visitor, headers_of

KEY_SECONDS = 0.2
"""Five keys a second, 60 words a minute: an entry clerk, not a record."""
KEYS_OF_HAN = 3
"""A character of Chinese by its pinyin and a choice."""
_POINTER = """
    window.pointed = 0;
    for (const kind of ['pointerdown', 'mousedown', 'touchstart']) {
      document.addEventListener(kind, () => { window.pointed += 1; }, true);
    }
"""
_UNITS: LiteralString = """
    SELECT u.id, u.building_id, concat(a.standard_text, ba.building_no), u.unit_text FROM registry.housing_unit u
      JOIN registry.building_address ba ON ba.building_id = u.building_id AND ba.is_main
      JOIN registry.address a ON a.id = ba.address_id JOIN registry.division t ON t.id = u.township_id
    WHERE t.code = '990101001000' AND u.state = 'realized' AND u.unit_text ~ '单元[0-9]+室$'
      AND (SELECT count(*) FROM registry.residence r WHERE r.unit_id = u.id AND upper(r.valid) IS NULL) = %s
      AND NOT EXISTS (SELECT FROM registry.registration_case c WHERE c.unit_id = u.id)
    ORDER BY a.standard_text, ba.building_no, u.unit_text OFFSET %s LIMIT 1
"""


@dataclass(frozen=True)
class Unit:
    """A housing unit and how its address is written."""

    id: str
    building_id: str
    address: str
    room: str


def unit_with(urls: cluster.Urls, residents: int, turn: int = 0) -> Unit:
    """Return a unit of the town with so many residents and no case yet."""
    with psycopg.connect(urls.owner) as connection:
        found = connection.execute(_UNITS, (residents, turn)).fetchall()[0]
    unit_id, building_id, address, room = (str(value) for value in found)
    return Unit(unit_id, building_id, address.removeprefix("映山区"), room)


def number(born: str, sex: int, seed: int, division: str = "990823") -> str:
    """Return an identity number that nobody in the town has: valid in form, invented."""
    serial = Random(f"{born}{seed}").randrange(10, 99)
    body = f"{division}{born}{serial}{sex + 2 * (seed % 4)}"
    return body + id_check_character(body)


@dataclass
class Hands:
    """Types at a pace, counts the keys, and asserts that nothing was pointed at."""

    visitor: Visitor
    seconds: float = KEY_SECONDS
    keys: int = 0
    began: float = 0

    @property
    def page(self) -> Page:
        """Return the page typed into."""
        return self.visitor.page

    def type(self, text: str) -> None:
        """Type a text; a character of Chinese costs as many keys as its pinyin."""
        for sign in text:
            cost = KEYS_OF_HAN if ord(sign) > 0x2E7F else 1
            self._wait(cost)
            self.page.keyboard.type(sign)

    def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            self._wait(1)
            self.page.keyboard.press(key)

    def line(self, *fields: str) -> None:
        """Fill fields, Enter behind each; an empty one is passed over."""
        for text in fields:
            self.type(text)
            self.press("Enter")

    def _wait(self, keys: int) -> None:
        # Hands keep their pace: what the machine takes meanwhile is not added to it.
        self.began = self.began or time.monotonic()
        self.keys += keys
        left = self.began + self.keys * self.seconds - time.monotonic()
        self.page.wait_for_timeout(max(left, 0.001) * 1000)

    def took(self) -> float:
        """Return the seconds since the first key."""
        return time.monotonic() - self.began

    def pointed(self) -> int:
        """Return how often the page was touched or clicked."""
        return int(self.page.evaluate("window.pointed"))


def hands_at(visitor: Visitor, login: str, seconds: float = 0.01) -> Hands:
    """Open the entry desk and return the hands at it, the cursor in the address."""
    visitor.page.add_init_script(_POINTER)
    visitor.enter(login, "/registrations/new")
    visitor.wait("document.activeElement?.id === 'where'")
    return Hands(visitor, seconds)


def begin(hands: Hands, unit: Unit, action: str = "1") -> None:
    """Choose a unit and an action; the cursor stands in the first person."""
    hands.type(unit.address + unit.room)
    hands.press("Enter")
    hands.visitor.wait("document.activeElement?.name === 'action'")
    hands.press(action, "Enter")
    hands.page.wait_for_selector("#entry-head:not([hidden])")


class Desk:
    """The same acts by another program: cases that are there before a page is opened."""

    def __init__(self, server: str, cookies: dict[str, httpx.Cookies]) -> None:
        """Sit down with the sessions that exist."""
        self.server, self.cookies = server, cookies

    def act(self, login: str, path: str, body: dict[str, Any], version: int | None = None) -> dict[str, Any]:
        """Do one act and return the answer."""
        headers = headers_of(self.server, self.cookies[login]) | {"Idempotency-Key": f"{time.time_ns():032x}"}
        headers["X-CSRF-Token"] = csrf_token(next(iter(self.cookies[login].values())))
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        reply = httpx.post(f"{self.server}{path}", json=body, headers=headers)
        assert reply.is_success, reply.text
        return dict(reply.json())

    def case(self, login: str, unit: Unit, forms: list[dict[str, str]], **entry: str) -> dict[str, Any]:
        """Open, fill and submit a case."""
        asked = {"action": "register", "form": "incomer_registration", "unit_id": unit.id} | entry
        opened = self.act(login, "/v1/registrations", asked)
        path = f"/v1/registrations/{opened['id']}/actions"
        filled = self.act(login, f"{path}/fill", {"forms": forms}, opened["version"])
        sent = self.act(login, f"{path}/submit", {}, filled["version"])
        return opened | {"version": sent["version"]}

    def judge(self, case: dict[str, Any], *steps: tuple[str, str]) -> None:
        """Let reviewers take and pass, each (login, step)."""
        for login, step in steps:
            path = f"/v1/registrations/{case['id']}/actions/{step}"
            case["version"] = self.act(login, path, {}, case["version"])["version"]


def form(name: str, born: str, sex: int, seed: int, **more: str) -> dict[str, str]:
    """Return the form of one who came from elsewhere."""
    return {
        "name": name, "id_type": "111", "id_number": number(born, sex, seed), "category": "incomer",
        "relation_to_head": "0", "since": "2026-10-01", "hukou_code": "340823", "hukou_address": "枞阳县某乡某村",
        "stay_reason": "work", "lodging": "rented",
    } | more  # fmt: skip
