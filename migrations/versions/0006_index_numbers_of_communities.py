"""Index the numbers of a community, for texts that leave the street out."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.execute("CREATE INDEX address_community_id_idx ON registry.address (community_id, number_key)")


def downgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX registry.address_community_id_idx")
