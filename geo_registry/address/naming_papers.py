"""The decree on a place name: what was decided, by which levels, and where the place lies."""

import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from geo_registry import printing
from geo_registry.access.viewer import Viewer
from geo_registry.address.naming_reads import NamingDetail, StepTaken, naming_case
from geo_registry.address.naming_rules import ACTION_TITLES, LEVEL_TITLES
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.area.tables import Division
from geo_registry.base import SRID
from geo_registry.db import TIMEZONE, Session
from geo_registry.errors import RuleBroken
from geo_registry.text import pinyin

FOLDER: Final = Path(__file__).with_name("paper")
READY: Final = ("approved", "published", "in_force")
WIDTH, HEIGHT = 170.0, 85.0
"""Size of the sketch on paper in millimetres."""
_MOST_BESIDE = 60
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Line:
    """A street of the sketch: its strokes as SVG points in millimetres, and where its name stands."""

    name: str
    strokes: tuple[str, ...]
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """Where a place lies: its own axis among those around it, with a bar of a round length."""

    own: Line
    beside: tuple[Line, ...]
    bar_mm: float
    bar_m: int


def decree(session: Session, viewer: Viewer, case_id: UUID) -> tuple[str, bytes]:
    """Print the decree of an approved case; before it is published it is marked as a draft.

    Raises:
        NotFound: as `naming_case`.
        RuleBroken: `decree-too-early`.

    """
    case = naming_case(session, viewer, case_id)
    if case.state not in READY:
        raise RuleBroken("decree-too-early", "案件尚未批准，各级批准后才能打印", field="state")
    return f"{case.number}.pdf", printing.pdf(html_of(session, viewer, case))


def html_of(session: Session, viewer: Viewer, case: NamingDetail) -> str:
    """Return the decree as it is laid out."""
    profile = profile_in_force(session)
    lowest = case.community_id or case.township_id or case.district_id
    area = session.execute(select(Division.full_name).where(Division.id == lowest)).scalar_one()
    approved = [
        (LEVEL_TITLES[step.level], step.by, _local(step.at), step.note or "同意")
        for step in _last_round(case)
        if step.step == "approve" and step.level
    ]
    return printing.written(
        FOLDER,
        "decree.html",
        case=case,
        title=f"地名{ACTION_TITLES[case.action]}批准书",
        kind=profile.by_kind[case.kind].title if case.kind in profile.by_kind else case.kind,
        latin=romanized(profile, case.kind, case.name),
        area=area,
        approved=approved,
        sketch=sketch_of(session, case),
        is_draft=case.state == "approved",
        width=WIDTH,
        height=HEIGHT,
        foot=f"{case.number} · {viewer.name} {_local(dt.datetime.now(dt.UTC))} 打印",
    )


def romanized(profile: Profile, kind: str, name: str) -> str:
    """Return a name in Latin letters as signs have it: the proper part, then the generic one (Tingyu Lu)."""
    part = profile.by_kind.get(kind)
    suffixes = sorted(part.suffixes if part else (), key=len, reverse=True)
    generic = next((one for one in suffixes if name.endswith(one) and name != one), "")
    words = [name.removesuffix(generic), generic]
    return " ".join(pinyin(word).capitalize() for word in words if word)


def sketch_of(session: Session, case: NamingDetail) -> Sketch | None:
    """Return the sketch of a place with an axis, None without one."""
    if not case.axis:
        return None
    own = case.axis["coordinates"]
    scale = _Scale.around([point for stroke in own for point in stroke])
    shown = func.ST_MakeEnvelope(*scale.box, SRID)
    clipped = func.ST_CollectionExtract(func.ST_Intersection(PlaceName.axis, shown), 2)
    query = (
        select(PlaceName.name, cast(func.ST_AsGeoJSON(func.ST_Multi(clipped), 7), JSONB))
        .where(PlaceName.axis.op("&&")(shown), PlaceName.district_id == case.district_id)
        .where(PlaceName.state == "current", PlaceName.id != case.place_name_id)
        .where(PlaceName.kind.in_(("street", "section")))
        .order_by(func.ST_Length(clipped).desc())
        .limit(_MOST_BESIDE)
    )
    found = [(row[0], row[1]["coordinates"]) for row in session.execute(query)]
    bar_m = _round_length(0.25 * WIDTH / scale.mm_per_m)
    beside = tuple(scale.line(name, strokes) for name, strokes in found if strokes)
    return Sketch(scale.line(case.name, own), beside, bar_m * scale.mm_per_m, bar_m)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How degrees become millimetres of the sketch, north up."""

    lon: float
    lat: float
    mm_per_m: float

    @classmethod
    def around(cls, points: list[list[float]]) -> "_Scale":
        """Return the scale at which points fill about half of the sketch."""
        lons, lats = [one[0] for one in points], [one[1] for one in points]
        lat = (min(lats) + max(lats)) / 2
        wide = (max(lons) - min(lons)) * _METRES_PER_DEGREE * math.cos(math.radians(lat))
        tall = (max(lats) - min(lats)) * _METRES_PER_DEGREE
        mm_per_m = min(0.6 * WIDTH / max(wide, 50.0), 0.6 * HEIGHT / max(tall, 25.0))
        return cls((min(lons) + max(lons)) / 2, lat, mm_per_m)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the sketch."""
        high = HEIGHT / 2 / self.mm_per_m / _METRES_PER_DEGREE
        wide = WIDTH / 2 / self.mm_per_m / _METRES_PER_DEGREE / math.cos(math.radians(self.lat))
        return self.lon - wide, self.lat - high, self.lon + wide, self.lat + high

    def at(self, point: list[float]) -> tuple[float, float]:
        """Return a point in millimetres from the upper left corner."""
        per_degree = _METRES_PER_DEGREE * self.mm_per_m
        x = WIDTH / 2 + (point[0] - self.lon) * per_degree * math.cos(math.radians(self.lat))
        return round(x, 2), round(HEIGHT / 2 - (point[1] - self.lat) * per_degree, 2)

    def line(self, name: str, strokes: list[list[list[float]]]) -> Line:
        """Return a street with its name at the middle of its longest stroke."""
        drawn = [[self.at(point) for point in stroke] for stroke in strokes]
        longest = max(drawn, key=lambda stroke: math.dist(stroke[0], stroke[-1]))
        (x, y), (to_x, to_y) = longest[(len(longest) - 1) // 2], longest[len(longest) // 2]
        points = tuple(" ".join(f"{px},{py}" for px, py in stroke) for stroke in drawn)
        return Line(name, points, round((x + to_x) / 2, 2), round((y + to_y) / 2, 2))


def _round_length(metres: float) -> int:
    """Return the largest of 1, 2 and 5 times a power of ten that does not exceed a length."""
    power = int(10 ** int(math.log10(max(metres, 1.0))))
    return max(step * power for step in (1, 2, 5) if step * power <= max(metres, 1.0))


def _last_round(case: NamingDetail) -> tuple[StepTaken, ...]:
    """Return the steps since the case was last handed in."""
    turns = [turn for turn, step in enumerate(case.steps) if step.step == "submit"]
    return case.steps[turns[-1] :] if turns else ()


def _local(at: dt.datetime) -> str:
    return at.astimezone(ZoneInfo(TIMEZONE)).strftime("%Y-%m-%d %H:%M")
