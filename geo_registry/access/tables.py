"""Stored forms of access: accounts, areas, sessions, purposes, the audit, reviews and the act log."""

import datetime as dt
import uuid
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, INTERVAL, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text, UserDefinedType, Uuid

from geo_registry.base import Base, Days, Id

ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
ROLES = (
    "clerk", "officer", "coordinator", "supervisor", "leader", "steward",
    "entry_clerk", "station_head", "quality_supervisor", "population_office", "installer", "permit_desk",
    "inspector", "volunteer", *ADMINISTRATORS,
)  # fmt: skip


class TransactionId(UserDefinedType[str]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Return the type's name in SQL."""
        return "xid8"


class LogPosition(UserDefinedType[str]):
    """A position in PostgreSQL's write-ahead log."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Return the type's name in SQL."""
        return "pg_lsn"


class Account(Base):
    """账号: a person or machine that may sign in; one role, so no account is two administrators."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint("login = lower(login) AND login ~ '^[a-z0-9._-]{2,40}$'", name="login"),
        CheckConstraint(
            "NOT is_machine OR (password_hash IS NULL AND oidc_subject IS NULL "
            f"AND role NOT IN {ADMINISTRATORS})",
            name="machine",
        ),
        CheckConstraint("hourly_limit >= 0 AND daily_limit >= 0 AND building_limit >= 0", name="limits"),
    )
    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    hourly_limit: Mapped[int] = mapped_column(server_default=text("60"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    is_machine: Mapped[bool] = mapped_column(server_default=text("false"))
    password_expires_at: Mapped[dt.datetime | None]
    second_factor_required: Mapped[bool] = mapped_column(server_default=text("false"))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    oidc_subject: Mapped[str | None] = mapped_column(unique=True)
    daily_limit: Mapped[int] = mapped_column(server_default=text("300"))
    building_limit: Mapped[int] = mapped_column(server_default=text("20"))
    created_by: Mapped[uuid.UUID | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class RecoveryCode(Base):
    """备用码: one of ten codes that stand in once for the second factor, as its hash."""

    __tablename__ = "recovery_code"
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[dt.datetime | None]


class DoorKey(Base):
    """门钥: what only a server of this installation can prove; no role but the owner reads it."""

    __tablename__ = "door_key"
    __table_args__ = (CheckConstraint("id", name="id"),)
    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    key: Mapped[bytes] = mapped_column(LargeBinary)


class LookCount(Base):
    """查看计数: what an account looked at in this hour and on this day; the row is the lock of its looks."""

    __tablename__ = "look_count"
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id), primary_key=True)
    hour: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    in_hour: Mapped[int] = mapped_column(server_default=text("0"))
    day: Mapped[dt.date] = mapped_column(server_default=text("CURRENT_DATE"))
    in_day: Mapped[int] = mapped_column(server_default=text("0"))
    work_in_hour: Mapped[int] = mapped_column(server_default=text("0"))
    work_in_day: Mapped[int] = mapped_column(server_default=text("0"))
    buildings: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))


class AreaGrant(Base):
    """授权区域: the area an account works in; no division means the whole installation."""

    __tablename__ = "area_grant"
    __table_args__ = (
        ExcludeConstraint(
            ("account_id", "="),
            (text("coalesce(division_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "="),
            ("valid", "&&"),
            name="area_grant_valid_excl",
        ),
    )
    id: Mapped[Id]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    division_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("registry.division.id"))
    valid: Mapped[Days]
    granted_by: Mapped[uuid.UUID | None]


class Session(Base):
    """会话: one signed-in browser or machine, known by the hash of its token."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'machine')", name="kind"),
        CheckConstraint(
            "kind = 'person' OR (title IS NOT NULL AND purposes IS NOT NULL AND issued_by IS NOT NULL "
            "AND expires_at <= created_at + interval '90 days')",
            name="machine",
        ),
        Index("session_account_id_idx", "account_id", "created_at"),
    )
    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    address: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    kind: Mapped[str] = mapped_column(server_default=text("'person'"))
    title: Mapped[str | None]
    purposes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    strong_at: Mapped[dt.datetime | None]
    issued_by: Mapped[uuid.UUID | None]


class SignInFailure(Base):
    """登录失败: one refused sign-in, counted per login and per network address."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("sign_in_failure_login_idx", "login", "at"),
        Index("sign_in_failure_address_idx", "address", "at"),
    )
    id: Mapped[Id]
    login: Mapped[str]
    address: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())


class Purpose(Base):
    """查询目的: a reason for which persons may be looked up, with its legal basis."""

    __tablename__ = "purpose"
    __table_args__ = (CheckConstraint("report_delay_days BETWEEN 0 AND 365", name="report_delay_days"),)
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    legal_basis: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    case_pattern: Mapped[str] = mapped_column(server_default=text("'.{4,60}'"))
    valid: Mapped[Days]
    fields: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{name,birth,id_number,phone}'")
    )
    report_delay_days: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Audit(Base):
    """审计: one look at persons, refusal, sign-in or act of an administrator; never a value of a person.

    `hash` seals the row with the one before it in its chain (`shard`), see geo_registry/sql/210_audit.sql.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_account_id_idx", "account_id", "at"),
        Index("audit_object_id_idx", "object_id", "at"),
        Index("audit_seq_idx", "shard", "seq"),
        Index("audit_subject_key_idx", "subject_key", "at", postgresql_where=text("subject_key IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (at)"},
    )
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID | None]
    session_id: Mapped[uuid.UUID | None]
    role: Mapped[str | None]
    address: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    action: Mapped[str]
    purpose: Mapped[str | None]
    case_number: Mapped[str | None]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID | None]
    subject_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    valid_at: Mapped[dt.date | None]
    known_at: Mapped[dt.datetime | None]
    decision: Mapped[str]
    request_id: Mapped[uuid.UUID | None]
    written_xid: Mapped[str] = mapped_column(TransactionId)
    written_lsn: Mapped[str] = mapped_column(LogPosition)
    area_id: Mapped[uuid.UUID | None]
    row_count: Mapped[int | None]
    emergency_id: Mapped[uuid.UUID | None]
    note: Mapped[str | None]
    shard: Mapped[int | None] = mapped_column(SmallInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    prev: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditHead(Base):
    """审计链头: the last seal of one of the sixteen chains; its row is the lock of the chain."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("shard BETWEEN 0 AND 15", name="shard"),)
    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditAnchor(Base):
    """审计锚: when the heads were last signed outside the database, and how long looks go on without."""

    __tablename__ = "audit_anchor"
    __table_args__ = (
        CheckConstraint("id", name="id"),
        CheckConstraint("stop_after > warn_after AND warn_after > '0'::interval", name="stop_after"),
    )
    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    anchored_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    warn_after: Mapped[dt.timedelta] = mapped_column(INTERVAL, server_default=text("'1 hour'"))
    stop_after: Mapped[dt.timedelta] = mapped_column(INTERVAL, server_default=text("'24 hours'"))


class Emergency(Base):
    """紧急查看: thirty minutes beyond one's own areas, reviewed by somebody else within a day."""

    __tablename__ = "emergency"
    __table_args__ = (
        CheckConstraint(
            "expires_at > opened_at AND expires_at <= opened_at + interval '30 minutes'", name="expires_at"
        ),
        CheckConstraint("length(reason) BETWEEN 6 AND 200", name="reason"),
        Index("emergency_session_id_idx", "session_id", "expires_at"),
    )
    id: Mapped[Id]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    session_id: Mapped[uuid.UUID]
    opened_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime] = mapped_column(server_default=text("now() + interval '30 minutes'"))
    case_number: Mapped[str]
    reason: Mapped[str]


class LookReview(Base):
    """查看复核: one thing about the looks of an account that somebody else has to judge."""

    __tablename__ = "look_review"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('sample', 'limit', 'repeat', 'walking', 'night', 'habit', 'emergency')", name="kind"
        ),
        CheckConstraint("verdict IN ('justified', 'unclear', 'unjustified')", name="verdict"),
        CheckConstraint(
            "(verdict IS NULL) = (reviewed_by IS NULL) AND (verdict IS NULL) = (reviewed_at IS NULL)",
            name="reviewed",
        ),
        CheckConstraint("reviewed_by <> account_id", name="reviewed_by"),
        Index("look_review_audit_id_key", "audit_id", "kind", unique=True),
        Index("look_review_open_idx", "at", postgresql_where=text("verdict IS NULL")),
        Index("look_review_account_id_idx", "account_id", "kind", "at"),
    )
    id: Mapped[Id]
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    kind: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    audit_id: Mapped[uuid.UUID | None]
    emergency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Emergency.id))
    looks: Mapped[int | None]
    verdict: Mapped[str | None]
    note: Mapped[str | None]
    reviewed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(Account.id))
    reviewed_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Act(Base):
    """办理记录: one command that changed the register; the log is append-only."""

    __tablename__ = "act"
    __table_args__ = (
        Index("act_object_id_idx", "object_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(primary_key=True, server_default=func.now())
    account_id: Mapped[uuid.UUID | None]
    role: Mapped[str | None]
    verb: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID | None]
    division_id: Mapped[uuid.UUID | None]
    purpose: Mapped[str | None]
    document_number: Mapped[str | None]
    reason: Mapped[str | None]
    cause_act_id: Mapped[uuid.UUID | None]
    idempotency_key: Mapped[str | None]


class IdempotencyKey(Base):
    """幂等键: the stored answer to a write, so that a repeated request answers the same."""

    __tablename__ = "idempotency_key"
    account_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    response: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str | None]
    at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
