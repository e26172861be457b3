"""Add what tells a process that the names it remembers have changed."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the triggers that fill it come with the functions."""
    op.execute(
        "CREATE TABLE registry.name_change (seq BIGINT GENERATED ALWAYS AS IDENTITY, "
        "xid xid8 DEFAULT pg_current_xact_id() NOT NULL, CONSTRAINT name_change_pkey PRIMARY KEY (seq))"
    )
    op.execute("CREATE INDEX name_change_xid_idx ON registry.name_change (xid)")


def downgrade() -> None:
    """Drop the table with the triggers that fill it."""
    op.execute("DROP TABLE registry.name_change")
    op.execute("DROP FUNCTION IF EXISTS registry.note_names() CASCADE")
