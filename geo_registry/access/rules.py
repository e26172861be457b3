"""Who may do what: roles, permissions and the one decision over a write."""

from enum import StrEnum
from uuid import UUID

from geo_registry.errors import Refused


class Role(StrEnum):
    """What an account is for; an account has exactly one."""

    CLERK = "clerk"
    OFFICER = "officer"
    COORDINATOR = "coordinator"
    LEADER = "leader"
    STEWARD = "steward"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


ROLE_TITLES = {
    Role.CLERK: "民政经办",
    Role.OFFICER: "社区民警",
    Role.COORDINATOR: "协管员",
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
    BUILDING_CORRECT = "building:correct"
    BUILDING_REGISTER = "building:register"
    BUILDING_RETIRE = "building:retire"
    HISTORY_READ = "history:read"
    OCCUPANTS_LOOK = "occupants:look"
    PERSON_LOOK = "person:look"
    PERSON_REVEAL = "person:reveal"
    PLACE_READ = "place:read"
    SESSION_OWN = "session:own"
    STREET_NAME = "street:name"
    STREET_RENAME = "street:rename"
    STREET_RETIRE = "street:retire"
    UNIT_CHANGE = "unit:change"
    UNIT_REGISTER = "unit:register"
    UNIT_RETIRE = "unit:retire"


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

# The three administrators see neither places' history nor persons: they keep the house, not its content.
ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.CLERK: frozenset(_EVERYBODY | _PLACES | _NAMING | _HOUSING | {P.HISTORY_READ}),
    Role.OFFICER: frozenset(
        _EVERYBODY | _PLACES | {P.HISTORY_READ, P.OCCUPANTS_LOOK, P.PERSON_LOOK, P.PERSON_REVEAL}
    ),
    Role.COORDINATOR: frozenset(_EVERYBODY | _PLACES | {P.OCCUPANTS_LOOK, P.UNIT_CHANGE}),
    Role.LEADER: frozenset(_EVERYBODY | _PLACES),
    Role.STEWARD: frozenset(_EVERYBODY | _PLACES | _HOUSING | {P.HISTORY_READ}),
    Role.SYSTEM_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
    Role.SECURITY_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
    Role.AUDIT_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
}


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
