"""Add what subscribing by SMS needs: which codes were sent lately, so that their number is bounded, and who has said
that they want no more SMS, so that no import brings them back.

Numbers are keyed hashes here, the same as `subscription.address_hash`; so are blocks of numbers and lines of clients.
"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"

SCHEMA = """
-- Each SMS with a code of the last day. `line_hash`: of the client's line; null for a municipality's backend.
-- `instance_id` is null for a code by which one leaves.
CREATE TABLE sms_code (
  sent_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  number_hash bytea NOT NULL,
  block_hash  bytea NOT NULL,
  instance_id text,
  line_hash   bytea
);
CREATE INDEX sms_code_number ON sms_code (number_hash, sent_at);
CREATE INDEX sms_code_block ON sms_code (block_hash, sent_at);
CREATE INDEX sms_code_instance ON sms_code (instance_id, sent_at);
CREATE INDEX sms_code_line ON sms_code (line_hash, sent_at) WHERE line_hash IS NOT NULL;
CREATE INDEX sms_code_sent ON sms_code (sent_at);

-- `lifted_at`: since when they want SMS again, as they have proven the number anew.
CREATE TABLE sms_opt_out (
  address_hash bytea PRIMARY KEY,
  stopped_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  lifted_at    timestamptz
);

-- A code by which the owner of a number leaves; kept as a keyed hash. `due_at`: when it is to be sent.
CREATE TABLE leave_code (
  subscription_id bigint PRIMARY KEY REFERENCES subscription ON DELETE CASCADE,
  due_at          timestamptz,
  attempts        smallint NOT NULL DEFAULT 0,
  code_digest     bytea,
  code_sent_at    timestamptz,
  code_tries      smallint NOT NULL DEFAULT 0
);
CREATE INDEX leave_code_due ON leave_code (due_at) WHERE due_at IS NOT NULL
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
