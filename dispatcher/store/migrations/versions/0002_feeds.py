"""Add feeds: the state of each, what it lists, what nobody could read; and alerts that are held for a person."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = """
ALTER TABLE alert
  ADD COLUMN revision    int NOT NULL DEFAULT 0,
  ADD COLUMN event_key   text NOT NULL DEFAULT '',
  ADD COLUMN hazards     text[] NOT NULL DEFAULT '{}',
  ADD COLUMN begins      timestamptz,
  ADD COLUMN attribution text NOT NULL DEFAULT '',
  ADD COLUMN held_for    text NOT NULL DEFAULT '';
-- A feed may change a message under its identity: each content is a revision of its own.
ALTER TABLE alert DROP CONSTRAINT alert_sender_identifier_sent_key;
ALTER TABLE alert ADD CONSTRAINT alert_identity UNIQUE (sender, identifier, sent, revision);
ALTER TABLE alert DROP CONSTRAINT alert_state_check;
ALTER TABLE alert ADD CONSTRAINT alert_state_check
  CHECK (state IN ('accepted', 'planned', 'settled', 'recorded', 'held'));
CREATE INDEX alert_event_key ON alert (event_key) WHERE event_key <> '';
CREATE INDEX alert_held ON alert (expires) WHERE state = 'held';
CREATE INDEX alert_identifier ON alert (identifier);

-- What language editions and republications of the referenced message share.
ALTER TABLE reference ADD COLUMN key text NOT NULL DEFAULT '';
CREATE INDEX reference_key ON reference (key) WHERE key <> '';

-- The bytes as a feed delivered them, where the record's CAP was rendered from them.
CREATE TABLE original (
  alert_id text PRIMARY KEY REFERENCES alert ON DELETE CASCADE,
  content  bytea NOT NULL,
  geometry bytea NOT NULL DEFAULT ''
);

CREATE TABLE feed (
  name         text PRIMARY KEY,
  polled_at    timestamptz,
  succeeded_at timestamptz,
  changed_at   timestamptz,
  next_at      timestamptz,
  failures     int NOT NULL DEFAULT 0,
  result       text NOT NULL DEFAULT 'never',
  detail       text NOT NULL DEFAULT '',
  validators   jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE feed_entry (
  feed       text NOT NULL REFERENCES feed ON DELETE CASCADE,
  key        text NOT NULL,
  part       text NOT NULL,
  version    text NOT NULL,
  links      text[] NOT NULL DEFAULT '{}',
  tries      int NOT NULL DEFAULT 0,
  retry_at   timestamptz,
  event_key  text NOT NULL DEFAULT '',
  alert_id   text REFERENCES alert ON DELETE SET NULL,
  reason     text NOT NULL,
  expires    timestamptz,
  open_ended boolean NOT NULL DEFAULT false,
  first_seen timestamptz NOT NULL,
  missed     int NOT NULL DEFAULT 0,
  ended_at   timestamptz,
  PRIMARY KEY (feed, key)
);
CREATE INDEX feed_entry_event ON feed_entry (event_key) WHERE ended_at IS NULL AND event_key <> '';

CREATE TABLE quarantine (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  feed     text NOT NULL,
  name     text NOT NULL,
  sha256   bytea NOT NULL,
  size     bigint NOT NULL,
  content  bytea NOT NULL,
  code     text NOT NULL,
  detail   text NOT NULL,
  times    int NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL,
  last_at  timestamptz NOT NULL,
  UNIQUE (feed, sha256)
)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
