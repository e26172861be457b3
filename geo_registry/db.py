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
from geo_registry.errors import Conflict, RegistryError, RuleBroken, Unavailable
from geo_registry.postgres import TIMEZONE
from geo_registry.wire import Wire

__all__ = [
    "TIMEZONE", "Engine", "Session", "Wire", "app_engine", "owner_engine", "today", "transaction",
    "translated", "wire_of",
]  # fmt: skip

POOL_SIZE = 12
MOST_IDLE_WIRES = 8
STATEMENT_TIMEOUT_MS = 10_000

# Constraint -> (class, code, sentence). Whatever is not listed falls back on its kind.
_BY_CONSTRAINT: dict[str, tuple[type[RegistryError], str, str]] = {
    "account_login_key": (Conflict, "login-taken", "该账号已存在"),
    "address_number_key": (Conflict, "number-taken", "该门牌号已被使用或曾经使用，不能再次编给他处"),
    "area_grant_valid_excl": (Conflict, "grant-exists", "该账号在此期间已有这一区域的授权"),
    "block_assignment_responsible_excl": (
        Conflict,
        "responsible-exists",
        "该网格在此期间已有责任人，同一时间只能有一名；请改起始日期，或先结束原责任人",
    ),
    "building_address_main_excl": (Conflict, "main-address-taken", "该楼栋在此期间已有主门牌号"),
    "building_address_number_excl": (Conflict, "number-in-use", "该门牌号在此期间已属于另一楼栋"),
    "building_outline_check": (RuleBroken, "geometry-unsound", "楼栋图形须闭合、有效并位于辖区内"),
    "address_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "division_scheme_key": (Conflict, "area-code-taken", "该区划代码已存在"),
    "field_check_plan_key": (Conflict, "check-exists", "该户室在本方案中已核查过，不能再次录入"),
    "grid_block_boundary_check": (RuleBroken, "geometry-unsound", "网格边界须闭合、有效并位于辖区内"),
    "grid_block_code_key": (Conflict, "block-code-taken", "该网格编码已被使用，请换一个"),
    "grid_block_overlap": (Conflict, "block-overlap", "与现有网格重叠，请避开或改用调整边界"),
    "housing_unit_in_building": (RuleBroken, "unit-outside-building", "户室位置须在楼栋范围内"),
    "housing_unit_unit_key": (Conflict, "unit-taken", "该楼栋已有此户室，或曾经有过"),
    "place_name_axis_check": (RuleBroken, "geometry-unsound", "道路中心线须有效并位于辖区内"),
    "place_name_live_key": (Conflict, "name-taken", "同一范围内已有此地名，或曾经有过"),
    "plate_batch_number_key": (Conflict, "batch-number-taken", "该区已有这个批次号，请换一个"),
    "plate_current_key": (Conflict, "plate-exists", "该地址已有一块现行门牌"),
    "plate_evidence": (RuleBroken, "evidence-missing", "门牌上墙须有照片、位置和时间"),
    "plate_installation_open_key": (Conflict, "plate-hangs", "该门牌已登记上墙，请重新读取"),
    "plate_installation_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "plate_installation_verified_by_check": (RuleBroken, "same-account", "上墙人不能核验自己登记的门牌"),
    "plate_position_check": (RuleBroken, "geometry-unsound", "位置须有效并位于辖区内"),
    "focus_area_boundary_check": (RuleBroken, "geometry-unsound", "所画范围须闭合、有效并位于辖区内"),
    "rectification_plan_zone_id_key": (
        Conflict,
        "plan-exists",
        "该整治区已有方案（一点一方案），请修订原方案",
    ),
    "sweep_held_key": (Conflict, "sweep-exists", "该整治区这一天的清查已登记，一天只登记一次"),
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
    wire = Wire(url, _options(STATEMENT_TIMEOUT_MS), statement, MOST_IDLE_WIRES)
    event.listen(engine, "engine_disposed", lambda _engine: wire.close())
    return wire


@cache
def app_engine(url: str | None = None) -> Engine:
    """Return the process's engine of the server's role; the installation's database by default."""
    return _engine(url or _urls().app, timeout_ms=STATEMENT_TIMEOUT_MS)


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
