"""Let addresses be sealed: `sealed` takes the place of `address` and of what is secret in `keys`.

What is there in the clear is sealed afterwards, piece by piece (`ClearRows`); until then it is read as it is. An older
program cannot add to it: it is refused, or, where what it writes can be missed, not listened to.
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

STATEMENTS = (
    """ALTER TABLE shared_secret DROP CONSTRAINT shared_secret_name_check,
         ADD CONSTRAINT shared_secret_name_check CHECK (name IN ('pepper', 'vapid', 'addresses'))""",
    # Which keys of the ring rows may be sealed with: the highest is the current one. Fingerprints, never keys.
    """CREATE TABLE sealing_key (
         id          int PRIMARY KEY CHECK (id BETWEEN 1 AND 65535),
         fingerprint text NOT NULL,
         noted_at    timestamptz NOT NULL DEFAULT statement_timestamp(),
         dropped_at  timestamptz
       )""",
    # `address_hash` is a keyed hash where `sealed` is there, and SHA-256 of the address where that is in the clear.
    """ALTER TABLE subscription ALTER COLUMN address DROP NOT NULL, ADD COLUMN sealed bytea,
         ADD CONSTRAINT subscription_sealed_or_clear CHECK (num_nonnulls(address, sealed) = 1)""",
    "ALTER TABLE subscription ALTER COLUMN sealed SET STATISTICS 0",
    "CREATE INDEX subscription_clear ON subscription (id) WHERE sealed IS NULL",
    """CREATE FUNCTION refuse_clear_address() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION 'endpoints are sealed in this record: this program is older than the record'
           USING ERRCODE = 'object_not_in_prerequisite_state';
       END $$""",
    """CREATE TRIGGER subscription_clear_insert BEFORE INSERT ON subscription FOR EACH ROW
       WHEN (NEW.address IS NOT NULL OR NEW.keys - '{vapid,gateway}'::text[] <> '{}')
       EXECUTE FUNCTION refuse_clear_address()""",
    """CREATE TRIGGER subscription_clear_update BEFORE UPDATE OF address, keys ON subscription FOR EACH ROW
       WHEN (NEW.address IS NOT NULL AND NEW.address IS DISTINCT FROM OLD.address
         OR NEW.keys - '{vapid,gateway}'::text[] <> '{}'
           AND NEW.keys - '{vapid,gateway}'::text[] <> OLD.keys - '{vapid,gateway}'::text[])
       EXECUTE FUNCTION refuse_clear_address()""",
    """ALTER TABLE message_location ALTER COLUMN entries DROP NOT NULL, ADD COLUMN sealed bytea,
         ADD CONSTRAINT message_location_sealed_or_clear CHECK (num_nonnulls(entries, sealed) = 1)""",
    "ALTER TABLE message_location ALTER COLUMN sealed SET STATISTICS 0",
    # What an older worker wants to keep is left out: its message cannot be taken back, and its work goes on.
    """CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RETURN NULL;
       END $$""",
    """CREATE TRIGGER message_location_clear BEFORE INSERT ON message_location FOR EACH ROW
       WHEN (NEW.entries IS NOT NULL) EXECUTE FUNCTION leave_out()""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
