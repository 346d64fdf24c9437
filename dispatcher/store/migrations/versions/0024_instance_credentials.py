"""Add the credentials that instances have of their own with channels: sealed, and known by a fingerprint."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"

SCHEMA = """
-- `subject`: how a push service reaches whoever sends (VAPID). `replaced_at`: a newer one took its place; what was made
-- with it goes on.
CREATE TABLE instance_credential (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instance_id text NOT NULL REFERENCES instance,
  channel     text NOT NULL,
  fingerprint text NOT NULL,
  subject     text NOT NULL DEFAULT '',
  sealed      bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  replaced_at timestamptz,
  UNIQUE (instance_id, channel, fingerprint)
);
CREATE UNIQUE INDEX instance_credential_newest ON instance_credential (instance_id, channel)
  WHERE replaced_at IS NULL
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
