"""Chain the audit trail by hashes, and keep the checkpoints, keys and anchors by which the chain is vouched for."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"

SCHEMA = """
-- `xid`: the transaction of the deed. All that are below the snapshot horizon have ended, so that no line of theirs is
-- still to come. Lines of before get that of this migration.
ALTER TABLE audit ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX audit_xid ON audit (xid, id);

-- A position is taken once, and so is a predecessor and a line: no two writers can make a fork of it.
CREATE TABLE audit_chain (
  position bigint PRIMARY KEY CHECK (position > 0),
  audit_id bigint NOT NULL UNIQUE REFERENCES audit (id),
  previous bytea NOT NULL UNIQUE CHECK (octet_length(previous) = 32),
  hash     bytea NOT NULL CHECK (octet_length(hash) = 32)
);

-- `key`: the raw Ed25519 public key; `sealed`: its private half. The newest one signs.
CREATE TABLE audit_key (
  key        text PRIMARY KEY CHECK (key ~ '^[0-9a-f]{64}$'),
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE audit_checkpoint (
  number    bigint PRIMARY KEY CHECK (number > 0),
  position  bigint NOT NULL UNIQUE REFERENCES audit_chain (position),
  hash      bytea NOT NULL,
  at        timestamptz NOT NULL,
  key       text NOT NULL REFERENCES audit_key (key),
  signature bytea NOT NULL
);

-- How far each kind of anchor is, and since when it has refused: `error` is a code, never an address.
CREATE TABLE audit_anchor (
  kind          text PRIMARY KEY CHECK (kind IN ('file', 'webhook')),
  checkpoint    bigint NOT NULL DEFAULT 0,
  anchored_at   timestamptz,
  failing_since timestamptz,
  error         text
)
"""

_GUARDED = ("audit", "audit_chain", "audit_checkpoint")


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        op.execute(statement)
    for table in _GUARDED:
        op.execute(f"DROP TRIGGER IF EXISTS audit_append_only ON {table}")
        op.execute(
            f"""CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"""
        )
        # Also where a session says that it is a replica.
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_append_only")
