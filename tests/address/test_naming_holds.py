"""What was approved is what comes into force: a name on its way is changed by its case alone."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_registry.address import naming
from geo_registry.address.naming_reads import naming_case
from geo_registry.address.reads import place_name
from geo_registry.address.tables import NamingCase
from geo_registry.db import today
from geo_registry.errors import Conflict
from tests.address.naming_office import Office, refused

pytestmark = [pytest.mark.requirement("R80"), pytest.mark.requirement("R88")]


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


class TestWhatWasApproved:
    @pytest.mark.parametrize("change", ["correct", "axis", "rename", "retire"])
    def test_a_name_on_its_way_is_changed_by_nothing_else(
        self, session: Session, office: Office, change: str
    ) -> None:
        done = office.published(office.open("春风得意楼外路"))
        place = session.get_one(NamingCase, done.id).place_name_id
        with refused("case-open", Conflict):
            _changed(session, office, place, change)
        office.take("enforce", office.clerk, done)
        assert place_name(session, office.clerk, place).full_name == "春风得意楼外路"

    @pytest.mark.parametrize("change", ["correct", "rename", "retire"])
    def test_a_name_in_force_keeps_until_its_case_is_over(
        self, session: Session, office: Office, change: str
    ) -> None:
        street = office.street("春风得意楼内路")
        wanted = {"action": "rename", "kind": None, "area_id": None, "place_name_id": street.id}
        done = office.published(office.open("秋月路", **wanted))
        with refused("case-open", Conflict):
            _changed(session, office, street.id, change)
        _changed(session, office, street.id, "axis")
        office.take("enforce", office.clerk, done)
        assert place_name(session, office.clerk, street.id).full_name == "秋月路"
        _changed(session, office, street.id, "retire")

    def test_a_kept_name_is_not_retired_but_one_run_out_holds_nothing_up(
        self, session: Session, office: Office
    ) -> None:
        kept = {"reserve_until": today() + dt.timedelta(days=9)}
        place = session.get_one(NamingCase, office.open("听雪路", **kept).id).place_name_id
        with refused("case-open", Conflict):
            _changed(session, office, place, "retire")
        street = office.street("春风得意楼中路")
        wanted = {"action": "rename", "kind": None, "area_id": None, "place_name_id": street.id}
        case = session.get_one(NamingCase, office.open("秋月路", **wanted, **kept).id)
        case.reserved_until, case.act_id = today(), None
        session.flush()
        _changed(session, office, street.id, "rename")
        session.refresh(case)
        assert case.state == "withdrawn"

    def test_a_name_that_is_not_the_approved_one_does_not_come_into_force(
        self, session: Session, office: Office
    ) -> None:
        done = office.published(office.open("听雨路"))
        place = session.get_one(NamingCase, done.id).place_name_id
        session.execute(text("UPDATE registry.place_name SET name = '听风路' WHERE id = :id"), {"id": place})
        with refused("name-changed"):
            office.take("enforce", office.clerk, done)

    def test_a_street_below_which_a_name_is_asked_for_is_not_retired(
        self, session: Session, office: Office
    ) -> None:
        street = office.street("三新路")
        office.open("香樟巷", kind="lane", area_id=None, parent_id=street.id)
        with refused("street-in-use", Conflict):
            _changed(session, office, street.id, "retire")

    def test_corrections_together_stay_below_the_share_of_a_rename(
        self, session: Session, office: Office
    ) -> None:
        street = office.street("人民中路")
        assert _corrected(session, office, street.id, "人民东路") == "人民东路"
        with refused("correction-too-large"):
            _corrected(session, office, street.id, "人和东路")
        assert _corrected(session, office, street.id, "人民西路") == "人民西路"
        version = place_name(session, office.clerk, street.id).version
        naming.rename_street(
            session, office.clerk, place_name_id=street.id, version=version, name="太和西路",
            document_number="民1号",
        )  # fmt: skip
        assert _corrected(session, office, street.id, "太和东路") == "太和东路"
        with refused("correction-too-large"):
            _corrected(session, office, street.id, "太平东路")


class TestNoDeadEnd:
    def test_a_published_rename_that_cannot_be_put_into_force_is_taken_back(
        self, session: Session, office: Office
    ) -> None:
        street = office.street("旧雨路")
        wanted = {"action": "rename", "kind": None, "area_id": None, "place_name_id": street.id}
        done = office.published(office.open("新月路", **wanted))
        office.street("新月路")
        with refused("name-taken", Conflict), session.begin_nested():
            office.take("enforce", office.clerk, done)
        assert naming_case(session, office.clerk, done.id).may == ("enforce", "withdraw")
        with refused("reason-required"):
            office.take("withdraw", office.clerk, done)
        done = office.take("withdraw", office.clerk, done, note="名称已被使用")
        assert office.state(done) == "withdrawn"
        assert office.state(office.open("春江路", **wanted)) == "reviewing"

    def test_a_published_name_taken_back_is_free_again(self, session: Session, office: Office) -> None:
        done = office.take("withdraw", office.clerk, office.published(office.open("听雨路")), note="规划变更")
        assert naming_case(session, office.clerk, done.id).place_state == "rejected"
        assert office.state(office.open("听雨路")) == "reviewing"

    def test_a_case_whose_place_has_ended_frees_both_names(self, session: Session, office: Office) -> None:
        street = office.street("旧雨路")
        wanted = {"action": "rename", "kind": None, "area_id": None, "place_name_id": street.id}
        done = office.published(office.open("新月路", **wanted))
        _end(session, street.id)
        assert office.state(office.open("新月路")) == "reviewing"
        named = office.published(office.open("听雨路"))
        _end(session, session.get_one(NamingCase, named.id).place_name_id)
        for case in (done, named):
            taken_back = office.take("withdraw", office.clerk, case, note="地名已注销")
            shown = naming_case(session, office.clerk, taken_back.id)
            assert (shown.state, shown.place_state) == ("withdrawn", "retired")


def _end(session: Session, place: UUID) -> None:
    session.execute(text("UPDATE registry.place_name SET state = 'retired' WHERE id = :id"), {"id": place})


def _corrected(session: Session, office: Office, place: UUID, name: str) -> str:
    version = place_name(session, office.clerk, place).version
    naming.correct_street(session, office.clerk, place_name_id=place, version=version, name=name)
    return place_name(session, office.clerk, place).name


def _changed(session: Session, office: Office, place: UUID, change: str) -> None:
    axis = {"type": "LineString", "coordinates": [[121.301, 30.901], [121.303, 30.901]]}
    target: dict[str, Any] = {
        "place_name_id": place,
        "version": place_name(session, office.clerk, place).version,
    }
    if change == "correct":
        naming.correct_street(session, office.clerk, name="春风失意楼外路", **target)
    elif change == "axis":
        naming.correct_street(session, office.clerk, axis=axis, **target)
    elif change == "rename":
        naming.rename_street(session, office.clerk, name="霸王路", document_number="民1号", **target)
    else:
        naming.retire_street(session, office.clerk, document_number="民1号", **target)
