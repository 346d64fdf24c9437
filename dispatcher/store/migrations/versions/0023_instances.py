"""Add what an instance is beyond its places: its territory as it was named, languages, branding, contact, share; which
neighbours' warnings it also shows, and who let it.

`places` stay an instance's own municipalities. `shown` is all that it shows: those, and the places of each neighbour
that it names in `shows` and whose consent is on record. Triggers keep it, whatever changes: an app must neither miss a
warning of a neighbour that joined nor show one whose consent was withdrawn.
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

SCHEMA = """
-- `territory`: AGS and prefixes as they were named; empty where `places` were. `quota`: requests in a minute, 0 any
-- number, null as the setting has it.
ALTER TABLE instance
  ADD COLUMN territory text[] NOT NULL DEFAULT '{}',
  ADD COLUMN languages text[] NOT NULL DEFAULT '{de}',
  ADD COLUMN colour text NOT NULL DEFAULT '',
  ADD COLUMN text_colour text NOT NULL DEFAULT '',
  ADD COLUMN logo text NOT NULL DEFAULT '',
  ADD COLUMN contact text NOT NULL DEFAULT '',
  ADD COLUMN quota int CHECK (quota >= 0),
  ADD COLUMN shows text[] NOT NULL DEFAULT '{}',
  ADD COLUMN shown text[] NOT NULL DEFAULT '{}';
UPDATE instance SET shown = places;

-- `neighbour_id` lets `instance_id` show its warnings. `given_by` is the person there who said so.
CREATE TABLE consent (
  neighbour_id text NOT NULL REFERENCES instance,
  instance_id  text NOT NULL REFERENCES instance,
  given_by     text NOT NULL,
  given_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  recorded_by  text NOT NULL,
  withdrawn_at timestamptz,
  PRIMARY KEY (neighbour_id, instance_id),
  CHECK (neighbour_id <> instance_id)
);
CREATE INDEX consent_instance ON consent (instance_id)
"""
TRIGGERS = (
    # Own places first; each once. As sets: an instance may have all eleven thousand municipalities.
    """CREATE FUNCTION shown_by(of_id text, own text[], wished text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
       SELECT own || ARRAY(
         SELECT p.ags FROM consent c JOIN instance n ON n.id = c.neighbour_id
         CROSS JOIN LATERAL unnest(n.places) p(ags)
         WHERE c.instance_id = of_id AND c.withdrawn_at IS NULL AND c.neighbour_id = ANY(wished)
         EXCEPT SELECT unnest(own) ORDER BY 1) $$""",
    """CREATE FUNCTION instance_shown() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN NEW.shown = shown_by(NEW.id, NEW.places, NEW.shows); RETURN NEW; END $$""",
    """CREATE TRIGGER instance_shown BEFORE INSERT OR UPDATE ON instance FOR EACH ROW
       EXECUTE FUNCTION instance_shown()""",
    # An update that changes nothing has the trigger above count anew.
    """CREATE FUNCTION neighbours_shown() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN UPDATE instance SET shows = shows WHERE NEW.id = ANY(shows) AND id <> NEW.id; RETURN NULL; END $$""",
    """CREATE TRIGGER neighbours_shown AFTER UPDATE ON instance FOR EACH ROW
       WHEN (OLD.places IS DISTINCT FROM NEW.places) EXECUTE FUNCTION neighbours_shown()""",
    """CREATE FUNCTION consent_changed() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN UPDATE instance SET shows = shows WHERE id = NEW.instance_id; RETURN NULL; END $$""",
    """CREATE TRIGGER consent_changed AFTER INSERT OR UPDATE ON consent FOR EACH ROW
       EXECUTE FUNCTION consent_changed()""",
    # As before, by `shown` in the place of `places`. `UPDATE OF shown` would not see what a trigger writes.
    "DROP TRIGGER webhook_follows_places ON instance",
    """CREATE OR REPLACE FUNCTION webhook_follows_places() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         DELETE FROM followed_municipality f USING webhook w
         WHERE w.instance_id = NEW.id AND f.subscription_id = w.subscription_id AND f.ags <> ALL(NEW.shown);
         INSERT INTO followed_municipality (subscription_id, ags)
         SELECT w.subscription_id, p.ags FROM webhook w
         CROSS JOIN LATERAL unnest(coalesce(w.places, NEW.shown)) p(ags)
         WHERE w.instance_id = NEW.id AND NEW.environment = 'production' AND p.ags = ANY(NEW.shown)
         ON CONFLICT DO NOTHING;
         RETURN NULL;
       END $$""",
    """CREATE TRIGGER webhook_follows_places AFTER UPDATE ON instance FOR EACH ROW
       WHEN (OLD.shown IS DISTINCT FROM NEW.shown) EXECUTE FUNCTION webhook_follows_places()""",
)


def upgrade() -> None:
    for statement in (*SCHEMA.split(";\n"), *TRIGGERS):
        if statement.strip():
            op.execute(statement)
