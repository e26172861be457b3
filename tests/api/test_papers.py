"""Papers, ledger, sheets, volumes and permits over HTTP."""

from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from geo_registry.access.audit import Look
from geo_registry.cluster import Urls
from geo_registry.codes import new_id
from geo_registry.db import app_engine, today
from geo_registry.registration import papers
from tests.api.conftest import NUMBER

if TYPE_CHECKING:
    from tests.api.conftest import Town

SERIALS = count(800001)
PURPOSE = {"Access-Purpose": "01; case=J2601-900001"}
CASE = """
    INSERT INTO registry.registration_case (id, serial, action, form, form_version, status, unit_id, building_id, forms, collected_by,
      collected_at, entered_by, submitted_at, district_id)
    VALUES (:id, :serial, :action, :form, 1, :status, :unit, :building, 1, :by, now(), :by,
      CASE WHEN :status <> 'draft' THEN now() END, :d)
"""
FORM = """
    INSERT INTO registry.case_person (id, case_id, turn, is_open, slip_number, sheet_number, person_id, name, sex, birth_year,
      birth_month, id_type, id_number, id_index, id_tail, category, since, ends_on, end_reason)
    SELECT :id, :case, 1, false, :slip, :sheet, p.id, p.name, p.sex, p.birth_year, p.birth_month, p.id_type, p.id_number, p.id_index,
      p.id_tail, 'incomer', CURRENT_DATE - 3, CURRENT_DATE, CAST(:ends AS text) FROM registry.person p WHERE p.id = :person
"""


def _case(town: "Town", **over: Any) -> tuple[str, str, str]:  # noqa: ANN401  (any column)
    """Store a case with one form of the town's person; return the ids of both, and the serial."""
    case, form, serial = new_id(), new_id(), f"J2601-{next(SERIALS)}"
    told = {
        "status": "submitted",
        "action": "register",
        "slip": None,
        "sheet": None,
        "by": town.ids["keeper"],
        "ends": None,
        **over,
    }
    told = {"form": "incomer_registration" if told["action"] == "register" else "change_cancel", **told}
    places = {name: town.ids[name] for name in ("unit", "building", "d")}
    kept = {name: told[name] for name in ("status", "action", "form", "by")}
    town.sql(CASE, id=case, serial=serial, **kept, **places)
    town.sql(
        FORM,
        id=form,
        case=case,
        slip=told["slip"],
        sheet=told["sheet"],
        ends=told["ends"],
        person=told.get("person", town.ids["person"]),
    )
    return str(case), str(form), serial


def _print(town: "Town", role: str, case: str, form: str, paper: str = "slip") -> httpx.Response:
    body = {"form_id": form, "paper": paper}
    return town.call(role, "POST", f"/v1/registrations/{case}/papers", json=body, headers=PURPOSE)


def _ledger(town: "Town", role: str = "entry_clerk", **body: Any) -> dict[str, Any]:  # noqa: ANN401  (any filter)
    reply = town.call(role, "POST", "/v1/areas/{c}/ledger", json=body, headers=PURPOSE)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("role", ["entry_clerk", "officer", "station_head"])
def test_every_print_is_a_look_with_its_number(town: "Town", role: str) -> None:
    case, form, _ = _case(town, slip=f"P{new_id().hex[:12]}")
    made = _print(town, role, case, form)
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf"), made.text
    assert made.content[:5] == b"%PDF-"
    assert made.headers["cache-control"] == "no-store"
    row = "SELECT {} FROM registry.audit WHERE id = :id"
    told = [
        town.sql(row.format(name), id=made.headers["audit-id"])
        for name in ("action", "object_id::text", "fields")
    ]
    assert told == ["paper", case, ["slip", form]]


def test_a_paper_is_refused_in_words(town: "Town") -> None:
    draft, of_draft, _ = _case(town, status="draft")
    void, of_void, _ = _case(town, status="void")
    plain, of_plain, _ = _case(town)
    for case, form, paper, status, code in (
        (draft, of_draft, "slip", 409, "case-not-submitted"),
        (void, of_void, "form", 409, "case-not-submitted"),
        (plain, of_plain, "slip", 409, "no-slip"),
        (plain, of_plain, "change_notice", 409, "no-permit"),
        (plain, of_draft, "form", 404, "not-found"),
        (str(new_id()), of_plain, "form", 404, "not-found"),
    ):
        answer = _print(town, "entry_clerk", case, form, paper)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert _print(town, "foreign", plain, of_plain, "form").status_code == 404
    for role in ("clerk", "permit_desk", "quality_supervisor"):
        assert _print(town, role, plain, of_plain, "form").status_code == 403
    missing = town.call(
        "officer", "POST", f"/v1/registrations/{plain}/papers", json={"form_id": of_plain, "paper": "form"}
    )
    assert (missing.status_code, missing.json()["code"]) == (403, "purpose-required")


@pytest.mark.promise("P23")
@pytest.mark.parametrize(
    ("role", "status", "action", "hidden"),
    [
        ("entry_clerk", "draft", "register", []),
        ("entry_clerk", "returned", "register", []),
        ("entry_clerk", "submitted", "register", ["id_number"]),
        ("entry_clerk", "active", "register", ["id_number"]),
        ("entry_clerk", "draft", "cancel", ["id_number"]),
        ("officer", "submitted", "register", []),
        ("station_head", "active", "cancel", []),
    ],
)
def test_a_submitted_form_is_masked_on_paper_for_who_entered_it(
    town: "Town", database: Urls, role: str, status: str, action: str, hidden: list[str]
) -> None:
    case, form, _ = _case(town, status=status, action=action, ends="left_area")
    request = Look(town.tokens[role], "01", "J2601-900001")
    engine = app_engine(database.app)
    _, told = papers.told_of(engine, request, UUID(case), UUID(form), "form")
    engine.dispose()
    assert told["hidden"] == hidden
    assert (told["id_number"] is None) == bool(hidden)
    assert (NUMBER in str(papers.form_rows(told))) == (not hidden)
    assert _print(town, role, case, form, "form").status_code == 200


def test_a_coordinator_prints_the_own_cases_alone(town: "Town") -> None:
    own = town.sql("SELECT id FROM registry.account WHERE login = 'coordinator'")
    case, form, _ = _case(town, slip=f"P{new_id().hex[:12]}", by=own)
    other, of_other, _ = _case(town, slip=f"P{new_id().hex[:12]}")
    assert _print(town, "coordinator", case, form).status_code == 200
    assert _print(town, "coordinator", other, of_other).status_code == 404


@pytest.mark.requirement("R23")
def test_the_holder_of_a_permit_gets_a_notice_of_change(town: "Town") -> None:
    case, form, _ = _case(town, action="change", status="active", person=town.ids["partner"])
    made = _print(town, "entry_clerk", case, form, "change_notice")
    assert (made.status_code, made.content[:5]) == (200, b"%PDF-"), made.text


@pytest.mark.requirement("R21")
def test_the_ledger_is_masked_and_filtered(town: "Town") -> None:
    _, _, waiting = _case(town)
    _, _, sent_back = _case(town, status="returned")
    _case(town, status="draft")
    found = _ledger(town)
    by_serial = {row["serial"]: row for row in found["rows"]}
    assert by_serial[waiting]["status"] == "submitted"
    assert (by_serial[waiting]["name"], by_serial[waiting]["id_tail"]) == ("张**", "2X")
    assert by_serial[waiting]["unit"] == "映月路8号402室"
    bound = by_serial["J2601-900002"]
    assert (bound["volume"], bound["page"], bound["action"]) == ("2026-9002", 1, "cancel")
    imported = by_serial[None]
    assert (imported["status"], imported["entered_on"]) == ("active", str(imported["registered_on"]))
    assert "小满" not in str(found)
    assert NUMBER not in str(found)
    assert sent_back in {row["serial"] for row in _ledger(town, status="returned")["rows"]}
    assert {row["status"] for row in _ledger(town, status="returned")["rows"]} == {"returned"}
    assert _ledger(town, to="2020-01-01")["rows"] == []
    backwards = town.call(
        "officer",
        "POST",
        "/v1/areas/{c}/ledger",
        json={"from": "2026-02-01", "to": "2026-01-01"},
        headers=PURPOSE,
    )
    assert (backwards.status_code, backwards.json()["code"]) == (422, "dates-invalid")


def test_the_ledger_turns_its_pages_without_gap_or_repeat(town: "Town") -> None:
    for _ in range(3):
        _case(town)
    whole = [row["entry_id"] for row in _ledger(town, limit=100)["rows"]]
    paged: list[str] = []
    after = None
    while True:
        page = _ledger(town, limit=2, **({"after": after} if after else {}))
        paged += [row["entry_id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert paged == whole
    days = [(row["entered_on"], row["entry_id"]) for row in _ledger(town, limit=100)["rows"]]
    assert days == sorted(days, reverse=True)
    assert [row["entry_id"] for row in _ledger_of_township(town)] == whole


def _ledger_of_township(town: "Town") -> list[dict[str, Any]]:
    reply = town.call("officer", "POST", "/v1/areas/{t}/ledger", json={"limit": 100}, headers=PURPOSE)
    rows: list[dict[str, Any]] = reply.json()["rows"]
    return rows


def test_nothing_leaves_the_ledger(town: "Town") -> None:
    """A registration that ended says why and when; a void case stays too."""
    _, _, serial = _case(town, status="active", action="cancel", ends="left_area")
    _, _, void = _case(town, status="void")
    rows = {row["serial"]: row for row in _ledger(town, limit=100)["rows"]}
    assert (rows[serial]["status"], rows[serial]["end_reason"], rows[serial]["ended_on"]) == (
        "done",
        "left_area",
        str(today()),
    )
    assert rows[void]["status"] == "void"


def _issue(town: "Town", count: int = 5) -> tuple[str, list[str]]:
    body = {
        "form": "incomer_registration",
        "count": count,
        "issued_to": str(town.ids["keeper"]),
        "area_id": str(town.ids["c"]),
    }
    issued = town.act("entry_clerk", "/v1/form-sheets", body)
    assert issued.status_code == 201, issued.text
    assert issued.json()["version"] == count
    rows = town.call("entry_clerk", "GET", "/v1/form-sheets?limit=100").json()["rows"]
    return issued.json()["id"], sorted(
        row["number"] for row in rows if row["issue_id"] == issued.json()["id"]
    )


def _total(town: "Town") -> dict[str, Any]:
    rows: list[dict[str, Any]] = town.call("entry_clerk", "GET", "/v1/form-sheets/totals").json()
    (own,) = (row for row in rows if row["account_id"] == str(town.ids["keeper"]))
    return own


@pytest.mark.requirement("R75")
def test_sheets_issued_are_returned_void_or_out(town: "Town") -> None:
    before = _total(town)
    issue, numbers = _issue(town)
    assert len(set(numbers)) == 5
    printed = town.call("entry_clerk", "GET", f"/v1/form-sheets/issues/{issue}")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")
    path = "/v1/form-sheets/actions/"
    back = town.act("entry_clerk", f"{path}return", {"first": numbers[0], "last": numbers[2]})
    assert (back.status_code, back.json()["version"]) == (200, 3), back.text
    assert town.act("entry_clerk", f"{path}verify", {"first": numbers[0]}).status_code == 200
    void = town.act("station_head", f"{path}void", {"first": numbers[3], "reason": "雨水浸湿"})
    assert void.status_code == 200
    case, _, _ = _case(town, status="draft", sheet=numbers[1])
    after = _total(town)
    grown = {
        name: after[name] - before[name]
        for name in ("issued", "out", "returned", "verified", "entered", "void")
    }
    assert grown == {"issued": 5, "out": 1, "returned": 3, "verified": 1, "entered": 1, "void": 1}
    assert after["issued"] == after["returned"] + after["void"] + after["out"]
    # A number that leaves its form again is a returned sheet again.
    town.sql("UPDATE registry.case_person SET sheet_number = NULL WHERE case_id = :case", case=case)
    state = town.sql("SELECT status FROM registry.form_sheet WHERE number = :number", number=numbers[1])
    assert state == "returned"


def test_a_sheet_is_moved_only_where_it_may(town: "Town") -> None:
    _, numbers = _issue(town, 3)
    path = "/v1/form-sheets/actions/"
    for verb, body, status, code in (
        ("verify", {"first": numbers[0]}, 409, "sheet-state"),
        ("return", {"first": "L99-0000001"}, 404, "sheet-unknown"),
        ("return", {"first": numbers[2], "last": numbers[0]}, 422, "numbers-invalid"),
        ("return", {"first": "L2"}, 422, "invalid"),
        ("void", {"first": numbers[0]}, 422, "invalid"),
        ("void", {"first": numbers[0], "reason": f"误填{NUMBER}"}, 422, "reason-missing"),
    ):
        answer = town.act("entry_clerk", f"{path}{verb}", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert NUMBER not in answer.text
    town.act("entry_clerk", f"{path}void", {"first": numbers[1], "reason": "污损"})
    # One that stands against it holds back all.
    whole = town.act("entry_clerk", f"{path}return", {"first": numbers[0], "last": numbers[2]})
    assert (whole.status_code, "第 2 张" in whole.json()["detail"]) == (409, True)
    states = "SELECT string_agg(status, ' ' ORDER BY number) FROM registry.form_sheet WHERE number BETWEEN :first AND :last"
    assert town.sql(states, first=numbers[0], last=numbers[2]) == "issued void issued"
    receiver = town.act(
        "entry_clerk", "/v1/form-sheets",
        {"form": "change_cancel", "count": 1, "issued_to": str(town.ids["worker"]), "area_id": str(town.ids["c"])},
    )  # fmt: skip
    assert (receiver.status_code, receiver.json()["code"]) == (422, "not-coordinator")
    own = town.call("coordinator", "GET", "/v1/form-sheets").json()["rows"]
    assert own == []


@pytest.mark.parametrize(
    ("number", "form", "fault"),
    [("L26-9000003", "incomer_registration", None), ("L26-9000003", "change_cancel", "sheet-of-other-form"),
     ("L26-0009999", "incomer_registration", "sheet-unknown")],
)  # fmt: skip
def test_a_sheet_that_cannot_be_keyed_says_why(
    town: "Town", number: str, form: str, fault: str | None
) -> None:
    asked = "SELECT registry.sheet_fault(:number, :form, :case)"
    assert town.sql(asked, number=number, form=form, case=new_id()) == fault


def _open_volume(town: "Town") -> str:
    opened = town.act(
        "entry_clerk", "/v1/volumes", {"title": "变更、注销登记表", "area_id": str(town.ids["c"])}
    )
    assert opened.status_code == 201, opened.text
    return f"/v1/volumes/{opened.json()['id']}"


@pytest.mark.requirement("R24")
def test_each_form_lies_in_exactly_one_volume(town: "Town") -> None:
    path = _open_volume(town)
    _, _, first = _case(town, action="cancel", status="active")
    _, _, second = _case(town, action="change", status="active")
    _, _, waiting = _case(town, action="change")
    listed = {
        row["serial"]
        for row in town.call("entry_clerk", "GET", "/v1/volumes/unbound?limit=100").json()["rows"]
    }
    assert {first, second} <= listed
    assert waiting not in listed
    bound = town.act("entry_clerk", f"{path}/actions/bind", {"serials": [second, first, second]}, 1)
    assert (bound.status_code, bound.json()["version"]) == (200, 2), bound.text
    shown = town.call("entry_clerk", "GET", path).json()
    assert [(row["page"], row["serial"]) for row in shown["pages"]] == [(1, second), (2, first)]
    assert "小满" not in str(shown)
    other = _open_volume(town)
    for serial, status, code in (
        (first, 409, "already-bound"),
        (waiting, 409, "case-not-active"),
        ("J0000-000000", 404, "case-unknown"),
    ):
        again = town.act("entry_clerk", f"{other}/actions/bind", {"serials": [serial]}, 1)
        assert (again.status_code, again.json()["code"]) == (status, code)
        assert "第 1 个案件" in again.json()["detail"]
    assert town.call("entry_clerk", "GET", other).json()["pages"] == []


@pytest.mark.requirement("R24")
def test_a_closed_volume_stays_as_it_is(town: "Town") -> None:
    path = _open_volume(town)
    empty = town.act("entry_clerk", f"{path}/actions/close", {}, 1)
    assert (empty.status_code, empty.json()["code"]) == (409, "volume-empty")
    case, form, serial = _case(town, action="cancel", status="active")
    _, _, late = _case(town, action="cancel", status="active")
    town.act("entry_clerk", f"{path}/actions/bind", {"serials": [serial]}, 1)
    closed = town.act("entry_clerk", f"{path}/actions/close", {}, 2)
    assert closed.status_code == 200, closed.text
    stale = town.act("entry_clerk", f"{path}/actions/close", {}, 2)
    assert stale.status_code == 412
    more = town.act("entry_clerk", f"{path}/actions/bind", {"serials": [late]}, 3)
    assert (more.status_code, more.json()["code"]) == (409, "volume-closed")
    volume = path.rpartition("/")[2]
    for statement in (
        f"UPDATE registry.archive_volume SET title = 'x2' WHERE id = '{volume}'",
        f"DELETE FROM registry.archive_volume WHERE id = '{volume}'",
        f"UPDATE registry.case_person SET volume_id = NULL, volume_page = NULL WHERE id = '{form}'",
        f"DELETE FROM registry.case_person WHERE case_id = '{case}'",
    ):
        with pytest.raises(Exception, match="a bound form stays"):
            town.sql(statement)
    printed = town.call("station_head", "GET", f"{path}/list")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")


@pytest.mark.requirement("R24")
def test_volumes_are_numbered_within_district_and_year(town: "Town") -> None:
    numbers = [town.call("entry_clerk", "GET", _open_volume(town)).json()["number"] for _ in range(2)]
    first, second = (int(number.removeprefix(f"{today().year}-")) for number in numbers)
    assert second == first + 1


@pytest.mark.requirement("R101")
def test_a_newcomer_who_is_registered_is_referred_once(town: "Town") -> None:
    _, form, _ = _case(town, status="active", slip=f"P{new_id().hex[:12]}")
    referrals = "SELECT count(*) FROM registry.permit_referral WHERE person_id = :person AND status NOT IN ('refused', 'expired')"
    for _ in range(2):
        town.sql(
            "UPDATE registry.registration SET case_person_id = :form WHERE id = :id",
            form=form,
            id=town.ids["registered"],
        )
        assert town.sql(referrals, person=town.ids["person"]) == 1
