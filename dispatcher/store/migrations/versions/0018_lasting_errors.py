"""Add since when, and how often in a row, a recipient failed alike, and which subscriptions fail at every alert."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0016"

SCHEMA = """
ALTER TABLE problem ADD COLUMN alike int NOT NULL DEFAULT 0, ADD COLUMN since timestamptz;

CREATE TABLE failing_subscription (
  subscription_id bigint PRIMARY KEY REFERENCES subscription ON DELETE CASCADE,
  alert_id text NOT NULL,
  code     text NOT NULL,
  alerts   int NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at  timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
