"""地址识别: a text taken apart as one types, its standard form, and what it means in the register."""

import csv
import io
import re
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from geo_registry.access.viewer import Role, Viewer
from geo_registry.address import reads
from geo_registry.address.known import national_gazetteer
from geo_registry.address.matching import Match, match_readings
from geo_registry.address.places import profile_in_force
from geo_registry.address.profile import Profile, load_profile, shipped_profiles
from geo_registry.address.reading.parts import Reading
from geo_registry.address.standardize import standardizer_for
from geo_registry.db import Session
from geo_registry.errors import RuleBroken
from geo_registry.exchange.report import harmless
from web_map import layers, reading_words
from web_map.csp import new_nonce
from web_map.deps import PageSession, PlaceViewer
from web_map.folium_page import take_apart
from web_map.pages.home import own_areas, start_view
from web_map.render import PageRoute, page, piece
from web_map.town_map import town_map

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LONGEST, MOST_LINES, CANDIDATES = 500, 200, 8
# How addresses are written about the country: what each shows, and its text.
EXAMPLES = (
    ("弄内门牌与室号", "柳营路668弄14号1102室"),
    ("小区、分区与短横连写", "竹海水韵春风里12-3-1001"),
    ("村组与附号", "沿山村五组六号付二号"),
    ("段、巷、之号与樓", "新竹市東區民族路二段３３巷419之3號二樓之2"),
    ("地下楼层", "鸣春商厦负一层B12号"),
    ("旧区名、全角数字与附注", "杭州市下城区中山北路３７号３幢二单元４０２室电联王先生"),
)
# What is no character of a text at all, and ends of lines inside one.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
Text = Annotated[str, Form()]
_TRADITIONAL = re.compile("[號樓鄰縣鄉鎮區]")


@router.get("/addresses")
def start(request: Request, session: PageSession, viewer: PlaceViewer) -> Response:
    """Show the page with an empty field, examples to click, and the viewer's own area on the map."""
    own = own_areas(session, viewer)
    nonce = new_nonce()
    lon, lat, zoom, box = start_view(own)
    return page(
        request, "reading.html", viewer, nonce=nonce, own=own,
        map=take_apart(town_map(layers.style(), (lon, lat), zoom), nonce),
        facts={"box": box},
        examples=[*_registered(session, viewer), *EXAMPLES],
        longest=LONGEST, most=MOST_LINES, reading_words=reading_words,
        profiles=[(one.code, one.title) for one in _profiles(session).values()], warning=_warning(viewer),
    )  # fmt: skip


def _warning(viewer: Viewer) -> str:
    """Tell the steward, who can load it, that there is no national table, or that it cannot be read."""
    if viewer.role is not Role.STEWARD:
        return ""
    try:
        is_there = national_gazetteer() is not None
    except RuleBroken as error:
        return error.detail
    return "" if is_there else "没有装载全国区划表，省、市、县只按本登记库里有的名称识别。装载："


def _registered(session: Session, viewer: Viewer) -> list[tuple[str, str]]:
    rows = reads.addresses(session, viewer, state="current", limit=1).rows
    return [("本区登记的一条", row.standard_text) for row in rows]


@router.post("/panels/reading")
def read(session: PageSession, viewer: PlaceViewer, text: Text = "", profile: Text = "") -> Response:
    """Take one text apart and look it up; the text comes in the body, for it may name people."""
    plain = _plain(text)
    if len(plain) > LONGEST:
        raise RuleBroken("text-too-long", f"一条地址至多 {LONGEST} 字，现有 {len(plain)} 字", field="text")
    found, by = None, ""
    if plain:
        reading, by = _Reader(session, viewer, profile).read(plain)
        (found,) = match_readings(session, viewer, profile_in_force(session), [reading], limit=CANDIDATES)
    return piece("_reading.html", found=found, by=by, reading_words=reading_words)


@router.post("/panels/readings")
def read_list(session: PageSession, viewer: PlaceViewer, lines: Text = "", profile: Text = "") -> Response:
    """Take the lines of a list apart and look them up: a table."""
    rows = _matched(session, viewer, lines, profile)
    return piece("_readings.html", rows=rows, reading_words=reading_words)


def _profiles(session: Session) -> dict[str, Profile]:
    """Return the schemes a text may be read by, the installation's own first."""
    found = (profile_in_force(session), *(load_profile(code) for code in shipped_profiles()))
    return {one.code: one for one in found}


class _Reader:
    """Reads texts by the scheme asked for; when none is, by that of the place which a text names."""

    def __init__(self, session: Session, viewer: Viewer, asked: str) -> None:
        self._session = session
        self._known = _profiles(session)
        if asked and asked not in self._known:
            raise RuleBroken("profile-missing", "没有这种体例，请从列表中选", field="profile")
        self._is_asked = bool(asked)
        self.own = self._known[asked] if asked else next(iter(self._known.values()))
        self._provinces = {row.code[:2] for row in own_areas(session, viewer)}

    def read(self, text: str) -> tuple[Reading, str]:
        """Return the reading, and the title of the scheme where it is not the own one."""
        if not self._is_asked and self.own.script != "hant" and _TRADITIONAL.search(text):
            return self._by("road-section", text)
        reading = standardizer_for(self._session, self.own).read(text)
        if not self._is_asked and self._is_elsewhere(reading):
            return self._by("national", text)
        return reading, ""

    def _by(self, code: str, text: str) -> tuple[Reading, str]:
        profile = self._known[code]
        title = "" if profile is self.own else profile.title
        return standardizer_for(self._session, profile).read(text), title

    def _is_elsewhere(self, reading: Reading) -> bool:
        """Tell whether a text names a division of another province than the viewer's areas lie in."""
        named = {part.code[:2] for part in reading.parts if part.code}
        return bool(named) and not named & self._provinces


_COLUMNS = (
    "序号", "原文", "标准地址", "把握", *(reading_words.KINDS[kind] for kind in reading_words.ADDRESS_KINDS),
    "推断的上级", "说明", "匹配等级", "登记地址", "登记编码", "匹配理由",
)  # fmt: skip


@router.post("/addresses/list.csv")
def as_csv(session: PageSession, viewer: PlaceViewer, lines: Text = "", profile: Text = "") -> Response:
    """Return the lines of a list with parts and match, as CSV that spreadsheets open in Chinese."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for number, found in enumerate(_matched(session, viewer, lines, profile), 1):
        writer.writerow([harmless(cell) for cell in (number, *_cells(found))])
    headers = {"Content-Disposition": 'attachment; filename="addresses.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cells(found: Match) -> tuple[object, ...]:
    reading, best = found.reading, found.best
    return (
        reading.input, reading.standard, f"{reading.confidence:.2f}",
        *(reading_words.values_of(reading, kind) for kind in reading_words.ADDRESS_KINDS),
        " ".join(one.value for one in reading.inferred), " ".join(reading.notes),
        "" if found.grade == "none" else found.grade, best.text if best else "", best.code if best else "",
        " ".join(found.reasons),
    )  # fmt: skip


def _matched(session: Session, viewer: Viewer, lines: str, profile: str) -> list[Match]:
    """Return the matches of all lines that hold anything.

    Raises:
        RuleBroken: `list-empty`, `list-too-long`, `line-too-long`, `profile-missing`.

    """
    texts = [text for line in lines.splitlines() if (text := _plain(line))]
    if not texts:
        raise RuleBroken("list-empty", "请粘贴地址，每行一条", field="lines")
    if len(texts) > MOST_LINES:
        raise RuleBroken(
            "list-too-long",
            f"一次至多 {MOST_LINES} 行，现有 {len(texts)} 行；更多的请用命令 geo-registry match",
            field="lines",
        )
    if long := next((number for number, text in enumerate(texts, 1) if len(text) > LONGEST), None):
        raise RuleBroken("line-too-long", f"第 {long} 条超过 {LONGEST} 字，请缩短", field="lines")
    reader = _Reader(session, viewer, profile)
    readings = [reader.read(text)[0] for text in texts]
    return list(match_readings(session, viewer, profile_in_force(session), readings))


def _plain(text: str) -> str:
    """Return a text on one line; what cannot be stored becomes a blank, so that the rest is still read."""
    return _UNFIT.sub(" ", text).strip()
