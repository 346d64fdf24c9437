"""Add device receipts: which recipients of a batch have the message, have seen it, have confirmed it.

They stand in a table of their own, so that they never rewrite a batch's outcomes, nor wait for the worker that does.
`generation` counts how often a batch's recipients were renumbered, as a webhook moved: a token from before names a
position that is another recipient's by now.
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

SCHEMA = """
ALTER TABLE batch ADD COLUMN generation smallint NOT NULL DEFAULT 0;

-- Bit n is of the recipient at position n. Bits, as PostgreSQL joins two rows of bits in one operation.
CREATE TABLE batch_receipt (
  batch_id   bigint PRIMARY KEY REFERENCES batch,
  delivered  bit varying NOT NULL,
  displayed  bit varying NOT NULL,
  confirmed  bit varying NOT NULL
);
-- Rewritten every second for as long as receipts come: leave room for that on the page.
ALTER TABLE batch_receipt SET (fillfactor = 50)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
