"""Add second factors, machines, limits, the seal of the audit, reviews of looks and disclosures."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "disclosure_file", "disclosure_approval", "disclosure", "look_review", "emergency", "audit_anchor",
    "audit_head", "door_key", "look_count", "recovery_code",
)  # fmt: skip
COLUMNS = {
    "audit": ("area_id", "row_count", "emergency_id", "note", "shard", "seq", "prev", "hash"),
    "purpose": ("fields", "report_delay_days", "version"),
    "session": ("kind", "title", "purposes", "strong_at", "issued_by"),
    "area_grant": ("granted_by",),
    "account": (
        "is_machine", "password_expires_at", "second_factor_required", "totp_secret", "totp_step",
        "oidc_subject", "daily_limit", "building_limit", "created_by", "version",
    ),
}  # fmt: skip


def upgrade() -> None:
    """Create the tables and columns; rows of the audit that are there stay unsealed and are counted so."""
    sql = Path(__file__).with_name("0007_access.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Drop what was added; refused by the database while an account has one of the new roles."""
    for name in TABLES:
        op.execute(f"DROP TABLE registry.{name} CASCADE")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE registry.{table} DROP COLUMN {column} CASCADE")
    op.execute("DROP INDEX registry.session_account_id_idx, registry.audit_subject_key_idx")
    op.execute("ALTER TABLE registry.account DROP CONSTRAINT account_role_check")
    op.execute(
        "ALTER TABLE registry.account ADD CONSTRAINT account_role_check CHECK (role IN ('clerk', 'officer', "
        "'coordinator', 'supervisor', 'leader', 'steward', 'system_admin', 'security_admin', 'audit_admin'))"
    )
