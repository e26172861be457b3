"""The act that gives doors of a street other numbers: swaps and shifts too, with all that follows from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer
from geo_registry.address.numbering.numbering import let_go
from geo_registry.address.numbering.storing import (
    MOST_AT_ONCE,
    Flaw,
    Numbering,
    read_doors,
    refuse_flaws,
    repeated,
    store_followers,
    taken,
    texts_before,
)
from geo_registry.address.places import profile_in_force
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import PlaceName
from geo_registry.address.warnings import check_scope
from geo_registry.area.writes import Areas, Paper, begin_act, finish
from geo_registry.codes import new_codes, new_ids
from geo_registry.db import Session, translated
from geo_registry.errors import RuleBroken
from geo_registry.plate.street_numbers import authorize_all, street_for_numbers

_OLD = text("""
    SELECT a.id, a.version, a.state, a.number_key, a.number_text, a.standard_text,
      a.certified_at IS NOT NULL AND (a.certified_until IS NULL OR a.certified_until >= CURRENT_DATE)
        AS is_certified,
      a.district_id, a.township_id, a.community_id,
      (SELECT count(*) FROM registry.plate p WHERE p.address_id = a.id
         AND p.state NOT IN ('replaced', 'superseded', 'removed', 'cancelled')) AS plates,
      (SELECT count(*) FROM registry.building_address b
       WHERE b.address_id = a.id AND b.valid @> CURRENT_DATE) AS buildings
    FROM registry.address a WHERE a.id = ANY (CAST(:ids AS uuid[])) AND a.scope_id = :street
    ORDER BY a.id FOR NO KEY UPDATE OF a
""")


@dataclass(frozen=True, slots=True)
class NewNumber:
    """The number that a door is to get; `version` is the one of the address that was read, if any was."""

    address_id: UUID
    number: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class OldAndNew:
    """One door before and after, and what goes with it; `takes_over` tells a number given up in this act."""

    address_id: UUID
    old_number: str
    new_number: str
    old_text: str
    new_text: str
    takes_over: bool
    is_certified: bool
    plates: int
    buildings: int


@dataclass(frozen=True, slots=True)
class StreetRenumbered:
    """The street with its version now and what the act did, or (`act_id` None) what it would do."""

    id: UUID
    version: int
    act_id: UUID | None
    addresses: int
    plates: int
    buildings: int
    rows: tuple[OldAndNew, ...]


def renumber_street(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    changes: Sequence[NewNumber],
    dry_run: bool = False,
    document_number: str | None = None,
    reason: str | None = None,
) -> StreetRenumbered:
    """Give doors of a street other numbers, all or none; a new address follows each old one.

    A number is never given again once it is given up, with one exception: within one act on one street doors
    may take over the numbers that others give up in it, so that a row can be shifted (1 to 3, 3 to 5) and two
    doors can swap. The old addresses are retired and keep number and text; the text of one whose number goes
    on is no former name, for it names another door from today on.

    Buildings and typed positions pass to the new addresses, plates are superseded (cancelled when they never
    hung) and drafted anew, and no address stays certified. With `dry_run` nothing is stored.

    Raises:
        Stale: the street has changed since `version` was read.
        Conflict: `number-taken`, `number-reserved`, `address-changed`; every bad row is named.
        RuleBroken: `numbers-missing`, `numbers-too-many`, `number-twice`, `number-same`, `address-unknown`,
            `not-in-force`, `reason-required` where an address is certified, or a number cannot be read.

    """
    if not 1 <= len(changes) <= MOST_AT_ONCE:
        code = "numbers-too-many" if changes else "numbers-missing"
        raise RuleBroken(code, f"一次可改编 1 至 {MOST_AT_ONCE} 个号", field="changes")
    street = street_for_numbers(session, viewer, place_name_id, version, is_current=True)
    profile = profile_in_force(session)
    with translated():
        found = session.execute(_OLD, {"ids": [one.address_id for one in changes], "street": street.id}).all()
    olds = {row.id: row for row in found}
    doors, flaws = _doors(session, profile, street, changes, olds)
    authorize_all(viewer, Permission.ADDRESS_NUMBER, doors)
    placed = [(one.pointer, one.door) for one in doors]
    held, over = taken(session, street.id, placed, frozenset(olds))
    refuse_flaws([*flaws, *repeated(placed), *held])
    pairs = [(olds[change.address_id], door) for change, door in zip(changes, doors, strict=True)]
    rows = tuple(_rows(pairs))
    _check_reason(rows, reason, is_asked=not dry_run)
    counts = len(rows), sum(one.plates for one in rows), sum(one.buildings for one in rows)
    if dry_run:
        return StreetRenumbered(street.id, street.version, None, *counts, rows)
    act_id = begin_act(session, viewer, "renumber", "place_name", street, Paper(document_number, reason))
    let_go(session, over, act_id)
    store_followers(session, [(old.id, old.standard_text, door) for old, door in pairs], act_id)
    done = finish(session, street)
    check_scope(session, street.id)
    return StreetRenumbered(done.id, done.version, act_id, *counts, rows)


def _doors(
    session: Session, profile: Profile, street: PlaceName, changes: Sequence[NewNumber], olds: dict[UUID, Any]
) -> tuple[list[Numbering], list[Flaw]]:
    """Return the new addresses in the order of the list, and what bars them."""
    read, flaws = read_doors(profile, [one.number for one in changes], "changes")
    before = texts_before(session, profile, street)
    ids, codes = new_ids(len(changes)), new_codes(len(changes))
    doors, seen = [], set[UUID]()
    for place, (change, door) in enumerate(zip(changes, read, strict=True)):
        pointer, old = f"changes/{place}", olds.get(change.address_id)
        flaws += _against(pointer, change, old, is_again=change.address_id in seen)
        seen.add(change.address_id)
        if old is None or door is None:
            continue
        if door.number_key == old.number_key:
            flaws.append(Flaw(f"{pointer}/number", "number-same", "新号与现号相同，请从清单中去掉"))
        areas = Areas(old.district_id, old.township_id, old.community_id)
        head = old.standard_text.removesuffix(old.number_text)
        head = head if head != old.standard_text else before(areas)
        doors.append(
            Numbering(ids[place], codes[place], f"{pointer}/number", door, head + door.number_text, areas)
        )
    return doors, flaws


def _against(pointer: str, change: NewNumber, old: Any, *, is_again: bool) -> Iterator[Flaw]:  # noqa: ANN401
    if old is None:
        yield Flaw(f"{pointer}/address_id", "address-unknown", "这条道路上没有这个地址")
    elif is_again:
        yield Flaw(f"{pointer}/address_id", "address-twice", "同一地址在清单中出现两次")
    elif old.state != "current":
        yield Flaw(f"{pointer}/address_id", "not-in-force", f"{old.standard_text} 不是现行地址，不能改编")
    elif change.version is not None and change.version != old.version:
        detail = f"{old.standard_text} 已被更新（现为第 {old.version} 版），请重新读取"
        yield Flaw(f"{pointer}/version", "address-changed", detail, is_conflict=True)


def _rows(pairs: Sequence[tuple[Any, Numbering]]) -> Iterator[OldAndNew]:
    given_up = {old.number_key for old, _ in pairs}
    for old, door in pairs:
        yield OldAndNew(
            old.id, old.number_text, door.door.number_text, old.standard_text, door.standard_text,
            door.door.number_key in given_up, old.is_certified, old.plates, old.buildings,
        )  # fmt: skip


def _check_reason(rows: Sequence[OldAndNew], reason: str | None, *, is_asked: bool) -> None:
    certified = [one for one in rows if one.is_certified]
    if is_asked and certified and not (reason or "").strip():
        detail = f"{certified[0].old_text} 等 {len(certified)} 个地址已认证，改编须说明事由"
        raise RuleBroken("reason-required", detail, field="reason")
