"""旧名牌: signs that bear a name their address has no more, and making them anew, many in one act.

A plate keeps what its sign says from its order on; `registry.old_signs()` compares it with what would be
written on it now. What was not ordered yet simply takes the new name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access import acts
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.bulk import (
    MOST_AT_ONCE,
    Many,
    Refusal,
    Trial,
    check_count,
    check_reason,
    check_versions,
    judged,
    refuse_any,
)
from geo_registry.address.certifying import lapse_photos
from geo_registry.area.writes import Paper
from geo_registry.codes import new_codes, new_ids
from geo_registry.db import Session, translated
from geo_registry.errors import NotFound, RuleBroken
from geo_registry.pages import Page, cut, read_cursor
from geo_registry.plate import steps
from geo_registry.plate.rules import STEPS, phase_of, refusal

_BELOW = """
    WITH RECURSIVE below AS (
      SELECT CAST(:street AS uuid) AS id
      UNION ALL SELECT n.id FROM registry.place_name n JOIN below ON n.parent_id = below.id)
"""
_OF_STREET = "a.scope_id IN (SELECT id FROM below)"
_OF_BATCH = "s.batch_id = :batch"
# Warnings are found with every change of a name: so they are known without looking at all plates.
_WARNED = "s.address_id IN (SELECT w.address_id FROM registry.address_warning w WHERE w.kind = 'old_sign')"
_LIST = """
    SELECT s.id, s.code, s.kind, s.state, s.address_id, a.standard_text AS address, s.made_text,
      registry.sign_text(a.standard_text, d.name) AS now_text, s.batch_id, s.version
    FROM registry.old_signs() s JOIN registry.address a ON a.id = s.address_id
      LEFT JOIN registry.division d ON d.id = s.district_id
    WHERE {which} AND registry.covers(CAST(:areas AS uuid[]), s.district_id, s.township_id, s.community_id)
      AND (CAST(:after AS uuid) IS NULL OR s.id > :after)
    ORDER BY s.id LIMIT :most
"""
_COUNT = """
    SELECT s.state, count(*) FROM registry.old_signs() s JOIN registry.address a ON a.id = s.address_id
    WHERE {which} AND registry.covers(CAST(:areas AS uuid[]), s.district_id, s.township_id, s.community_id)
    GROUP BY s.state ORDER BY s.state
"""
_STREETS = text("""
    SELECT n.id, n.full_name, v.name AS village, count(*) AS doors
    FROM registry.address_warning w JOIN registry.place_name n ON n.id = w.scope_id
      LEFT JOIN registry.division v ON v.id = n.community_id AND n.kind IN ('hamlet', 'group')
    WHERE w.kind = 'old_sign'
      AND registry.covers(CAST(:areas AS uuid[]), w.district_id, w.township_id, w.community_id)
    GROUP BY n.id, v.name ORDER BY doors DESC, n.full_name, n.id LIMIT 500
""")
_ONE = text("""
    SELECT s.made_text, registry.sign_text(a.standard_text, d.name) AS now_text
    FROM registry.old_signs() s JOIN registry.address a ON a.id = s.address_id
      LEFT JOIN registry.division d ON d.id = s.district_id
    WHERE s.id = :id
""")
_HELD = text("""
    SELECT p.id, p.version, p.state, p.district_id, p.township_id, p.community_id,
      a.standard_text AS address, a.state AS address_state,
      EXISTS (SELECT FROM registry.old_signs() s WHERE s.id = p.id) AS is_old
    FROM registry.plate p JOIN registry.address a ON a.id = p.address_id
    WHERE p.id = ANY (:ids) ORDER BY p.id FOR NO KEY UPDATE OF p
""")
_REPLACE = text("""
    WITH told AS (
      SELECT * FROM unnest(CAST(:olds AS uuid[]), CAST(:news AS uuid[]), CAST(:codes AS text[]),
        CAST(:ended AS uuid[]), CAST(:numbered AS uuid[])) t (old, new, code, ended, numbered)
    ), closed AS (
      UPDATE registry.plate_installation i SET ended_at = clock_timestamp() FROM told t
      WHERE i.plate_id = t.old AND i.ended_at IS NULL
    ), followed AS (
      INSERT INTO registry.succession (old_id, new_id, object_kind, kind, act_id)
      SELECT t.old, t.new, 'plate', 'replace', t.ended FROM told t)
    UPDATE registry.plate p SET state = 'replaced', act_id = t.ended,
      valid = daterange(lower(p.valid), greatest(CURRENT_DATE, lower(p.valid) + 1))
    FROM told t WHERE p.id = t.old
""")
_SUCCEED = text("""
    INSERT INTO registry.plate (id, code, address_id, kind, state, text, position, act_id, district_id,
      township_id, community_id)
    SELECT t.new, t.code, a.id, o.kind, 'numbered', a.number_text, o.position, t.numbered, a.district_id,
      a.township_id, a.community_id
    FROM unnest(CAST(:olds AS uuid[]), CAST(:news AS uuid[]), CAST(:codes AS text[]),
        CAST(:numbered AS uuid[])) t (old, new, code, numbered)
      JOIN registry.plate o ON o.id = t.old JOIN registry.address a ON a.id = o.address_id
""")


@dataclass(frozen=True, slots=True)
class OldSign:
    """A plate whose sign says `made_text`, while `now_text` would be written on it now."""

    id: UUID
    code: str
    kind: str
    state: str
    phase: str
    address_id: UUID
    address: str
    made_text: str
    now_text: str
    batch_id: UUID | None
    version: int

    @property
    def is_hanging(self) -> bool:
        """Whether the sign was ever put up: a new plate follows it; others go back to be ordered again."""
        return self.state in STEPS["replace"].sources


@dataclass(frozen=True, slots=True)
class OldSignCount:
    """How many signs bear an old name: on their way or in stock, and put up."""

    total: int
    by_state: dict[str, int]

    @property
    def unhung(self) -> int:
        """Those that must not be put up unknowingly."""
        return sum(self.by_state.get(state, 0) for state in STEPS["scrap"].sources)


@dataclass(frozen=True, slots=True)
class StreetOfOldSigns:
    """A street at which signs bear an old name, and at how many doors."""

    id: UUID
    name: str
    doors: int


def old_signs(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID | None = None,
    batch_id: UUID | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[OldSign]:
    """Return signs with an old name, of a street and all names below it, of a batch, or all, in order of id.

    Raises:
        RuleBroken: `limit-invalid`.

    """
    if not 1 <= limit <= MOST_AT_ONCE:
        raise RuleBroken("limit-invalid", f"每页 1 至 {MOST_AT_ONCE} 块", field="limit")
    asked = _asked(viewer, place_name_id, batch_id)
    asked |= {"after": read_cursor(after, UUID)[0] if after else None, "most": limit + 1}
    found = session.execute(_narrowed(_LIST, place_name_id, batch_id), asked).all()
    rows = [OldSign(*[*row[:4], phase_of(row.state), *row[4:]]) for row in found]
    return cut(rows, limit, lambda row: (row.id,))


def count_old_signs(
    session: Session, viewer: Viewer, *, place_name_id: UUID | None = None, batch_id: UUID | None = None
) -> OldSignCount:
    """Return how many signs of a street and all names below it, of a batch, or of all bear an old name."""
    asked = _asked(viewer, place_name_id, batch_id)
    found = session.execute(_narrowed(_COUNT, place_name_id, batch_id), asked).all()
    by_state = {str(row[0]): int(row[1]) for row in found}
    return OldSignCount(sum(by_state.values()), by_state)


def streets_of_old_signs(session: Session, viewer: Viewer) -> tuple[StreetOfOldSigns, ...]:
    """Return the streets of the viewer's areas at which signs bear an old name, the longest list first."""
    asked = {"areas": None if viewer.areas is None else list(viewer.areas)}
    return tuple(
        StreetOfOldSigns(row.id, (row.village or "") + row.full_name, row.doors)
        for row in session.execute(_STREETS, asked)
    )


def old_text_of(session: Session, plate_id: UUID) -> tuple[str, str] | None:
    """Return what the sign of a plate says and what it should say; None when both are the same."""
    row = session.execute(_ONE, {"id": plate_id}).one_or_none()
    return None if row is None else (row.made_text, row.now_text)


def try_renew(
    session: Session,
    viewer: Viewer,
    *,
    plate_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
) -> Trial:
    """Return which signs would be made anew, and why not the others; nothing is stored.

    Raises:
        NotFound, Refused, Stale: as for the act.

    """
    rows = _held(session, viewer, plate_ids, versions)
    return judged([row.id for row in rows], list(_against(rows)))


def renew(
    session: Session,
    viewer: Viewer,
    *,
    plate_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Many:
    """Make up to 1000 signs with an old name anew, all or none.

    What hangs or hung is replaced by a new plate, numbered; what was ordered but never hung is scrapped from
    its batch and stands approved, to be ordered again. Either is ordered with the name of that day.

    Raises:
        NotFound: one of them does not exist.
        Stale: one of them has changed.
        RuleBroken: `reason-required`; `sign-current`, `plate-state` or `not-in-force` of the first that
            cannot take part.

    """
    check_reason(reason, "重制")
    steps.hold_addresses(session, plate_ids)
    rows = _held(session, viewer, plate_ids, versions)
    refuse_any(judged([row.id for row in rows], list(_against(rows))))
    paper = Paper(document_number, reason)
    wanted = {act: {row.id for row in rows if _act(row.state) == act} for act in ("replace", "scrap")}
    first = _replace(session, viewer, steps.judged(session, viewer, "replace", wanted["replace"]), paper)
    unhung = steps.judged(session, viewer, "scrap", wanted["scrap"])
    scrapped = steps.take_many(session, viewer, "scrap", unhung, paper, cause=first)
    return Many(first or scrapped or rows[0].id, 1, len(rows))


def _replace(session: Session, viewer: Viewer, rows: Sequence[steps.Held], paper: Paper) -> UUID | None:
    """End plates that were put up and number one after each; answer the first act."""
    if not rows:
        return None
    ids, codes = list(new_ids(len(rows))), list(new_codes(len(rows)))
    places = [row.community_id or row.township_id or row.district_id for row in rows]
    told: dict[str, Any] = {"document_number": paper.document_number, "reason": paper.reason}
    olds = [row.id for row in rows]
    ended = acts.record_many(
        session, viewer, "replace", "plate", list(zip(olds, places, strict=True)), **told
    )
    numbered = acts.record_many(
        session, viewer, "number", "plate", list(zip(ids, places, strict=True)), cause=ended[0], **told
    )
    values = {"olds": olds, "news": ids, "codes": codes, "ended": ended, "numbered": numbered}
    with translated():
        session.execute(_REPLACE, values)
        session.execute(_SUCCEED, {name: values[name] for name in ("olds", "news", "codes", "numbered")})
    session.expire_all()
    lapse_photos(session, viewer, [row.address_id for row in rows], ended[0])
    return ended[0]


def _act(state: str) -> str:
    return "scrap" if state in STEPS["scrap"].sources else "replace"


def _held(
    session: Session, viewer: Viewer, plate_ids: Sequence[UUID], versions: Sequence[int] | None
) -> Sequence[Any]:
    check_count(plate_ids, versions, "plate_ids")
    with translated():
        rows = session.execute(_HELD, {"ids": list(plate_ids)}).all()
    if len(rows) < len(plate_ids):
        raise NotFound("plate-not-found", f"{len(plate_ids) - len(rows)} 块门牌不存在")
    for row in rows:
        authorize(
            viewer, STEPS[_act(row.state)].permission, row.district_id, row.township_id, row.community_id
        )
    check_versions({row.id: row.version for row in rows}, plate_ids, versions)
    return rows


def _against(rows: Sequence[Any]) -> Iterator[Refusal]:
    for row in rows:
        act = _act(row.state)
        if row.state not in STEPS[act].sources:
            yield Refusal(row.id, row.address, "plate-state", refusal(act, row.state))
        elif not row.is_old:
            yield Refusal(row.id, row.address, "sign-current", "的牌面与现在的名称一致，不必重制")
        elif act == "replace" and row.address_state != "current":
            yield Refusal(row.id, row.address, "not-in-force", "不是现行地址，门牌不能更换，只能拆除或替代")


def _asked(viewer: Viewer, street: UUID | None, batch: UUID | None) -> dict[str, Any]:
    areas = None if viewer.areas is None else list(viewer.areas)
    return {"areas": areas} | ({"street": street} if street else {}) | ({"batch": batch} if batch else {})


def _narrowed(query: str, street: UUID | None, batch: UUID | None) -> Any:  # noqa: ANN401  (an SQL text)
    """Return a query for a street, a batch, both or all; every piece of it is a constant of this module."""
    which = [piece for piece, given in ((_OF_STREET, street), (_OF_BATCH, batch)) if given] or [_WARNED]
    return text((_BELOW if street else "") + query.replace("{which}", " AND ".join(which)))
