"""Add households, versions of residences, separation, registration cases and what feeds them."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    "acceptance", "premises", "tip", "dwelling_note", "verification_statement", "verification",
    "hukou_referral",
    "separation_item", "separation_run", "death_notice", "declaration", "permit_referral", "form_sheet",
    "case_person", "registration_case", "archive_volume", "separation_decision", "absence",
    "person_lineage_row", "person_lineage", "person_history", "household",
)  # fmt: skip
COLUMNS = {
    "look_count": ("work_in_hour", "work_in_day"),
    "person": ("merged_into",),
    "registration": ("ended_on", "end_reason", "case_person_id"),
    "hukou": ("address_text", "end_reason", "version_of"),
    "residence": ("household_id", "verified_on", "end_reason", "version_of"),
}
SEQUENCES = ("case_number", "slip_number", "sheet_number", "certificate_number")


def upgrade() -> None:
    """Create the tables and columns; what is registered already stays as it is."""
    sql = Path(__file__).with_name("0008_people.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Drop what was added, after the copies of what was known before."""
    # The functions that keep versions are of this schema; older ones come back with the older program.
    op.execute("DROP TRIGGER IF EXISTS keep_facts ON registry.residence")
    op.execute("DROP TRIGGER IF EXISTS keep_facts ON registry.hukou")
    op.execute("DROP TRIGGER IF EXISTS keep_person ON registry.person")
    op.execute("DELETE FROM registry.residence WHERE version_of IS NOT NULL")
    op.execute("DELETE FROM registry.hukou WHERE version_of IS NOT NULL")
    op.execute("DROP INDEX registry.person_name_idx, registry.registration_community_id_idx")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE registry.{table} DROP COLUMN {column} CASCADE")
    for name in TABLES:
        op.execute(f"DROP TABLE registry.{name} CASCADE")
    for name in SEQUENCES:
        op.execute(f"DROP SEQUENCE registry.{name}")
