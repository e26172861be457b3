"""Rates with intervals, targets and verdicts; small counts are hidden in the data that is sent."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.deps import CurrentViewer, Needs, Transaction, answer
from api.schemas.measure import AreaQuery, BlockQuery, RateQuery
from api.schemas.place import one_of
from geo_registry.access.viewer import Permission
from geo_registry.measure import reads
from geo_registry.measure.rules import RATES

router = APIRouter(
    prefix="/v1/measures", tags=["measures"], dependencies=[Depends(Needs(Permission.MEASURE_READ))]
)
RateName = Annotated[str, Path(), one_of(name.replace("_", "-") for name in RATES)]


@dataclass(frozen=True, slots=True)
class Summary:
    """All rates of an area, the week they are of, and the weeks that can be asked for."""

    week: dt.date
    weeks: tuple[dt.date, ...]
    area: reads.AreaRates


@router.get("/summary", response_model=Summary)
def summary(query: Annotated[AreaQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Show all rates of an area in the week of a day."""
    week = reads.week_of(query.as_of)
    found = reads.area_rates(session, viewer, area_id=query.area, week=week)
    return answer(Summary(week, reads.weeks(session), found))


@router.get("/heat", response_model=dict[str, Any])
def heat(query: Annotated[AreaQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """Show where registration is low, as classes of fixed cells (GeoJSON, EPSG:4490)."""
    week = reads.week_of(query.as_of)
    return answer(reads.heat_cells(session, viewer, area_id=query.area, week=week))


@router.get("/buildings", response_model=list[reads.BuildingCount])
def buildings(query: Annotated[BlockQuery, Query()], session: Transaction, viewer: CurrentViewer) -> Response:
    """List the buildings of a block with their dwellings and, where they may be told, persons."""
    return answer(reads.building_counts(session, viewer, block_id=query.block))


@router.get("/{rate}", response_model=reads.RateReport)
def rate(
    rate: RateName,
    query: Annotated[RateQuery, Query()],
    session: Transaction,
    viewer: CurrentViewer,
) -> Response:
    """Show one rate of an area and, for a level, of the areas in it, the lowest first."""
    found = reads.rate_report(
        session, viewer, rate=rate.replace("-", "_"), area_id=query.area, level=query.level, as_of=query.as_of
    )
    return answer(found)
