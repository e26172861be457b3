"""What lies on the desks of the demonstration town beside its cases: checks, notes, tips, premises.

People also declare themselves from outside; what they sent waits for the clerk.
"""

import datetime as dt
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access import cipher
from geo_registry.codes import new_id
from geo_registry.db import Session
from geo_registry.demo import names
from geo_registry.demo.cases import DISTRICT, Hands
from geo_registry.demo.households import Member
from geo_registry.demo.people import Registrar
from geo_registry.person.rules import last_two
from geo_registry.plate.reports import report_plate
from geo_registry.premises.writes import register_premises
from geo_registry.verification import notes, tips, writes

COMMUNITY = "990101001001"
# The order follows from the addresses alone, as if drawn.
_ROOMS = text("""
    SELECT u.id, u.building_id, a.standard_text || u.unit_text AS written FROM registry.housing_unit u
      JOIN registry.division c ON c.id = u.community_id AND c.code = :community
      JOIN registry.building_address ba ON ba.building_id = u.building_id AND ba.is_main
      JOIN registry.address a ON a.id = ba.address_id
    WHERE u.state = 'realized' AND (u.use = 'non_residential') = :shops
    ORDER BY md5(concat('desk', a.standard_text, ba.building_no, u.unit_text)) LIMIT :many
""")
_HUNG = text("""
    SELECT p.id, p.code, ST_X(p.position) AS lon, ST_Y(p.position) AS lat FROM registry.plate p
      JOIN registry.division c ON c.id = p.community_id AND c.code = :community
      JOIN registry.address a ON a.id = p.address_id
    WHERE p.state IN ('installed', 'verified') ORDER BY md5('report' || a.standard_text) LIMIT :many
""")
_TOLD = text("SELECT outcome FROM registry.report_plate(:code, :kind, NULL, NULL)")
_BARE = text("""
    SELECT a.id FROM registry.address a
      JOIN registry.division c ON c.id = a.community_id AND c.code = :community
    WHERE a.state = 'current' AND NOT EXISTS (SELECT FROM registry.plate p WHERE p.address_id = a.id)
    ORDER BY md5('bare' || a.standard_text) LIMIT 1
""")
_DECLARE = text("""
    SELECT outcome FROM registry.declare(:id, :kind, :address, :name, '111', :number, :index, :tail, :phone,
      :day, NULL)
""")
_SAID = (("applicant", True), ("landlord", True))
VERIFICATIONS: tuple[str, ...] = ("open", "visited", "heard", "approved", "refused")
NOTES = (
    ("unregistered_letting", None), ("overcrowded", "handed_over"), ("illegal_partition", "put_right"),
)  # fmt: skip
TIPS = (
    ("arrived", "有人搬来，带着行李", None), ("left", "房屋已空", None), ("changed", None, None),
    ("arrived", "新来租户", "registered"), ("left", None, "nothing_found"),
)  # fmt: skip
PREMISES = ("望澜便民超市", "石桥理发店", "文昌面馆", "映月五金店", "澜江药房", "望澜快递驿站")
REPORTS = ("damaged", "wrong_place", "wrong_text")
DECLARED = (("arrival", 2), ("arrival", 9), ("departure", 1))


def lay_desks(session: Session, today: dt.date) -> None:
    """Do what the accounts of the town would have done of late; rooms follow from the town alone."""
    wanted = {"community": COMMUNITY, "shops": False, "many": 20}
    rooms = session.execute(_ROOMS, wanted).all()
    shops = session.execute(_ROOMS, {**wanted, "shops": True, "many": len(PREMISES)}).all()
    hands = Hands(session, ("officer", "head", "volunteer", "coordinator", "clerk"))
    left = iter(rooms)
    for state, room in zip(VERIFICATIONS, left, strict=False):
        _verify(hands, room.id, state, today)
    for (kind, outcome), room in zip(NOTES, left, strict=False):
        _note(hands, room.id, kind, outcome)
    for (kind, told, outcome), room in zip(TIPS, left, strict=False):
        _tip(hands, room.id, kind, told, outcome)
    for name, shop in zip(PREMISES, shops, strict=False):
        register_premises(
            *hands.of("clerk")[:2], building_id=shop.building_id, unit_id=shop.id, name=name, checked_on=today
        )
    for (kind, days), room in zip(DECLARED, left, strict=False):
        _declare(session, kind, room.written, today - dt.timedelta(days=days), today)
    _report(session, hands)
    hands.leave()


def _report(session: Session, hands: Hands) -> None:
    """Let the public tell of plates that hang, and a volunteer of an address without one."""
    hung = session.execute(_HUNG, {"community": COMMUNITY, "many": len(REPORTS) + 1}).all()
    for kind, plate in zip(REPORTS, hung[:-1], strict=False):
        outcome = session.execute(_TOLD, {"code": plate.code, "kind": kind}).scalar_one()
        assert outcome == "done", outcome  # noqa: S101 - the plates hang
    volunteer, last = hands.of("volunteer")[:2], hung[-1]
    report_plate(
        *volunteer, kind="wrong_place", plate_id=last.id, lon=last.lon, lat=last.lat + 18 / 111_000,
        note="门已改到另一侧",
    )  # fmt: skip
    bare = session.execute(_BARE, {"community": COMMUNITY}).scalar()
    if bare is not None:
        report_plate(*volunteer, kind="no_plate", address_id=bare, note="门口没有门牌")


def _verify(hands: Hands, unit: UUID, state: str, today: dt.date) -> None:
    officer, head = hands.of("officer")[:2], hands.of("head")[:2]
    done = writes.open_verification(*officer, unit_id=unit)
    asked: dict[str, Any] = {"verification_id": done.id}
    if state == "open":
        return
    done = writes.visit(*officer, **asked, version=done.version, visited_on=today)
    if state == "visited":
        return
    for speaker, lives_there in _SAID:
        done = writes.hear(*officer, **asked, version=done.version, speaker=speaker, lives_there=lives_there)
    if state == "approved":
        writes.approve(*head, **asked, version=done.version)
    if state == "refused":
        writes.refuse(*head, **asked, version=done.version, refusal="group_renting", note="厅堂隔成三间出租")


def _note(hands: Hands, unit: UUID, kind: str, outcome: str | None) -> None:
    officer = hands.of("officer")[:2]
    done = notes.note_dwelling(*officer, unit_id=unit, kind=kind)
    if outcome is None:
        return
    done = notes.hand_over(*officer, note_id=done.id, version=done.version)
    if outcome != "handed_over":
        notes.close_note(*officer, note_id=done.id, version=done.version, outcome=outcome)


def _tip(hands: Hands, unit: UUID, kind: str, told: str | None, outcome: str | None) -> None:
    done = tips.give_tip(*hands.of("volunteer")[:2], unit_id=unit, kind=kind, note=told)
    if outcome is not None:
        tips.process_tip(*hands.of("officer")[:2], tip_id=done.id, version=done.version, outcome=outcome)


def _declare(session: Session, kind: str, address: str, day: dt.date, today: dt.date) -> None:
    # A picture of a town, not a secret.
    rng = Random(address)  # noqa: S311
    person = Registrar(rng, today, DISTRICT).person(Member("2", 30, "0"), names.surnames(rng, 1)[0], DISTRICT)
    row_id = new_id()
    told = {
        "id": row_id, "kind": kind, "address": address, "name": person.name, "day": day,
        "number": cipher.seal("declaration", "id_number", row_id, person.id_number),
        "index": cipher.blind_index("111", person.id_number), "tail": last_two(person.id_number),
        "phone": cipher.seal("declaration", "phone", row_id, "13900000000"),
    }  # fmt: skip
    outcome = session.execute(_DECLARE, told).scalar_one()
    assert outcome == "done", outcome  # noqa: S101 - the town's own addresses are known to it
