"""Add the policy of approval, what waits for a second person, and which person a source's key is of."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"

SCHEMA = """
CREATE TABLE approval_rule (
  source    text NOT NULL,
  severity  text NOT NULL,
  people    bigint NOT NULL CHECK (people >= 0),
  is_needed boolean NOT NULL,
  remind    interval CHECK (remind > '0'),
  escalate  interval CHECK (escalate > '0'),
  release   interval CHECK (release > '0'),
  PRIMARY KEY (source, severity, people)
);
-- Whether it waits is what the alert says. `content_sha256`: message, municipalities, target, texts; `people`: the
-- number that is shown. A message that is held again has the same row, with another number and no decision.
CREATE TABLE approval (
  alert_id       text PRIMARY KEY REFERENCES alert ON DELETE CASCADE,
  is_needed      boolean NOT NULL,
  content_sha256 bytea NOT NULL,
  people         bigint NOT NULL,
  shown_at       timestamptz NOT NULL,
  requested_at   timestamptz NOT NULL,
  authors        text[] NOT NULL,
  remind_at      timestamptz,
  escalate_at    timestamptz,
  release_at     timestamptz,
  reminded_at    timestamptz,
  escalated_at   timestamptz,
  decision       text CHECK (decision IN ('approve', 'reject', 'release')),
  decided_at     timestamptz,
  decided_by     text NOT NULL DEFAULT '',
  why            text NOT NULL DEFAULT '',
  CHECK ((decision IS NULL) = (decided_at IS NULL))
);
CREATE INDEX approval_undecided ON approval (requested_at) WHERE decision IS NULL;
ALTER TABLE api_key ADD COLUMN person text
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
