"""Add what SMS gateways report of messages they took."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

SCHEMA = """
-- Keyed as the outcome byte. No foreign key: it would lock the batch's row, which its worker is writing all the time.
CREATE TABLE delivery_report (
  batch_id       bigint NOT NULL,
  position       int NOT NULL,
  gateway        text NOT NULL,
  state          text NOT NULL CHECK (state IN ('delivered', 'failed')),
  code           text NOT NULL DEFAULT '',
  at             timestamptz NOT NULL DEFAULT clock_timestamp(),
  contradictions int NOT NULL DEFAULT 0,
  PRIMARY KEY (batch_id, position)
);
-- To find a recipient's batch: recipients are in ascending order. One entry a batch, and none for other channels.
CREATE INDEX batch_reported ON batch (alert_id, (recipients[1]), (recipients[cardinality(recipients)]))
  WHERE channel = 'sms_http'
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
