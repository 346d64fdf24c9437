"""Let a warning wait for a second person before its people are counted."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision = "0049"

SCHEMA = """
-- The rules of the policy one of which decides once the people are counted, in their order; NULL: they are counted.
-- `people` is 0 until then and not NULL: the version before shows it, and approves no more by it than a few.
ALTER TABLE approval ADD COLUMN open_rules jsonb;
CREATE INDEX approval_uncounted ON approval (requested_at) WHERE open_rules IS NOT NULL
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
