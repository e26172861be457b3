"""Engines, transactions, and the border where database errors become errors of the registry.

The server works as `registry_app`, which has no right on personal tables; the command line loads as
`registry_owner`. A transaction commits before its caller can answer.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from zoneinfo import ZoneInfo

import psycopg.errors as pg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from geo_registry import cluster
from geo_registry.errors import (
    Conflict,
    NotFound,
    NotSignedIn,
    Refused,
    RegistryError,
    RuleBroken,
    Stale,
    Unavailable,
)
from geo_registry.postgres import TIMEZONE
from geo_registry.wire import Wire

__all__ = [
    "TIMEZONE", "Engine", "Session", "Wire", "app_engine", "owner_engine", "public_engine", "today",
    "transaction", "translated", "wire_of",
]  # fmt: skip

POOL_SIZE = 12
# Looks that a process of the server has in the database at once: enough to keep its cores at work while some
# wait for the disk.
LOOKS_AT_ONCE = 4
STATEMENT_TIMEOUT_MS = 10_000

# Constraint -> (class, code, sentence). Whatever is not listed falls back on its kind.
_BY_CONSTRAINT: dict[str, tuple[type[RegistryError], str, str]] = {
    "account_changed": (RuleBroken, "account-changed", "账号刚刚有变动，请再登录一次"),
    "account_login_check": (
        RuleBroken,
        "login-malformed",
        "账号须为 2 至 40 个小写字母、数字、点、横线或下划线",
    ),
    "account_login_key": (Conflict, "login-taken", "该账号已存在"),
    "account_machine_check": (RuleBroken, "machine-role", "系统对接账号没有密码和统一认证，也不能担任管理员"),
    "account_oidc_subject_key": (Conflict, "subject-taken", "该统一认证身份已属于另一账号"),
    "account_own": (Refused, "account-own", "不能办理自己的账号，请另一名安全管理员办理"),
    "account_unknown": (NotFound, "not-found", "没有这个账号，或不在您的区域内"),
    "address_number_key": (Conflict, "number-taken", "该门牌号已被使用或曾经使用，不能再次编给他处"),
    "address_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "address_position_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "administrator_by_console": (
        Refused,
        "administrator-by-console",
        "管理员账号只能在服务器上用命令行增设和重置（geo-registry account）",
    ),
    "area_grant_valid_excl": (Conflict, "grant-exists", "该账号在此期间已有这一区域的授权"),
    "block_assignment_responsible_excl": (
        Conflict,
        "responsible-exists",
        "该网格在此期间已有责任人，同一时间只能有一名；请改起始日期，或先结束原责任人",
    ),
    "building_address_main_excl": (Conflict, "main-address-taken", "该楼栋在此期间已有主门牌号"),
    "building_address_number_excl": (Conflict, "number-in-use", "该门牌号在此期间已属于另一楼栋"),
    "building_outline_check": (RuleBroken, "geometry-unsound", "楼栋图形须闭合、有效并位于辖区内"),
    "division_scheme_key": (Conflict, "area-code-taken", "该区划代码已存在"),
    "door_unproven": (Unavailable, "door-unproven", "服务器密钥与数据库不一致，请系统管理员运行 db upgrade"),
    "emergency_open": (Conflict, "emergency-open", "本次登录已开启紧急查看，到期后可再次开启"),
    "factor_stale": (Refused, "second-factor-stale", "请先在五分钟内再次完成两步验证，再开启紧急查看"),
    "field_check_plan_key": (Conflict, "check-exists", "该户室在本方案中已核查过，不能再次录入"),
    "focus_area_boundary_check": (RuleBroken, "geometry-unsound", "所画范围须闭合、有效并位于辖区内"),
    "grant_outside": (Refused, "grant-outside", "只能授予自己辖区之内的区域；全部辖区须由持有全部辖区者授予"),
    "grant_unknown": (NotFound, "grant-unknown", "没有这项授权，或已经结束"),
    "grid_block_boundary_check": (RuleBroken, "geometry-unsound", "网格边界须闭合、有效并位于辖区内"),
    "grid_block_code_key": (Conflict, "block-code-taken", "该网格编码已被使用，请换一个"),
    "grid_block_overlap": (Conflict, "block-overlap", "与现有网格重叠，请避开或改用调整边界"),
    "housing_unit_in_building": (RuleBroken, "unit-outside-building", "户室位置须在楼栋范围内"),
    "housing_unit_removed": (
        RuleBroken,
        "unit-removed",
        "该户室随误录的小区撤回，已不存在；请重新查找户室，没有的先登记户室",
    ),
    "housing_unit_unit_key": (Conflict, "unit-taken", "该楼栋已有此户室，或曾经有过"),
    "machine_only": (RuleBroken, "machine-no-password", "系统对接账号不用密码，请签发令牌"),
    "period_empty": (RuleBroken, "period-empty", "起止日期须从今天起，且止期不早于起期"),
    "place_name_axis_check": (RuleBroken, "geometry-unsound", "道路中心线须有效并位于辖区内"),
    "place_name_live_key": (Conflict, "name-taken", "同一范围内已有此地名，或曾经有过"),
    "plate_batch_number_key": (Conflict, "batch-number-taken", "该区已有这个批次号，请换一个"),
    "plate_current_key": (Conflict, "plate-exists", "该地址已有一块现行门牌"),
    "plate_evidence": (RuleBroken, "evidence-missing", "门牌上墙须有照片、位置和时间"),
    "plate_installation_open_key": (Conflict, "plate-hangs", "该门牌已登记上墙，请重新读取"),
    "plate_installation_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "plate_installation_verified_by_check": (RuleBroken, "same-account", "上墙人不能核验自己登记的门牌"),
    "plate_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "plate_report_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "purpose_report_delay_days_check": (RuleBroken, "delay-invalid", "延后告知须为 0 至 365 天"),
    "purpose_roles": (RuleBroken, "purpose-roles", "所选角色中有不查看人员的角色"),
    "purpose_taken": (Conflict, "purpose-taken", "该目的代码已存在"),
    "purpose_unknown": (NotFound, "purpose-not-found", "没有这一目的"),
    "rectification_plan_zone_id_key": (
        Conflict,
        "plan-exists",
        "该整治区已有方案（一点一方案），请修订原方案",
    ),
    "review_decided": (Conflict, "review-decided", "这一项已有复核结论，不能再改"),
    "review_unknown": (NotFound, "not-found", "没有这一项复核，或不在您的区域内"),
    "role_crosses": (
        RuleBroken,
        "role-crosses",
        "管理员与业务角色、各类管理员之间不能互换，请停用本账号并另开一个",
    ),
    "role_refused": (Refused, "not-allowed", "当前角色不能办理此事"),
    "second_factor_due": (Refused, "second-factor-due", "本账号须用两步验证，不能取消"),
    "second_factor_set": (Conflict, "second-factor-set", "两步验证已设置或尚未开始，请重新读取"),
    "second_factor_wrong": (RuleBroken, "second-factor-wrong", "验证码不正确或已用过，请等下一个验证码再试"),
    "session_ended": (NotSignedIn, "session-ended", "登录已失效，请重新登录"),
    "session_machine_check": (RuleBroken, "token-term", "令牌有效期为 1 至 90 天"),
    "session_pkey": (Refused, "sign-in-replayed", "这次登录已经用过，请重新登录"),
    "session_unknown": (NotFound, "session-unknown", "没有这个会话，或已经结束"),
    "sweep_held_key": (Conflict, "sweep-exists", "该整治区这一天的清查已登记，一天只登记一次"),
    "ticket_time": (Unavailable, "clock-differs", "服务器与数据库的时钟相差过大，请系统管理员校时"),
    "token_for_machines": (RuleBroken, "token-for-machines", "令牌只签发给启用中的系统对接账号"),
    "token_purposes": (RuleBroken, "token-purposes", "所选目的中有该账号角色不能使用的"),
    "version_stale": (Stale, "stale", "数据已被更新，请重新读取"),
    "zone_boundary_check": (RuleBroken, "geometry-unsound", "所画范围须闭合、有效并位于辖区内"),
}

# Constraints of our own triggers, whose DETAIL says in words what stands against it.
_TELLING = frozenset({"grid_block_overlap"})


def today() -> dt.date:
    """Return the day by China's clock, the same that the database calls CURRENT_DATE."""
    return dt.datetime.now(ZoneInfo(TIMEZONE)).date()


def _options(timeout_ms: int) -> str:
    # Short queries only: JIT and parallel workers cost more than they give (performance figures in docs).
    return (
        f"-c timezone={TIMEZONE} -c jit=off -c search_path=registry,public -c statement_timeout={timeout_ms}"
    )


def _engine(url: str, *, timeout_ms: int) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=POOL_SIZE,
        max_overflow=4,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"options": _options(timeout_ms), "application_name": "geo-registry"},
    )


@cache
def wire_of(engine: Engine, statement: str) -> Wire:
    """Return the process's wire for one statement on an engine's database; it closes with the engine."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    wire = Wire(url, _options(STATEMENT_TIMEOUT_MS), statement, most_idle=POOL_SIZE, most_busy=LOOKS_AT_ONCE)
    event.listen(engine, "engine_disposed", lambda _engine: wire.close())
    return wire


@cache
def app_engine(url: str | None = None) -> Engine:
    """Return the process's engine of the server's role; the installation's database by default."""
    return _engine(url or _urls().app, timeout_ms=STATEMENT_TIMEOUT_MS)


@cache
def public_engine(url: str | None = None) -> Engine:
    """Return the process's engine of the public zone's role, which reads nothing."""
    return _engine(url or _urls().public, timeout_ms=STATEMENT_TIMEOUT_MS)


@cache
def owner_engine(url: str | None = None) -> Engine:
    """Return the process's engine of the owner, for command line, migrations and bulk loads."""
    return _engine(url or _urls().owner, timeout_ms=0)


def _urls() -> cluster.Urls:
    return cluster.urls()


@contextmanager
def translated() -> Iterator[None]:
    """Let database errors leave as errors of the registry, told apart by constraint name.

    Raises:
        Conflict: a unique or exclusion constraint refused.
        RuleBroken: a check, a reference or the form of a value refused.
        Unavailable: time-out, lock, dead-lock or lost connection; trying again may help.

    """
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("busy", "系统繁忙，请稍后再试") from error
    except DBAPIError as error:
        raise _translate(error, error.orig) from error
    except pg.Error as error:
        raise _translate(error, error) from error


def _translate(error: Exception, cause: BaseException | None) -> Exception:
    if not isinstance(cause, pg.Error):
        return error
    constraint = cause.diag.constraint_name or ""
    if known := _BY_CONSTRAINT.get(constraint):
        kind, code, detail = known
        if kind is Stale:
            return Stale(code, detail, current=int(cause.diag.message_detail or 0))
        if constraint in _TELLING and cause.diag.message_detail:
            detail = f"{detail}：{cause.diag.message_detail}"
        return kind(code, detail, constraint=constraint)
    return _by_kind(cause, constraint) or error


def _by_kind(cause: pg.Error, constraint: str) -> RegistryError | None:
    if isinstance(cause, pg.UniqueViolation | pg.ExclusionViolation):
        return Conflict("already-exists", "与现有登记重复", constraint=constraint)
    if isinstance(cause, pg.ForeignKeyViolation):
        return RuleBroken("reference-unknown", "引用的对象不存在", constraint=constraint)
    if isinstance(cause, pg.IntegrityError | pg.DataError | pg.RaiseException):
        return RuleBroken("value-refused", "数据不符合登记规则", constraint=constraint)
    if isinstance(cause, pg.OperationalError | pg.QueryCanceled):
        return Unavailable("busy", "系统繁忙或暂时不可用，请稍后再试")
    return None


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """Open a session whose commit happens at the end of the block, before anything is answered."""
    with translated(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
