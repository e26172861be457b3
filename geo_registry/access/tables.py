"""Stored forms of access: accounts, areas, sessions, purposes, the audit and the act log."""

import datetime as dt
import uuid
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text, UserDefinedType, Uuid

from geo_registry.base import Base, Days, Id

ROLES = (
    "clerk", "officer", "coordinator", "supervisor", "leader", "steward",
    "system_admin", "security_admin", "audit_admin",
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
    )
    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    hourly_limit: Mapped[int] = mapped_column(server_default=text("60"))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())


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


class Session(Base):
    """会话: one signed-in browser or machine, known by the hash of its token."""

    __tablename__ = "session"
    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(Account.id))
    address: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


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
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    legal_basis: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    case_pattern: Mapped[str] = mapped_column(server_default=text("'.{4,60}'"))
    valid: Mapped[Days]


class Audit(Base):
    """审计: one look at persons, written and committed before its answer leaves."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_account_id_idx", "account_id", "at"),
        Index("audit_object_id_idx", "object_id", "at"),
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
