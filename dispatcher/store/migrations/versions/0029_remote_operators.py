"""Add operators away from the machine, with keys of their own where those of sources and instances are."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"

SCHEMA = """
CREATE TABLE remote_operator (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  disabled_at timestamptz
);
ALTER TABLE api_key ADD COLUMN operator_id text REFERENCES remote_operator;
ALTER TABLE api_key DROP CONSTRAINT api_key_bearer;
ALTER TABLE api_key ADD CONSTRAINT api_key_bearer
  CHECK (num_nonnulls(source_id, instance_id, operator_id) = 1);
-- What a generated column is made of cannot be changed before PostgreSQL 17: it is made anew.
ALTER TABLE api_key DROP CONSTRAINT api_key_pkey;
ALTER TABLE api_key DROP COLUMN kind;
ALTER TABLE api_key ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (
  CASE WHEN source_id IS NOT NULL THEN 'wk' WHEN instance_id IS NOT NULL THEN 'wi' ELSE 'wo' END) STORED;
ALTER TABLE api_key ADD PRIMARY KEY (kind, id);
CREATE INDEX api_key_operator ON api_key (operator_id)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
