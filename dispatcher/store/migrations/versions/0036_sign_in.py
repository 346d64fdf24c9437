"""Add what signing in leaves behind for a while: invitations, known devices, steps under way, and failures."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"

SCHEMA = """
-- The link by which a person enrols. There is one at most, and it works once.
CREATE TABLE person_invitation (
  person_id  text PRIMARY KEY REFERENCES person,
  digest     bytea NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- A browser in which the person has signed in before: strangers use up nothing of what it may try.
CREATE TABLE person_device (
  digest     bytea PRIMARY KEY,
  person_id  text NOT NULL REFERENCES person,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX person_device_person ON person_device (person_id);
-- What has begun in a browser and is to be ended there: `digest` is of the browser's token, `secret` what the answer is
-- held against. The row goes with the answer.
CREATE TABLE sign_in_step (
  digest      bytea NOT NULL,
  purpose     text NOT NULL,
  environment text NOT NULL,
  person_id   text REFERENCES person,
  secret      bytea,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (digest, purpose)
);
CREATE INDEX sign_in_step_end ON sign_in_step (expires_at);
-- An attempt that failed, or is under way: `key` is a keyed hash of whose allowance it used.
CREATE TABLE sign_in_failure (
  id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key bytea NOT NULL,
  at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sign_in_failure_key ON sign_in_failure (key, at);
CREATE INDEX sign_in_failure_at ON sign_in_failure (at)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
