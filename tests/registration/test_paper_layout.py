"""Papers as they are laid out: what stands on them, what does not, how many pages, and how soon."""

import base64
import datetime as dt
import re
import time
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import pytest

from geo_registry import printing
from geo_registry.access import cipher
from geo_registry.codes import new_id
from geo_registry.registration import papers, sheets, slips, volumes
from geo_registry.registration.forms import form_of
from geo_registry.settings import make_secrets

AUDIT = UUID("01a206af-d5e8-742a-b00f-9ab94ed67917")
NUMBER, PHONE = "11010519491231002X", "13812345678"
LONG = "映山区月河镇石桥社区映月路一百二十八弄八号楼二单元四百零二室" * 2


def _told(**over: Any) -> dict[str, Any]:  # noqa: ANN401  (any value of a form)
    return {
        "fault": None, "printed_by": "何某", "printed_at": "2026-11-23T03:00:00+00:00", "serial": "J2611-000001",
        "action": "register", "form": "incomer_registration", "form_version": 1, "status": "submitted", "turn": 2,
        "forms": 3, "household_kind": "family", "unit": "映月路8号402室", "area": "映山区月河镇石桥社区",
        "slip_number": "P2611-000001", "sheet_number": None, "submitted_on": "2026-11-23", "registered_on": None,
        "expires_on": None, "ended_on": None, "term_months": 12, "name": "张小满<b>", "id_type": "111", "id_tail": "2X", "category": "incomer",
        "since": "2026-11-01", "ends_on": None, "end_reason": None, "permit": None, **over,
    }  # fmt: skip


def _whole(**over: Any) -> dict[str, Any]:  # noqa: ANN401  (any value of a form)
    person = new_id()
    sealed = {
        name: base64.b64encode(cipher.seal("person", name, person, value)).decode()
        for name, value in (("id_number", NUMBER), ("phone", PHONE))
    }
    told = _told(
        person_id=str(person), **sealed, sex="2", birth="1949-12", relation_to_head="0", hukou_unit_id=None,
        hukou_code="340104", hukou_address="蜀山区黄山路", stays_until=None, stay_reason="work", lodging="rented",
        proof="contract", whereabouts_code=None, whereabouts=None, absence_reason=None, informant=None,
        collected_at="2026-11-22T03:00:00+00:00", entered_at="2026-11-23T03:00:00+00:00", late_reason="周末",
        officer_at=None, station_at=None, collected_by="何小乙", entered_by="录入甲", officer=None, station=None,
        volume=None, page=None, hidden=[],
    )  # fmt: skip
    return {**told, **over}


@pytest.fixture(autouse=True)
def secrets() -> None:
    """Let values be sealed and slips be checked."""
    make_secrets()


@pytest.mark.requirement("R21")
def test_a_slip_is_numbered_and_says_where_to_go() -> None:
    html = papers.html_of("slip", _told(), AUDIT)
    check = slips.slip_check("P2611-000001")
    for shown in (
        "No. P2611-000001", check, "张小满&lt;b&gt;", "****************2X", "映月路8号402室", "登记通过之日起 <b>12 个月",
        "居住证受理窗口", f"审计号 {AUDIT}", "何某 2026-11-23 11:00", "已受理，正在审核",
    ):  # fmt: skip
        assert shown in html
    assert str(printing.square_code(f"P2611-000001 {check}")) in html
    assert "变更通知" not in html
    document = printing.laid_out(html)
    assert [(round(page.width), round(page.height)) for page in document.pages] == [(559, 794)]
    assert printing.pdf(html)[:5] == b"%PDF-"
    registered = {"registered_on": "2026-11-20", "expires_on": "2027-05-20"}
    html = papers.html_of("slip", _told(**registered), AUDIT)
    assert "登记日 2026-11-20" in html
    assert "<b>2027-05-20</b></td>" in html
    html = papers.html_of("slip", _told(**registered, ended_on="2026-12-01"), AUDIT)
    assert "登记已终止，终止日 2026-12-01" in html
    assert "2027-05-20" not in html
    assert "自原有效期满之日起 <b>12 个月" in papers.html_of("slip", _told(action="renew"), AUDIT)
    assert "居住登记窗口" in papers.html_of("slip", _told(category="local_hukou"), AUDIT)


def test_the_check_of_a_slip_is_this_installations() -> None:
    own = slips.slip_check("P2611-000001")
    assert re.fullmatch(r"[1-9A-HJKMNP-TV-Z]{8}", own)
    assert own == slips.slip_check("P2611-000001")
    assert len({slips.slip_check(f"P2611-{number:06}") for number in range(300)}) == 300


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(("action", "pages"), [("register", 2), ("change", 2), ("correct", 2), ("renew", 1)])
def test_a_permit_on_record_brings_the_notice_with_the_slip(action: str, pages: int) -> None:
    told = _told(
        action=action, permit={"tail": "0042", "issued_on": "2026-01-01", "expires_on": "2027-01-01"}
    )
    html = papers.html_of("slip", told, AUDIT)
    assert ("居住证信息变更通知" in html) == (pages == 2)
    assert len(printing.laid_out(html).pages) == pages
    alone = papers.html_of("change_notice", told, AUDIT)
    assert "号码末四位 0042" in alone
    assert "登记凭证" not in alone
    assert len(printing.laid_out(alone).pages) == 1


def test_a_form_on_paper_says_all_that_was_filled_under_a_watermark() -> None:
    html = papers.html_of("form", _whole(), AUDIT)
    for shown in (
        form_of("incomer_registration").title, NUMBER, PHONE, "务工", "租赁", "340104", "蜀山区黄山路", "家庭户",
        "何小乙　2026-11-22 11:00", "迟录：周末", "未装订", "何某 2026-11-23 11:00 打印，仅供存档",
    ):  # fmt: skip
        assert shown in html
    assert "拟居住至" not in html
    assert len(printing.laid_out(html).pages) == 1
    assert "卷 2026-0003 第 7 页" in papers.html_of("form", _whole(volume="2026-0003", page=7), AUDIT)


def test_a_form_on_paper_masks_what_its_printer_may_not_see() -> None:
    html = papers.html_of("form", _whole(id_number=None, phone=None, hidden=["id_number", "phone"]), AUDIT)
    assert "****************2X" in html
    assert "***********</td>" in html
    assert "签名" not in html
    for_signature = papers.html_of("form", _whole(status="draft"), AUDIT)
    assert NUMBER in for_signature
    assert "仅供本人核对签名" in for_signature
    assert "以上内容经本人核对无误" in for_signature


@pytest.mark.parametrize("paper", ["slip", "form"])
def test_the_longest_texts_stay_on_their_pages(paper: papers.Paper) -> None:
    told = _whole(unit=LONG, area=LONG[:60], name="阿卜杜热合曼" * 4)
    document = printing.laid_out(papers.html_of(paper, told, AUDIT))
    assert len(document.pages) <= 2


@pytest.mark.requirement("R75")
@pytest.mark.parametrize("form", ["incomer_registration", "registered_not_resident", "change_cancel"])
def test_blank_sheets_have_a_number_and_a_page_each(form: str) -> None:
    issued = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    rows = [
        sheets.SheetRow(
            new_id(), f"L26-000000{n}", form, 1, "issued", new_id(), "何小乙", issued, None, None, new_id(), 1
        )
        for n in range(3)
    ]
    html = sheets.sheets_html(rows)
    assert [html.count(f"No. L26-000000{n}") for n in range(3)] == [1, 1, 1]
    assert html.count("square-code") == 4
    assert "□" in html
    assert len(printing.laid_out(html).pages) == 3


@pytest.mark.requirement("R24")
def test_the_list_of_a_volume_repeats_its_head_on_every_page() -> None:
    day = dt.date(2026, 11, 23)
    now = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    pages = [
        volumes.VolumePage(n, f"J2611-{n:06}", 1, "cancel", "change_cancel", "映月路8号402室", day)
        for n in range(1, 101)
    ]
    found = volumes.VolumeRow(new_id(), "2026-0001", "变更注销", "石桥社区", "录入甲", now, None, 3)
    html = volumes.volume_html(found, pages, "站长甲")
    assert "共 100 页" in html
    assert "尚未封卷" in html
    assert "J2611-000100-1" in html
    assert 3 <= len(printing.laid_out(html).pages) <= 6


@pytest.mark.parametrize(
    "reach",
    ['<img src="https://example.org/a.png">', '<link rel="stylesheet" href="file:///etc/passwd">',
     '<p style="background: url(http://127.0.0.1/)">x</p>', '<img src="data:image/png;base64,AAAA">'],
)  # fmt: skip
def test_a_paper_reaches_for_nothing(reach: str) -> None:
    with pytest.raises(BaseException, match="a paper asks for"):
        printing.laid_out(f"<html><body>{reach}</body></html>")


def test_a_slip_is_there_within_300_milliseconds() -> None:
    printing.pdf(papers.html_of("slip", _told(), AUDIT))
    taken = []
    for turn in range(5):
        begun = time.process_time()
        printing.pdf(papers.html_of("slip", _told(name=f"张{turn}"), AUDIT))
        taken.append(time.process_time() - begun)
    # Seconds of computing: a paper waits for nothing else.
    assert median(taken) < 0.3, taken


def test_templates_hold_no_address() -> None:
    for path in Path(papers.FOLDER).glob("*.html"):
        assert not re.search(r"(?:src|href)=|https?:|url\(", path.read_text(encoding="utf-8")), path.name
