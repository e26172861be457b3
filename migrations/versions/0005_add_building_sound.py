"""Add how the names of buildings sound, for search in letters."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; the names that there are get their sounds when the functions are in place."""
    op.execute(
        "CREATE TABLE registry.building_sound (name TEXT NOT NULL, pinyin TEXT NOT NULL, "
        "initials TEXT NOT NULL, CONSTRAINT building_sound_pkey PRIMARY KEY (name))"
    )
    for column in ("pinyin", "initials"):
        op.execute(
            f"CREATE INDEX building_sound_{column}_idx ON registry.building_sound ({column} text_pattern_ops)"
        )


def downgrade() -> None:
    """Drop the table."""
    op.execute("DROP TABLE registry.building_sound")
