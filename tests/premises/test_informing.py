"""Organisations that are told of a changed address: one list for each street."""

import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from geo_registry.address.writes import rename_street
from geo_registry.codes import new_code, new_id
from geo_registry.db import today
from geo_registry.errors import NotFound
from geo_registry.housing.tables import Building
from geo_registry.plate.renumbering import NewNumber, renumber_street
from geo_registry.plate.taking_back import take_back_renumbering
from geo_registry.premises.informing import book_to_inform, premises_to_inform
from geo_registry.premises.tables import Premises
from tests import factories as make

CLERK = make.make_viewer()


def firm(session: Session, building: Building, name: str, **over: object) -> None:
    areas = {name: getattr(building, name) for name in ("district_id", "township_id", "community_id")}
    session.add(
        Premises(
            **{"id": new_id(), "code": new_code(), "name": name, "building_id": building.id, **areas, **over}
        )
    )
    session.flush()


@pytest.mark.requirement("R91")
def test_organisations_at_changed_addresses_are_listed_by_name(session: Session) -> None:
    street = make.make_street(session, "听雨路")
    moved, kept = (make.make_address(session, number, street=street) for number in (1, 3))
    house, beside = (make.make_building(session, address=one) for one in (moved, kept))
    for name in ("米行", "茶馆"):
        firm(session, house, name)
    firm(session, house, "旧店", state="retired")
    firm(session, beside, "书店")
    done = renumber_street(
        session, CLERK, place_name_id=street.id, version=1, changes=[NewNumber(moved.id, "5")]
    )
    assert done.buildings == 1
    asked: dict[str, Any] = {"place_name_id": street.id}
    page = premises_to_inform(session, CLERK, **asked, limit=1)
    rows = (*page.rows, *premises_to_inform(session, CLERK, **asked, after=page.next).rows)
    assert [(row.name, row.old_text, row.new_text) for row in rows] == [
        ("米行", "听雨路1号", "听雨路5号"), ("茶馆", "听雨路1号", "听雨路5号"),
    ]  # fmt: skip
    assert premises_to_inform(session, CLERK, **asked, since=today() + dt.timedelta(1)).rows == ()
    outsider = make.make_viewer(areas=[new_id()])
    for call in (premises_to_inform, book_to_inform):
        with pytest.raises(NotFound):
            call(session, outsider, **asked)
    with book_to_inform(session, CLERK, **asked) as file:
        sheet = load_workbook(io.BytesIO(file.read())).active
    assert sheet is not None
    lines = list(sheet.iter_rows(values_only=True))
    assert (lines[0][:4], [line[0] for line in lines[1:]]) == (
        ("单位名称", "统一社会信用代码", "原地址", "现地址"), ["米行", "茶馆"],
    )  # fmt: skip


def test_whoever_is_told_of_two_changes_reads_the_address_that_was_known(session: Session) -> None:
    street = make.make_street(session, "听雨路")
    doors = [make.make_address(session, number, street=street) for number in (1, 3)]
    for door, name in zip(doors, ("米行", "茶馆"), strict=True):
        firm(session, make.make_building(session, address=door), name)
    viewer = make.make_viewer(account_id=make.make_account(session).id)

    def told() -> list[tuple[str, str, str]]:
        rows = premises_to_inform(session, viewer, place_name_id=street.id).rows
        return [(row.name, row.old_text, row.new_text) for row in rows]

    def number(*moves: NewNumber) -> None:
        session.refresh(street)
        renumber_street(
            session, viewer, place_name_id=street.id, version=street.version, changes=moves, reason="改编"
        )

    number(NewNumber(doors[0].id, "5"), NewNumber(doors[1].id, "7"))
    once = told()
    session.refresh(street)
    take_back_renumbering(
        session, viewer, place_name_id=street.id, version=street.version, reason="录错了起点"
    )
    # Both have the number again that everybody knows.
    assert (len(once), told()) == (2, [])
    number(NewNumber(doors[0].id, "9"))
    session.refresh(street)
    rename_street(
        session, viewer, place_name_id=street.id, name="听雪路", version=street.version,
        document_number="民地〔2026〕3号",
    )  # fmt: skip
    assert told() == [("米行", "听雨路1号", "听雪路9号"), ("茶馆", "听雨路3号", "听雪路3号")]
