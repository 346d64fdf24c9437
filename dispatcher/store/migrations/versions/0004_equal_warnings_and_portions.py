"""Add which of equal warnings people are notified of, how far an audience is planned, and a source's matching rule."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE alert ADD COLUMN merged_into text REFERENCES alert")
    op.execute("CREATE INDEX alert_merged ON alert (merged_into) WHERE merged_into IS NOT NULL")
    op.execute("ALTER TABLE source ADD COLUMN inset_m double precision CHECK (inset_m >= 0)")
    op.execute("ALTER TABLE source ADD COLUMN by_severity boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE alert ADD COLUMN planned_to bigint NOT NULL DEFAULT 0")
