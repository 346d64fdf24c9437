"""Add how many parts of SMS with codes a gateway has sent in a month: they cost what those of warnings do."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"

SCHEMA = """
-- `month`: when the calendar month began, in the zone in which a contract's months are.
CREATE TABLE code_parts (
  gateway text NOT NULL,
  month   timestamptz NOT NULL,
  parts   bigint NOT NULL,
  PRIMARY KEY (gateway, month)
)
"""


def upgrade() -> None:
    op.execute(SCHEMA)
