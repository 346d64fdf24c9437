"""Add the keys that sign the alerts which the service passes on."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0032"

SCHEMA = """
-- `fingerprint`: SHA-256 of the certificate; `sealed`: the private key. A key is never deleted: what it signed is.
CREATE TABLE signing_key (
  fingerprint text PRIMARY KEY,
  certificate text NOT NULL,
  sealed      bytea NOT NULL,
  signs_from  timestamptz NOT NULL,
  ends_at     timestamptz NOT NULL,
  revoked_at  timestamptz,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


def upgrade() -> None:
    op.execute(SCHEMA)
