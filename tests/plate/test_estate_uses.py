"""Whatever was done with an intake since stands in the way of taking it back; of persons only a number is told."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from geo_registry.access.viewer import Viewer
from geo_registry.address.certifying import certify
from geo_registry.address.tables import Address, PlaceName
from geo_registry.codes import new_code, new_id
from geo_registry.errors import Conflict
from geo_registry.housing.tables import Building, HousingUnit
from geo_registry.housing.writes import change_unit, correct_building, register_unit, retire_unit
from geo_registry.measure.tables import DIRECTIONS
from geo_registry.plate import bin as plate_bin
from geo_registry.plate import reports, writes
from geo_registry.plate.certificates import issue_certificate
from geo_registry.plate.tables import Plate
from geo_registry.premises.writes import register_premises
from geo_registry.verification.tables import NOTE_KINDS
from tests import factories as make
from tests.plate.test_estate_back import back, plain, states, taken_in
from tests.plate.test_estates import table


@pytest.fixture
def clerk(session: Session) -> Viewer:
    return make.make_viewer(account_id=make.make_account(session).id)


@pytest.fixture
def estate(session: Session) -> PlaceName:
    return make.make_street(session, "清源小区", kind="estate")


class Made:
    """What an intake of one building made, and somebody to use it."""

    def __init__(self, session: Session, clerk: Viewer) -> None:
        """Read it back from the register."""
        self.session, self.clerk = session, clerk
        self.address = session.execute(select(Address)).scalar_one()
        self.building = session.execute(select(Building)).scalar_one()
        self.unit = session.execute(select(HousingUnit).where(HousingUnit.unit_key == "e1/r101")).scalar_one()
        self.plate = session.execute(select(Plate)).scalar_one()

    def put(self, table_name: str, **values: object) -> None:
        """Store a row as the owner of the tables."""
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.session.execute(text(f"INSERT INTO registry.{table_name} ({columns}) VALUES ({marks})"), values)

    def here(self) -> dict[str, Any]:
        """Return the unit, its building and district, which most tables hold."""
        unit = self.unit
        return {"unit_id": unit.id, "building_id": unit.building_id, "district_id": unit.district_id}


def _alias(made: Made) -> None:
    make.make_alias(made.session, made.address, "清源一号楼")


def _certify(made: Made) -> None:
    certify(made.session, made.clerk, address_ids=[made.address.id], basis="visit")


def _certificate(made: Made) -> None:
    change = text("""
        INSERT INTO registry.address_change (kind, old_id, new_id, old_text, new_text, place_name_id, district_id)
        SELECT 'rename', a.id, a.id, '旧', a.standard_text, a.place_name_id, a.district_id FROM registry.address a
        RETURNING id""")
    issue_certificate(made.session, made.clerk, change_id=made.session.execute(change).scalar_one())


def _position(made: Made) -> None:
    made.put("address_position", address_id=made.address.id, kind="stairway", position=make.point(3, 3))


def _approve(made: Made) -> None:
    writes.approve_plate(made.session, made.clerk, plate_id=made.plate.id, version=made.plate.version)


def _report(made: Made) -> None:
    reports.report_plate(made.session, made.clerk, kind="no_plate", address_id=made.address.id)


def _second_number(made: Made) -> None:
    other = make.make_address(made.session)
    made.put("building_address", building_id=made.building.id, address_id=other.id, is_main=False)


def _remove_number(made: Made) -> None:
    # A number goes to the bin when no dwelling needs it.
    made.session.execute(text("UPDATE registry.housing_unit SET state = 'retired'"))
    plate_bin.remove_addresses(made.session, made.clerk, address_ids=[made.address.id], reason="误录")


def _correct(made: Made) -> None:
    correct_building(
        made.session, made.clerk, building_id=made.building.id, version=made.building.version, floors=9
    )


def _change(made: Made) -> None:
    change_unit(made.session, made.clerk, unit_id=made.unit.id, version=made.unit.version, area_m2=66)


def _retire(made: Made) -> None:
    retire_unit(made.session, made.clerk, unit_id=made.unit.id, version=made.unit.version)


def _add_unit(made: Made) -> None:
    register_unit(made.session, made.clerk, building_id=made.building.id, unit="3单元901室")


def _premises(made: Made) -> None:
    register_premises(made.session, made.clerk, building_id=made.building.id, name="清源面馆")


def _building_check(made: Made) -> None:
    made.put("building_check", building_id=made.building.id, leaf_id=made.building.district_id,
             checked_on="2026-01-05", units_found=2, units_listed=2, district_id=made.building.district_id)  # fmt: skip


def _visit(made: Made) -> None:
    made.session.execute(text("INSERT INTO registry.visit (visited_at, unit_id, outcome)"
                              " VALUES (now(), :unit, 'met_all')"), {"unit": made.unit.id})  # fmt: skip


def _sample(made: Made) -> None:
    plan_id, unit = new_id(), made.unit
    made.put(
        "sample_plan", id=plan_id, code=new_code(), name="抽样", direction=DIRECTIONS[0], area_kind="division",
        area_id=unit.district_id, seed=1, frame_size=1, sample_size=1, drawn_on="2026-01-05",
        district_id=unit.district_id,
    )  # fmt: skip
    made.put("sample_unit", plan_id=plan_id, unit_id=unit.id, turn=1, weight=1)


def _code(made: Made) -> None:
    made.put("external_code", object_kind="housing_unit", object_id=made.unit.id, scheme="old", value="A-1")


def _live(made: Made) -> None:
    make.live_at(made.session, make.make_person(made.session), made.unit)


def _hukou(made: Made) -> None:
    made.put("hukou", person_id=make.make_person(made.session).id, **made.here())


def _household(made: Made) -> None:
    made.put("household", **made.here())


def _holder(made: Made) -> None:
    away = make.make_unit(made.session)
    made.put("household", unit_id=away.id, building_id=away.building_id, district_id=away.district_id,
             kind="collective", holder_unit_id=made.unit.id)  # fmt: skip


def _absence(made: Made) -> None:
    made.put("absence", person_id=make.make_person(made.session).id, reason="other",
             informant="family", **made.here())  # fmt: skip


def _case(made: Made, unit: HousingUnit | None = None) -> UUID:
    here = unit or made.unit
    case_id, account = new_id(), make.make_account(made.session).id
    made.put("registration_case", id=case_id, serial=str(case_id)[:12], action="register", form="incomer_registration",
             form_version=1, unit_id=here.id, building_id=here.building_id, district_id=here.district_id,
             collected_by=account, collected_at="2026-01-05", entered_by=account)  # fmt: skip
    return case_id


def _case_hukou(made: Made) -> None:
    case_id = _case(made, make.make_unit(made.session))
    made.put("case_person", case_id=case_id, turn=1, person_id=new_id(), name="张某", sex="1", id_type="111",
             id_number=b"x", id_index=b"y", id_tail="1X", hukou_unit_id=made.unit.id,
             district_id=made.unit.district_id)  # fmt: skip


def _declaration(made: Made) -> None:
    made.put("declaration", kind="arrival", address_text="清源小区", unit_id=made.unit.id, name="张某",
             district_id=made.unit.district_id, id_type="111", id_number=b"x", id_index=b"y", id_tail="1X",
             on_day="2026-01-05")  # fmt: skip


def _separation(made: Made) -> None:
    run_id = new_id()
    made.put("separation_run", id=run_id, title="核对", mode="field_first", opens_on="2026-01-05",
             closes_on="2026-02-05", district_id=made.unit.district_id)  # fmt: skip
    made.put("separation_item", run_id=run_id, name="张某", sex="1", id_type="111", id_number=b"x",
             id_index=b"y", id_tail="1X", unit_id=made.unit.id, district_id=made.unit.district_id)  # fmt: skip


def _field_check(made: Made) -> None:
    made.put("field_check", leaf_id=made.unit.district_id, checked_on="2026-01-05", persons_met=1,
             persons_registered=1, records_checked=1, records_right=1, **made.here())  # fmt: skip


def _verification(made: Made) -> None:
    made.put(
        "verification",
        number="核1",
        opened_by=make.make_account(made.session).id,
        **made.here(),
    )


def _note(made: Made) -> None:
    made.put("dwelling_note", kind=NOTE_KINDS[0], noted_by=make.make_account(made.session).id, **made.here())


def _tip(made: Made) -> None:
    made.put("tip", kind="arrived", given_by=make.make_account(made.session).id, **made.here())


PERSONS = "已有居住登记等人员业务（不足 10 户）"
USES: list[tuple[Callable[[Made], Any], str]] = [
    (_alias, "已登别名或外部编码（清源小区1幢）"), (_code, "已登别名或外部编码（清源小区1幢1单元101室）"),
    (_certify, "号码已另行办理（清源小区1幢）"), (_certificate, "已开具变更证明（清源小区1幢 址证-"),
    (_position, "点位已改（清源小区1幢）"), (_approve, "门牌已批准或下单（清源小区1幢）"),
    (_report, "有待处理的门牌线索（清源小区1幢）"), (_second_number, "楼栋关联已改（清源小区1幢）"),
    (_remove_number, "楼栋关联已改（清源小区1幢）"), (_correct, "楼栋已另行办理（清源小区1幢）"),
    (_change, "户室已另行办理（清源小区1幢1单元101室）"), (_retire, "户室已另行办理（清源小区1幢1单元101室）"),
    (_add_unit, "楼内已另登户室（清源小区1幢3单元901室）"), (_add_unit, "单元已另行办理（清源小区1幢3单元）"),
    (_premises, "已登记单位（清源面馆）"), (_building_check, "楼栋已核查（清源小区1幢）"),
    (_visit, "已走访（清源小区1幢）"), (_sample, "已抽为样本（清源小区1幢）"), *((use, PERSONS) for use in (
        _live, _hukou, _household, _holder, _absence, _case, _case_hukou, _declaration, _separation,
        _field_check, _verification, _note, _tip)),
]  # fmt: skip


@pytest.mark.parametrize(("use", "words"), USES)
def test_what_was_used_since_stands_in_the_way(
    session: Session, clerk: Viewer, estate: PlaceName, use: Callable[[Made], Any], words: str
) -> None:
    taken_in(session, clerk, estate, table(1))
    made = Made(session, clerk)
    use(made)
    session.flush()
    before = states(session)
    for is_trial in (True, False):
        with pytest.raises(Conflict) as caught:
            back(session, clerk, estate, dry_run=is_trial)
        assert caught.value.code == "intake-used"
        assert words in plain(caught.value.detail)
        told: Any = caught.value.facts["errors"]
        assert any(one["detail"].endswith(words.partition("（")[0]) or words in one["detail"] for one in told)
    assert states(session) == before


def test_each_kind_of_use_is_counted_and_its_things_are_named(
    session: Session, clerk: Viewer, estate: PlaceName
) -> None:
    taken_in(session, clerk, estate, table(1, floors=30, doors=10))
    session.execute(text("UPDATE registry.housing_unit SET use = 'vacant'"))
    units = session.execute(select(HousingUnit).limit(12)).scalars().all()
    for unit in units:
        make.live_at(session, make.make_person(session), unit)
    with pytest.raises(Conflict) as caught:
        back(session, clerk, estate)
    assert "户室已另行办理（清源小区1幢1单元1001室 等 300 处）" in plain(caught.value.detail)
    assert "已有居住登记等人员业务（12 户）" in str(caught.value.detail)
    told: Any = caught.value.facts["errors"]
    assert len(told) == 200
    assert told[0]["pointer"].startswith("#/housing-units/")
    # Who lives there is not told, nor in which units.
    assert [one for one in told if "居住" in one["detail"]] == [told[-1]]
