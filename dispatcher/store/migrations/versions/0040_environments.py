"""Keep live and exercise apart: a key is of one of them for good, and no exercise is ever recorded as a warning."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0038"

SCHEMA = """
-- A key says itself which of them it is of, `wk_…` or `wx_…`, and that is part of what is hashed: to change the column
-- opens nothing.
ALTER TABLE api_key ADD COLUMN environment text NOT NULL DEFAULT 'live' CHECK (environment IN ('live', 'exercise'));
ALTER TABLE api_key ADD CONSTRAINT api_key_exercise CHECK (environment = 'live' OR source_id IS NOT NULL);
-- What a generated column is made of cannot be changed before PostgreSQL 17: it is made anew.
ALTER TABLE api_key DROP CONSTRAINT api_key_pkey;
ALTER TABLE api_key DROP COLUMN kind;
ALTER TABLE api_key ADD COLUMN kind text NOT NULL GENERATED ALWAYS AS (
  CASE WHEN source_id IS NOT NULL AND environment = 'exercise' THEN 'wx' WHEN source_id IS NOT NULL THEN 'wk'
    WHEN instance_id IS NOT NULL THEN 'wi' ELSE 'wo' END) STORED;
ALTER TABLE api_key ADD PRIMARY KEY (kind, id);
-- The last guard, whatever a process decides. Not of rows from before, which would all be read.
ALTER TABLE alert ADD CONSTRAINT alert_drill_is_exercise CHECK (
  reason NOT IN ('drill', 'drill_update', 'drill_end') OR status = 'Exercise') NOT VALID;
ALTER TABLE alert ADD CONSTRAINT alert_exercise_warns_nobody CHECK (
  status <> 'Exercise' OR reason NOT IN ('first_notice', 'update', 'cancel', 'all_clear', 'lapsed', 'no_longer_listed'))
  NOT VALID
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
