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
    ENTRY_CLERK = "entry_clerk"
    STATION_HEAD = "station_head"
    QUALITY_SUPERVISOR = "quality_supervisor"
    POPULATION_OFFICE = "population_office"
    INSTALLER = "installer"
    PERMIT_DESK = "permit_desk"
    INSPECTOR = "inspector"
    VOLUNTEER = "volunteer"
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
    Role.ENTRY_CLERK: "信息录入员",
    Role.STATION_HEAD: "管理站站长",
    Role.QUALITY_SUPERVISOR: "信息质量监管员",
    Role.POPULATION_OFFICE: "人口办",
    Role.INSTALLER: "门牌安装员",
    Role.PERMIT_DESK: "居住证受理员",
    Role.INSPECTOR: "验收员",
    Role.VOLUNTEER: "信息员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
}


class Permission(StrEnum):
    """One thing a role may do, as `<resource>:<action>`."""

    ACCOUNT_MANAGE = "account:manage"
    ADDRESS_APPROVE = "address:approve"
    ADDRESS_CERTIFY = "address:certify"
    ADDRESS_CORRECT = "address:correct"
    ADDRESS_NUMBER = "address:number"
    ADDRESS_RETIRE = "address:retire"
    AREA_READ = "area:read"
    AUDIT_READ = "audit:read"
    BLOCK_ASSIGN = "block:assign"
    BLOCK_DRAW = "block:draw"
    BLOCK_OWN = "block:own"
    BUILDING_CORRECT = "building:correct"
    BUILDING_REGISTER = "building:register"
    BUILDING_RETIRE = "building:retire"
    CASE_ENTER = "case:enter"
    CASE_OPEN = "case:open"
    CASE_READ = "case:read"
    CASE_REVIEW = "case:review"
    CERTIFICATE_ISSUE = "certificate:issue"
    CHANGES_READ = "changes:read"
    CHECK_RECORD = "check:record"
    DEATH_REVIEW = "death:review"
    DECLARATION_REVIEW = "declaration:review"
    DISCLOSURE_APPROVE = "disclosure:approve"
    DISCLOSURE_REQUEST = "disclosure:request"
    DWELLING_NOTE = "dwelling:note"
    EMERGENCY_OPEN = "emergency:open"
    GRID_READ = "grid:read"
    HISTORY_READ = "history:read"
    LEDGER_LOOK = "ledger:look"
    LOOK_REVIEW = "look:review"
    MEASURE_READ = "measure:read"
    NAME_APPROVE = "name:approve"
    NAME_LOOK = "name:look"
    OCCUPANTS_LOOK = "occupants:look"
    PAPER_KEEP = "paper:keep"
    PERMIT_RECORD = "permit:record"
    PERSON_LOOK = "person:look"
    PERSON_MERGE = "person:merge"
    PERSON_REVEAL = "person:reveal"
    PLACE_READ = "place:read"
    PLATE_EDIT = "plate:edit"
    PLATE_INSPECT = "plate:inspect"
    PLATE_INSTALL = "plate:install"
    PLATE_PRODUCE = "plate:produce"
    PLATE_REPORT = "plate:report"
    PLATE_VERIFY = "plate:verify"
    PREMISES_KEEP = "premises:keep"
    PURPOSE_MANAGE = "purpose:manage"
    SAMPLE_DRAW = "sample:draw"
    SAMPLE_SIGN = "sample:sign"
    SEPARATION_DECIDE = "separation:decide"
    SEPARATION_LOOK = "separation:look"
    SESSION_OWN = "session:own"
    STREET_NAME = "street:name"
    STREET_RENAME = "street:rename"
    STREET_RETIRE = "street:retire"
    SUBJECT_REPORT = "subject:report"
    TIP_GIVE = "tip:give"
    TIP_WORK = "tip:work"
    UNIT_CHANGE = "unit:change"
    UNIT_REGISTER = "unit:register"
    UNIT_RETIRE = "unit:retire"
    VERIFICATION_DECIDE = "verification:decide"
    VERIFICATION_WORK = "verification:work"
    VISIT_RECORD = "visit:record"
    ZONE_DECIDE = "zone:decide"
    ZONE_PROPOSE = "zone:propose"
    ZONE_READ = "zone:read"
    ZONE_WORK = "zone:work"


P = Permission
FOR_PEOPLE = frozenset(
    {P.ACCOUNT_MANAGE, P.ADDRESS_CERTIFY, P.AUDIT_READ, P.CASE_REVIEW, P.CERTIFICATE_ISSUE,
     P.DISCLOSURE_APPROVE, P.DISCLOSURE_REQUEST, P.EMERGENCY_OPEN,
     P.LOOK_REVIEW, P.NAME_APPROVE, P.PERSON_MERGE, P.PLATE_VERIFY, P.PURPOSE_MANAGE, P.SAMPLE_SIGN,
     P.STREET_NAME, P.STREET_RENAME, P.STREET_RETIRE, P.VERIFICATION_DECIDE, P.ZONE_DECIDE}
)  # fmt: skip
"""What no token of a machine may do, whatever its role."""
_EVERYBODY = {P.SESSION_OWN}
_PLACES = {P.AREA_READ, P.PLACE_READ}
_NAMING = {
    P.ADDRESS_APPROVE, P.ADDRESS_CERTIFY, P.ADDRESS_CORRECT, P.ADDRESS_NUMBER, P.ADDRESS_RETIRE,
    P.CERTIFICATE_ISSUE, P.NAME_APPROVE,
    P.STREET_NAME, P.STREET_RENAME, P.STREET_RETIRE,
}  # fmt: skip
_HOUSING = {
    P.BUILDING_CORRECT, P.BUILDING_REGISTER, P.BUILDING_RETIRE,
    P.UNIT_CHANGE, P.UNIT_REGISTER, P.UNIT_RETIRE,
}  # fmt: skip

_PLATES = {
    P.PLATE_EDIT, P.PLATE_INSPECT, P.PLATE_INSTALL, P.PLATE_PRODUCE, P.PLATE_REPORT, P.PLATE_VERIFY,
}  # fmt: skip
_FIELD = {P.PLATE_INSPECT, P.PLATE_INSTALL, P.PLATE_REPORT, P.VISIT_RECORD}
_FIGURES = {P.GRID_READ, P.MEASURE_READ, P.ZONE_READ}
_LOOKS = {P.OCCUPANTS_LOOK, P.PERSON_LOOK, P.PERSON_REVEAL}

# The three administrators see neither places' history nor persons: they keep the house, not its content.
# Who looks at persons does not judge the looks of his own station, and nobody approves what he asked for.
ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.CLERK: frozenset(
        _EVERYBODY | _PLACES | _NAMING | _HOUSING | _PLATES
        | {P.CHANGES_READ, P.HISTORY_READ, P.MEASURE_READ, P.PREMISES_KEEP}
    ),
    Role.OFFICER: frozenset(
        _EVERYBODY | _PLACES | _FIGURES | _LOOKS
        | {P.CASE_OPEN, P.CASE_READ, P.CASE_REVIEW, P.CHECK_RECORD, P.DEATH_REVIEW, P.DECLARATION_REVIEW,
           P.DISCLOSURE_REQUEST,
           P.DWELLING_NOTE, P.EMERGENCY_OPEN, P.HISTORY_READ, P.LEDGER_LOOK, P.NAME_LOOK, P.SEPARATION_DECIDE,
           P.SEPARATION_LOOK, P.TIP_GIVE, P.TIP_WORK, P.VERIFICATION_DECIDE, P.VERIFICATION_WORK,
           P.ZONE_PROPOSE}
    ),
    Role.COORDINATOR: frozenset(
        _EVERYBODY | _PLACES | _FIELD
        | {P.BLOCK_OWN, P.CASE_ENTER, P.CASE_OPEN, P.CASE_READ, P.DWELLING_NOTE, P.OCCUPANTS_LOOK,
           P.PREMISES_KEEP, P.TIP_GIVE, P.TIP_WORK, P.UNIT_CHANGE, P.VERIFICATION_WORK}
    ),
    Role.SUPERVISOR: frozenset(
        _EVERYBODY | _PLACES | _FIGURES
        | {P.BLOCK_ASSIGN, P.BLOCK_DRAW, P.CHECK_RECORD, P.HISTORY_READ, P.PLATE_VERIFY, P.VISIT_RECORD,
           P.ZONE_PROPOSE, P.ZONE_WORK}
    ),
    Role.LEADER: frozenset(_EVERYBODY | _PLACES | _FIGURES | {P.ZONE_DECIDE}),
    Role.STEWARD: frozenset(
        _EVERYBODY | _PLACES | _HOUSING | _FIGURES
        | {P.BLOCK_DRAW, P.CHANGES_READ, P.CHECK_RECORD, P.HISTORY_READ, P.PREMISES_KEEP, P.SAMPLE_DRAW}
    ),
    Role.ENTRY_CLERK: frozenset(
        _EVERYBODY | _PLACES
        | {P.CASE_ENTER, P.CASE_OPEN, P.CASE_READ, P.DECLARATION_REVIEW, P.LEDGER_LOOK, P.OCCUPANTS_LOOK,
           P.PAPER_KEEP, P.PERSON_LOOK, P.TIP_GIVE, P.TIP_WORK}
    ),
    Role.STATION_HEAD: frozenset(
        _EVERYBODY | _PLACES | _FIGURES | _LOOKS
        | {P.CASE_OPEN, P.CASE_READ, P.CASE_REVIEW, P.CHECK_RECORD, P.DEATH_REVIEW, P.DISCLOSURE_APPROVE,
           P.DISCLOSURE_REQUEST,
           P.HISTORY_READ, P.LEDGER_LOOK, P.LOOK_REVIEW, P.NAME_LOOK, P.PAPER_KEEP, P.PERSON_MERGE,
           P.SEPARATION_DECIDE, P.SEPARATION_LOOK, P.VERIFICATION_DECIDE, P.VERIFICATION_WORK}
    ),
    Role.QUALITY_SUPERVISOR: frozenset(
        _EVERYBODY | _PLACES | _FIGURES | {P.CASE_READ, P.CHECK_RECORD, P.HISTORY_READ, P.OCCUPANTS_LOOK}
    ),
    Role.POPULATION_OFFICE: frozenset(
        _EVERYBODY | _PLACES | _FIGURES | _LOOKS
        | {P.CASE_READ, P.DISCLOSURE_APPROVE, P.DISCLOSURE_REQUEST, P.HISTORY_READ, P.LEDGER_LOOK,
           P.LOOK_REVIEW,
           P.NAME_LOOK, P.PERSON_MERGE, P.SEPARATION_DECIDE, P.SEPARATION_LOOK, P.SUBJECT_REPORT}
    ),
    Role.INSTALLER: frozenset(_EVERYBODY | _PLACES | {P.PLATE_INSPECT, P.PLATE_INSTALL, P.PLATE_REPORT}),
    Role.PERMIT_DESK: frozenset(_EVERYBODY | _PLACES | {P.PERMIT_RECORD, P.PERSON_LOOK}),
    Role.INSPECTOR: frozenset(_EVERYBODY | _PLACES | _FIGURES | {P.CHECK_RECORD, P.SAMPLE_SIGN}),
    Role.VOLUNTEER: frozenset(_EVERYBODY | _PLACES | {P.PLATE_REPORT, P.TIP_GIVE}),
    Role.SYSTEM_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ}),
    Role.SECURITY_ADMIN: frozenset(_EVERYBODY | {P.ACCOUNT_MANAGE, P.AREA_READ, P.PURPOSE_MANAGE}),
    Role.AUDIT_ADMIN: frozenset(_EVERYBODY | {P.AREA_READ, P.AUDIT_READ}),
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
