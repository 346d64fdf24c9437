"""Add the graph of what replaces what, whether an author is proved, and when a plan is to be looked at again.

`stopped_by` and `stopped_at` say of every replaced or ended alert what replaced it, sent out completely or not.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

SCHEMA = """
-- Two sources may share a CAP sender: neither takes an identity away from the other.
ALTER TABLE alert DROP CONSTRAINT alert_identity;
ALTER TABLE alert ADD CONSTRAINT alert_identity UNIQUE (source_id, sender, identifier, sent, revision);
CREATE INDEX alert_sent_as ON alert (sender, identifier, sent);
ALTER TABLE alert ADD COLUMN proved boolean NOT NULL DEFAULT true;
ALTER TABLE alert ADD COLUMN plan_at timestamptz;
-- What its source could warn when it came; empty: everything.
ALTER TABLE alert ADD COLUMN territory text[] NOT NULL DEFAULT '{}';
UPDATE alert a SET territory = s.territory FROM source s WHERE s.id = a.source_id;
CREATE INDEX alert_plan_at ON alert (plan_at) WHERE plan_at IS NOT NULL;
-- What has taken the place of what on a device: so far, all of a chain.
ALTER TABLE alert ADD COLUMN thread text NOT NULL DEFAULT '';
UPDATE alert SET thread = chain_id;
CREATE TABLE replacement (
  later   text NOT NULL REFERENCES alert,
  earlier text NOT NULL REFERENCES alert,
  PRIMARY KEY (later, earlier)
);
CREATE INDEX replacement_earlier ON replacement (earlier);
-- Which other sources carried the same message.
CREATE TABLE carrier (
  alert_id  text NOT NULL REFERENCES alert,
  source_id text NOT NULL REFERENCES source,
  PRIMARY KEY (alert_id, source_id)
);
UPDATE alert SET proved = false WHERE source_id LIKE 'feed-%';
-- Until now a chain was a line: each message that went out replaced the one before it.
INSERT INTO replacement
SELECT id, before FROM (
  SELECT id, lag(id) OVER (PARTITION BY chain_id ORDER BY number) AS before FROM alert
  WHERE state IN ('accepted', 'planned', 'settled')) line
WHERE before IS NOT NULL;
UPDATE alert a SET stopped_by = r.later, stopped_at = l.received_at
FROM replacement r JOIN alert l ON l.id = r.later
WHERE r.earlier = a.id AND a.stopped_at IS NULL;
-- One that was merged, and then changed or taken back by its own sender, never speaks.
UPDATE alert a SET stopped_by = l.id, stopped_at = l.received_at
FROM alert l
WHERE a.reason = 'merged' AND a.stopped_at IS NULL AND l.chain_id = a.chain_id AND l.number > a.number
  AND l.state IN ('accepted', 'planned', 'settled')
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
