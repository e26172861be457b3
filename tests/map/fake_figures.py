"""A made-up township in memory, the shape of what the registry's reads answer: for pages without a database."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from geo_registry.access.viewer import Role, Viewer
from geo_registry.area.reads import AreaRow, Crumb
from geo_registry.measure.reads import AreaRates, BuildingCount, Rate
from geo_registry.measure.rules import class_of, verdict, wilson
from geo_registry.zone.reads import ZoneRow
from tests.map.conftest import Server
from web_map import words
from web_map.app import HERE, Static
from web_map.deps import current_viewer, open_session
from web_map.folium_page import localise
from web_map.pages import account, dashboard

TODAY = dt.date(2026, 11, 20)
WEEKS = tuple(dt.date(2026, 8, 31) + dt.timedelta(weeks=step) for step in range(12))
TOWN = UUID(int=1)
NAMES = (
    ("东渡", 251, 307), ("北门", 198, 228), ("沿江", 233, 262), ("南塘", 289, 322), ("新桥", 318, 347),
    ("柳荫", 277, 300), ("长堤", 301, 321), ("映月", 377, 401), ("石桥", 412, 436), ("集贤", 344, 362),
    ("枫林", 352, 366), ("青衣", 389, 403), ("梧桐里", 455, 470), ("书院", 366, 371), ("南岸", 301, 303),
    ("滨河", 20, 24), ("船坊", 18, 22),
)  # fmt: skip
COMMUNITIES = {UUID(int=100 + at): name for at, (name, _, _) in enumerate(NAMES)}
BLOCKS = {UUID(int=1000 + at): f"东渡-{at + 1:02d}" for at in range(6)}
ZONES = (("北门仓库片区", "submitted", 6, 101), ("东渡口老街片区", "in_rectification", 18, 100),
         ("南塘里弄片区", "plan_approved", 41, 103), ("集贤后街片区", "returned", -9, 109))  # fmt: skip


def rate(name: str, k: int, n: int, *, change: float | None = 0.6, is_full: bool = False) -> Rate:
    """Return a rate as the registry would tell it, hidden under 30."""
    target = 100.0 if is_full else 91.0
    if n < 30:
        return Rate(name, "hidden", None, None, None, None, None, target, "too_few", None, is_full, None)
    share = 100 * k / n
    low, high = (None, None) if is_full else (round(100 * end, 2) for end in wilson(k, n))
    judged = verdict(k, n, target_permille=int(target * 10), is_full=is_full)
    return Rate(
        name, "value", n, k, round(share, 2), low, high, target, judged, class_of(share), is_full, change
    )


def only_class(found: Rate) -> Rate:
    """Return a rate of which only the class may be told."""
    return replace(
        found,
        shown="class",
        n=None,
        k=None,
        percent=None,
        low=None,
        high=None,
        verdict="too_few",
        change=None,
    )


def rates(k: int, n: int, change: float | None = 0.6) -> dict[str, Rate]:
    """Return all rates of an area of which one is given."""
    found = (
        rate("registration_rate", k, n, change=change),
        rate("accuracy_rate", round(n * 0.941), n, change=0.2),
        rate("plate_on_wall_rate", n * 16 - 40, n * 16, change=0.9, is_full=True),
        rate("self_check_rate", round(n * 0.884), n, change=-1.3, is_full=True),
        rate("unit_capture_rate", n - 1, n, change=0.0, is_full=True),
        rate("entry_rate", n, n, change=None, is_full=True),
    )
    return {one.name: one for one in found}


def area_rates(_session: object, _viewer: object, *, area_id: UUID, week: dt.date | None = None) -> AreaRates:
    """Return the rates of the town, a community or a block."""
    if area_id in COMMUNITIES:
        at = list(COMMUNITIES).index(area_id)
        name, k, n = NAMES[at]
        return AreaRates(area_id, "community", f"{name}居委", "", TOWN, rates(k, n), n * 9, n * 4, n * 3, 0)
    if area_id in BLOCKS:
        return AreaRates(area_id, "block", BLOCKS[area_id], "", UUID(int=100), rates(44, 52), 402, 180, 31, 0)
    return AreaRates(
        TOWN, "township", "望澜街道", "990101001", None, rates(718, 787), 84_213, 44_260, 9_100, 0
    )


def ranking(
    session: object, viewer: object, *, area_id: UUID, level: str, week: dt.date | None = None
) -> tuple[AreaRates, ...]:
    """Return the communities of the town, or the blocks of a community, some of them hidden."""
    if level == "community":
        shift = 0 if week is None else WEEKS.index(week) - len(WEEKS)
        rows = []
        for at, area in enumerate(COMMUNITIES):
            row = area_rates(session, viewer, area_id=area)
            _, k, n = NAMES[at]
            rows.append(replace(row, name=row.name.removesuffix("居委"), rates=rates(max(k + shift, 0), n)))
        return tuple(rows)
    rows = [area_rates(session, viewer, area_id=block) for block in BLOCKS]
    few = rates(0, 12)
    rows[4] = replace(
        rows[4], rates=rates(51, 52) | {"registration_rate": only_class(rates(51, 52)["registration_rate"])}
    )
    rows[5] = replace(rows[5], rates=few, persons=None)
    return tuple(rows)


def _square(area: UUID, at: int, *, columns: int, size: float) -> dict[str, Any]:
    west, south = 121.4 + (at % columns) * size, 31.2 - (at // columns) * size * 0.8
    east, north = west + size, south + size * 0.8
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
        "properties": {"id": str(area), "name": "", "label": [west + size / 2, south + size * 0.4]},
    }


def shapes(_session: object, _viewer: object, *, area_id: UUID, level: str) -> dict[str, Any]:
    """Return squares in rows."""
    if level == "community":
        found = [_square(area, at, columns=5, size=0.01) for at, area in enumerate(COMMUNITIES)]
    else:
        found = [_square(block, at, columns=3, size=0.0033) for at, block in enumerate(BLOCKS)]
        found = [one for one in found if area_id not in BLOCKS or one["properties"]["id"] == str(area_id)]
    return {"type": "FeatureCollection", "features": found}


def heat_cells(
    _session: object, _viewer: object, *, area_id: UUID, week: dt.date | None = None
) -> dict[str, Any]:
    """Return cells of every class and one that is hidden."""
    found = [_square(UUID(int=5000 + at), at, columns=20, size=0.0025) for at in range(100)]
    for at, cell in enumerate(found):
        cell["properties"] = {"class_no": None if at % 7 == 6 else at % 7}
    return {"type": "FeatureCollection", "features": found}


def building_counts(_session: object, _viewer: object, *, block_id: UUID) -> tuple[BuildingCount, ...]:
    """Return eight buildings, one of them with too few persons to tell."""
    return tuple(
        BuildingCount(
            UUID(int=7000 + at), f"{at + 1}号楼", f"东渡路{18 + 2 * at}弄{at + 1}号", 24 + 6 * at, 3 * at,
            None if at == 2 else 50 + 13 * at, 121.4005 + at % 4 * 0.0007, 31.2006 + at // 4 * 0.001,
        )
        for at in range(8)
    )  # fmt: skip


def zone_row(at: int) -> ZoneRow:
    """Return one of the zones."""
    name, state, left, community = ZONES[at]
    row: dict[str, Any] = dict.fromkeys(ZoneRow.__slots__)
    row |= {
        "id": UUID(int=9000 + at), "name": name, "state": state,
        "state_title": {"submitted": "报验", "in_rectification": "整治中", "plan_approved": "方案批准", "returned": "退回整改"}[state],
        "due_on": TODAY + dt.timedelta(days=left), "days_left": left, "is_overdue": left < 0,
        "share_used": min(1.0, (61 - left) / 61), "block_ids": tuple(BLOCKS)[:2] if at == 1 else (),
        "listed_on": TODAY - dt.timedelta(days=61 - left), "lon": 121.4055 + 0.01 * (community - 100) % 0.05, "lat": 31.2055,
        "accepted_on": None,
    }  # fmt: skip
    return ZoneRow(**row)


def zones(
    _session: object, _viewer: object, *, area_id: UUID | None = None, **_more: object
) -> SimpleNamespace:
    """Return the zones of an area: all of the town's, or the one of a community."""
    rows = tuple(
        zone_row(at) for at, one in enumerate(ZONES) if area_id == TOWN or area_id == UUID(int=one[3])
    )
    return SimpleNamespace(rows=rows, next=None)


def zone(_session: object, _viewer: object, zone_id: UUID) -> SimpleNamespace:
    """Return one zone with the areas around it."""
    community = UUID(int=ZONES[zone_id.int - 9000][3])
    return SimpleNamespace(district_id=None, township_id=TOWN, community_id=community)


def rates_of_zones(
    _session: object, zones: list[object], *, week: dt.date | None = None
) -> list[SimpleNamespace]:
    """Return the rates of zones."""
    return [SimpleNamespace(rates=rates(104, 115)) for _ in zones]


def places(_session: object, _viewer: object) -> dict[str, Any]:
    """Return one focus area and the ground of one zone."""
    found = [
        _square(UUID(int=9001), 0, columns=5, size=0.006),
        _square(UUID(int=8000), 1, columns=5, size=0.007),
    ]
    for kind, one in zip(("zone", "focus"), found, strict=True):
        one["properties"] |= {"kind": kind}
    return {"type": "FeatureCollection", "features": found}


def own_areas(_session: object, _viewer: object) -> tuple[AreaRow, ...]:
    """Return the town."""
    box = (121.4, 31.17, 121.45, 31.208)
    return (
        AreaRow(
            TOWN,
            "990101001000",
            "township",
            None,
            "望澜街道",
            "望澜街道",
            None,
            1,
            None,
            None,
            121.42,
            31.19,
            box,
        ),
    )


def breadcrumb(_session: object, _viewer: object, *, community_id: UUID) -> tuple[Crumb, ...]:
    """Return the path to an area."""
    path = [Crumb("city", UUID(int=3), "澜江市", ""), Crumb("district", UUID(int=2), "映山区", ""),
            Crumb("township", TOWN, "望澜街道", "")]  # fmt: skip
    if community_id in COMMUNITIES:
        path.append(Crumb("community", community_id, f"{COMMUNITIES[community_id]}居委", ""))
    return tuple(path)


def weeks(_session: object) -> tuple[dt.date, ...]:
    """Return twelve Mondays."""
    return WEEKS


FAKED = (
    "area_rates", "breadcrumb", "building_counts", "heat_cells", "own_areas", "places", "ranking", "rates_of_zones",
    "shapes", "weeks", "zone", "zones",
)  # fmt: skip


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the leader's page read this township."""
    for name in FAKED:
        monkeypatch.setattr(dashboard, name, globals()[name])
    monkeypatch.setattr(words, "today", lambda: TODAY)


def viewer_of(request: Request) -> Viewer:
    """Return somebody with the town as area, a leader unless the request names another role."""
    role = Role(request.headers.get("X-Role", Role.LEADER))
    return Viewer(UUID(int=1), UUID(int=2), "lu", "陆某", role, (TOWN,))


@contextmanager
def serving() -> Iterator[str]:
    """Serve the leader's page alone, without a database; give its address."""
    localise()
    app = FastAPI()
    app.mount("/static", Static(directory=HERE / "static"))
    app.include_router(dashboard.router)
    app.include_router(account.router)
    app.dependency_overrides[open_session] = lambda: None
    app.dependency_overrides[current_viewer] = viewer_of

    @app.middleware("http")
    async def state(request: Request, proceed: RequestResponseEndpoint) -> Response:
        request.state.csrf_token = request.state.token = "token"
        return await proceed(request)

    runner = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    limit = time.monotonic() + 60
    while not runner.started:
        assert time.monotonic() < limit, "the server did not start within a minute"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{runner.servers[0].sockets[0].getsockname()[1]}"
    runner.should_exit = True
    thread.join(10)
