"""Keep the service's own endpoints, to which it sends test alerts, and what came of each of these."""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0047"

SCHEMA = """
-- `subscription_id`: an endpoint that follows nothing but a place of its own, which no municipality has. `sent_at`:
-- when its last test was made. `turn`: which lane is next, where they take turns, as each test costs something.
CREATE TABLE canary (
  name            text PRIMARY KEY CHECK (name ~ '^[a-z0-9-]{1,32}$'),
  subscription_id bigint NOT NULL UNIQUE REFERENCES subscription ON DELETE CASCADE,
  every           interval NOT NULL CHECK (every >= interval '10 seconds'),
  expects         text NOT NULL CHECK (expects IN ('accepted', 'delivered')),
  in_turn         boolean NOT NULL,
  turn            int NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL DEFAULT now(),
  sent_at         timestamptz
);
CREATE TABLE canary_send (
  alert_id     text NOT NULL REFERENCES alert ON DELETE CASCADE,
  name         text NOT NULL REFERENCES canary ON DELETE CASCADE,
  lane         text NOT NULL,
  sent_at      timestamptz NOT NULL,
  accepted_at  timestamptz,
  delivered_at timestamptz,
  PRIMARY KEY (alert_id, name)
);
CREATE INDEX canary_send_name ON canary_send (name, lane, sent_at);
CREATE INDEX canary_send_open ON canary_send (sent_at) WHERE delivered_at IS NULL;
-- The last guard, whatever a process decides: what is of the service's own is a test, and no warning is.
ALTER TABLE alert ADD CONSTRAINT alert_canary_is_test CHECK (
  (reason = 'canary') = (id LIKE 'canary%') AND (reason <> 'canary' OR status = 'Test')) NOT VALID;
CREATE INDEX alert_canary ON alert (received_at) WHERE reason = 'canary';
-- Canaries are the first alerts that are ever deleted: what may name an alert is looked up for each.
CREATE INDEX alert_stopped_by ON alert (stopped_by) WHERE stopped_by IS NOT NULL;
CREATE INDEX feed_entry_alert ON feed_entry (alert_id) WHERE alert_id IS NOT NULL
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
