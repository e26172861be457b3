"""Numbers entered by mistake: taken out of use with all that hangs on them, and brought back as they were.

A number that was removed is free again. What is removed with it (plates not made yet, links to buildings) is
known by the cause of its act, and comes back with it.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer
from geo_registry.address.bulk import (
    Many,
    Refusal,
    Trial,
    begin_acts,
    check_reason,
    finish_many,
    judged,
    lock_addresses,
    refuse_any,
)
from geo_registry.address.certifying import forget
from geo_registry.address.numbering.numbering import lock_scope
from geo_registry.address.tables import Address
from geo_registry.area.writes import Paper
from geo_registry.db import Session, translated

UNMADE = ("draft", "numbered", "approved")
"""States of plates that nobody has ordered: they go and come with their number."""
_USES = text("""
    SELECT a.id,
      EXISTS (SELECT FROM registry.plate p WHERE p.address_id = a.id AND p.state <> ALL (:unmade)
              AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')) AS has_sign,
      EXISTS (SELECT FROM registry.building_address m
              JOIN registry.housing_unit u ON u.building_id = m.building_id
              WHERE m.address_id = a.id AND m.valid @> CURRENT_DATE
                AND u.state NOT IN ('retired', 'not_realized', 'removed', 'rejected')
                AND NOT EXISTS (SELECT FROM registry.building_address o
                                WHERE o.building_id = m.building_id AND o.address_id <> ALL (:ids)
                                  AND o.valid @> CURRENT_DATE)) AS has_dwellings
    FROM registry.address a WHERE a.id = ANY (:ids)
""")
# A link that began today was wrong from its first day: its period is empty.
_UNLINK = text("""
    UPDATE registry.building_address m SET act_id = s.act_id,
      valid = CASE WHEN lower(m.valid) < CURRENT_DATE THEN daterange(lower(m.valid), CURRENT_DATE)
                   ELSE 'empty' END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:acts AS uuid[])) s (id, act_id)
    WHERE m.address_id = s.id AND m.valid @> CURRENT_DATE
""")
# A building that got another main number meanwhile keeps that one: this one stands beside it.
_LINK = text("""
    INSERT INTO registry.building_address (building_id, address_id, building_no, is_main, valid, act_id)
    SELECT m.building_id, m.address_id, m.building_no,
      m.is_main AND row_number() OVER (PARTITION BY m.building_id ORDER BY m.is_main DESC, m.id DESC) = 1
        AND NOT EXISTS (SELECT FROM registry.building_address o
          WHERE o.building_id = m.building_id AND o.is_main AND o.valid @> CURRENT_DATE),
      daterange(CURRENT_DATE, NULL), s.act_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:was AS uuid[]), CAST(:acts AS uuid[])) s (id, was, act_id)
      JOIN registry.building_address m ON m.address_id = s.id AND m.act_id = s.was
      JOIN registry.building b ON b.id = m.building_id
        AND b.state NOT IN ('demolished', 'not_realized', 'removed')
""")
# Whatever was written anew since, such as the name of the street: this is the act that removed each.
_REMOVED_BY = text("""
    SELECT DISTINCT ON (a.object_id) a.object_id, a.id FROM registry.act a
    WHERE a.object_id = ANY (:ids) AND a.object_kind = 'address' AND a.verb = 'remove'
    ORDER BY a.object_id, a.at DESC, a.id DESC
""")
_BEFORE = text("""
    SELECT DISTINCT ON (h.object_id) h.object_id, h.row ->> 'state' AS state
    FROM registry.place_history h
    WHERE h.object_id = ANY (:ids) AND h.row ->> 'state' <> 'removed'
    ORDER BY h.object_id, h.version DESC
""")
_IN_THE_WAY = text("""
    SELECT a.id, o.standard_text AS holder, p.full_name AS street, p.state AS street_state,
      EXISTS (SELECT FROM registry.succession s WHERE s.old_id = a.id) AS is_followed,
      EXISTS (SELECT FROM registry.act t WHERE t.verb = 'take_back' AND t.id = (
        SELECT coalesce(CAST(later.row ->> 'act_id' AS uuid), a.act_id)
        FROM registry.place_history h
          LEFT JOIN registry.place_history later ON later.object_id = a.id AND later.version = h.version + 1
        WHERE h.object_id = a.id AND h.row ->> 'state' <> 'removed'
        ORDER BY h.version DESC LIMIT 1)) AS is_undone
    FROM registry.address a
      LEFT JOIN registry.address o ON o.scope_id = a.scope_id AND o.number_key = a.number_key
        AND o.id <> a.id AND o.state NOT IN ('removed', 'rejected')
      LEFT JOIN registry.place_name p ON p.id = a.place_name_id
    WHERE a.id = ANY (:ids)
""")


def try_remove(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Trial:
    """Return which addresses may be removed, and what stands against the others; nothing is stored.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.

    """
    del document_number, reason
    rows = lock_addresses(session, viewer, Permission.ADDRESS_RETIRE, address_ids, versions)
    return _removable(session, rows)


def remove_addresses(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> tuple[Many, dict[UUID, UUID]]:
    """Remove addresses that were entered by mistake, all or none; answer also the act of each.

    Links to buildings end; plates are cancelled by whoever may import them.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        Conflict: `plate-made`, `address-in-use`.
        RuleBroken: `reason-required`, `not-removable`.

    """
    check_reason(reason, "删除")
    rows = lock_addresses(session, viewer, Permission.ADDRESS_RETIRE, address_ids, versions)
    refuse_any(_removable(session, rows))
    logged = begin_acts(session, viewer, "remove", rows, Paper(document_number, reason))
    for row in rows:
        row.state = "removed"
        forget(row)
    acts = {row.id: act_id for row, act_id in zip(rows, logged, strict=True)}
    done = finish_many(session, rows, logged)
    with translated():
        session.execute(_UNLINK, {"ids": list(acts), "acts": list(acts.values())})
    return done, acts


def try_restore(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Trial:
    """Return which addresses may come back from the bin; nothing is stored.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.

    """
    del document_number, reason
    rows = lock_addresses(session, viewer, Permission.ADDRESS_RETIRE, address_ids, versions)
    return _restorable(session, rows)


def restore_addresses(
    session: Session,
    viewer: Viewer,
    *,
    address_ids: Sequence[UUID],
    versions: Sequence[int] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> tuple[Many, dict[UUID, UUID], dict[UUID, UUID]]:
    """Bring addresses back as they were before they were removed, all or none, with their buildings.

    Answers also the act that removed each, and the act of each.

    Raises:
        NotFound, Refused, Stale: as `lock_addresses`.
        Conflict: `number-taken`.
        RuleBroken: `not-removed`, `parent-not-current`, `taken-back`: what gave it was undone.

    """
    # The streets first, as whoever numbers does: two orders would wait for each other.
    scopes = select(Address.scope_id).where(Address.id.in_(address_ids)).distinct()
    for scope_id in sorted(session.execute(scopes).scalars()):
        lock_scope(session, scope_id)
    rows = lock_addresses(session, viewer, Permission.ADDRESS_RETIRE, address_ids, versions)
    refuse_any(_restorable(session, rows))
    ids = {"ids": [row.id for row in rows]}
    was: dict[UUID, UUID] = {row.object_id: row.id for row in session.execute(_REMOVED_BY, ids)}
    before = {row.object_id: row.state for row in session.execute(_BEFORE, ids)}
    logged = begin_acts(session, viewer, "restore", rows, Paper(document_number, reason))
    for row in rows:
        row.state = before.get(row.id, "proposed")
    acts = {row.id: act_id for row, act_id in zip(rows, logged, strict=True)}
    done = finish_many(session, rows, logged)
    linked = {"ids": list(was), "was": list(was.values()), "acts": [acts[one] for one in was]}
    with translated():
        session.execute(_LINK, linked)
    return done, was, acts


def _removable(session: Session, rows: Sequence[Address]) -> Trial:
    asked = {"ids": [row.id for row in rows], "unmade": list(UNMADE)}
    uses = {use.id: use for use in session.execute(_USES, asked)}
    refused = [
        Refusal(row.id, row.standard_text, code, detail)
        for row in rows
        for code, detail in _against_removal(row.state, uses[row.id])
    ]
    return judged([row.id for row in rows], refused)


def _against_removal(state: str, use: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401  (a row of `_USES`)
    if state not in {"reserved", "proposed", "current"}:
        yield "not-removable", "已注销或已删除；只有误录的现行、拟定或预留地址可以删除"
    if use.has_sign:
        yield "plate-made", "的门牌已下单或已制作，请改办注销"
    if use.has_dwellings:
        yield "address-in-use", "是有户室的楼栋唯一的门牌号，请先改编门牌号"


def _restorable(session: Session, rows: Sequence[Address]) -> Trial:
    found = {row.id: row for row in session.execute(_IN_THE_WAY, {"ids": [row.id for row in rows]})}
    refused = [
        Refusal(row.id, row.standard_text, code, detail)
        for row in rows
        for code, detail in _against_return(row.state, found[row.id])
    ]
    return judged([row.id for row in rows], [*refused, *_twins(rows)])


def _against_return(state: str, now: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401  (a row of `_IN_THE_WAY`)
    if state != "removed":
        yield "not-removed", "不在回收站中"
    if now.is_followed:
        yield "taken-back", "是已撤回的改号，不能恢复；需要这个号请重新办理改号"
    elif now.is_undone:
        yield "taken-back", "随入库一起撤回，不能单独恢复；需要这个号请重新编号或入库"
    elif now.holder is not None:
        yield "number-taken", "的门牌号已另编，请先改编现在的门牌号"
    if now.street is not None and now.street_state not in {"proposed", "current"}:
        yield "parent-not-current", f"所在的 {now.street} 已注销或已删除，请先恢复地名"


def _twins(rows: Sequence[Address]) -> Iterable[Refusal]:
    """Yield addresses of one list that bear the same number: only the first can come back."""
    seen = set[tuple[UUID, str]]()
    for row in rows:
        key = row.scope_id, row.number_key
        if key in seen:
            yield Refusal(row.id, row.standard_text, "number-taken", "在所选中出现两次，请只恢复一个")
        seen.add(key)
