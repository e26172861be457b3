"""Questions about naming cases: lists, counts by state, and one case with its steps and what may be done."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from geo_registry.access.rules import Permission, covers
from geo_registry.access.scope import in_scope
from geo_registry.access.tables import Account
from geo_registry.access.viewer import Viewer
from geo_registry.address.naming_rules import (
    FROM,
    PERMISSIONS,
    STATE_TITLES,
    approved_since,
    handed_in,
    is_of_level,
)
from geo_registry.address.tables import NamingCase, NamingStep, PlaceName
from geo_registry.area.reads import districts_of, within
from geo_registry.area.tables import Division
from geo_registry.db import Session, today
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.pages import Page, checked_limit, cut, read_cursor
from geo_registry.text import normal_key

_DONE_BY = {"rename": Permission.STREET_RENAME, "retire": Permission.STREET_RETIRE}


@dataclass(frozen=True, slots=True)
class NamingRow:
    """One naming case in a list; `level` of its `levels` have approved, `lapsed` is a reservation run out."""

    id: UUID
    number: str
    action: str
    kind: str
    place_name_id: UUID
    full_name: str
    name: str
    former_name: str | None
    state: str
    level: int
    levels: tuple[str, ...]
    reserved_until: dt.date | None
    proposed_at: dt.datetime
    district: str | None
    area: str | None
    version: int
    lapsed: bool


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of a case: at which level, by whom, when, and what was noted."""

    step: str
    level: str | None
    by: str
    at: dt.datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class NamingDetail(NamingRow):
    """One naming case with its place, its papers, its steps in order, and those the viewer may take now."""

    meaning: str
    pinyin: str
    parent: str | None
    place_version: int
    place_state: str
    proposed_by: str
    decree_number: str | None
    decree_on: dt.date | None
    published_on: dt.date | None
    effective_on: dt.date | None
    district_id: UUID
    township_id: UUID | None
    community_id: UUID | None
    axis: dict[str, Any] | None
    length_m: float | None
    steps: tuple[StepTaken, ...]
    may: tuple[str, ...]


def naming_cases(
    session: Session,
    viewer: Viewer,
    *,
    state: str | None = None,
    area_id: UUID | None = None,
    place_name_id: UUID | None = None,
    text: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[NamingRow]:
    """Return naming cases, the newest first; `text` is the beginning of a name or the number of a case.

    Raises:
        RuleBroken: `state-unknown`, `limit-invalid`, `cursor-invalid`.

    """
    if state is not None and state not in STATE_TITLES:
        raise RuleBroken("state-unknown", f"状态应为 {'、'.join(STATE_TITLES)} 之一", field="state")
    query = _in_areas(_rows(), viewer)
    if state is not None:
        query = query.where(NamingCase.state == state)
    if area_id is not None:
        query = query.where(within(NamingCase, area_id))
    if place_name_id is not None:
        query = query.where(NamingCase.place_name_id == place_name_id)
    if text:
        begins = PlaceName.normal_name.startswith(normal_key(text), autoescape=True)
        named = NamingCase.name.startswith(text, autoescape=True)
        query = query.where(or_(begins, named, NamingCase.number == text))
    if after is not None:
        query = query.where(NamingCase.id < read_cursor(after, UUID)[0])
    found = session.execute(query.order_by(NamingCase.id.desc()).limit(checked_limit(limit) + 1)).all()
    return cut([NamingRow(*_listed(row)) for row in found], limit, lambda row: (row.id,))


def counts_by_state(session: Session, viewer: Viewer) -> dict[str, int]:
    """Return how many cases stand in each state, those without a case too."""
    query = _in_areas(select(NamingCase.state, func.count()), viewer).group_by(NamingCase.state)
    found = {row[0]: row[1] for row in session.execute(query)}
    return {state: found.get(state, 0) for state in STATE_TITLES}


def naming_case(session: Session, viewer: Viewer, case_id: UUID) -> NamingDetail:
    """Return one naming case.

    Raises:
        NotFound: it does not exist or lies outside the viewer's areas.

    """
    query = _detail().where(NamingCase.id == case_id, in_scope(viewer, NamingCase))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("naming-case-not-found", "没有这个地名案件，或不在您的辖区内")
    steps = session.execute(
        select(
            NamingStep.step, NamingStep.level, Account.name, NamingStep.taken_at, NamingStep.note,
            NamingStep.account_id,
        )
        .join(Account, Account.id == NamingStep.account_id)
        .where(NamingStep.case_id == case_id)
        .order_by(NamingStep.id)
    ).all()  # fmt: skip
    taken = tuple(StepTaken(*one[:5]) for one in steps)
    by = [(one.step, one.account_id) for one in steps]
    # Behind the columns of the answer stands who proposed.
    may = steps_open_to(viewer, row, {row.proposer, *handed_in(by)}, approved_since(by))
    return NamingDetail(*[*_listed(row[:17]), *row[17:-1], taken, may])


def steps_open_to(
    viewer: Viewer,
    row: Any,  # noqa: ANN401  (one row of `_detail`)
    proposed_by: Collection[UUID],
    approved_by: Collection[UUID],
) -> tuple[str, ...]:
    """Return the steps that a viewer may take on a case now."""
    steps = []
    is_inside = covers(viewer.areas, row.district_id, row.township_id, row.community_id)
    for step, states in FROM.items():
        if row.state not in states or not is_inside or not viewer.may(PERMISSIONS[step]):
            continue
        if PERMISSIONS[step] is Permission.NAME_APPROVE:
            is_wide = is_of_level(viewer.areas, row.levels[row.level], row.district_id, row.township_id)
            if viewer.account_id in proposed_by or not is_wide:
                continue
            if step == "approve" and viewer.account_id in approved_by:
                continue
        if step == "enforce" and not viewer.may(_DONE_BY.get(row.action, PERMISSIONS[step])):
            continue
        if step == "submit" and row.lapsed:
            continue
        steps.append(step)
    return tuple(steps)


def _in_areas(query: Any, viewer: Viewer) -> Any:  # noqa: ANN401  (a select)
    query = query.where(in_scope(viewer, NamingCase))
    if viewer.areas is not None:
        query = query.where(NamingCase.district_id == func.any(districts_of(viewer.areas)))
    return query


def _listed(row: Any) -> list[Any]:  # noqa: ANN401  (one row of `_rows`)
    values = list(row)
    values[10] = tuple(values[10])
    return values


def _rows() -> Any:  # noqa: ANN401  (a select of many columns)
    district, lowest = aliased(Division), aliased(Division)
    lapsed = (NamingCase.state == "reserved") & (NamingCase.reserved_until <= today())
    return (
        select(
            NamingCase.id, NamingCase.number, NamingCase.action, PlaceName.kind, NamingCase.place_name_id,
            PlaceName.full_name, NamingCase.name, NamingCase.former_name, NamingCase.state, NamingCase.level,
            NamingCase.levels, NamingCase.reserved_until, NamingCase.proposed_at, district.name, lowest.name,
            NamingCase.version, lapsed.label("lapsed"),
        )
        .join(PlaceName, PlaceName.id == NamingCase.place_name_id)
        .outerjoin(district, district.id == NamingCase.district_id)
        .outerjoin(
            lowest, lowest.id == func.coalesce(NamingCase.community_id, NamingCase.township_id)
        )
    )  # fmt: skip


def _detail() -> Any:  # noqa: ANN401  (a select of many columns)
    parent = aliased(PlaceName)
    return (
        _rows()
        .add_columns(
            NamingCase.meaning, PlaceName.pinyin, parent.full_name, PlaceName.version, PlaceName.state,
            Account.name, NamingCase.decree_number, NamingCase.decree_on, NamingCase.published_on,
            NamingCase.effective_on, NamingCase.district_id, NamingCase.township_id, NamingCase.community_id,
            cast(func.ST_AsGeoJSON(PlaceName.axis, 7), JSONB),
            func.ST_Length(func.geography(func.ST_Transform(PlaceName.axis, 4326))),
            NamingCase.proposed_by.label("proposer"),
        )
        .join(Account, Account.id == NamingCase.proposed_by)
        .outerjoin(parent, parent.id == PlaceName.parent_id)
    )  # fmt: skip
