"""Add when somebody dealt with what lies aside: took it in later, or discarded it."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("ALTER TABLE quarantine ADD COLUMN dealt_with_at timestamptz")
