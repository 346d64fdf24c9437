"""Add what stands by at a warning: a person's other endpoints, and notices that wait for the end of quiet hours."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

SCHEMA = """
-- Endpoints of people of whom another one waits behind the one that was told. `turn`: 1 is told first. `batch_id` and
-- `position`: where its notice is; null: it waits. `after_s`: how long after an acceptance the next one is told where
-- nobody confirms; null: never. `look_at`: it is not looked at before. The rows go when nobody of the person waits.
CREATE TABLE standby (
  alert_id  text NOT NULL REFERENCES alert ON DELETE CASCADE,
  person    bigint NOT NULL,
  recipient bigint NOT NULL,
  turn      smallint NOT NULL,
  after_s   int,
  look_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  batch_id  bigint,
  position  int,
  PRIMARY KEY (alert_id, recipient)
);
CREATE INDEX standby_person ON standby (alert_id, person);
CREATE INDEX standby_waiting ON standby (look_at) WHERE batch_id IS NULL;
CREATE INDEX standby_batch ON standby (batch_id) WHERE batch_id IS NOT NULL;

-- When the quiet hours of a batch's recipients end: nothing of it is sent before.
ALTER TABLE batch ADD COLUMN quiet_until timestamptz;
-- `muted`: people who do not want to hear of what is so slight. `doubled`: notices beside the first one of a person.
ALTER TABLE alert ADD COLUMN muted int NOT NULL DEFAULT 0, ADD COLUMN doubled int NOT NULL DEFAULT 0;
-- Whoever has wishes, or several endpoints: where there is none, plans ask nothing more.
CREATE INDEX subscription_particular ON subscription (id)
  WHERE ended_at IS NULL AND (person IS NOT NULL OR min_severity > 0 OR quiet_from IS NOT NULL)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
