"""Add who answers for blocks, production of plates, samples, totals, zones and the change feed."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent
TABLES = (
    "zone_decision", "sweep", "plan_measure", "rectification_plan", "zone_block", "zone", "focus_area_block",
    "focus_area", "heat_cell", "tally_day", "tally_week", "tally", "building_check", "field_check",
    "sample_unit", "sample_plan", "last_visit", "visit", "block_assignment", "coordinator", "address_block",
    "building_block", "plate_inspection", "plate_installation", "photo", "place_change",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables, and let an account be a supervisor."""
    op.get_bind().exec_driver_sql((HERE / "0002_tables.sql").read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Drop what was added; refused by the database while a supervisor exists."""
    for name in TABLES:
        op.execute(f"DROP TABLE registry.{name} CASCADE")
    op.execute("ALTER TABLE registry.plate DROP COLUMN batch_id")
    op.execute("DROP TABLE registry.plate_batch CASCADE")
    op.execute("ALTER TABLE registry.account DROP CONSTRAINT account_role_check")
    op.execute(
        "ALTER TABLE registry.account ADD CONSTRAINT account_role_check CHECK (role IN ('clerk', 'officer', "
        "'coordinator', 'leader', 'steward', 'system_admin', 'security_admin', 'audit_admin'))"
    )
