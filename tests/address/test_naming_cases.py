"""Naming cases: proposal, names alike, reservation, approval by levels, decree, and what comes into force."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.tables import Act
from geo_registry.address import naming
from geo_registry.address.matching.find import match
from geo_registry.address.naming_alike import check_name
from geo_registry.address.naming_reads import counts_by_state, naming_case
from geo_registry.address.naming_reads import naming_cases as list_cases
from geo_registry.address.reads import address, history_of, place_name, search
from geo_registry.address.tables import AddressChange, NamingCase, PlaceName
from geo_registry.address.writes import number_address, retire_address
from geo_registry.area.writes import Written
from geo_registry.db import today
from geo_registry.errors import Conflict, NotFound, Refused, Stale
from tests import factories as make
from tests.address.naming_office import DECREE, Office, refused, some_clerk

pytestmark = [pytest.mark.requirement("R80"), pytest.mark.requirement("R88")]


@pytest.fixture
def office(session: Session) -> Office:
    return Office(session)


class TestProposal:
    def test_a_name_goes_through_two_levels_and_a_decree_into_force(
        self, session: Session, office: Office
    ) -> None:
        axis = {"type": "LineString", "coordinates": [[121.301, 30.901], [121.303, 30.901]]}
        done = office.open(axis=axis, meaning="古有听雨轩")
        case = naming_case(session, office.clerk, done.id)
        assert case.number.startswith(f"地名-{today().year}-")
        assert (case.state, case.levels, case.level) == ("reviewing", ("township", "district"), 0)
        assert case.length_m == pytest.approx(191, abs=3)
        assert place_name(session, office.clerk, case.place_name_id).state == "proposed"
        done = office.published(done)
        done = office.take("enforce", office.clerk, done)
        case = naming_case(session, office.clerk, done.id)
        assert (case.state, case.effective_on, case.decree_number) == (
            "in_force",
            today(),
            "东民〔2026〕12号",
        )
        assert [(one.step, one.level) for one in case.steps] == [
            ("submit", None), ("approve", "township"), ("approve", "district"), ("publish", None), ("enforce", None),
        ]  # fmt: skip
        assert case.may == ()
        assert place_name(session, office.clerk, case.place_name_id).state == "current"
        newest = history_of(session, office.clerk, kind="street", object_id=case.place_name_id)[0]
        assert (newest.verb, newest.document_number) == ("enforce", "东民〔2026〕12号")
        cause = session.execute(select(Act.cause_act_id).where(Act.id == newest.act_id)).scalar_one()
        caused = session.execute(select(Act.object_kind, Act.object_id).where(Act.id == cause)).one()
        assert caused == ("naming_case", done.id)

    def test_each_step_is_one_version_of_the_case(self, office: Office) -> None:
        done = office.published(office.open())
        assert done.version == 4
        assert office.take("enforce", office.clerk, done).version == 5
        with refused("stale", Stale):
            office.take("withdraw", office.clerk, done)

    def test_who_proposed_does_not_approve_and_nobody_twice(self, session: Session, office: Office) -> None:
        done = office.open()
        with refused("own-case", Refused):
            office.take("approve", office.clerk, done)
        done = office.take("approve", office.town, done)
        wide = make.make_viewer(areas=[office.district], account_id=office.town.account_id)
        with refused("approved-before", Refused):
            office.take("approve", wide, done)
        with pytest.raises(Refused):
            office.take("approve", some_clerk(session, office.township), done)
        assert naming_case(session, office.town, done.id).may == ("withdraw",)
        assert naming_case(session, office.county, done.id).may == ("approve", "return", "reject", "withdraw")

    def test_who_hands_a_case_in_does_not_judge_it(self, session: Session, office: Office) -> None:
        """Another name handed in by the judge of the township is judged by somebody else."""
        later = today() + dt.timedelta(days=9)
        returned = office.take("return_case", office.town, office.open("听雨路"), note="宜用旧名")
        kept = office.open("听松路", reserve_until=later)
        for turn, begun in enumerate((returned, kept)):
            done = office.take("submit", office.town, begun, name=("望月路", "望云路")[turn])
            for step, more in (("approve", {}), ("return_case", {"note": "退"}), ("reject", {"note": "否"})):
                with refused("own-case", Refused):
                    office.take(step, office.town, done, **more)
            assert naming_case(session, office.town, done.id).may == ("withdraw",)
            approved = office.take("approve", some_clerk(session, office.township), done)
            assert office.state(approved) == "reviewing"

    def test_a_returned_case_is_put_right_and_approved_anew(self, session: Session, office: Office) -> None:
        done = office.take("approve", office.town, office.open("听雨路"))
        done = office.take("return_case", office.county, done, note="宜用本地旧名")
        assert office.state(done) == "returned"
        done = office.take("submit", office.clerk, done, name="听松路", meaning="山上多松")
        case = naming_case(session, office.clerk, done.id)
        assert (case.name, case.full_name, case.meaning, case.level) == ("听松路", "听松路", "山上多松", 0)
        done = office.published(done)
        office.take("enforce", office.clerk, done)
        assert place_name(session, office.clerk, case.place_name_id).pinyin == "tingsonglu"

    @pytest.mark.parametrize(("step", "state"), [("reject", "rejected"), ("withdraw", "withdrawn")])
    def test_a_name_turned_down_is_free_again(
        self, session: Session, office: Office, step: str, state: str
    ) -> None:
        done = office.open()
        done = office.take(step, office.town, done, note="与规划不符")
        case = naming_case(session, office.clerk, done.id)
        assert (case.state, case.place_state, case.steps[-1].note) == (state, "rejected", "与规划不符")
        assert office.state(office.open()) == "reviewing"

    def test_another_name_runs_through_the_numbers_below(self, session: Session, office: Office) -> None:
        done = office.open("听雨路")
        place = session.get_one(NamingCase, done.id).place_name_id
        door = number_address(session, office.clerk, place_name_id=place, number="3", state="proposed")
        done = office.take("return_case", office.town, done, note="宜用本地旧名")
        returned = done.version
        done = office.take("submit", office.clerk, done, name="望月路")
        assert done.version == returned + 1
        assert place_name(session, office.clerk, place).full_name == "望月路"
        assert address(session, office.clerk, door.id).standard_text.endswith("区望月路3号")

    def test_a_name_with_numbers_is_not_dropped(self, session: Session, office: Office) -> None:
        done = office.open()
        street = session.get_one(NamingCase, done.id).place_name_id
        make.make_address(session, 1, street=session.get_one(PlaceName, street), state="proposed")
        with refused("street-in-use", Conflict):
            office.take("withdraw", office.clerk, done)

    def test_no_step_is_taken_out_of_turn(self, office: Office) -> None:
        done = office.open()
        for step, viewer, more in (
            ("submit", office.clerk, {}),
            ("publish", office.clerk, DECREE),
            ("enforce", office.clerk, {}),
        ):
            with refused("step-not-open"):
                office.take(step, viewer, done, **more)
        done = office.take("enforce", office.clerk, office.published(done))
        with refused("step-not-open"):
            office.take("withdraw", office.clerk, done, note="停办")

    def test_days_of_decree_and_effect_lie_in_order(self, office: Office) -> None:
        done = office.take("approve", office.county, office.take("approve", office.town, office.open()))
        tomorrow = today() + dt.timedelta(days=1)
        with refused("decree-in-future"):
            office.take("publish", office.clerk, done, decree_number="东民1号", decree_on=tomorrow)
        done = office.take("publish", office.clerk, done, **DECREE)
        for day in (tomorrow, today() - dt.timedelta(days=1)):
            with refused("effective-outside"):
                office.take("enforce", office.clerk, done, effective_on=day)

    def test_a_kind_without_levels_is_approved_by_law(self, session: Session, office: Office) -> None:
        session.execute(text("UPDATE registry.jurisdiction SET profile = 'village'"))
        lane = office.open("香樟巷", kind="lane", area_id=None, parent_id=office.street("三新路").id)
        assert session.get_one(NamingCase, lane.id).levels == ["township"]
        done = office.take("approve", office.town, lane)
        assert office.state(done) == "approved"

    def test_no_number_of_a_person_is_written_into_a_case(self, office: Office) -> None:
        with refused("text-unreadable"):
            office.open(meaning="电话13812345678")
        done = office.open()
        with refused("text-unreadable"):
            office.take("reject", office.town, done, note="请联系13812345678")

    def test_strangers_neither_see_nor_touch_a_case(self, session: Session, office: Office) -> None:
        done = office.open()
        stranger = some_clerk(session, make.make_community(session).id)
        with pytest.raises(NotFound):
            naming_case(session, stranger, done.id)
        with pytest.raises(Refused):
            office.take("withdraw", stranger, done)
        assert list_cases(session, stranger).rows == ()


class TestAlike:
    def test_the_same_name_stands_once_in_the_county(self, office: Office) -> None:
        for state in ("current", "retired", "proposed"):
            name = {"current": "听雨路", "retired": "听风路", "proposed": "听雪路"}[state]
            street = office.street(name, state=state)
            with refused("name-taken", Conflict) as caught:
                office.open(name, reason="确需使用")
            assert caught.value.facts["alike"] == [{"id": str(street.id), "full_name": name, "same": "name"}]

    def test_the_same_sound_needs_a_reason(self, office: Office) -> None:
        office.street("映月路")
        with refused("name-sounds-alike", Conflict):
            office.open("映悦路")
        assert office.state(office.open("映悦路", reason="悦来古镇所在")) == "reviewing"

    def test_a_former_name_needs_a_reason(self, session: Session, office: Office) -> None:
        street = office.street("学前街")
        naming.rename_street(
            session, office.clerk, place_name_id=street.id, name="文昌路", version=1, document_number="民1号"
        )
        with refused("name-sounds-alike", Conflict) as caught:
            office.open("学前街")
        assert caught.value.facts["alike"] == [
            {"id": str(street.id), "full_name": "文昌路", "same": "former"}
        ]

    def test_a_name_that_another_case_asks_for_is_taken(self, office: Office) -> None:
        street = office.street("学前街")
        office.open("文昌路", action="rename", kind=None, area_id=None, place_name_id=street.id)
        with refused("name-taken", Conflict) as caught:
            office.open("文昌路", reason="确需使用")
        assert caught.value.facts["alike"] == [
            {"id": str(street.id), "full_name": "学前街", "same": "wanted"}
        ]

    def test_names_alike_come_with_their_distance(self, session: Session, office: Office) -> None:
        office.street("映月路", axis=make.line((0, 1000), (500, 1000)))
        axis = {"type": "LineString", "coordinates": [list(make.metres(0, 0)), list(make.metres(500, 0))]}
        (found,) = check_name(
            session, office.clerk, kind="street", name="映悦路", area_id=office.township, axis=axis
        )
        assert (found.same, found.blocks, found.full_name) == ("sound", False, "映月路")
        assert found.distance_m == pytest.approx(1000, rel=0.02)
        assert check_name(session, office.clerk, kind="street", name="松涛路", area_id=office.township) == ()

    def test_another_county_does_not_count(self, session: Session, office: Office) -> None:
        make.make_street(session, "听雨路")
        assert check_name(session, office.clerk, kind="street", name="听雨路", area_id=office.township) == ()

    def test_a_counted_lane_stands_once_on_its_street(self, session: Session, office: Office) -> None:
        street, other = office.street("三新路"), office.street("新南路")
        office.street("218弄", kind="lane", parent=street)
        kind: dict[str, Any] = {"kind": "lane", "name": "218弄"}
        (found,) = check_name(session, office.clerk, parent_id=street.id, **kind)
        assert found.blocks
        assert check_name(session, office.clerk, parent_id=other.id, **kind) == ()


class TestReservation:
    def test_a_kept_name_is_handed_in_before_its_day(self, session: Session, office: Office) -> None:
        done = office.open(reserve_until=today() + dt.timedelta(days=30))
        case = naming_case(session, office.clerk, done.id)
        assert (case.state, case.place_state, case.may) == ("reserved", "reserved", ("submit", "withdraw"))
        with refused("name-taken", Conflict):
            office.open(reason="确需使用")
        done = office.take("submit", office.clerk, done)
        case = naming_case(session, office.clerk, done.id)
        assert (case.state, case.place_state) == ("reviewing", "proposed")

    def test_it_lapses_on_its_day_and_the_name_is_free(self, session: Session, office: Office) -> None:
        first = office.open(reserve_until=today() + dt.timedelta(days=1))
        case = session.get_one(NamingCase, first.id)
        case.reserved_until, case.act_id = today(), None
        session.flush()
        session.refresh(case)
        shown = naming_case(session, office.clerk, first.id)
        assert (shown.lapsed, shown.may) == (True, ("withdraw",))
        with refused("reservation-lapsed"):
            office.take("submit", office.clerk, Written(first.id, case.version))
        second = office.open()
        assert (office.state(first), office.state(second)) == ("withdrawn", "reviewing")
        assert naming_case(session, office.clerk, first.id).steps[-1].note == "预留到期"

    def test_a_day_that_is_over_isrefused(self, office: Office) -> None:
        with refused("reserve-past"):
            office.open(reserve_until=today())


class TestChange:
    def test_a_rename_comes_into_force_and_the_old_name_is_found(
        self, session: Session, office: Office
    ) -> None:
        street = office.street("学前街")
        door = make.make_address(session, 5, street=street)
        done = office.open("文昌路", action="rename", kind=None, area_id=None, place_name_id=street.id)
        assert place_name(session, office.clerk, street.id).name == "学前街"
        with refused("case-open", Conflict):
            office.open("文兴路", action="rename", kind=None, area_id=None, place_name_id=street.id)
        office.take("enforce", office.clerk, office.published(done))
        assert address(session, office.clerk, door.id).standard_text == "文昌路5号"
        first = search(session, office.clerk, text="学前街5号").hits[0]
        assert (first.text, first.reason) == ("文昌路5号", "曾用名")
        found = match(session, office.clerk, "学前街5号")
        assert found.best is not None
        assert (found.grade, found.best.id) == ("B", door.id)
        case = naming_case(session, office.clerk, done.id)
        assert (case.former_name, case.name, case.full_name) == ("学前街", "文昌路", "文昌路")
        changed = session.execute(
            select(AddressChange.old_id, AddressChange.old_text, AddressChange.new_text, AddressChange.kind)
        ).all()
        assert changed == [(door.id, "学前街5号", "文昌路5号", "rename")]

    def test_a_name_ends_by_decree_when_nothing_stands_on_it(self, session: Session, office: Office) -> None:
        street = office.street("学前街")
        door = make.make_address(session, 5, street=street)
        done = office.open(None, action="retire", kind=None, area_id=None, place_name_id=street.id)
        done = office.published(done)
        with refused("street-in-use", Conflict), session.begin_nested():
            office.take("enforce", office.clerk, done)
        retire_address(session, office.clerk, address_id=door.id, version=1)
        office.take("enforce", office.clerk, done)
        assert place_name(session, office.clerk, street.id).state == "retired"

    def test_only_a_name_in_force_is_changed(self, office: Office) -> None:
        street = office.street("学前街", state="proposed")
        with refused("not-in-force"):
            office.open("文昌路", action="rename", kind=None, area_id=None, place_name_id=street.id)
        with refused("field-missing"):
            office.open("文昌路", action="rename", kind=None, area_id=None)


def test_cases_are_listed_counted_and_found(session: Session, office: Office) -> None:
    office.open("听雨路")
    office.open("听松路", reserve_until=today() + dt.timedelta(days=9))
    assert [row.name for row in list_cases(session, office.clerk).rows] == ["听松路", "听雨路"]
    assert [row.name for row in list_cases(session, office.clerk, state="reviewing").rows] == ["听雨路"]
    assert [row.name for row in list_cases(session, office.clerk, text="听松").rows] == ["听松路"]
    first = list_cases(session, office.clerk, limit=1)
    assert [row.name for row in list_cases(session, office.clerk, limit=1, after=first.next).rows] == [
        "听雨路"
    ]
    counts = counts_by_state(session, office.clerk)
    assert (counts["reviewing"], counts["reserved"], counts["in_force"]) == (1, 1, 0)
    assert len(list_cases(session, office.clerk, area_id=office.township).rows) == 2
    with refused("state-unknown"):
        list_cases(session, office.clerk, state="lost")
