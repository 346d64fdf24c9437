"""Add a digest of what people read of an alert, by which equal warnings are found.

What was recorded before has none, and equals nothing: people are rather notified twice.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE alert ADD COLUMN words bytea")
