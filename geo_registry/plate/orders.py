"""What a maker is asked to make: the plates of a batch in the order of their streets, sign by sign."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, false, func, select

from geo_registry.access.scope import in_scope
from geo_registry.access.viewer import Viewer
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import PlateSize, Profile
from geo_registry.address.tables import Address, PlaceName
from geo_registry.area.tables import Division
from geo_registry.books import Cell, book
from geo_registry.codes import format_code
from geo_registry.db import Session
from geo_registry.plate.codes import plate_url
from geo_registry.plate.faces import Sign, parts_of, size_of, sound_of
from geo_registry.plate.rules import KIND_TITLES, STATE_TITLES
from geo_registry.plate.tables import Plate

AT_ONCE = 1000
HEADINGS = (
    "序", "上行文字", "号", "标准地址", "规格", "尺寸 mm（宽 × 高 × 厚）", "二维码 mm", "门牌码",
    "二维码内容", "状态",
)  # fmt: skip
WIDTHS = (6, 24, 10, 40, 10, 22, 10, 20, 52, 10)


@dataclass(frozen=True, slots=True)
class Ordered:
    """One plate of an order; `serial` counts from 1 within the batch."""

    serial: int
    id: UUID
    code: str
    kind: str
    state: str
    address: str
    upper: str
    lower: str
    is_north_south: bool


def ordered(
    session: Session, viewer: Viewer, batch_id: UUID, *, first: int = 1, most: int | None = None
) -> Iterator[Ordered]:
    """Yield the plates of a batch by street and number, from the `first`, a thousand at a time."""
    query = _rows().where(Plate.batch_id == batch_id, in_scope(viewer, Plate)).offset(first - 1).limit(most)
    found = session.execute(query.execution_options(yield_per=AT_ONCE))
    for serial, (says, plate_id, code, kind, state, address, is_north_south) in enumerate(found, first):
        face = parts_of(says)
        yield Ordered(
            serial, plate_id, code, kind, state, address, *face, is_north_south=bool(is_north_south)
        )


def count_ordered(session: Session, viewer: Viewer, batch_id: UUID) -> dict[str, int]:
    """Return how many plates of each kind a batch has now; those that were scrapped have left it."""
    query = select(Plate.kind, func.count()).where(Plate.batch_id == batch_id, in_scope(viewer, Plate))
    return {
        kind: int(count) for kind, count in session.execute(query.group_by(Plate.kind).order_by(Plate.kind))
    }


def sign_of(row: Ordered, profile: Profile) -> Sign:
    """Return what the sign of a plate says."""
    sound = sound_of(row.upper, profile) if row.kind in {"building", "street_sign"} else ""
    return Sign(row.kind, row.upper, row.lower, sound, row.is_north_south, plate_url(row.code))


def cells_of(row: Ordered, size: PlateSize) -> tuple[Cell, ...]:
    """Return a plate as a row of the maker's table."""
    return (
        row.serial, row.upper, row.lower, row.address, KIND_TITLES[row.kind], measures_of(size), size.qr_mm,
        format_code("P", row.code), plate_url(row.code), STATE_TITLES[row.state],
    )  # fmt: skip


def measures_of(size: PlateSize) -> str:
    """Return width, height and thickness of a sign in millimetres."""
    thickness = f" × {size.thickness_mm}" if size.thickness_mm else ""
    return f"{size.width_mm} × {size.height_mm}{thickness}"


def book_of(session: Session, viewer: Viewer, batch_id: UUID) -> IO[bytes]:
    """Write the maker's table of a batch as XLSX to an open file that vanishes when it is closed."""
    profile = profile_in_force(session)
    sizes = {kind: size_of(profile, kind) for kind in KIND_TITLES}
    rows = (cells_of(row, sizes[row.kind]) for row in ordered(session, viewer, batch_id))
    return book("门牌制作单", HEADINGS, rows, widths=WIDTHS)


def _rows() -> Select[Any]:
    # Hamlets and groups have the same names in many villages, which stand before them in the text.
    street = func.left(Address.standard_text, -func.length(Address.number_text))
    return (
        select(
            func.coalesce(Plate.made_text, func.registry.sign_text(Address.standard_text, Division.name)),
            Plate.id, Plate.code, Plate.kind, Plate.state, Address.standard_text,
            case((Plate.kind == "street_sign", _runs_north()), else_=false()),
        )
        .join(Address, Address.id == Plate.address_id)
        .outerjoin(PlaceName, PlaceName.id == Address.place_name_id)
        .outerjoin(Division, Division.id == Plate.district_id)
        .order_by(_counted(street), Address.number, Address.number_key, Plate.kind, Plate.id)
    )  # fmt: skip


def _counted(name: ColumnElement[str]) -> ColumnElement[str]:
    """Return a name as people count: each number in six digits, so that lane 2 stands before lane 10."""
    padded = func.regexp_replace(name, r"(\d+)", r"000000\1", "g")
    return func.regexp_replace(padded, r"\d*(\d{6})", r"\1", "g")


def _runs_north() -> ColumnElement[bool]:
    """Tell whether a street reaches farther north and south than east and west."""
    axis = PlaceName.axis
    wide = func.ST_XMax(axis) - func.ST_XMin(axis)
    tall = func.ST_YMax(axis) - func.ST_YMin(axis)
    return tall > wide * func.cos(func.radians(func.ST_YMin(axis)))
