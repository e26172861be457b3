"""Add cases of names, certificates and changes of addresses, warnings, installation tasks, reports."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    "plate_report", "address_warning", "address_certificate", "address_change", "address_position",
    "naming_step", "naming_case",
)  # fmt: skip
COLUMNS = {
    "plate": ("task_id", "made_text"),
    "separation_item": ("birth_year", "birth_month"),
    "address": ("position_kind", "certified_at", "certified_by", "certified_basis", "certified_until"),
}
SEQUENCES = ("naming_number", "address_certificate_number", "plate_task_number")


def upgrade() -> None:
    """Create the tables and columns; what is registered already stays as it is."""
    sql = Path(__file__).with_name("0009_plates.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Drop what was added."""
    for name in TABLES:
        op.execute(f"DROP TABLE registry.{name} CASCADE")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE registry.{table} DROP COLUMN {column} CASCADE")
    op.execute("DROP TABLE registry.plate_task CASCADE")
    op.execute(
        "DROP INDEX registry.address_removed_idx, registry.plate_address_id_idx, registry.plate_cancelled_idx"
    )
    for name in SEQUENCES:
        op.execute(f"DROP SEQUENCE registry.{name}")
