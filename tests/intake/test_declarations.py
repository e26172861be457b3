"""A declaration becomes a draft that others review, or is rejected; before that nothing is registered (R65)."""

from uuid import UUID

import httpx
import pytest

from geo_registry.access.audit import Look
from geo_registry.access.viewer import enter
from geo_registry.codes import new_id
from geo_registry.db import today, transaction
from geo_registry.errors import Conflict, NotFound, PurposeRequired, Refused, RegistryError, RuleBroken, Stale
from geo_registry.intake import reads, writes
from geo_registry.registration.reads import open_forms
from tests.intake.conftest import form, register_of
from tests.intake.test_public import receipt_of
from tests.registration.conftest import Desk, citizen_number, sheet

pytestmark = pytest.mark.commits


def _declare(public: httpx.Client, desk: Desk, **over: object) -> tuple[UUID, dict[str, str]]:
    told = form(**over)
    receipt = receipt_of(public.post("/", data=told)).replace("-", "")
    return desk.one("SELECT id FROM registry.declaration WHERE receipt = :r", r=receipt), told | {
        "receipt": receipt
    }


def _confirm(
    desk: Desk,
    declared: UUID,
    told: dict[str, str],
    unit: UUID | None,
    login: str = "clerk",
    version: int = 1,
) -> writes.Decided:
    token = desk.tokens[login]
    given = writes.Confirmation(told["id_type"], told["id_number"], unit, told["phone"])
    with transaction(desk.app) as session:
        viewer = enter(session, token)
        return writes.confirm_declaration(session, viewer, token, declared, given, version=version)


def _reject(
    desk: Desk, declared: UUID, reason: str, login: str = "clerk", version: int = 1
) -> writes.Decided:
    token = desk.tokens[login]
    with transaction(desk.app) as session:
        viewer = enter(session, token)
        return writes.reject_declaration(session, viewer, token, declared, reason, version=version)


def _code(kind: type[RegistryError], *call: object, **more: object) -> str:
    function, *rest = call
    with pytest.raises(kind) as caught:
        function(*rest, **more)  # type: ignore[operator]
    return caught.value.code


def _person_lives(desk: Desk, unit: UUID) -> int:
    query = "SELECT count(*) FROM registry.residence WHERE unit_id = :u AND upper_inf(sys) AND valid @> CURRENT_DATE"
    return int(desk.one(query, u=unit))


def _look(desk: Desk, login: str) -> Look:
    return Look(desk.tokens[login], "01", "申报-0001", None, new_id())


@pytest.mark.requirement("R65")
def test_an_arrival_is_registered_only_after_both_reviews(public: httpx.Client, desk: Desk) -> None:
    # As the importers key a room.
    desk.one(
        "UPDATE registry.housing_unit SET unit_key = 'r101' WHERE unit_key = '101' AND building_id = :b",
        b=desk.ids["house"],
    )
    before = register_of(desk)
    declared, told = _declare(public, desk)
    opened = reads.open_declaration(desk.app, _look(desk, "clerk"), declared)
    assert (opened.declaration["name"], opened.declaration["id_number"]) == (told["name"], told["id_number"])
    assert (opened.declaration["phone"], opened.declaration["known"]) == (told["phone"], None)
    unit = opened.suggestions[0].unit_id
    assert unit == desk.one(
        "SELECT id FROM registry.housing_unit WHERE unit_text = '101室' AND building_id = :b",
        b=desk.ids["house"],
    )
    assert register_of(desk) == before
    case = _confirm(desk, declared, told, unit).case_id
    assert case is not None
    assert unit is not None
    row = desk.row(case)
    assert (row.status, row.source, row.action, row.form, row.forms) == (
        "draft", "declaration", "register", "incomer_registration", 1,
    )  # fmt: skip
    drafted = open_forms(desk.app, desk.look("clerk"), case).forms[0]
    assert (drafted["name"], drafted["id_number"], drafted["since"]) == (
        told["name"],
        told["id_number"],
        told["on_day"],
    )
    assert _person_lives(desk, unit) == 0
    keys = ("name", "id_type", "id_number", "phone")
    whole = sheet(**{name: told[name] for name in keys}, since=told["on_day"])
    desk.fill(case, {**whole, "id": drafted["id"]})
    desk.submit(case)
    assert (
        public.post("/state", data={"receipt": told["receipt"], "tail": told["id_number"][-2:]}).text.count(
            "正在审核"
        )
        == 1
    )
    assert _person_lives(desk, unit) == 0
    desk.passed(case)
    assert _person_lives(desk, unit) == 1
    assert (
        "已办结"
        in public.post("/state", data={"receipt": told["receipt"], "tail": told["id_number"][-2:]}).text
    )


@pytest.mark.requirement("R65")
def test_who_confirms_reviews_none_of_it(public: httpx.Client, desk: Desk) -> None:
    declared, told = _declare(public, desk)
    case = _confirm(desk, declared, told, next(desk.rooms), login="officer").case_id
    assert case
    desk.fill(case, sheet(id_number=told["id_number"], name=told["name"], since=told["on_day"]))
    desk.submit(case)
    assert _code(Refused, desk.judge, "officer", case, "take") == "own-case"
    desk.passed(case, officer="partner")
    assert desk.row(case).status == "active"


def test_a_departure_ends_where_the_register_says(public: httpx.Client, desk: Desk) -> None:
    number = citizen_number()
    home = next(desk.rooms)
    desk.registered(sheet(id_number=number), unit=home)
    declared, told = _declare(public, desk, kind="departure", id_number=number, on_day=today())
    known = reads.open_declaration(desk.app, _look(desk, "clerk"), declared).declaration["known"]
    assert (known["unit_id"], known["name"]) == (str(home), "陈**")
    case = _confirm(desk, declared, told, None).case_id
    assert case
    row = desk.row(case)
    assert (row.action, row.form, row.unit_id) == ("cancel", "change_cancel", home)
    assert _person_lives(desk, home) == 1
    desk.submit(case)
    desk.passed(case)
    assert _person_lives(desk, home) == 0


def test_a_move_within_the_city_changes_the_dwelling(public: httpx.Client, desk: Desk) -> None:
    number, home, other = citizen_number(), next(desk.rooms), next(desk.rooms)
    desk.registered(sheet(id_number=number), unit=home)
    declared, told = _declare(public, desk, kind="change", id_number=number, on_day=today())
    case = _confirm(desk, declared, told, other).case_id
    assert case
    assert (desk.row(case).action, desk.row(case).unit_id) == ("change", other)
    desk.submit(case)
    desk.passed(case)
    assert (_person_lives(desk, home), _person_lives(desk, other)) == (0, 1)


def test_what_cannot_be_confirmed_says_why(public: httpx.Client, desk: Desk) -> None:
    declared, told = _declare(public, desk)
    room = next(desk.rooms)
    other = {**told, "id_number": citizen_number()}
    assert _code(RuleBroken, _confirm, desk, declared, other, room) == "number-differs"
    assert _code(RuleBroken, _confirm, desk, declared, told, desk.ids["distant_unit"]) == "unit-unknown"
    assert _code(RuleBroken, _confirm, desk, declared, told, None) == "unit-unknown"
    assert _code(Stale, _confirm, desk, declared, told, room, version=2) == "stale"
    assert _code(NotFound, _confirm, desk, declared, told, room, login="distant") == "not-found"
    assert _code(Refused, _confirm, desk, declared, told, room, login="coordinator") == "not-allowed"
    _confirm(desk, declared, told, room)
    assert _code(Conflict, _confirm, desk, declared, told, room, version=2) == "already-decided"
    second, again = _declare(public, desk, id_number=told["id_number"])
    assert _code(Conflict, _confirm, desk, second, again, room) == "form-open"
    gone, left = _declare(public, desk, kind="departure")
    assert _code(Conflict, _confirm, desk, gone, left, None) == "not-resident"


def test_a_reason_is_read_by_whoever_declared(public: httpx.Client, desk: Desk) -> None:
    declared, told = _declare(public, desk)
    assert _code(RuleBroken, _reject, desk, declared, f"号码 {citizen_number()} 不对") == "text-unreadable"
    _reject(desk, declared, "地址与证件不符，请到登记点")
    shown = public.post("/state", data={"receipt": told["receipt"], "tail": told["id_number"][-2:]}).text
    assert "未通过" in shown
    assert "地址与证件不符" in shown
    assert desk.one("SELECT case_id FROM registry.declaration WHERE id = :d", d=declared) is None


@pytest.mark.requirement("R65")
def test_declarations_lapse_and_leave_nothing(public: httpx.Client, desk: Desk) -> None:
    declared, told = _declare(public, desk)
    aged = "UPDATE registry.declaration SET declared_at = declared_at - CAST(:days AS interval) WHERE id = :d"
    desk.one(aged, days="31 days", d=declared)
    assert _code(Conflict, _confirm, desk, declared, told, next(desk.rooms)) == "lapsed"
    assert (
        "已过期"
        in public.post("/state", data={"receipt": told["receipt"], "tail": told["id_number"][-2:]}).text
    )
    token = desk.tokens["clerk"]
    with transaction(desk.app) as session:
        rows = reads.declarations(session, token, status="expired").rows
    assert declared in {row.id for row in rows}
    desk.one(aged, days="90 days", d=declared)
    with transaction(desk.app) as session:
        reads.declarations(session, token)
    assert desk.one("SELECT count(*) FROM registry.declaration WHERE id = :d", d=declared) == 0


def test_the_queue_holds_no_person_and_stays_in_its_area(public: httpx.Client, desk: Desk) -> None:
    declared, told = _declare(public, desk)
    for login, expected in (
        ("clerk", True),
        ("officer", True),
        ("distant", False),
        ("coordinator", False),
        ("head", False),
    ):
        with transaction(desk.app) as session:
            rows = reads.declarations(session, desk.tokens[login], limit=100).rows
        assert (declared in {row.id for row in rows}) is expected, login
        assert all(told[name] not in str(rows) for name in ("name", "id_number", "phone", "address"))
    with pytest.raises(PurposeRequired):
        reads.open_declaration(desk.app, Look(desk.tokens["clerk"], "", ""), declared)
    with pytest.raises(NotFound):
        reads.open_declaration(desk.app, _look(desk, "distant"), declared)
    looked = desk.one(
        "SELECT count(*) FROM registry.audit WHERE action = 'declaration' AND object_id = :d AND decision IN ('purpose-required', 'not-found')",
        d=declared,
    )
    assert looked == 2
