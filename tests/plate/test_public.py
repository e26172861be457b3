"""The page that a square code leads to: the standard address, and nothing of anybody."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from api.public import create_app
from geo_registry.area.tables import Division, Succession
from geo_registry.cluster import Urls
from geo_registry.codes import new_code
from geo_registry.plate.codes import sign, signed_code
from geo_registry.plate.tables import Plate
from geo_registry.settings import make_secrets
from tests import factories as make
from tests.plate.conftest import Street

with warnings.catch_warnings():
    # Starlette asks for a successor of httpx that is not needed otherwise.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

Lay = Callable[..., Street]
_ASKED = text("SELECT * FROM registry.public_plate(:code, CAST(:address AS inet))")


def told(session: Session, plate: Plate, address: str = "192.0.2.9") -> Any:  # noqa: ANN401  (a row)
    session.flush()
    return session.execute(_ASKED, {"code": plate.code, "address": address}).one()


def test_the_address_has_city_district_and_township_before_it_once(street_of: Lay) -> None:
    street = street_of(1, "ordered")
    plate = street.plate()
    names = {}
    for level in ("district", "township"):
        names[level] = street.session.get_one(Division, getattr(plate, f"{level}_id")).name
    row = told(street.session, plate)
    assert row.outcome == "done"
    assert row.address == f"{names['district']}{names['township']}{street.place.full_name}1号"
    assert (row.kind, row.standing, row.new_address, row.new_code) == ("gate_small", "planned", None, None)


@pytest.mark.parametrize("state", ["draft", "numbered", "approved"])
def test_what_was_not_ordered_is_nobodys_business(street_of: Lay, state: str) -> None:
    street = street_of(1, state)
    row = told(street.session, street.plate())
    assert (row.outcome, row.address) == ("not-found", None)


@pytest.mark.parametrize("state", ["installed", "verified", "damaged", "missing"])
def test_a_plate_on_the_wall_is_in_use(session: Session, state: str) -> None:
    row = told(session, make.make_plate(session, state=state))
    assert (row.outcome, row.standing) == ("done", "in_use")


def test_a_replaced_plate_leads_to_the_one_that_hangs(session: Session) -> None:
    old = make.make_plate(session, state="replaced")
    new = make.make_plate(session, make_again(session, old), state="installed")
    row = told(session, old)
    assert (row.standing, row.new_code) == ("replaced", new.code)


def make_again(session: Session, plate: Plate) -> Any:  # noqa: ANN401  (an address)
    from geo_registry.address.tables import Address

    return session.get_one(Address, plate.address_id)


def test_a_renumbered_door_leads_to_its_new_address_however_often(session: Session) -> None:
    doors = [
        make.make_address(session, number, state=state)
        for number, state in ((1, "retired"), (2, "retired"), (3, "current"))
    ]
    for old, new in itertools.pairwise(doors):
        session.add(Succession(old_id=old.id, new_id=new.id, object_kind="address", kind="renumber"))
    old_plate = make.make_plate(session, doors[0], state="superseded")
    new_plate = make.make_plate(session, doors[2], state="installed")
    row = told(session, old_plate)
    assert row.standing == "renumbered"
    assert row.new_address.endswith("3号")
    assert row.new_code == new_plate.code


def test_an_ended_address_without_a_follower_says_so(session: Session) -> None:
    row = told(
        session, make.make_plate(session, make.make_address(session, 4, state="retired"), state="removed")
    )
    assert (row.standing, row.new_address) == ("ended", None)


def test_a_ring_of_followers_ends(session: Session) -> None:
    one, other = (make.make_address(session, number, state="retired") for number in (1, 2))
    for old, new in ((one, other), (other, one)):
        session.add(Succession(old_id=old.id, new_id=new.id, object_kind="address", kind="renumber"))
    assert told(session, make.make_plate(session, one, state="removed")).standing == "ended"


def test_nobody_reads_plate_after_plate(session: Session) -> None:
    plate = make.make_plate(session)
    outcomes = [told(session, plate).outcome for _ in range(121)]
    assert outcomes == ["done"] * 120 + ["throttled"]
    assert told(session, plate, "192.0.2.10").outcome == "done"


@pytest.fixture
def public(database: Urls) -> Iterator[httpx.Client]:
    make_secrets()
    app = create_app(database.public)
    with TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.1", 50000)) as client:
        yield client


@pytest.mark.commits
@pytest.mark.requirement("R70")
def test_anybody_who_scans_reads_the_standard_address(public: httpx.Client, committed: Engine) -> None:
    with Session(committed) as session:
        plate = make.make_plate(session, state="installed")
        draft = make.make_plate(session, state="draft")
        code, hidden = plate.code, draft.code
        session.commit()
    reply = public.get(f"/p/{signed_code(code)}")
    assert reply.status_code == 200
    assert "在用" in reply.text
    assert "<script" not in reply.text
    assert f"/report/{signed_code(code)}" in reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert public.get(f"/p/{signed_code(code).lower()}").status_code == 200
    wrong = (
        f"{code}.AAAAAAAA", code, f"{code}.{sign('certificate', code)}", signed_code(new_code()),
        signed_code(hidden), "x", "%3Cscript%3E", "a" * 5000,
    )  # fmt: skip
    for signed in wrong:
        reply = public.get(f"/p/{signed}")
        assert reply.status_code == 404, signed
        assert "没有查到这块门牌" in reply.text
        assert "<script>" not in reply.text


@pytest.mark.commits
def test_too_many_questions_are_told_to_wait(public: httpx.Client, committed: Engine) -> None:
    with Session(committed) as session:
        code = make.make_plate(session, state="installed").code
        session.execute(
            text("""
                INSERT INTO registry.sign_in_failure (login, at)
                SELECT 'plate/192.0.2.1', clock_timestamp() FROM generate_series(1, 120)
            """)
        )
        session.commit()
    reply = public.get(f"/p/{signed_code(code)}")
    assert reply.status_code == 429
    assert "过于频繁" in reply.text


@pytest.mark.commits
def test_anybody_reports_a_plate_without_a_name(public: httpx.Client, committed: Engine) -> None:
    with Session(committed) as session:
        code = make.make_plate(session, state="installed").code
        session.commit()
    path = f"/report/{signed_code(code)}"
    shown = public.get(path)
    assert shown.status_code == 200
    assert "破损" in shown.text
    assert "姓名" not in shown.text.replace("不收集姓名", "")
    told = public.post(path, data={"kind": "wrong_text", "wanted_text": "218号"})
    assert told.status_code == 201
    assert "已收到" in told.text
    assert public.post(path, data={"kind": "wrong_text", "wanted_text": "218号"}).status_code == 201
    for wrong in ({"kind": "no_plate"}, {}, {"kind": "damaged", "wanted_text": "王小明家"}):
        refused = public.post(path, data=wrong)
        assert refused.status_code == 422, wrong
        assert "已收到" not in refused.text
    for signed in (f"{code}.AAAAAAAA", signed_code(new_code()), "x"):
        assert public.post(f"/report/{signed}", data={"kind": "damaged"}).status_code == 404
    with Session(committed) as session:
        rows = session.execute(
            text("SELECT kind, source, wanted_text, note, reported_by FROM registry.plate_report")
        ).all()
    assert [tuple(row) for row in rows] == [("wrong_text", "public", "218号", None, None)]
