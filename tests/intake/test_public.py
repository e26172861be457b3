"""The public zone: a declaration and how it stands; nothing else is read or written, whatever is sent."""

import random
import re
import string
from urllib.parse import urlencode

import httpx
import psycopg
import pytest
from sqlalchemy import text

from api.public import MOST_BYTES
from geo_registry.account.sessions import sign_in
from geo_registry.cluster import Urls
from geo_registry.errors import NotSignedIn
from tests.intake.conftest import form, register_of
from tests.registration.conftest import Desk

pytestmark = pytest.mark.commits
_RIGHTS = text("""
    SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'registry'::regnamespace
      AND has_function_privilege('registry_public', p.oid, 'EXECUTE') ORDER BY 1
""")
_READABLE = text("""
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND (has_table_privilege('registry_public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege('registry_public', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
""")
_COUNTED = text("""
    WITH own AS MATERIALIZED (SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'registry'::regnamespace AND c.relkind = 'S')
    SELECT o.oid::regclass::text FROM own o WHERE has_sequence_privilege('registry_public', o.oid, 'USAGE, SELECT, UPDATE')
""")


def receipt_of(reply: httpx.Response) -> str:
    """Return the receipt on a page."""
    assert reply.status_code == 201, reply.text
    found = re.search(r"<output>([0-9A-Z-]+)</output>", reply.text)
    assert found
    return found[1]


@pytest.mark.requirement("R65")
def test_a_declaration_waits_and_writes_no_register(public: httpx.Client, desk: Desk) -> None:
    before, told = register_of(desk), form()
    receipt = receipt_of(public.post("/", data=told))
    assert register_of(desk) == before
    row = "SELECT status || ' ' || kind || ' ' || (community_id = :c)::text FROM registry.declaration WHERE receipt = :receipt"
    assert desk.one(row, c=desk.ids["c"], receipt=receipt.replace("-", "")) == "pending arrival true"
    stored = desk.one(
        "SELECT d::text FROM registry.declaration d WHERE receipt = :r", r=receipt.replace("-", "")
    )
    assert told["id_number"] not in stored
    assert told["phone"] not in stored
    for tail, status in ((told["id_number"][-2:], 200), ("ZZ", 404)):
        assert public.post("/state", data={"receipt": receipt, "tail": tail}).status_code == status
    shown = public.post("/state", data={"receipt": receipt.lower(), "tail": told["id_number"][-4:]}).text
    assert "等待核对" in shown
    assert told["name"] not in shown


def test_a_form_sent_twice_is_one_declaration(public: httpx.Client, desk: Desk) -> None:
    told = form()
    receipt_of(public.post("/", data=told))
    again = public.post("/", data=told)
    assert (again.status_code, "已经提交过" in again.text) == (409, True)
    count = "SELECT count(*) FROM registry.declaration WHERE id = :id"
    assert desk.one(count, id=told["form"]) == 1


def test_no_answer_tells_whether_somebody_lives_there(public: httpx.Client, desk: Desk) -> None:
    lived_in = desk.one("SELECT unit_text FROM registry.housing_unit WHERE id = :u", u=next(desk.rooms))
    desk.registered()
    pages = set()
    for address in (f"月河镇映月路8号1幢{lived_in}", "月河镇映月路8号1幢6005室", "月河镇映月路8号1幢9999室"):
        reply = public.post("/", data=form(address=address))
        pages.add(re.sub(r"<output>.*?</output>", "", reply.text))
    assert len(pages) == 1
    wrong = public.post("/", data=form(address="某某某某某某"))
    assert (wrong.status_code, "没有找到这个地址" in wrong.text) == (422, True)


def test_a_fault_stands_at_its_field_and_what_was_typed_stays(public: httpx.Client) -> None:
    reply = public.post("/", data=form(id_number="110105194912310021", name="欧阳<b>"))
    assert reply.status_code == 422
    assert 'id="id_number-fault"' in reply.text
    assert "欧阳&lt;b&gt;" in reply.text
    assert "<b>" not in reply.text.split("</header>")[1]


def test_the_pages_run_nothing_and_know_nobody(public: httpx.Client) -> None:
    for path in ("/", "/state"):
        reply = public.get(path, headers={"Cookie": "session=abc", "Authorization": "Bearer abc"})
        assert reply.status_code == 200
        assert "<script" not in reply.text
        assert "set-cookie" not in reply.headers
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert reply.headers["cache-control"] == "no-store"
    for path in (
        "/v1/buildings",
        "/docs",
        "/v1/openapi.json",
        "/static/js/shell.js",
        "/login",
        "/registrations",
    ):
        assert public.get(path).status_code == 404, path


def test_ten_declarations_an_hour_from_one_address(public: httpx.Client, desk: Desk) -> None:
    statuses = [public.post("/", data=form()).status_code for _ in range(12)]
    assert statuses == [201] * 10 + [429] * 2
    # Another network address is not held up, and time heals.
    call = text("SELECT registry.is_too_much('declare', CAST(:a AS inet), 10, 600, interval '1 hour')")
    with desk.owner.begin() as connection:
        tried = [
            connection.execute(call, {"a": a}).scalar_one()
            for a in ("192.0.2.7", "2001:db8::1", "2001:db8::2")
        ]
        connection.execute(text("UPDATE registry.sign_in_failure SET at = at - interval '61 minutes'"))
    assert tried == [False] * 3
    assert public.post("/", data=form()).status_code == 201


def test_a_sign_in_does_not_open_the_door_of_declarations(desk: Desk) -> None:
    address, kept = (
        "198.51.100.7",
        "SELECT count(*) FROM registry.sign_in_failure WHERE login = 'declare/198.51.100.7'",
    )
    call = "SELECT registry.is_too_much('declare', CAST(:a AS inet), 10, 600, interval '1 hour')"
    assert [desk.one(call, a=address) for _ in range(11)] == [False] * 10 + [True]
    desk.one("UPDATE registry.sign_in_failure SET at = at - interval '16 minutes'")
    with pytest.raises(NotSignedIn):
        sign_in(desk.app, f"declare/{address}", "wrong password")
    assert (desk.one(call, a=address), desk.one(kept)) == (True, 10)
    # What nobody counts any more goes, whoever comes next.
    desk.one("UPDATE registry.sign_in_failure SET at = at - interval '2 days'")
    assert (desk.one(call, a="198.51.100.8"), desk.one(kept)) == (False, 0)


def test_all_together_are_held_up_too(desk: Desk) -> None:
    call = text("SELECT registry.is_too_much('declare', CAST(:a AS inet), 10, 20, interval '1 hour')")
    with desk.owner.begin() as connection:
        tried = [connection.execute(call, {"a": f"192.0.2.{n}"}).scalar_one() for n in range(25)]
    assert tried == [False] * 20 + [True] * 5


@pytest.mark.requirement("R65")
def test_one_network_of_many_closes_nothing_for_others(desk: Desk) -> None:
    """A /48 holds 65 536 households' networks: together they take a tenth of what all may."""
    call = text("SELECT registry.is_too_much('declare', CAST(:a AS inet), 10, 600, interval '1 hour')")
    with desk.owner.begin() as connection:
        tried = [connection.execute(call, {"a": f"2001:db8:7:{n:x}::1"}).scalar_one() for n in range(70)]
        others = [
            connection.execute(call, {"a": a}).scalar_one()
            for a in ("2001:db8:8::1", "192.0.2.9", None, "2001:db8:7:1::2")
        ]
    assert tried == [False] * 60 + [True] * 10
    assert others == [False, False, False, True]


def test_receipts_are_not_guessed(public: httpx.Client) -> None:
    asked = [public.post("/state", data={"receipt": f"{n:013}", "tail": "00"}).status_code for n in range(32)]
    assert asked == [404] * 30 + [429] * 2


def test_the_role_may_call_five_functions_and_read_nothing(desk: Desk, database: Urls) -> None:
    with desk.owner.connect() as connection:
        allowed = ["declaration_state", "declare", "public_plate", "public_slip", "report_plate"]
        assert connection.execute(_RIGHTS).scalars().all() == allowed
        assert connection.execute(_READABLE).scalars().all() == []
        assert connection.execute(_COUNTED).scalars().all() == []
    with psycopg.connect(database.public) as connection:
        for query in (
            "SELECT * FROM registry.declaration", "SELECT * FROM registry.person", "SELECT * FROM registry.division",
            "SELECT registry.viewer_of('x')", "CREATE TABLE registry.mine ()", "CREATE TABLE public.mine ()",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(query)


def _body(chance: random.Random) -> tuple[str, bytes]:
    """Return some content type and some body: broken, oversized, hostile, or nearly right."""
    words = [
        "'; DROP TABLE registry.person --",
        "\0",
        "<svg onload=1>",
        "{{7*7}}",
        "％００",
        "𠮷" * 90,
        "-1e308",
        "\ud7ff",
        "%ff",
    ]
    told = {name: chance.choice([value, *words]) for name, value in form().items() if chance.random() < 0.9}
    match chance.randrange(6):
        case 0:
            return "application/json", bytes(chance.randrange(256) for _ in range(chance.randrange(200)))
        case 1:
            return "application/x-www-form-urlencoded", bytes(
                chance.randrange(256) for _ in range(chance.randrange(400))
            )
        case 2:
            return "multipart/form-data; boundary=x", b"--x\r\n" + "".join(
                chance.choices(string.printable, k=99)
            ).encode()
        case 3:
            return "application/x-www-form-urlencoded", b"a=1&" * chance.randrange(5000)
        case _:
            pairs = [(name, value.encode("utf-8", "surrogatepass")) for name, value in told.items()]
            return "application/x-www-form-urlencoded", urlencode(pairs).encode()


@pytest.mark.requirement("R65")
def test_a_thousand_hostile_bodies_change_and_tell_nothing(public: httpx.Client, desk: Desk) -> None:
    known = form(name="独孤求")
    receipt_of(public.post("/", data=known))
    before, chance = register_of(desk), random.Random(23)
    seen: dict[int, int] = {}
    for number in range(1000):
        kind, body = _body(chance)
        path = chance.choice(["/", "/state", "/slip"])
        reply = public.request(
            chance.choice(["POST", "POST", "POST", "PUT", "GET"]),
            path,
            content=body,
            headers={"Content-Type": kind},
        )
        seen[reply.status_code] = seen.get(reply.status_code, 0) + 1
        assert reply.status_code < 500, (number, reply.status_code, body[:200])
        assert known["name"] not in reply.text
        assert known["id_number"] not in reply.text
        assert "Traceback" not in reply.text
        if number % 25 == 0:
            desk.one("DELETE FROM registry.sign_in_failure")
    assert register_of(desk) == before
    assert len(seen) >= 4, seen


def test_too_much_is_not_read(public: httpx.Client) -> None:
    assert public.post("/", content=b"a" * (MOST_BYTES + 1)).status_code == 413
