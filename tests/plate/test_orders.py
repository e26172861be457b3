"""What a maker gets: the list in the order of the street, a table without formulas, sheets to scale."""

import io
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from openpyxl import load_workbook

from geo_registry import books, printing
from geo_registry.address.profile import load_profile
from geo_registry.address.scheme import PlateSize
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.plate import orders, papers, reads, writes
from geo_registry.plate.codes import plate_url, read_code
from geo_registry.plate.faces import size_of
from geo_registry.settings import make_secrets
from tests import factories as make
from tests.plate.conftest import Street

Lay = Callable[..., Street]
SHANGHAI = load_profile("shanghai")


@pytest.fixture(scope="module", autouse=True)
def keys() -> None:
    make_secrets()


def ordered_batch(street: Street, number: str = "2026-01") -> UUID:
    """Order all plates of a street."""
    return writes.order_batch(
        street.session, street.clerk, plate_ids=street.plates, number=number, maker="东塘标牌厂"
    ).id


def sheets(street: Street, batch: UUID, page: papers.PageSize = "A4") -> str:
    rows = list(orders.ordered(street.session, street.clerk, batch))
    counts = orders.count_ordered(street.session, street.clerk, batch)
    of_batch = reads.batch(street.session, street.clerk, batch)
    return papers.html_of(of_batch, counts, rows, SHANGHAI, page=page)


def test_plates_stand_in_the_order_people_count(street_of: Lay) -> None:
    street = street_of(12)
    rows = list(orders.ordered(street.session, street.clerk, ordered_batch(street)))
    assert [row.lower for row in rows] == [str(number) for number in range(1, 13)]
    assert [row.serial for row in rows] == list(range(1, 13))
    assert {row.upper for row in rows} == {street.place.full_name}
    assert not any(row.is_north_south for row in rows)
    some = orders.ordered(street.session, street.clerk, ordered_id(street), first=5, most=2)
    assert [(row.serial, row.lower) for row in some] == [(5, "5"), (6, "6")]


def ordered_id(street: Street) -> UUID:
    batch = street.plate().batch_id
    assert batch is not None
    return batch


def test_lane_2_stands_before_lane_10(street_of: Lay) -> None:
    street = street_of(0)
    areas = {name: getattr(street.place, name) for name in ("district_id", "township_id", "community_id")}
    for lane in (10, 2):
        place = make.make_street(street.session, name=f"{lane}弄", full_name=f"数弄路{lane}弄", **areas)
        address = make.make_address(street.session, 1, street=place, standard_text=f"数弄路{lane}弄1号")
        street.plates.append(make.make_plate(street.session, address, state="approved").id)
    rows = list(orders.ordered(street.session, street.clerk, ordered_batch(street)))
    assert [row.upper for row in rows] == ["数弄路2弄", "数弄路10弄"]


def test_a_batch_of_another_area_is_not_listed(street_of: Lay) -> None:
    street = street_of(2)
    batch = ordered_batch(street)
    stranger = make.make_viewer("clerk", areas=())
    assert list(orders.ordered(street.session, stranger, batch)) == []
    with pytest.raises(NotFound):
        papers.sheets_pdf(street.session, stranger, batch)


@pytest.mark.requirement("R70")
def test_the_table_has_a_row_for_each_plate_and_runs_nothing(street_of: Lay) -> None:
    street = street_of(3)
    address = make.make_address(
        street.session, 9, street=street.place, standard_text='=HYPERLINK("x")\x079号'
    )
    street.plates.append(make.make_plate(street.session, address, state="approved").id)
    file = orders.book_of(street.session, street.clerk, ordered_batch(street))
    sheet = load_workbook(io.BytesIO(b"".join(books.pieces(file)))).active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    assert head == orders.HEADINGS
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert {row[4:7] for row in rows} == {("小门牌", "150 × 90 × 1.0", 40)}
    assert sum(row[3] == '\'=HYPERLINK("x")9号' for row in rows) == 1
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert street.plate().code in {read_code(str(row[8])) for row in rows}
    assert file.closed


def test_the_sheets_draw_every_sign_once_to_scale(street_of: Lay) -> None:
    street = street_of(5)
    html = sheets(street, ordered_batch(street))
    assert html.count('viewBox="0 0 150 90" width="150mm" height="90mm"') == 5
    assert html.count('class="square"') == 5
    assert "size: 210mm 297mm" in html
    places = re.findall(r'class="sign" style="left: ([\d.]+)mm; top: ([\d.]+)mm"', html)
    assert [(float(x), float(y)) for x, y in places] == [(30, 12), (30, 111)] * 2 + [(30, 12)]
    assert "人员信息" in html


@pytest.mark.parametrize("page", list(papers.PAGES))
@pytest.mark.parametrize(
    "size", [*SHANGHAI.plates, PlateSize(kind="street_sign", title="路牌", width_mm=1200, height_mm=400)]
)
def test_signs_lie_on_their_page_and_not_on_each_other(page: papers.PageSize, size: PlateSize) -> None:
    layout = papers.layout_of(size, page)
    assert layout.columns * layout.rows >= 1
    assert layout.columns * (size.width_mm + 9) - 9 + 24 <= layout.width
    assert layout.rows * (size.height_mm + 9) - 9 + 24 + 12 <= layout.height
    is_named = tuple(sorted((layout.width, layout.height))) in papers.PAGES.values()
    assert is_named or layout.columns == layout.rows == 1


def test_an_a1_sheet_holds_24_small_plates() -> None:
    layout = papers.layout_of(size_of(SHANGHAI, "gate_small"), "A1")
    assert layout.columns * layout.rows >= 24


@pytest.mark.requirement("R70")
def test_the_pdf_is_made_and_names_no_person(street_of: Lay) -> None:
    street = street_of(2)
    name, content = papers.sheets_pdf(street.session, street.clerk, ordered_batch(street), page="A3")
    assert (name, content[:5]) == ("2026-01.pdf", b"%PDF-")
    pages = printing.laid_out(sheets(street, ordered_id(street), "A3")).pages
    assert [(round(page.width / 96 * 25.4), round(page.height / 96 * 25.4)) for page in pages] == [
        (210, 297),
        (420, 297),
    ]


def test_a_large_batch_has_several_files(street_of: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_SIGNS", 2)
    street = street_of(3)
    batch = ordered_batch(street)
    name, _ = papers.sheets_pdf(street.session, street.clerk, batch, part=2)
    assert name == "2026-01-2.pdf"
    with pytest.raises(RuleBroken) as refused:
        papers.sheets_pdf(street.session, street.clerk, batch, part=3)
    assert refused.value.code == "part-unknown"


def test_a_batch_without_plates_prints_nothing(street_of: Lay) -> None:
    street = street_of(1)
    batch = ordered_batch(street)
    plate = street.plate()
    writes.scrap_plate(street.session, street.clerk, plate_id=plate.id, version=plate.version, reason="刮花")
    with pytest.raises(RuleBroken) as refused:
        papers.sheets_pdf(street.session, street.clerk, batch)
    assert refused.value.code == "batch-empty"


def test_a_name_of_a_batch_is_text(street_of: Lay) -> None:
    street = street_of(1)
    html = sheets(street, ordered_batch(street, number='<b>"\\'))
    assert "<b>" not in html
    assert plate_url(street.plate().code) not in html
