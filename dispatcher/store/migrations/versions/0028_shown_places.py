"""Let subscribers follow at once what their instance shows, and note when their endpoints last took a warning.

And let an endpoint in the place of another that somebody else has as well hear the end of what that was warned of.

An instance's consent is withdrawn, its territory changes: whoever follows a place that it shows no more is told of that
no more by it, and again once it shows it again. What is wished for stays as it was said.
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

SCHEMA = """
-- `noted`: whether its recipients' acceptances are noted with their endpoints. Batches of before are not looked at.
ALTER TABLE batch ADD COLUMN noted boolean NOT NULL DEFAULT true;
ALTER TABLE batch ALTER COLUMN noted SET DEFAULT false;
CREATE INDEX batch_unnoted ON batch (id) WHERE state = 'done' AND NOT noted;

-- `unnoted`: whether somebody has confirmed who is not among `noted` yet.
ALTER TABLE batch_receipt
  ADD COLUMN noted bit varying NOT NULL DEFAULT '',
  ADD COLUMN unnoted boolean NOT NULL DEFAULT false;
CREATE INDEX batch_receipt_unnoted ON batch_receipt (batch_id) WHERE unnoted;

-- Endpoints that somebody has in another's place, where both have gone on with numbers of their own. What the old one
-- was warned of up to `batch_id`, the new one hears the end of.
CREATE TABLE succession (
  old_id   bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
  new_id   bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
  batch_id bigint NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (old_id, new_id)
)
"""
FUNCTIONS = (
    # Computes anew which places and areas endpoints follow on behalf of those who have proven them; with `of_places`,
    # only of these municipalities and of areas that touch one of them. Nobody follows anything in a sandbox, which gets
    # no warning. What was imported stays.
    """CREATE FUNCTION follow_wished(touched bigint[], of_places text[]) RETURNS void LANGUAGE sql AS $$
       WITH wanted AS (
         SELECT DISTINCT e.subscription_id AS id, m.ags
         FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id JOIN instance i ON i.id = s.instance_id
         JOIN subscriber_municipality m ON m.subscriber_id = s.id
         WHERE e.subscription_id = ANY(touched) AND e.proven_at IS NOT NULL AND s.ended_at IS NULL
           AND i.environment = 'production' AND (of_places IS NULL OR m.ags = ANY(of_places)) AND m.ags = ANY(i.shown)),
       unwanted AS (
         SELECT f.subscription_id, f.ags, f.imported FROM followed_municipality f
         WHERE f.subscription_id = ANY(touched) AND f.wished AND (of_places IS NULL OR f.ags = ANY(of_places))
           AND NOT EXISTS (SELECT FROM wanted w WHERE w.id = f.subscription_id AND w.ags = f.ags)),
       ended AS (
         DELETE FROM followed_municipality f USING unwanted u
         WHERE (f.ags, f.subscription_id) = (u.ags, u.subscription_id) AND NOT u.imported),
       imported AS (
         UPDATE followed_municipality f SET wished = false FROM unwanted u
         WHERE (f.ags, f.subscription_id) = (u.ags, u.subscription_id) AND u.imported)
       INSERT INTO followed_municipality AS f (subscription_id, ags, imported, wished)
       SELECT id, ags, false, true FROM wanted
       ON CONFLICT (ags, subscription_id) DO UPDATE SET wished = true WHERE NOT f.wished;

       WITH wanted AS (
         SELECT DISTINCT ON (e.subscription_id, a.lat, a.lon, a.radius_m)
           e.subscription_id AS id, a.lat, a.lon, a.radius_m, a.ags
         FROM subscriber_endpoint e JOIN subscriber s ON s.id = e.subscriber_id JOIN instance i ON i.id = s.instance_id
         JOIN subscriber_area a ON a.subscriber_id = s.id
         WHERE e.subscription_id = ANY(touched) AND e.proven_at IS NOT NULL AND s.ended_at IS NULL
           AND i.environment = 'production' AND (of_places IS NULL OR a.ags && of_places) AND a.ags && i.shown),
       unwanted AS (
         SELECT w.id, w.imported FROM watched_area w
         WHERE w.subscription_id = ANY(touched) AND w.wished AND (of_places IS NULL OR w.ags && of_places)
           AND NOT EXISTS (
             SELECT FROM wanted o
             WHERE (o.id, o.lat, o.lon, o.radius_m) = (w.subscription_id, w.lat, w.lon, w.radius_m))),
       ended AS (DELETE FROM watched_area w USING unwanted u WHERE w.id = u.id AND NOT u.imported),
       imported AS (UPDATE watched_area w SET wished = false FROM unwanted u WHERE w.id = u.id AND u.imported)
       INSERT INTO watched_area AS w (subscription_id, lat, lon, radius_m, ags, imported, wished)
       SELECT id, lat, lon, radius_m, ags, false, true FROM wanted
       ON CONFLICT (subscription_id, lat, lon, radius_m) DO UPDATE SET wished = true WHERE NOT w.wished $$""",
    # Any number of ours would do. A caller that changes subscribers shares it, one that changes an instance takes it.
    "CREATE FUNCTION shown_lock() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 7207116118::bigint $$",
    # Whoever changes a subscriber holds the lock with others: none of them has read what the instance showed before.
    """CREATE FUNCTION subscribers_follow_shown() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE
         differ text[] := ARRAY(
           (SELECT unnest(OLD.shown) EXCEPT SELECT unnest(NEW.shown))
           UNION (SELECT unnest(NEW.shown) EXCEPT SELECT unnest(OLD.shown)));
       BEGIN
         PERFORM pg_advisory_xact_lock(shown_lock());
         IF OLD.environment IS DISTINCT FROM NEW.environment THEN differ := NULL; END IF;
         PERFORM follow_wished(ARRAY(
           SELECT DISTINCT e.subscription_id FROM subscriber s JOIN subscriber_endpoint e ON e.subscriber_id = s.id
           WHERE s.instance_id = NEW.id AND s.ended_at IS NULL AND e.proven_at IS NOT NULL AND (differ IS NULL
             OR EXISTS (SELECT FROM subscriber_municipality m WHERE m.subscriber_id = s.id AND m.ags = ANY(differ))
             OR EXISTS (SELECT FROM subscriber_area a WHERE a.subscriber_id = s.id AND a.ags && differ))), differ);
         RETURN NULL;
       END $$""",
    # `UPDATE OF shown` would not see what a trigger writes.
    """CREATE TRIGGER subscribers_follow_shown AFTER UPDATE ON instance FOR EACH ROW
       WHEN (OLD.shown IS DISTINCT FROM NEW.shown OR OLD.environment IS DISTINCT FROM NEW.environment)
       EXECUTE FUNCTION subscribers_follow_shown()""",
    "SELECT follow_wished(ARRAY(SELECT DISTINCT subscription_id FROM subscriber_endpoint), NULL)",
)


def upgrade() -> None:
    for statement in (*SCHEMA.split(";\n"), *FUNCTIONS):
        if statement.strip():
            op.execute(statement)
