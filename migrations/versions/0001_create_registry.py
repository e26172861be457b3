"""Create the registry: areas, addresses, housing, plates, blocks, persons, residence and access."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    """Create the functions that the tables need, then the tables."""
    for name in ("0001_base.sql", "0001_tables.sql"):
        op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def downgrade() -> None:
    """Drop everything; the schema holds nothing else."""
    op.execute("DROP SCHEMA registry CASCADE")
