"""Call the channel of SMS `sms`, whatever protocol carries it. What the audit trail says of it stays as it was said."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"

SCHEMA = """
UPDATE subscription SET channel = 'sms' WHERE channel = 'sms_http';
DROP INDEX batch_reported;
UPDATE batch SET channel = 'sms' WHERE channel = 'sms_http';
CREATE INDEX batch_reported ON batch (alert_id, (recipients[1]), (recipients[cardinality(recipients)]))
  WHERE channel = 'sms';
UPDATE gateway SET channel = 'sms' WHERE channel = 'sms_http'
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
