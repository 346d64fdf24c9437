"""Add exact targets, subscriptions to places smaller than a municipality, and what a person approved."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

SCHEMA = """
-- What an alert covers, as WKB in EPSG:3035. Its municipalities are in `affected`.
CREATE TABLE target (
  alert_id text PRIMARY KEY REFERENCES alert ON DELETE CASCADE,
  shape    bytea NOT NULL
);

-- The hash of the whole target: checked again when the audience is frozen.
ALTER TABLE alert ADD COLUMN target_sha256 bytea;
-- How many recipients the message was held for, and how many a person approved.
ALTER TABLE alert ADD COLUMN held_recipients bigint;
ALTER TABLE alert ADD COLUMN approved bigint;
CREATE INDEX alert_source ON alert (source_id, number);

-- One corner with a radius, or the corners of a polygon. Personal data: rounded to three decimals.
CREATE TABLE watched_area (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
  lat             double precision[] NOT NULL,
  lon             double precision[] NOT NULL,
  radius_m        double precision NOT NULL,
  ags             text[] NOT NULL,
  written_by      xid8 NOT NULL DEFAULT pg_current_xact_id(),
  UNIQUE (subscription_id, lat, lon, radius_m)
);
CREATE INDEX watched_area_ags ON watched_area USING gin (ags);
CREATE INDEX watched_area_written_by ON watched_area (written_by)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
