"""Add prepared warnings: their versions, and what was decided about each."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"

SCHEMA = """
-- Nothing here is ever changed: what is wrong gets a further version.
CREATE TABLE template_version (
  template_id text NOT NULL,
  version     integer NOT NULL CHECK (version > 0),
  title       text NOT NULL,
  content     bytea NOT NULL,
  sha256      bytea NOT NULL CHECK (sha256 = sha256(content)),
  authors     text[] NOT NULL,
  saved_by    text NOT NULL,
  saved_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (template_id, version)
);
-- `is_end`: it is retired; else it is approved or rejected. Each is once for all.
CREATE TABLE template_decision (
  template_id text NOT NULL,
  version     integer NOT NULL,
  decision    text NOT NULL CHECK (decision IN ('approve', 'reject', 'retire')),
  is_end      boolean NOT NULL GENERATED ALWAYS AS (decision = 'retire') STORED,
  decided_by  text NOT NULL,
  decided_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  why         text NOT NULL DEFAULT '',
  PRIMARY KEY (template_id, version, is_end),
  FOREIGN KEY (template_id, version) REFERENCES template_version
)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
