"""Add since when a subscriber names its device, and since when it names an endpoint."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0029"

SCHEMA = """
-- `device_claimed_at`: since when, with an endpoint that it has proven, it names the device; null: it does not count.
-- Nobody was asked for it before: whoever was first to subscribe keeps its place.
ALTER TABLE subscriber ADD COLUMN device_claimed_at timestamptz;
UPDATE subscriber SET device_claimed_at = created_at WHERE device_hash IS NOT NULL AND ended_at IS NULL;
-- When the subscriber last named the endpoint: one that is not proven ends by itself.
ALTER TABLE subscriber_endpoint ADD COLUMN named_at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX subscriber_endpoint_unproven ON subscriber_endpoint (named_at) WHERE proven_at IS NULL;
-- `claim`: of a person with several subscribers, the place of the endpoint's in the order in which they claimed the
-- device, 0 first.
ALTER TABLE subscription ADD COLUMN claim smallint NOT NULL DEFAULT 0
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute(
        """UPDATE subscription n SET claim = o.claim FROM (
             SELECT m.id, dense_rank() OVER (PARTITION BY m.person ORDER BY m.first) - 1 AS claim FROM (
               SELECT n.id, n.person, min(s.id) AS first FROM subscription n
               JOIN subscriber_endpoint e ON e.subscription_id = n.id JOIN subscriber s ON s.id = e.subscriber_id
               WHERE n.person IS NOT NULL AND n.ended_at IS NULL AND e.proven_at IS NOT NULL AND s.ended_at IS NULL
               GROUP BY 1, 2) m) o WHERE n.id = o.id AND o.claim > 0"""
    )
