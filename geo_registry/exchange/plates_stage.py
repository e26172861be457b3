"""Staging lists of door plates: each batch is read, judged and copied to temporary tables."""

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import numpy as np
import pyarrow as pa

from geo_registry.address.numbers import Fault
from geo_registry.address.profile import Profile
from geo_registry.errors import RuleBroken
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.mapping import Source
from geo_registry.exchange.plates_batch import NOWHERE, SPAN, Batch, Ints, Verdicts, copy_columns, taken
from geo_registry.exchange.plates_check import Flags, Shift, ShiftFinder, Villages
from geo_registry.exchange.plates_names import (
    DOOR_COLUMNS,
    PLACE_COLUMNS,
    Area,
    DoorForm,
    Doors,
    Names,
    Places,
)  # fmt: skip
from geo_registry.exchange.plates_read import combined, distinct, numbers, open_table, texts
from geo_registry.exchange.report import Kept
from geo_registry.housing.tables import UNIT_USES
from geo_registry.plate.tables import PLATE_STATES

FindAreas = Callable[[set[str]], dict[str, tuple[Area, bytes | None]]]
"""Finds the areas of new community codes, with their boundaries."""
Limit = tuple[UUID, UUID | None, UUID | None]
"""District, township and community outside of which rows are left aside."""


_DIGIT = re.compile(r"\d")


def area_key(community: str, township: str) -> str:
    """Return a community's code; where the file writes its name, township code and name: 6600100/三和里."""
    return f"{township}/{community}" if township and community and not _DIGIT.search(community) else community


class Stager:
    """Reads one file and fills the staging tables; `shifts` names the counties that lie elsewhere."""

    def __init__(
        self, load: Load, profile: Profile, find_areas: FindAreas, limit: Limit | None = None
    ) -> None:
        self._load, self._profile, self._find_areas, self._limit = load, profile, find_areas, limit
        self.shifts: dict[UUID, Shift] = {}
        self._start()

    def _start(self) -> None:
        self.areas: dict[str, Area | None] = {}
        self._by_index: list[Area] = []
        self.villages = Villages()
        self.places = Places(self._profile)
        self.doors = Doors(self._profile)
        self._seen: dict[int, int] = {}
        self._unreadable: list[Kept] = []
        shifted = self._load.request.mapping.checks.get("shifted")
        self._finder = ShiftFinder(**shifted) if shifted else None
        self._box = self._jurisdiction()
        self.rows = 0

    def run(self) -> None:
        """Stage the whole file; twice when a county turns out to lie elsewhere."""
        self._pass()
        found = self._finder.shifted() if self._finder else {}
        if found:
            self._load.forget_kept()
            self._load.connection.execute("TRUNCATE pg_temp.stage_row")
            self._load.report.warnings.clear()
            self._start()
            self.shifts = found
            self._pass()
        self._load.keep(self._unreadable)
        self._load.report.rows = self.rows + len(self._unreadable)
        self._copy_names()

    def _pass(self) -> None:
        request = self._load.request
        header, total, tables = open_table(request.path, self._note_unreadable)
        sources = request.mapping.sources_in(header)
        for table in self._guarded(tables):
            batch = self._judge(table, sources)
            self._copy_rows(batch, sources)
            self._keep(batch)
            self.rows += table.num_rows
            request.progress("reading and checking", self.rows, total)

    def _guarded(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        try:
            yield from tables
        except pa.ArrowException as error:
            raise RuleBroken("file-unreadable", f"文件读到一半出错：{error}", field="file") from error

    def _note_unreadable(self, row_number: int, detail: str) -> None:
        self._unreadable.append(Kept(row_number, "refused", "row-unreadable", detail))

    def _jurisdiction(self) -> tuple[float, float, float, float]:
        row = self._load.connection.execute(
            "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM registry.jurisdiction"
        ).fetchone()
        assert row  # noqa: S101 - the migration inserts it
        return row

    # -- judging

    def _judge(self, table: pa.Table, sources: dict[str, Source]) -> Batch:
        constants = self._load.request.mapping.constants
        columns = {
            name: texts(table, sources.get(name), constants.get(name, ""))
            for name in ("community_code", "township_code", "neighborhood", *PLACE_COLUMNS, *DOOR_COLUMNS)
        }
        codes, pairs = combined([columns["community_code"], columns["township_code"]])
        values = [area_key(community, township) for community, township in pairs]
        self._learn_areas(set(values))
        known = [self.areas[value] for value in values]
        area = np.array([one.index if one else -1 for one in known], np.int64)[codes]
        position, spellings = combined([columns[name] for name in DOOR_COLUMNS])
        forms = [self.doors.read(spelling) for spelling in spellings]
        door = np.array([-1 if isinstance(form, Fault) else form.index for form in forms], np.int64)[position]
        (lon, lon_blank), (lat, lat_blank) = (numbers(table, sources.get(axis)) for axis in ("lon", "lat"))
        # One centimetre: a file in 1e-7 degrees and one in degrees tell the same position.
        lon, lat = np.round(lon, 7), np.round(lat, 7)
        batch = Batch(
            self.rows + 1, table, area, door, np.full(len(area), NOWHERE), lon, lat,
            columns["neighborhood"], Verdicts(codes=np.zeros(len(area), np.int64)),
        )  # fmt: skip
        self._judge_limit(batch)
        self._judge_shift(batch)
        self._judge_position(batch, lon_blank | lat_blank)
        batch.verdicts.give("area-unknown", area < 0, lambda row: f"村里代码 {values[codes[row]]}")
        self._judge_doors(batch, position, forms)
        self._judge_facts(batch, sources)
        self._find_scopes(batch, columns, forms, position)
        self._judge_place(batch)
        self._judge_double(batch)
        return batch

    def _judge_limit(self, batch: Batch) -> None:
        if self._limit is not None:
            ids = [(one.district_id, one.township_id, one.community_id) for one in self._by_index]
            inside = [
                index
                for index, own in enumerate(ids)
                if all(asked in {None, mine} for asked, mine in zip(self._limit, own, strict=True))
            ]
            batch.verdicts.give("outside-area", ~np.isin(batch.area, inside))

    def _judge_shift(self, batch: Batch) -> None:
        """Keep out every row of a shifted county; rows of unknown villages go with the only county."""
        for county, shift in self.shifts.items():
            counties = {one.district_id for one in self._by_index}
            members = [one.index for one in self._by_index if one.district_id == county]
            where = np.isin(batch.area, members)
            if counties == set(self.shifts):
                where |= batch.area < 0
            batch.verdicts.give(
                "shifted", where, dict.fromkeys(np.flatnonzero(where).tolist(), shift.detail).__getitem__
            )

    def _judge_position(self, batch: Batch, blank: Flags) -> None:
        lon, lat = batch.lon, batch.lat
        batch.verdicts.give("position-missing", blank)
        batch.verdicts.give("latitude-zero", lat == 0)
        usable = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & (lon != 0)
        batch.verdicts.give("position-unusable", ~usable)

    def _judge_doors(self, batch: Batch, position: Ints, forms: list[DoorForm | Fault]) -> None:
        faults: dict[str, list[int]] = {}
        for index, form in enumerate(forms):
            if isinstance(form, Fault):
                faults.setdefault(form.code, []).append(index)
        for code, indexes in faults.items():
            # The detail of a fault quotes nothing of the text, which may hold a name.
            details = {index: form.detail for index in indexes if isinstance(form := forms[index], Fault)}
            where = np.isin(position, indexes)
            told = {row: details[int(position[row])] for row in np.flatnonzero(where).tolist()}
            batch.verdicts.give(code, where, told.__getitem__)
        noted = [
            i for i, form in enumerate(forms) if isinstance(form, DoorForm) and form.door.note is not None
        ]
        if noted and (count := int(np.isin(position, noted).sum())):
            self._load.report.warnings["remark"] += count

    def _judge_facts(self, batch: Batch, sources: dict[str, Source]) -> None:
        for column, allowed, reason in (
            ("use", UNIT_USES, "use-unknown"),
            ("plate_state", PLATE_STATES, "plate-state-unknown"),
        ):
            if column in sources:
                codes, values = texts(batch.table, sources[column])
                strange = [i for i, value in enumerate(values) if value and value not in allowed]
                batch.verdicts.give(reason, np.isin(codes, strange))
        if "area_m2" in sources:
            area, blank = numbers(batch.table, sources["area_m2"])
            batch.verdicts.give("unit-area-impossible", ~blank & ~((area > 0) & (area < 100_000)))

    def _find_scopes(
        self, batch: Batch, columns: dict[str, tuple[Ints, list[str]]],
        forms: list[DoorForm | Fault], position: Ints,
    ) -> None:  # fmt: skip
        rows = np.flatnonzero((batch.area >= 0) & (batch.door >= 0))
        if not len(rows):
            return
        place, tuples = combined([columns[name] for name in PLACE_COLUMNS])
        names: list[Names] = [
            tuple((kind, text) for kind, text in zip(PLACE_COLUMNS, one, strict=True) if text.strip("　 "))
            for one in tuples
        ]
        chain = np.array([0 if isinstance(f, Fault) else self.doors.chain(f.door) for f in forms], np.int64)[
            position
        ]
        is_bare = np.array([not one for one in names])[place] & (chain == 0)
        hood_codes, hoods = columns["neighborhood"]
        hood = np.where(is_bare, hood_codes + 1, 0)
        found, first = distinct([one[rows] for one in (batch.area, place, chain, hood)])
        scopes = [
            self.places.scope(
                self._by_index[batch.area[row]],
                names[place[row]] + self.doors.chains[chain[row]],
                hoods[hood_codes[row]] if hood[row] else "",
            )
            for row in rows[first].tolist()
        ]
        batch.scope[rows] = np.array(scopes, np.int64)[found]

    def _judge_place(self, batch: Batch) -> None:
        west, south, east, north = self._box
        lon, lat, verdicts = batch.lon, batch.lat, batch.verdicts
        with np.errstate(invalid="ignore"):
            boxed = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        check = self._load.request.mapping.checks.get("outside-village")
        rows = np.flatnonzero(verdicts.passed)
        inside = np.ones(len(lon), bool)
        if check is not None:
            tolerance = check.get("tolerance_m", 0.0)
            inside[rows] = self.villages.inside(batch.area[rows], lon[rows], lat[rows], tolerance)
            self._note_offsets(batch, rows, inside)
        verdicts.give("outside-jurisdiction", ~boxed)
        outside = np.flatnonzero(~inside & verdicts.passed)
        metres = dict(
            zip(
                outside.tolist(),
                self.villages.metres(batch.area[outside], lon[outside], lat[outside]).tolist(),
                strict=True,
            )
        )
        verdicts.give(
            "outside-village", ~inside,
            lambda row: f"距 {self._by_index[batch.area[row]].name} 边界约 {metres[row]:.0f} m",
        )  # fmt: skip

    def _note_offsets(self, batch: Batch, rows: Ints, inside: Flags) -> None:
        if self._finder is None:
            return
        counties = [one.district_id for one in self._by_index]
        for county in set(counties):
            members = [i for i, one in enumerate(counties) if one == county and i in self.villages.polygons]
            seen = rows[np.isin(batch.area[rows], members)]
            outside = seen[~inside[seen]]
            centres = np.array([self.villages.centres[i] for i in batch.area[outside].tolist()]).reshape(
                -1, 2
            )
            points = np.column_stack((batch.lon[outside], batch.lat[outside]))
            self._finder.note(county, len(seen), points - centres)

    def _judge_double(self, batch: Batch) -> None:
        """Keep out rows whose door an earlier row of the file has; the first one is kept."""
        rows = np.flatnonzero(batch.verdicts.passed)
        keys = (batch.scope[rows] * SPAN + batch.door[rows]).tolist()
        doubles: dict[int, int] = {}
        for row, key in zip(rows.tolist(), keys, strict=True):
            number = batch.first_row + row
            first = self._seen.setdefault(key, number)
            if first != number:
                doubles[row] = first
        mask = np.zeros(len(batch.area), bool)
        mask[list(doubles)] = True
        batch.verdicts.give("duplicate", mask, lambda row: f"与第 {doubles[row]} 行相同")
        self.places.need(np.unique(batch.scope[batch.verdicts.passed]).tolist())

    def _learn_areas(self, codes: set[str]) -> None:
        new = codes - self.areas.keys()
        found = self._find_areas(new) if new else {}
        for code in sorted(new):
            given = found.get(code)
            self.areas[code] = None
            if given:
                area, boundary = given
                known = next((one for one in self._by_index if one.community_id == area.community_id), None)
                if known is None:
                    known = Area(
                        len(self._by_index), area.community_id, area.township_id, area.district_id,
                        area.prefix, area.local_prefix, area.name,
                    )  # fmt: skip
                    self._by_index.append(known)
                    self.villages.add(known.index, boundary)
                self.areas[code] = known

    # -- writing

    def _copy_rows(self, batch: Batch, sources: dict[str, Source]) -> None:
        """Copy every row whose door and place are known; rows kept out still protect what is registered."""
        rows = np.flatnonzero((batch.scope != NOWHERE) & ~self._is_foreign(batch))
        if not len(rows):
            return
        codes, hoods = batch.neighborhood
        area_m2, _ = numbers(batch.table, sources.get("area_m2"))
        columns: dict[str, pa.Array] = {
            "row_number": pa.array(rows + batch.first_row),
            "is_kept": pa.array(~batch.verdicts.passed[rows]),
            "area": pa.array(batch.area[rows]),
            "scope": pa.array(batch.scope[rows]),
            "door": pa.array(batch.door[rows]),
            "neighborhood": taken((codes, hoods), rows),
            "lon": pa.array(batch.lon[rows], from_pandas=True),
            "lat": pa.array(batch.lat[rows], from_pandas=True),
            "area_m2": pa.array(area_m2[rows], from_pandas=True),
        }
        for name in ("use", "plate_state", "building_external_id"):
            columns[name] = taken(texts(batch.table, sources.get(name)), rows)
        copy_columns(self._load, "stage_row", columns)

    def _is_foreign(self, batch: Batch) -> Flags:
        """Tell which rows say nothing about the register: shifted ones, and those of other areas."""
        numbers = [i for i, one in enumerate(batch.verdicts.reasons, 1) if one in {"shifted", "outside-area"}]
        found: Flags = np.isin(batch.verdicts.codes, numbers)
        return found

    def _keep(self, batch: Batch) -> None:
        verdicts = batch.verdicts
        rows = np.flatnonzero(~verdicts.passed)
        originals = batch.table.take(pa.array(rows)).to_pylist()
        self._load.keep(
            Kept(
                batch.first_row + row, "quarantined", verdicts.reasons[verdicts.codes[row] - 1],
                verdicts.details.get(row, ""), original,
            )
            for row, original in zip(rows.tolist(), originals, strict=True)
        )  # fmt: skip

    def _copy_names(self) -> None:
        with self._load.connection.cursor().copy("COPY pg_temp.stage_area FROM STDIN") as copy:
            for one in self._by_index:
                ids = one.community_id, one.township_id, one.district_id
                copy.write_row((one.index, *ids, one.prefix, one.local_prefix))
        with self._load.connection.cursor().copy("COPY pg_temp.stage_name FROM STDIN") as copy:
            for node in self.places.nodes:
                copy.write_row(node.row())
        with self._load.connection.cursor().copy("COPY pg_temp.stage_door FROM STDIN") as copy:
            for form in self.doors.forms:
                copy.write_row(form.row(self._profile))
