"""Add whether a source may use the most urgent lane, and how many warnings it may submit in an hour.

The index finds the warnings of a source's last hour.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

SCHEMA = """
ALTER TABLE source ADD COLUMN may_flash boolean NOT NULL DEFAULT true;
ALTER TABLE source ADD COLUMN quota int CHECK (quota >= 0);
CREATE INDEX alert_source_received ON alert (source_id, received_at)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
