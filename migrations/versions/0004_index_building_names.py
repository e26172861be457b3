"""Index the names of buildings, for search as one types."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.execute("CREATE INDEX building_name_idx ON registry.building (name text_pattern_ops)")


def downgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX registry.building_name_idx")
