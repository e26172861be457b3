"""撤回改号: the act that reverses the latest renumbering of a street, while nothing of it was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.changes import note_renumber
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Paper, begin_act, finish
from geo_registry.db import Session, translated
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.plate.street_numbers import street_for_numbers

_MOST_SHOWN = 200
_LATEST = text("""
    SELECT c.act_id, c.kind FROM registry.address_change c
    WHERE c.place_name_id = :street AND c.kind <> 'rename' ORDER BY c.id DESC LIMIT 1
""")
_PAIRS = text("""
    SELECT c.old_id, c.new_id, c.old_text, c.new_text, n.district_id, n.township_id, n.community_id
    FROM registry.address_change c JOIN registry.address n ON n.id = c.new_id
    WHERE c.act_id = :act AND c.kind = 'renumber' ORDER BY c.id
""")
# Against all that refers to them: whoever writes a certificate, a link or a plate comes before or after.
_HOLD = text("SELECT FROM registry.address WHERE id = ANY (:ids) ORDER BY id FOR UPDATE")
_HOLD_PLATES = text("SELECT FROM registry.plate WHERE address_id = ANY (:ids) ORDER BY id FOR UPDATE")
_USES = text("""
    SELECT 'changed' AS why, a.id, a.standard_text FROM registry.address a
    WHERE a.id = ANY (:news) AND (a.state <> 'current' OR a.version > 1)
      OR a.id = ANY (:olds) AND (a.state <> 'retired' OR a.act_id IS DISTINCT FROM :act)
    UNION ALL
    SELECT 'certificate', a.id, a.standard_text || ' ' || c.number
    FROM registry.address_certificate c JOIN registry.address a ON a.id = c.address_id
    WHERE a.id = ANY (:news)
    UNION ALL
    SELECT 'building', a.id, a.standard_text
    FROM registry.building_address b JOIN registry.address a ON a.id = b.address_id
    WHERE a.id = ANY (:news) AND (b.act_id IS DISTINCT FROM :act OR NOT upper_inf(b.valid))
    UNION ALL
    SELECT 'position', a.id, a.standard_text
    FROM registry.address_position p JOIN registry.address a ON a.id = p.address_id
    WHERE a.id = ANY (:news) AND (p.act_id IS DISTINCT FROM :act OR p.ended_at IS NOT NULL)
    UNION ALL
    SELECT 'plate', a.id, a.standard_text
    FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
    WHERE a.id = ANY (:news) AND p.state NOT IN ('draft', 'numbered', 'cancelled')
    UNION ALL
    SELECT 'old_plate', a.id, a.standard_text
    FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
    WHERE a.id = ANY (:olds) AND p.act_id IS DISTINCT FROM :act
      AND EXISTS (SELECT FROM registry.place_history h WHERE h.object_id = p.id AND h.act_id = :act)
    UNION ALL
    SELECT 'report', a.id, a.standard_text
    FROM registry.plate_report r JOIN registry.address a ON a.id = r.address_id
    WHERE a.id = ANY (:news) AND r.state = 'pending'
""")
_WORDS: Final = {
    "changed": "号码已另行办理", "certificate": "已开具变更证明", "building": "楼栋关联已改",
    "position": "点位已改", "plate": "新门牌已批准或下单", "old_plate": "旧门牌已另行处理",
    "report": "有待处理的门牌线索",
}  # fmt: skip
_TAKE_BACK = text("""
    SELECT registry.take_back_numbers(:back, :act, CAST(:olds AS uuid[]), CAST(:news AS uuid[]))
""")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One door: the number that it gives back and the one that it has again."""

    address_id: UUID
    given_back: str
    again: str


@dataclass(frozen=True, slots=True)
class RenumberingTakenBack:
    """The street with its version now, the act (None for a trial) and the act that it took back."""

    id: UUID
    version: int
    act_id: UUID | None
    undone_act_id: UUID
    addresses: int
    plates: int
    rows: tuple[TakenBack, ...]


def take_back_renumbering(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    dry_run: bool = False,
    document_number: str | None = None,
    reason: str | None = None,
) -> RenumberingTakenBack:
    """Take back the latest renumbering of a street: every door has its old number, certified as it was.

    The addresses that it made are removed as mistakes, their numbers are free again; both texts stay in the
    history and among the changes. Plates that hung hang again, those of the new numbers are cancelled.
    `plates` counts those that came back. With `dry_run` nothing is stored.

    Raises:
        Stale: the street has changed since `version` was read.
        Conflict: `renumbering-used`, with what was done with the new numbers since.
        RuleBroken: `nothing-to-take-back`, `reason-required`.

    """
    street = street_for_numbers(session, viewer, place_name_id, version, is_current=True)
    undone, pairs = _latest(session, street.id, street.full_name)
    for areas in {(one.district_id, one.township_id, one.community_id) for one in pairs}:
        authorize(viewer, Permission.ADDRESS_NUMBER, *areas)
    olds, news = [one.old_id for one in pairs], [one.new_id for one in pairs]
    with translated():
        session.execute(_HOLD, {"ids": [*olds, *news]})
        session.execute(_HOLD_PLATES, {"ids": [*olds, *news]})
    _refuse_uses(session.execute(_USES, {"act": undone, "olds": olds, "news": news}).all())
    rows = tuple(TakenBack(one.old_id, one.new_text, one.old_text) for one in pairs)
    if dry_run:
        return RenumberingTakenBack(street.id, street.version, None, undone, len(rows), 0, rows)
    if not (reason or "").strip():
        raise RuleBroken("reason-required", "撤回改号须说明事由", field="reason")
    paper = Paper(document_number, reason, cause=undone)
    act_id = begin_act(session, viewer, "take_back", "place_name", street, paper)
    with translated():
        session.flush()
        asked = {"back": act_id, "act": undone, "olds": olds, "news": news}
        plates = session.execute(_TAKE_BACK, asked).scalar_one()
    note_renumber(session, list(zip(news, olds, strict=True)), act_id, kind="take_back")
    session.expire_all()
    done = finish(session, street)
    check_scope(session, street.id)
    return RenumberingTakenBack(done.id, done.version, act_id, undone, len(rows), plates, rows)


def _latest(session: Session, street_id: UUID, name: str) -> tuple[UUID, Sequence[Any]]:
    """Return the act that renumbered a street last, and each old address with its new one."""
    last = session.execute(_LATEST, {"street": street_id}).one_or_none()
    if last is None or last.act_id is None or last.kind == "take_back":
        why = "还没有改过号" if last is None or last.act_id is None else "最近一次改号已经撤回"
        raise RuleBroken("nothing-to-take-back", f"{name} {why}，没有可撤回的")
    return last.act_id, session.execute(_PAIRS, {"act": last.act_id}).all()


def _refuse_uses(uses: Sequence[Any]) -> None:
    """Refuse to take back what was used since; each kind of use is counted, each address named."""
    if not uses:
        return
    told = []
    for why, words in _WORDS.items():
        if mine := [one.standard_text for one in uses if one.why == why]:
            more = f" 等 {len(mine)} 处" if len(mine) > 1 else ""
            told.append(f"{words}（{mine[0]}{more}）")
    shown = [
        {"pointer": f"#/addresses/{one.id}", "detail": f"{one.standard_text} {_WORDS[one.why]}"}
        for one in uses[:_MOST_SHOWN]
    ]
    detail = f"不能撤回：{'；'.join(told)}。请按现状另办改号"
    raise Conflict("renumbering-used", detail, errors=shown)
