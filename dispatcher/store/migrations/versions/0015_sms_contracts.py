"""Add what SMS gateways' contracts need: parts that are counted, gateways that take over, reports of single parts."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

SCHEMA = """
ALTER TABLE batch
  -- Parts of the text of one recipient, as planned, then as sent; 0 where channels have no parts.
  ADD COLUMN text_parts smallint NOT NULL DEFAULT 0,
  -- Parts that the gateway has accepted, of all recipients together.
  ADD COLUMN parts_sent int NOT NULL DEFAULT 0,
  -- Why it waits for a person, where it does: then not_before is 'infinity'.
  ADD COLUMN held_for text NOT NULL DEFAULT '';
CREATE INDEX batch_charged ON batch (created_at) WHERE channel = 'sms';
-- Since when the gateway is paused again and again and has accepted nothing.
ALTER TABLE gateway ADD COLUMN out_since timestamptz;
-- Who was handed over from one gateway to another: nobody is left out of the count of those who may hear it twice.
CREATE TABLE handover (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id   text NOT NULL REFERENCES alert,
  gateway    text NOT NULL,
  to_gateway text NOT NULL,
  reason     text NOT NULL,
  recipients bigint[] NOT NULL,
  -- How many of them the gateway before may have reached all the same.
  uncertain  int NOT NULL,
  at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX handover_alert ON handover (alert_id);
-- What a gateway's own ids stand for, where receipts bring nothing else back. One row a part.
CREATE TABLE message_reference (
  gateway    text NOT NULL,
  key        text NOT NULL,
  alert_id   text NOT NULL,
  recipient  bigint NOT NULL,
  part       int NOT NULL,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (gateway, key)
);
CREATE INDEX message_reference_at ON message_reference (at);
ALTER TABLE delivery_report
  ADD COLUMN delivered_parts text NOT NULL DEFAULT '',
  ADD COLUMN failed_parts text NOT NULL DEFAULT '',
  DROP CONSTRAINT delivery_report_state_check,
  ADD CONSTRAINT delivery_report_state_check CHECK (state IN ('delivered', 'failed', 'partial'));
-- What was reported before was of whole messages.
UPDATE delivery_report SET delivered_parts = CASE WHEN state = 'delivered' THEN '*' ELSE '' END,
  failed_parts = CASE WHEN state = 'failed' THEN '*' ELSE '' END
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
