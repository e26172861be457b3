"""Reports about plates: told by staff and the public, each settled by one act (R63, R70)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text

from geo_registry.access.rules import Role
from geo_registry.access.viewer import Viewer
from geo_registry.address.certifying import certify
from geo_registry.address.tables import Address
from geo_registry.address.writes import correct_address
from geo_registry.codes import new_id
from geo_registry.errors import Conflict, NotFound, Refused, RuleBroken, Stale
from geo_registry.plate import inbox, reports
from geo_registry.plate.renumbering import NewNumber, renumber_street
from geo_registry.plate.tables import Plate
from geo_registry.plate.writes import move_plate
from tests import factories as make
from tests.plate.conftest import Street

Streets = Callable[..., Street]


def tell(street: Street, kind: str, viewer: Viewer | None = None, **over: Any) -> inbox.ReportRow:  # noqa: ANN401
    """Report the first plate, and return the report as the desk reads it."""
    told = {"plate_id": street.plates[0]} | over
    written = reports.report_plate(street.session, viewer or street.clerk, kind=kind, **told)
    return inbox.report(street.session, street.clerk, written.id)


def accept(street: Street, row: inbox.ReportRow, **over: Any) -> None:  # noqa: ANN401
    reports.accept_report(street.session, street.clerk, report_id=row.id, version=row.version, **over)
    street.check()


@pytest.mark.requirement("R63")
@pytest.mark.parametrize(("kind", "state"), [("damaged", "damaged"), ("missing", "missing")])
def test_accepting_takes_a_plate_off_the_wall(street_of: Streets, kind: str, state: str) -> None:
    street = street_of(state="delivered")
    street.install()
    row = tell(street, kind, photo=street.photo(), note="车撞歪了")
    assert inbox.report_counts(street.session, street.clerk)[kind] == 1
    accept(street, row)
    assert street.plate().state == state
    settled = inbox.report(street.session, street.clerk, row.id)
    assert (settled.state, settled.plate_state, settled.title) == ("accepted", state, inbox.TITLES[kind])
    with pytest.raises(RuleBroken, match="已采纳"):
        reports.accept_report(street.session, street.clerk, report_id=row.id, version=settled.version)


def test_a_wrong_place_is_moved_to_where_it_was_told(street_of: Streets) -> None:
    street = street_of()
    row = tell(street, "wrong_place", **street.spot(metres=30))
    assert row.distance_m is not None
    assert 25 < row.distance_m < 60
    accept(street, row)
    again = inbox.report(street.session, street.clerk, row.id)
    assert again.distance_m is not None
    assert again.distance_m < 0.1


def test_a_wrong_text_gets_a_new_plate_and_a_missing_one_its_first(street_of: Streets) -> None:
    street = street_of(state="delivered")
    street.install()
    accept(street, tell(street, "wrong_text", wanted_text="1"))
    assert street.plate().state == "replaced"
    bare = make.make_address(street.session, 99, street=street.place)
    accept(street, tell(street, "no_plate", plate_id=None, address_id=bare.id))
    drafted = street.session.query(Plate).filter_by(address_id=bare.id).one()
    assert drafted.state == "draft"


def test_a_sign_with_another_number_is_renumbered_first(street_of: Streets) -> None:
    street = street_of(state="delivered")
    street.install()
    row = tell(street, "wrong_text", wanted_text="9")
    with pytest.raises(RuleBroken, match="先在编辑页变更号码") as told, street.session.begin_nested():
        accept(street, row)
    assert told.value.code == "renumber-first"
    street.session.expire_all()
    assert (street.plate().state, street.plate().text) == ("installed", "1号")
    new = NewNumber(street.plate().address_id, "9")
    renumber_street(
        street.session, street.clerk, place_name_id=street.place.id, version=street.place.version,
        changes=[new], reason="门牌有误",
    )  # fmt: skip
    accept(street, inbox.report(street.session, street.clerk, row.id))
    assert street.plate().state == "superseded"
    assert inbox.report(street.session, street.clerk, row.id).state == "accepted"


def test_what_was_moved_or_certified_since_is_moved_for_a_reason(street_of: Streets) -> None:
    street = street_of(2)
    session, clerk = street.session, street.clerk
    row = tell(street, "wrong_place", **street.spot(metres=30))
    plate = street.plate()
    move_plate(session, clerk, plate_id=plate.id, version=plate.version, **street.spot(metres=5))
    # A reason alone is no answer to what one has not been told.
    with (
        pytest.raises(Conflict, match="已移动过：现在") as told,
        session.begin_nested(),
    ):
        accept(street, row, reason="现场复测")
    assert (told.value.code, told.value.facts["field"]) == ("changed-since", "confirmed")
    assert told.value.facts["now"] != told.value.facts["told"]
    session.expire_all()
    accept(street, inbox.report(session, clerk, row.id), confirmed=True)
    other = tell(street, "wrong_place", plate_id=street.plates[1], **street.spot(1, 30))
    lon, lat = session.execute(
        select(func.ST_X(Plate.position), func.ST_Y(Plate.position)).where(Plate.id == street.plates[1])
    ).one()
    address = session.get_one(Address, street.plate(1).address_id)
    correct_address(session, clerk, address_id=address.id, version=address.version, lon=lon, lat=lat)
    certify(session, clerk, address_ids=[address.id], basis="visit")
    for over, error in (({}, Conflict), ({"confirmed": True}, RuleBroken)):
        with pytest.raises(error, match="已认证"), session.begin_nested():
            accept(street, other, **over)
        session.expire_all()
    assert session.get_one(Address, address.id).certified_at is not None


def test_an_act_that_is_refused_leaves_the_report_as_it_was(street_of: Streets) -> None:
    street = street_of()
    bare = make.make_address(street.session, 98, street=street.place)
    row = tell(street, "no_plate", plate_id=None, address_id=bare.id)
    street.session.execute(
        text("UPDATE registry.address SET state = 'retired' WHERE id = :id"), {"id": bare.id}
    )
    street.session.expire_all()
    row = inbox.report(street.session, street.clerk, row.id)
    with pytest.raises(RuleBroken, match="不是现行地址"), street.session.begin_nested():
        accept(street, row)
    street.session.expire_all()
    assert inbox.report(street.session, street.clerk, row.id).state == "pending"


def test_what_cannot_be_told(street_of: Streets) -> None:
    street = street_of()
    clerk, plate = street.clerk, street.plates[0]
    for told, code in (
        ({"kind": "ugly", "plate_id": plate}, "kind-invalid"),
        ({"kind": "damaged"}, "plate-required"),
        ({"kind": "wrong_place", "plate_id": plate}, "place-required"),
        ({"kind": "no_plate"}, "place-required"),
        ({"kind": "no_plate", "plate_id": plate}, "plate-there"),
        ({"kind": "damaged", "plate_id": plate, "wanted_text": "王小明家"}, "number-unreadable"),
        ({"kind": "damaged", "plate_id": plate, "photo": "ab" * 32}, "photo-unknown"),
        ({"kind": "damaged", "plate_id": plate, "note": "王小明 11010519491231002X"}, "text-unreadable"),
        ({"kind": "damaged", "plate_id": plate, "note": "请打电话13812345678"}, "text-unreadable"),
    ):  # fmt: skip
        with pytest.raises(RuleBroken) as refused:
            reports.report_plate(street.session, clerk, **told)
        assert refused.value.code in {code, "number-impossible"}
    tell(street, "damaged")
    with pytest.raises(Conflict, match="待处理的线索"):
        tell(street, "damaged")
    with pytest.raises(Refused):
        tell(street, "missing", make.make_viewer("clerk", areas=[new_id()]))


def test_a_report_is_declined_with_a_reason_or_told_twice(street_of: Streets) -> None:
    street = street_of(2)
    first = tell(street, "damaged")
    asked: dict[str, Any] = {"report_id": first.id, "version": first.version}
    with pytest.raises(RuleBroken, match="须说明原因"):
        reports.reject_report(street.session, street.clerk, **asked)
    with pytest.raises(Stale):
        reports.reject_report(
            street.session, street.clerk, report_id=first.id, version=first.version + 1, reason="完好"
        )
    other = tell(street, "missing")
    with pytest.raises(RuleBroken, match="不是同一门牌"):
        reports.merge_report(street.session, street.clerk, **asked, into_id=first.id)
    reports.merge_report(street.session, street.clerk, **asked, into_id=other.id)
    assert inbox.report(street.session, street.clerk, first.id).state == "duplicate"
    reports.reject_report(
        street.session, street.clerk, report_id=other.id, version=other.version, reason="现场完好"
    )
    page = inbox.reports(street.session, street.clerk, state="rejected")
    assert [row.id for row in page.rows] == [other.id]


def test_no_report_is_merged_into_a_closed_one(street_of: Streets) -> None:
    street = street_of()
    first, other, third = (tell(street, kind) for kind in ("damaged", "missing", "wrong_text"))

    def merge(row: inbox.ReportRow, into: inbox.ReportRow) -> None:
        reports.merge_report(
            street.session, street.clerk, report_id=row.id, version=row.version, into_id=into.id
        )

    merge(first, other)
    with pytest.raises(RuleBroken, match="不能并入") as told:
        merge(other, first)
    assert told.value.code == "report-closed"
    reports.reject_report(
        street.session, street.clerk, report_id=other.id, version=other.version, reason="完好"
    )
    with pytest.raises(RuleBroken, match="未采纳，不能并入"):
        merge(third, other)
    assert inbox.report(street.session, street.clerk, third.id).state == "pending"


def test_who_only_tells_sees_the_own_reports(street_of: Streets) -> None:
    street = street_of(2)
    teller = make.make_viewer(
        Role.INSTALLER, account_id=make.make_account(street.session, role=Role.INSTALLER).id
    )
    tell(street, "damaged")
    mine = reports.report_plate(street.session, teller, kind="missing", plate_id=street.plates[1])
    assert [row.id for row in inbox.reports(street.session, teller).rows] == [mine.id]
    with pytest.raises(Refused):
        reports.reject_report(street.session, teller, report_id=mine.id, version=mine.version, reason="不对")
    with pytest.raises(NotFound):
        inbox.report(street.session, make.make_viewer(Role.INSTALLER, areas=[new_id()]), mine.id)


def test_the_public_tells_no_text_and_once(street_of: Streets) -> None:
    street = street_of(2, "delivered")
    code = street.plate().code
    asked = text("SELECT * FROM registry.report_plate(:code, :kind, :wanted, CAST('203.0.113.9' AS inet))")

    def told(kind: str, **over: object) -> tuple[object, ...]:
        values = {"code": code, "kind": kind, "wanted": None} | over
        return tuple(street.session.execute(asked, values).one())

    first = told("damaged")
    assert first[0] == "done"
    assert told("damaged") == first
    assert told("damaged", code="B" * 13) == ("not-found", None)
    assert told("damaged", wanted="张三 13812345678") == ("not-found", None)
    row = inbox.reports(street.session, street.clerk).rows[0]
    assert (row.code, row.source, row.reporter, row.note, row.photo) == (first[1], "public", None, None, None)
    assert {told("missing")[0] for _ in range(12)} == {"not-found", "throttled"}


def test_another_wanted_number_is_another_report_of_the_public(street_of: Streets) -> None:
    street = street_of(state="delivered")
    staff = tell(street, "wrong_text", wanted_text="7")
    asked = text("SELECT report FROM registry.report_plate(:code, 'wrong_text', :wanted, NULL)")

    def told(wanted: str | None) -> str:
        asked_of = {"code": street.plate().code, "wanted": wanted}
        return str(street.session.execute(asked, asked_of).scalar_one())

    codes = [told(wanted) for wanted in (None, "92号", "92号", "9号", None)]
    assert codes == [codes[0], codes[1], codes[1], codes[3], codes[0]]
    assert len({staff.code, *codes}) == 4
    rows = inbox.reports(street.session, street.clerk).rows
    assert {row.wanted_text for row in rows} == {"7号", None, "92号", "9号"}


def test_the_public_tells_nothing_of_a_plate_that_was_never_ordered(street_of: Streets) -> None:
    street = street_of(state="approved")
    asked = text("SELECT outcome FROM registry.report_plate(:code, 'damaged', NULL, NULL)")
    assert street.session.execute(asked, {"code": street.plate().code}).scalar_one() == "not-found"


def test_a_wrong_place_without_a_place_is_an_inspection(street_of: Streets) -> None:
    street = street_of(state="delivered")
    street.install()
    code = street.plate().code
    asked = text("SELECT outcome FROM registry.report_plate(:code, 'wrong_place', NULL, NULL)")
    assert street.session.execute(asked, {"code": code}).scalar_one() == "done"
    accept(street, inbox.reports(street.session, street.clerk).rows[0])
    assert street.plate().state == "installed"
    found = text("SELECT finding FROM registry.plate_inspection WHERE plate_id = :id")
    assert street.session.execute(found, {"id": street.plates[0]}).scalars().all() == ["wrong_place"]


def test_who_does_not_edit_plates_sees_the_own_reports_alone(street_of: Streets) -> None:
    street = street_of()
    areas = [street.place.district_id]
    people = [
        make.make_viewer(Role.VOLUNTEER, areas, account_id=make.make_account(street.session).id)
        for _ in range(2)
    ]
    row = tell(street, "missing", people[0], note="木牌在院内")
    for viewer, seen in ((people[0], 1), (people[1], 0), (street.clerk, 1)):
        assert len(inbox.reports(street.session, viewer).rows) == seen
        assert inbox.report_counts(street.session, viewer)["missing"] == seen
    assert inbox.report(street.session, people[0], row.id).note == "木牌在院内"
    with pytest.raises(NotFound):
        inbox.report(street.session, people[1], row.id)


def test_a_report_is_accepted_for_an_address_that_there_is(street_of: Streets) -> None:
    street = street_of()
    told = reports.report_plate(street.session, street.clerk, kind="no_plate", **street.spot())
    with pytest.raises(NotFound, match="没有这个地址"):
        reports.accept_report(street.session, street.clerk, report_id=told.id, version=1, address_id=new_id())
