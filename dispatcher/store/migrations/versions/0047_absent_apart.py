"""Count the warnings at which a device was away apart from those at which a subscription failed otherwise."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0045"

SCHEMA = """
CREATE TABLE absent_subscription (
  subscription_id bigint PRIMARY KEY REFERENCES subscription ON DELETE CASCADE,
  alert_id text NOT NULL,
  code     text NOT NULL,
  alerts   int NOT NULL DEFAULT 1,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- What was counted so far was counted together: it is taken for absences, which are waited for longer.
INSERT INTO absent_subscription SELECT subscription_id, alert_id, code, alerts, first_at, last_at
FROM failing_subscription;
DELETE FROM failing_subscription
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
