"""Acts on premises: register, correct, check, retire (R62, R66)."""

import datetime as dt
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.area.reads import ENDED
from geo_registry.area.writes import (
    Paper,
    Written,
    begin_act,
    ended,
    finish,
    load_for_change,
    locked,
)
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.housing.tables import Building, HousingUnit
from geo_registry.premises import rules
from geo_registry.premises.tables import Premises

KIND = "premises"


def register_premises(
    session: Session,
    viewer: Viewer,
    *,
    building_id: UUID,
    name: str,
    organisation_code: str | None = None,
    unit_id: UUID | None = None,
    checked_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Register an organisation in a building, with its room where that is known.

    Raises:
        RuleBroken: `building-unknown`, `unit-elsewhere`, `name-length`, `credit-format`, `credit-check`.
        Conflict: `premises-exist`.
        Refused: the role or the area does not allow it.

    """
    building = locked(session, Building, building_id)
    if building is None or building.state in ENDED["building"]:
        raise RuleBroken("building-unknown", "没有这幢现存楼栋，请核对后重选", field="building_id")
    areas = (building.district_id, building.township_id, building.community_id)
    authorize(viewer, Permission.PREMISES_KEEP, *areas)
    _check_unit(session, unit_id, building_id)
    row = Premises(
        id=new_id(), code=new_code(), name=rules.checked_name(name),
        organisation_code=rules.checked_code(organisation_code), building_id=building_id, unit_id=unit_id,
        state="current", valid=Range(today(), None), district_id=areas[0], township_id=areas[1],
        community_id=areas[2],
    )  # fmt: skip
    if checked_on is not None:
        row.checked_on, row.checked_by = rules.checked_day(checked_on, today()), viewer.account_id
    begin_act(session, viewer, "register", KIND, row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def correct_premises(
    session: Session,
    viewer: Viewer,
    *,
    premises_id: UUID,
    version: int,
    name: str | None = None,
    organisation_code: str | None = None,
    unit_id: UUID | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Correct name, code or room; what is not given stays.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `unit-elsewhere`, `name-length`, `credit-format`, `credit-check`.
        Conflict: `premises-ended`, `premises-exist`.

    """
    row = _load(session, viewer, premises_id, version)
    if name is not None:
        row.name = rules.checked_name(name)
    if organisation_code is not None:
        row.organisation_code = rules.checked_code(organisation_code)
    if unit_id is not None:
        _check_unit(session, unit_id, row.building_id)
        row.unit_id = unit_id
    begin_act(session, viewer, "correct", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def check_premises(
    session: Session,
    viewer: Viewer,
    *,
    premises_id: UUID,
    version: int,
    checked_on: dt.date | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Note that an organisation was found where it is registered.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `day-invalid`.
        Conflict: `premises-ended`.

    """
    row = _load(session, viewer, premises_id, version)
    row.checked_on, row.checked_by = rules.checked_day(checked_on, today()), viewer.account_id
    begin_act(session, viewer, "check", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def retire_premises(
    session: Session,
    viewer: Viewer,
    *,
    premises_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """End the registration of an organisation that is not there any more.

    Raises:
        Stale: `version` is not the current one.
        Conflict: `premises-ended`.

    """
    row = _load(session, viewer, premises_id, version)
    row.state, row.valid = "retired", ended(row.valid)
    begin_act(session, viewer, "retire", KIND, row, Paper(document_number, reason))
    return finish(session, row)


def _load(session: Session, viewer: Viewer, premises_id: UUID, version: int) -> Premises:
    row = load_for_change(
        session, viewer, Premises, premises_id, version=version, permission=Permission.PREMISES_KEEP
    )
    if row.state != "current":
        raise Conflict("premises-ended", f"该单位{rules.STATES[row.state]}，如又迁回请重新登记")
    return row


def _check_unit(session: Session, unit_id: UUID | None, building_id: UUID) -> None:
    if unit_id is None:
        return
    unit = locked(session, HousingUnit, unit_id)
    if unit is None or unit.building_id != building_id or unit.state in ENDED["housing_unit"]:
        raise RuleBroken("unit-elsewhere", "该户室不在这幢楼，请核对后重选", field="unit_id")
