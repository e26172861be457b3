"""The units that rows of residents name, staged batch by batch with the keys the register finds them by."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from psycopg import sql

from geo_registry.address.numbers import Fault
from geo_registry.exchange.ledger import Load
from geo_registry.exchange.plates import find_areas
from geo_registry.exchange.plates_names import PLACE_COLUMNS, Area, Doors, Places
from geo_registry.exchange.residents_read import Reference
from geo_registry.exchange.staging import copy_rows, run, sections
from geo_registry.exchange.streets import profile_of

COLUMNS = ("id", "scope", "community_id", "number_key", "building_no", "unit_key", "reason")
_NAME = (
    "id", "parent", "depth", "scope_id", "kind", "name", "normal_name", "full_name", "pinyin", "initials",
    "district_id", "township_id", "community_id", "is_needed",
)  # fmt: skip


class Units:
    """Units under running numbers; only place names and areas are kept beyond a batch."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._profile = profile_of(load)
        self._places = Places(self._profile)
        self._areas: dict[str, Area | None] = {}
        self._count = 0

    def stage(self, references: Sequence[Reference]) -> tuple[int, list[tuple[object, ...]]]:
        """Return the number of the first of some units, and the rows to stage."""
        first = self._count
        self._count += len(references)
        self._learn({reference[0] for reference in references} - self._areas.keys())
        return first, list(self._rows(first, references))

    def find_names(self) -> None:
        """Stage the place names above the units, and look them up."""
        connection = self._load.connection
        copy_rows(connection, "stage_name", _NAME, (node.row() for node in self._places.nodes))
        connection.execute(sql.SQL("CREATE INDEX ON pg_temp.stage_name (id)"))
        for depth in sorted({node.depth for node in self._places.nodes}):
            run(self._load, sections("plates")["names"].split(b";\n"), {"depth": depth})

    def _learn(self, codes: set[str]) -> None:
        if not codes:
            return
        found = find_areas(self._load, self._profile, codes)
        for code in sorted(codes):
            area = found[code][0] if code in found else None
            self._areas[code] = replace(area, index=len(self._areas)) if area else None

    def _rows(self, first: int, references: Iterable[Reference]) -> Iterator[tuple[object, ...]]:
        doors = Doors(self._profile)
        for number, reference in enumerate(references, start=first):
            area, rest = self._areas[reference[0]], reference[1:]
            names = tuple(
                (kind, text)
                for kind, text in zip(PLACE_COLUMNS, rest[: len(PLACE_COLUMNS)], strict=True)
                if text
            )
            form = doors.read(rest[len(PLACE_COLUMNS) :])
            if area is None or isinstance(form, Fault):
                reason = form.code if area is not None and isinstance(form, Fault) else "area-unknown"
                yield number, None, None, None, None, None, reason
                continue
            scope, door = self._places.scope(area, (*names, *form.door.names), ""), form.door
            yield number, scope, area.community_id, door.number_key, door.building_text, door.unit_key, None
