"""Certificates of a changed address: issued, printed, looked up."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo_registry import printing
from geo_registry.access.tables import Act
from geo_registry.address.changes import changes
from geo_registry.address.tables import Address
from geo_registry.address.writes import rename_street
from geo_registry.codes import format_code, new_id
from geo_registry.db import today
from geo_registry.errors import NotFound, Refused, RuleBroken
from geo_registry.plate.certificates import (
    FOLDER,
    certificate,
    certificate_of,
    certificate_pdf,
    issue_certificate,
)
from geo_registry.plate.codes import read_code
from geo_registry.plate.renumbering import NewNumber, renumber_street
from tests import factories as make


@pytest.mark.requirement("R91")
def test_a_certificate_names_the_first_and_the_last_address(session: Session) -> None:
    clerk = make.make_viewer(account_id=make.make_account(session).id)
    street = make.make_street(session, "听雨路")
    old = make.make_address(session, 1, street=street)
    done = rename_street(
        session, clerk, place_name_id=street.id, name="听风路", version=1, document_number="东地名〔2026〕3号"
    )
    renumber_street(
        session, clerk, place_name_id=street.id, version=done.version, changes=[NewNumber(old.id, "3")],
        document_number="东门〔2026〕4号",
    )  # fmt: skip
    (change,) = changes(session, clerk, q="听雨路1号").rows
    issued = issue_certificate(session, clerk, change_id=change.id)
    assert issued.number.startswith(f"址证-{today().year}-")
    told = certificate(session, clerk, issued.id)
    assert (told.old_text, told.new_text, told.changed_on) == ("听雨路1号", "听风路3号", today())
    act = session.execute(select(Act).where(Act.object_id == issued.id)).scalar_one()
    assert (act.verb, act.object_kind) == ("issue", "address_certificate")
    # The square code, the code as it is typed, and the number lead back to it.
    assert read_code(told.signed_code, "certificate") == told.code
    typed = format_code(None, told.code).lower()
    for asked in (told.signed_code, typed, told.number):
        assert certificate_of(session, clerk, asked) == told
    with pytest.raises(RuleBroken, match="plate-code"):
        certificate_of(session, clerk, f"{told.code}.AAAAAAAA")
    with pytest.raises(NotFound):
        certificate_of(session, clerk, "址证-1999-00001")
    with pytest.raises(NotFound):
        certificate(session, make.make_viewer(areas=[new_id()]), issued.id)


def test_the_paper_shows_both_texts_and_every_document(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = make.make_viewer(account_id=make.make_account(session).id)
    street = make.make_street(session, "听雨路")
    old = make.make_address(session, 1, street=street)
    renumber_street(
        session, clerk, place_name_id=street.id, version=1, changes=[NewNumber(old.id, "3")],
        document_number="东门〔2026〕<4>号",
    )  # fmt: skip
    (change,) = changes(session, clerk, q="听雨路1号").rows
    issued = issue_certificate(session, clerk, change_id=change.id)
    shown: list[str] = []

    def keep(html: str) -> bytes:
        shown.append(html)
        return b"%PDF"

    monkeypatch.setattr(printing, "pdf", keep)
    name, content = certificate_pdf(session, clerk, issued.id)
    assert (name, content) == (f"{issued.number}.pdf", b"%PDF")
    for words in ("听雨路1号", "听雨路3号", "门牌号改编，东门〔2026〕&lt;4&gt;号", issued.number, "<svg"):
        assert words in shown[0]
    monkeypatch.undo()
    assert certificate_pdf(session, clerk, issued.id)[1].startswith(b"%PDF-")
    assert (FOLDER / "certificate.html").exists()


def test_what_cannot_be_certified_is_refused(session: Session) -> None:
    clerk = make.make_viewer(account_id=make.make_account(session).id)
    street = make.make_street(session, "听雨路")
    old = make.make_address(session, 1, street=street)
    renumber_street(session, clerk, place_name_id=street.id, version=1, changes=[NewNumber(old.id, "3")])
    (change,) = changes(session, clerk, q="听雨路1号").rows
    with pytest.raises(NotFound):
        issue_certificate(session, clerk, change_id=new_id())
    with pytest.raises(Refused):
        issue_certificate(session, make.make_viewer("volunteer"), change_id=change.id)
    session.execute(select(Address).where(Address.id == change.new_id)).scalar_one().state = "retired"
    session.flush()
    with pytest.raises(RuleBroken, match="not-in-force"):
        issue_certificate(session, clerk, change_id=change.id)


def test_a_certificate_printed_again_tells_what_it_told(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = make.make_viewer(account_id=make.make_account(session).id)
    street = make.make_street(session, "听雨路")
    old = make.make_address(session, 1, street=street)
    done = renumber_street(
        session, clerk, place_name_id=street.id, version=1, changes=[NewNumber(old.id, "3")]
    )
    (change,) = changes(session, clerk, q="听雨路1号").rows
    issued = issue_certificate(session, clerk, change_id=change.id)
    shown: list[str] = []

    def printed(html: str) -> bytes:
        shown.append(html)
        return b"%PDF"

    monkeypatch.setattr(printing, "pdf", printed)
    certificate_pdf(session, clerk, issued.id)
    renumber_street(
        session, clerk, place_name_id=street.id, version=done.version,
        changes=[NewNumber(change.new_id, "5")],
    )  # fmt: skip
    certificate_pdf(session, clerk, issued.id)
    assert "听雨路3号" in shown[0]
    assert shown[1] == shown[0]
