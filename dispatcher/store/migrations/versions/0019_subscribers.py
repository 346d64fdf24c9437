"""Add subscribers: a person's installation of an instance's app, with what it follows, how it wants to be told, and its
endpoints.

A `subscription` is one endpoint, which several subscribers may share (one telephone number in two apps). What each of
them follows stands in tables of its own; `followed_municipality` and `watched_area`, by which warnings find endpoints,
hold the union of that (`wished`) and of what was imported (`imported`). The columns that `subscription` gets are
likewise the most generous of what its subscribers want: what one asks for, no other takes away.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

SCHEMA = """
-- `installation_hash`, `device_hash`: keyed hashes. `token_digest` is of the management token. `languages`: BCP 47, the
-- best first. `min_severity`: 0 everything, 1 Minor, 2 Moderate, 3 Severe, 4 Extreme. Quiet hours are times of day in
-- the service's time zone. `escalate_after_s`: null tells all endpoints at once.
CREATE TABLE subscriber (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instance_id       text NOT NULL REFERENCES instance,
  installation_hash bytea NOT NULL,
  token_digest      bytea,
  device_hash       bytea,
  languages         text[] NOT NULL DEFAULT '{}',
  min_severity      smallint NOT NULL DEFAULT 0 CHECK (min_severity BETWEEN 0 AND 4),
  quiet_from        time,
  quiet_until       time,
  drills            boolean NOT NULL DEFAULT false,
  escalate_after_s  int CHECK (escalate_after_s > 0),
  created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at        timestamptz,
  ended_at          timestamptz,
  end_reason        text,
  CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);
CREATE UNIQUE INDEX subscriber_installation ON subscriber (instance_id, installation_hash) WHERE ended_at IS NULL;
CREATE INDEX subscriber_device ON subscriber (device_hash) WHERE device_hash IS NOT NULL AND ended_at IS NULL;
CREATE INDEX subscriber_expires ON subscriber (expires_at) WHERE expires_at IS NOT NULL AND ended_at IS NULL;

-- `position`: the subscriber's order, 0 first. Nothing is sent before `proven_at`: a round trip brought the code back.
CREATE TABLE subscriber_endpoint (
  subscriber_id     bigint NOT NULL REFERENCES subscriber ON DELETE CASCADE,
  subscription_id   bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
  position          smallint NOT NULL,
  proven_at         timestamptz,
  code_digest       bytea,
  code_sent_at      timestamptz,
  code_tries        smallint NOT NULL DEFAULT 0,
  last_accepted_at  timestamptz,
  last_confirmed_at timestamptz,
  PRIMARY KEY (subscriber_id, subscription_id)
);
CREATE INDEX subscriber_endpoint_subscription ON subscriber_endpoint (subscription_id);

CREATE TABLE subscriber_municipality (
  subscriber_id bigint NOT NULL REFERENCES subscriber ON DELETE CASCADE,
  ags           text NOT NULL,
  PRIMARY KEY (subscriber_id, ags)
);
CREATE TABLE subscriber_area (
  subscriber_id bigint NOT NULL REFERENCES subscriber ON DELETE CASCADE,
  lat           double precision[] NOT NULL,
  lon           double precision[] NOT NULL,
  radius_m      double precision NOT NULL,
  ags           text[] NOT NULL,
  PRIMARY KEY (subscriber_id, lat, lon, radius_m)
);

ALTER TABLE followed_municipality ADD COLUMN imported boolean NOT NULL DEFAULT true,
  ADD COLUMN wished boolean NOT NULL DEFAULT false, ADD CHECK (imported OR wished);
ALTER TABLE watched_area ADD COLUMN imported boolean NOT NULL DEFAULT true,
  ADD COLUMN wished boolean NOT NULL DEFAULT false, ADD CHECK (imported OR wished);

-- Not `active`: nobody has proven it, and nothing goes there but the proof. `legal_basis`: why an imported one may be
-- written to. `person`: endpoints with the same number are one person's; null: it is its own. `position`: the order in
-- which that person's endpoints are tried. All that were there before stay active.
ALTER TABLE subscription
  ADD COLUMN active boolean NOT NULL DEFAULT true,
  ADD COLUMN legal_basis text,
  ADD COLUMN person bigint,
  ADD COLUMN position smallint NOT NULL DEFAULT 0,
  ADD COLUMN escalate_after_s int,
  ADD COLUMN min_severity smallint NOT NULL DEFAULT 0,
  ADD COLUMN quiet_from time,
  ADD COLUMN quiet_until time,
  ADD COLUMN drills boolean NOT NULL DEFAULT false;
CREATE INDEX subscription_person ON subscription (person) WHERE person IS NOT NULL AND ended_at IS NULL
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
