"""Keep fingerprints of the secrets that all machines of a service share, so that a machine with others is noticed."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

SCHEMA = """
CREATE TABLE shared_secret (
  name text PRIMARY KEY CHECK (name IN ('pepper', 'vapid')),
  fingerprint text NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT statement_timestamp()
)
"""


def upgrade() -> None:
    op.execute(SCHEMA)
