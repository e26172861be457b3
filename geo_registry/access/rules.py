"""Who may do what: roles, permissions and the one decision over a write."""

from enum import StrEnum
from uuid import UUID

from geo_registry.errors import Refused


class Role(StrEnum):
    """What an account is for; an account has exactly one."""

    CLERK = "clerk"
    OFFICER = "officer"
    COORDINATOR = "coordinator"
    SUPERVISOR = "supervisor"
    LEADER = "leader"
    STEWARD = "steward"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


ROLE_TITLES = {
    Role.CLERK: "民政经办",
    Role.OFFICER: "社区民警",
    Role.COORDINATOR: "协管员",
    Role.SUPERVISOR: "协管组长",
    Role.LEADER: "领导",
    Role.STEWARD: "数据管理员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}


class Permission(StrEnum):
    """One thing a role may do, as `<resource>:<action>`."""

    ADDRESS_APPROVE = "address:approve"
    ADDRESS_CORRECT = "address:correct"
    ADDRESS_NUMBER = "address:number"
    ADDRESS_RETIRE = "address:retire"
    AREA_READ = "area:read"
    BLOCK_ASSIGN = "block:assign"
    BLOCK_DRAW = "block:draw"
    BLOCK_OWN = "block:own"
    BUILDING_CORRECT = "building:correct"
    BUILDING_REGISTER = "building:register"
    BUILDING_RETIRE = "building:retire"
    CHANGES_READ = "changes:read"
    CHECK_RECORD = "check:record"
    GRID_READ = "grid:read"
    HISTORY_READ = "history:read"
    MEASURE_READ = "measure:read"
    OCCUPANTS_LOOK = "occupants:look"
    PERSON_LOOK = "person:look"
    PERSON_REVEAL = "person:reveal"
    PLACE_READ = "place:read"
    PLATE_EDIT = "plate:edit"
    PLATE_INSPECT = "plate:inspect"
    PLATE_INSTALL = "plate:install"
    PLATE_PRODUCE = "plate:produce"
    PLATE_VERIFY = "plate:verify"
    SAMPLE_DRAW = "sample:draw"
    SESSION_OWN = "session:own"
    STREET_NAME = "street:name"
    STREET_RENAME = "street:rename"
    STREET_RETIRE = "street:retire"
    UNIT_CHANGE = "unit:change"
    UNIT_REGISTER = "unit:register"
    UNIT_RETIRE = "unit:retire"
    VISIT_RECORD = "visit:record"
    ZONE_DECIDE = "zone:decide"
    ZONE_PROPOSE = "zone:propose"
    ZONE_READ = "zone:read"
    ZONE_WORK = "zone:work"


P = Permission
_EVERYBODY = {P.SESSION_OWN}
_PLACES = {P.AREA_READ, P.PLACE_READ}
_NAMING = {
    P.ADDRESS_APPROVE, P.ADDRESS_CORRECT, P.ADDRESS_NUMBER, P.ADDRESS_RETIRE,
    P.STREET_NAME, P.STREET_RENAME, P.STREET_RETIRE,
}  # fmt: skip
_HOUSING = {
    P.BUILDING_CORRECT, P.BUILDING_REGISTER, P.BUILDING_RETIRE,
    P.UNIT_CHANGE, P.UNIT_REGISTER, P.UNIT_RETIRE,
}  # fmt: skip

_PLATES = {P.PLATE_EDIT, P.PLATE_INSPECT, P.PLATE_INSTALL, P.PLATE_PRODUCE, P.PLATE_VERIFY}
_FIELD = {P.PLATE_INSPECT, P.PLATE_INSTALL, P.VISIT_RECORD}
_FIGURES = {P.GRID_READ, P.MEASURE_READ, P.ZONE_READ}

# The three administrators see neither places' history nor persons: they keep the house, not its content.
ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.CLERK: frozenset(
        _EVERYBODY | _PLACES | _NAMING | _HOUSING | _PLATES | {P.CHANGES_READ, P.HISTORY_READ, P.MEASURE_READ}
    ),
    Role.OFFICER: frozenset(
        _EVERYBODY | _PLACES | _FIGURES
        | {P.CHECK_RECORD, P.HISTORY_READ, P.OCCUPANTS_LOOK, P.PERSON_LOOK, P.PERSON_REVEAL, P.ZONE_PROPOSE}
    ),
    Role.COORDINATOR: frozenset(
        _EVERYBODY | _PLACES | _FIELD | {P.BLOCK_OWN, P.OCCUPANTS_LOOK, P.UNIT_CHANGE}
    ),
    Role.SUPERVISOR: frozenset(
        _EVERYBODY | _PLACES | _FIGURES
        | {P.BLOCK_ASSIGN, P.BLOCK_DRAW, P.CHECK_RECORD, P.HISTORY_READ, P.PLATE_VERIFY, P.VISIT_RECORD,
           P.ZONE_PROPOSE, P.ZONE_WORK}
    ),
    Role.LEADER: frozenset(_EVERYBODY | _PLACES | _FIGURES | {P.ZONE_DECIDE}),
    Role.STEWARD: frozenset(
        _EVERYBODY | _PLACES | _HOUSING | _FIGURES
        | {P.BLOCK_DRAW, P.CHANGES_READ, P.CHECK_RECORD, P.HISTORY_READ, P.SAMPLE_DRAW}
    ),
    Role.SYSTEM_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
    Role.SECURITY_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
    Role.AUDIT_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
}  # fmt: skip


def may(role: Role, permission: Permission) -> bool:
    """Tell whether a role holds a permission at all, whatever the area."""
    return permission in ALLOWED[role]


def covers(areas: tuple[UUID, ...] | None, *ids: UUID | None) -> bool:
    """Tell whether one of an object's area ids lies in the granted areas; None grants everything."""
    return areas is None or any(area in areas for area in ids if area is not None)


def refuse_unless(*, allowed: bool, what: str) -> None:
    """Raise the one refusal that names neither the object nor the reason it is hidden.

    Raises:
        Refused: `allowed` is false.

    """
    if not allowed:
        raise Refused("not-allowed", f"当前角色或区域不能办理：{what}")
