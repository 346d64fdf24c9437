"""Keep which VAPID keys the service has had, as each subscription is bound to the one that it was made with; and where
accepted messages can be taken back.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

SCHEMA = """
-- Public keys, as browsers take them. `subscription.keys` names the one it was made with by its beginning.
CREATE TABLE vapid_key (
  public_key text PRIMARY KEY,
  noted_at   timestamptz NOT NULL DEFAULT statement_timestamp()
);
INSERT INTO vapid_key SELECT fingerprint, noted_at FROM shared_secret WHERE name = 'vapid';
-- As workers gather them, some thousand recipients a row: MessagePack of (recipient, location or HPACK block) each.
CREATE TABLE message_location (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id text NOT NULL REFERENCES alert,
  gateway  text NOT NULL,
  until    timestamptz NOT NULL,
  entries  bytea NOT NULL
);
CREATE INDEX message_location_alert ON message_location (alert_id);
CREATE INDEX message_location_until ON message_location (until);
-- One line for each end whose warnings' messages were or are being taken back.
CREATE TABLE withdrawal (
  alert_id     text PRIMARY KEY REFERENCES alert,
  leased_until timestamptz NOT NULL,
  done_at      timestamptz
)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        op.execute(statement)
