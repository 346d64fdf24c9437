"""Add the webhook that an instance registers itself, instances for trying, and by which transaction an alert changed.

`alert.changed_by` is what a reader of changes goes by: `store.alerts.in_force` says how.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

SCHEMA = """
ALTER TABLE instance ADD COLUMN environment text NOT NULL DEFAULT 'production'
  CHECK (environment IN ('production', 'sandbox'));
-- `places` is null where it follows whatever the instance's places are.
CREATE TABLE webhook (
  instance_id     text PRIMARY KEY REFERENCES instance,
  subscription_id bigint NOT NULL UNIQUE REFERENCES subscription,
  places          text[],
  tested_at       timestamptz
);
-- What is there already has changed before anybody asked.
ALTER TABLE alert ADD COLUMN changed_by xid8 NOT NULL DEFAULT '0';
ALTER TABLE alert ALTER COLUMN changed_by SET DEFAULT pg_current_xact_id()
"""
CHANGES = (
    """CREATE FUNCTION alert_changed() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN NEW.changed_by = pg_current_xact_id(); RETURN NEW; END $$""",
    """CREATE TRIGGER alert_changed BEFORE UPDATE OF state, reason, expires, stopped_at ON alert FOR EACH ROW
       WHEN ((OLD.state IN ('accepted', 'planned', 'settled'), OLD.reason, OLD.expires, OLD.stopped_at)
         IS DISTINCT FROM
         (NEW.state IN ('accepted', 'planned', 'settled'), NEW.reason, NEW.expires, NEW.stopped_at))
       EXECUTE FUNCTION alert_changed()""",
    # Whatever changes the places of an instance: its app must not miss the warnings of a new one.
    """CREATE FUNCTION webhook_follows_places() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         DELETE FROM followed_municipality f USING webhook w
         WHERE w.instance_id = NEW.id AND f.subscription_id = w.subscription_id AND f.ags <> ALL(NEW.places);
         INSERT INTO followed_municipality (subscription_id, ags)
         SELECT w.subscription_id, p.ags FROM webhook w
         CROSS JOIN LATERAL unnest(coalesce(w.places, NEW.places)) p(ags)
         WHERE w.instance_id = NEW.id AND NEW.environment = 'production' AND p.ags = ANY(NEW.places)
         ON CONFLICT DO NOTHING;
         RETURN NULL;
       END $$""",
    """CREATE TRIGGER webhook_follows_places AFTER UPDATE OF places ON instance FOR EACH ROW
       WHEN (OLD.places IS DISTINCT FROM NEW.places) EXECUTE FUNCTION webhook_follows_places()""",
)


def upgrade() -> None:
    for statement in (*SCHEMA.split(";\n"), *CHANGES):
        if statement.strip():
            op.execute(statement)
