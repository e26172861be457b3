"""Acts on place names: name, rename, correct and retire a street, lane or estate."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import Range

from geo_registry.access.rules import Permission
from geo_registry.access.viewer import Viewer, authorize
from geo_registry.address.changes import note_rename
from geo_registry.address.naming_alike import refuse_other_name
from geo_registry.address.naming_holds import given_name, refuse_open_case
from geo_registry.address.naming_site import site_of
from geo_registry.address.places import profile_in_force
from geo_registry.address.reserved_names import let_lapse
from geo_registry.address.rules import normal_name, standard_name
from geo_registry.address.scheme import Profile
from geo_registry.address.tables import Address, AddressAlias, PlaceName
from geo_registry.address.warnings import check_scope, check_scopes
from geo_registry.area.reads import NEVER
from geo_registry.area.rules import is_correction
from geo_registry.area.writes import (
    Paper,
    Written,
    as_shape,
    begin_act,
    ended,
    finish,
    load_for_change,
)
from geo_registry.codes import new_code, new_id
from geo_registry.db import Session, today
from geo_registry.errors import Conflict, RuleBroken
from geo_registry.text import initials, pinyin

# A new name runs through the names and addresses below: each keeps its old version, all share the act. The
# divisions that stand before the names of an address stay. A retired address keeps the text it had; a removed
# one stays with the act that removed it, which tells what comes back with it.
_RECOMPOSE_NAMES = text("""
    WITH RECURSIVE below AS (
      SELECT id FROM registry.place_name WHERE parent_id = :id
      UNION ALL SELECT p.id FROM registry.place_name p JOIN below ON p.parent_id = below.id)
    UPDATE registry.place_name p SET full_name = :new || substr(p.full_name, length(:old) + 1), act_id = :act
    FROM below WHERE p.id = below.id AND starts_with(p.full_name, :old)
""")
_RECOMPOSE_ADDRESSES = text("""
    WITH RECURSIVE below AS (
      SELECT CAST(:id AS uuid) AS id
      UNION ALL SELECT p.id FROM registry.place_name p JOIN below ON p.parent_id = below.id),
    renamed AS (
      SELECT p.id, p.full_name, :old || substr(p.full_name, length(:new) + 1) AS old_name
      FROM below JOIN registry.place_name p ON p.id = below.id)
    UPDATE registry.address a
    SET act_id = CASE WHEN a.state IN ('removed', 'rejected') THEN a.act_id ELSE :act END,
      standard_text =
        left(a.standard_text, -length(r.old_name || a.number_text)) || r.full_name || a.number_text
    FROM renamed r
    WHERE a.scope_id = r.id AND a.state <> 'retired'
      AND right(a.standard_text, length(r.old_name || a.number_text)) = r.old_name || a.number_text
""")
# Signs that were made for addresses with new texts say the old ones.
_WITH_SIGNS = text("""
    WITH RECURSIVE below AS (
      SELECT CAST(:id AS uuid) AS id
      UNION ALL SELECT p.id FROM registry.place_name p JOIN below ON p.parent_id = below.id)
    SELECT b.id FROM below b
    WHERE EXISTS (SELECT FROM registry.address a JOIN registry.plate p ON p.address_id = a.id
                  WHERE a.scope_id = b.id AND p.made_text IS NOT NULL)
""")


def name_street(
    session: Session,
    viewer: Viewer,
    *,
    kind: str,
    name: str,
    area_id: UUID | None = None,
    parent_id: UUID | None = None,
    axis: dict[str, Any] | None = None,
    state: str = "current",
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Name a street, lane, estate or other place below an area or below another place name.

    `axis` is a GeoJSON LineString. A name that sounds like another one of the district needs a reason.

    Raises:
        RuleBroken: the profile knows no such part or order, the parent is not in force, the axis is unsound;
            `approval-needed` for a name in force at once, of a kind that needs approval, without a decree.
        Conflict: `name-taken` or `name-sounds-alike`.

    """
    profile = profile_in_force(session)
    site = site_of(session, profile, kind, area_id, parent_id)
    areas, parent = site.areas, site.parent
    authorize(viewer, Permission.STREET_NAME, areas.district_id, areas.township_id, areas.community_id)
    if state not in {"reserved", "proposed", "current"}:
        raise RuleBroken("state-invalid", "新地名只能是预留、拟定或现行", field="state")
    if state == "current":
        _check_decreed(profile, kind, document_number)
    written, key = standard_name(profile, kind, name), normal_name(profile, kind, name)
    _check_free(session, viewer, site.scope_id, kind, key, written)
    # Counted parts (4组) repeat in every village.
    if parent is None and reason is None and profile.by_kind[kind].named:
        _check_sound(session, areas.district_id, kind, written)
    row = PlaceName(
        id=new_id(), code=new_code(), kind=kind, name=written, normal_name=key,
        full_name=(parent.full_name if parent else "") + written, pinyin=pinyin(written),
        initials=initials(written), parent_id=parent_id, scope_id=site.scope_id, state=state,
        valid=Range(today(), None),
        district_id=areas.district_id, township_id=areas.township_id, community_id=areas.community_id,
    )  # fmt: skip
    if axis is not None:
        row.axis = as_shape(axis, "LineString", "axis")
    begin_act(session, viewer, "name", "place_name", row, Paper(document_number, reason))
    session.add(row)
    return finish(session, row)


def rename_street(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    name: str,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
    cause: UUID | None = None,
) -> Written:
    """Give a place name another name; the id stays, the old name is kept as a former name.

    The full names and standard texts of everything below follow in the same transaction.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: it is not in force, the name is the same, or `approval-needed` without a decree.
        Conflict: `name-taken`, `name-sounds-alike` without a reason, or `case-open` while a naming case is on
            its way.

    """
    row = _loaded(session, viewer, place_name_id, version, Permission.STREET_RENAME)
    refuse_open_case(session, viewer, row)
    old, old_full = row.name, row.full_name
    _check_decreed(profile_in_force(session), row.kind, document_number)
    # What a case asked for was compared when it was opened, with its reason.
    if cause is None and name != old:
        refuse_other_name(session, row, name, reason)
    set_name(session, viewer, row, name)
    act_id = begin_act(session, viewer, "rename", "place_name", row, Paper(document_number, reason, cause))
    session.add(
        AddressAlias(
            object_kind="place_name", object_id=row.id, district_id=row.district_id, kind="historical_name",
            name=old_full, normal_name=_alias_key(session, row.kind, old, old_full),
            valid=ended(row.valid),
        )
    )  # fmt: skip
    return recomposed(session, row, old_full, act_id)


def correct_street(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    name: str | None = None,
    axis: dict[str, Any] | None = None,
    document_number: str | None = None,
    reason: str | None = None,
) -> Written:
    """Correct a spelling or draw the axis anew; a correction leaves no former name.

    The corrected name is compared with every name of the county as a new one is.

    While a naming case is on its way, the name stays; so does the axis of a name that is not in force yet.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: `correction-too-large` beyond 30 % of the characters of the name that was given, all
            corrections since taken together: that is a rename.
        Conflict: `name-taken`, `name-sounds-alike` without a reason, `case-open`.

    """
    row = _loaded(session, viewer, place_name_id, version, Permission.STREET_RENAME)
    paper, old_full = Paper(document_number, reason), row.full_name
    if name is not None or row.state == "proposed":
        refuse_open_case(session, viewer, row)
    if name is not None and not is_correction(given_name(session, row.id), name):
        raise RuleBroken("correction-too-large", "改动超过三成，属于更名，请在“地名”中提出更名", field="name")
    if name is not None and name != row.name:
        refuse_other_name(session, row, name, reason)
        set_name(session, viewer, row, name)
    act_id = begin_act(session, viewer, "correct", "place_name", row, paper)
    if axis is not None:
        row.axis = as_shape(axis, "LineString", "axis")
    done = recomposed(session, row, old_full, act_id)
    if axis is not None:
        check_scope(session, done.id)
    return done


def retire_street(
    session: Session,
    viewer: Viewer,
    *,
    place_name_id: UUID,
    version: int,
    document_number: str | None = None,
    reason: str | None = None,
    cause: UUID | None = None,
) -> Written:
    """End a place name; it stays findable, and its name is not given again in its scope.

    Raises:
        Stale: `version` is not the current one.
        RuleBroken: it is retired already, `not-in-force` of one that never was, or `approval-needed` without
            a decree.
        Conflict: `street-in-use` while names or addresses in force, or names asked for, stand below it;
            `case-open` while a naming case is on its way.

    """
    row = load_for_change(
        session, viewer, PlaceName, place_name_id, version=version, permission=Permission.STREET_RETIRE
    )
    if row.state == "retired":
        raise RuleBroken("already-retired", f"{row.full_name} 已注销", field="state")
    refuse_open_case(session, viewer, row)
    if row.state != "current":
        raise RuleBroken("not-in-force", f"{row.full_name} 不是现行地名，不能注销", field="state")
    _check_decreed(profile_in_force(session), row.kind, document_number)
    stands = PlaceName.state.in_(("proposed", "current"))
    names = select(func.count()).where(PlaceName.parent_id == row.id, stands)
    doors = select(func.count()).where(Address.scope_id == row.id, Address.state == "current")
    names_below, doors_below = session.execute(select(names.scalar_subquery(), doors.scalar_subquery())).one()
    if names_below or doors_below:
        below = f"现行或拟定地名 {names_below} 个、现行门牌号 {doors_below} 个"
        detail = f"{row.full_name} 之下还有{below}，须先注销或迁移"
        raise Conflict("street-in-use", detail, names=names_below, addresses=doors_below)
    begin_act(session, viewer, "retire", "place_name", row, Paper(document_number, reason, cause))
    row.state, row.valid = "retired", ended(row.valid)
    return finish(session, row)


def _loaded(
    session: Session, viewer: Viewer, place_name_id: UUID, version: int, permission: Permission
) -> PlaceName:
    row = load_for_change(session, viewer, PlaceName, place_name_id, version=version, permission=permission)
    if row.state not in {"proposed", "current"}:
        raise RuleBroken("not-in-force", f"{row.full_name} 不是现行地名", field="state")
    return row


def set_name(session: Session, viewer: Viewer, row: PlaceName, name: str) -> None:
    """Write another name into a place name, when it is free in its scope; the act is the caller's.

    Raises:
        RuleBroken: `name-same`.
        Conflict: `name-taken`.

    """
    profile = profile_in_force(session)
    written, key = standard_name(profile, row.kind, name), normal_name(profile, row.kind, name)
    if written == row.name:
        raise RuleBroken("name-same", "新名称与现名称相同", field="name")
    if key != row.normal_name:
        _check_free(session, viewer, row.scope_id, row.kind, key, written)
    row.full_name = row.full_name.removesuffix(row.name) + written
    row.name, row.normal_name = written, key
    row.pinyin, row.initials = pinyin(written), initials(written)


def recomposed(session: Session, row: PlaceName, old_full: str, act_id: UUID) -> Written:
    """Store a place name; when its full name is another one, so are the names and addresses below it."""
    done = finish(session, row)
    if row.full_name != old_full:
        values = {"id": row.id, "old": old_full, "new": row.full_name, "act": act_id}
        session.execute(_RECOMPOSE_NAMES, values)
        session.execute(_RECOMPOSE_ADDRESSES, values)
        note_rename(session, row.id, act_id)
        session.expire_all()
        check_scopes(session, session.execute(_WITH_SIGNS, {"id": row.id}).scalars())
    return done


def _alias_key(session: Session, kind: str, name: str, full_name: str) -> str:
    """Return the key of a former name as people type it: of a lane with its street, of a street alone."""
    key = normal_name(profile_in_force(session), kind, name)
    return full_name.removesuffix(name) + key


def _check_decreed(profile: Profile, kind: str, document_number: str | None) -> None:
    """Refuse to put into force at once what needs approval, unless a decree made elsewhere is named."""
    if profile.naming_levels(kind) and not document_number:
        detail = "这类地名须经审批：请在“地名”中提出，或填写已有的批准文号"
        raise RuleBroken("approval-needed", detail, field="document_number")


def _check_free(session: Session, viewer: Viewer, scope: UUID, kind: str, key: str, written: str) -> None:
    query = select(PlaceName).where(
        PlaceName.scope_id == scope, PlaceName.kind == kind, PlaceName.normal_name == key,
        PlaceName.state.not_in(NEVER),
    )  # fmt: skip
    holder = session.execute(query).scalar_one_or_none()
    if holder is not None and not let_lapse(session, viewer, holder):
        was = "曾用于" if holder.state == "retired" else "已用于"
        detail = f"{written} 在此范围内{was} {holder.full_name}，不能再用"
        raise Conflict(
            "name-taken", detail, field="name", holder_id=str(holder.id), holder_state=holder.state
        )


def _check_sound(session: Session, district_id: UUID, kind: str, written: str) -> None:
    query = (
        select(PlaceName.full_name)
        .where(PlaceName.pinyin == pinyin(written), PlaceName.district_id == district_id)
        .where(PlaceName.kind == kind, PlaceName.parent_id.is_(None), PlaceName.state.not_in(NEVER))
        .limit(1)
    )
    alike = session.execute(query).scalar_one_or_none()
    if alike is not None:
        detail = f"与本区 {alike} 同音；确需使用，请填写理由"
        raise Conflict("name-sounds-alike", detail, field="name", holder=alike)
