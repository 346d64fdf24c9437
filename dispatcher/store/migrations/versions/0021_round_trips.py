"""Add what round trips and leaving need: the message with a code that is due for an endpoint and what came of it, which
endpoint takes another's place, and what an import said of an endpoint that subscribers have too.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"

SCHEMA = """
-- `leave_digest`: of the link by which one leaves. `tested_at`: when all endpoints were last sent a test.
-- `wish_digest`: a keyed hash of the last wish, as most come again and again.
ALTER TABLE subscriber
  ADD COLUMN leave_digest bytea,
  ADD COLUMN tested_at timestamptz,
  ADD COLUMN wish_digest bytea;
CREATE UNIQUE INDEX subscriber_leave ON subscriber (leave_digest);

-- `due_at`: when a message with a code is to be sent, or looked after if it is being sent; null: none is. `answer`:
-- what the gateway said to the last one. `successor`: the endpoint that takes this one's place once it is proven.
ALTER TABLE subscriber_endpoint
  ADD COLUMN due_at timestamptz,
  ADD COLUMN attempts smallint NOT NULL DEFAULT 0,
  ADD COLUMN answer text,
  ADD COLUMN successor bigint REFERENCES subscription ON DELETE SET NULL;
CREATE INDEX subscriber_endpoint_due ON subscriber_endpoint (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX subscriber_endpoint_successor ON subscriber_endpoint (successor) WHERE successor IS NOT NULL;

-- How the endpoint stood, and which language it had, before subscribers had it too: what is left when they leave.
-- `told`: whether anything but codes may have been sent there, so that its number means something in batches.
-- `erased_at`: since when nothing is left of it but the number.
ALTER TABLE subscription
  ADD COLUMN imported_active boolean NOT NULL DEFAULT true,
  ADD COLUMN imported_language text,
  ADD COLUMN told boolean NOT NULL DEFAULT true,
  ADD COLUMN erased_at timestamptz;
CREATE INDEX subscription_ended ON subscription (ended_at) WHERE ended_at IS NOT NULL AND erased_at IS NULL
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
