"""Create the record: sources, alerts, subscriptions, batches and what became of each recipient."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE TABLE source (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  senders     text[] NOT NULL,
  territory   text[] NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  disabled_at timestamptz
);

CREATE TABLE api_key (
  id          text PRIMARY KEY,
  source_id   text NOT NULL REFERENCES source,
  digest      bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz,
  revoked_at  timestamptz
);

CREATE TABLE instance (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  places      text[] NOT NULL,
  digest      bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE alert (
  id          text PRIMARY KEY,
  number      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  source_id   text NOT NULL REFERENCES source,
  sender      text NOT NULL,
  identifier  text NOT NULL,
  sent        timestamptz NOT NULL,
  msg_type    text NOT NULL,
  status      text NOT NULL,
  scope       text NOT NULL,
  event       text NOT NULL,
  headline    text NOT NULL,
  severity    text NOT NULL,
  raw         bytea NOT NULL,
  sha256      bytea NOT NULL,
  received_at timestamptz NOT NULL,
  expires     timestamptz NOT NULL,
  lane        text NOT NULL,
  reason      text NOT NULL,
  chain_id    text NOT NULL,
  state       text NOT NULL CHECK (state IN ('accepted', 'planned', 'settled', 'recorded')),
  enqueued_at     timestamptz,
  planned_at  timestamptz,
  settled_at  timestamptz,
  stopped_by  text REFERENCES alert,
  stopped_at  timestamptz,
  audience    bigint NOT NULL DEFAULT 0,
  audience_sha256 bytea,
  UNIQUE (sender, identifier, sent)
);
CREATE INDEX alert_chain ON alert (chain_id);
CREATE INDEX alert_unplanned ON alert (number) WHERE state = 'accepted';
CREATE INDEX alert_unsettled ON alert (number) WHERE state = 'planned';
CREATE INDEX alert_current ON alert (expires) WHERE state IN ('accepted', 'planned', 'settled');

CREATE TABLE reference (
  alert_id    text NOT NULL REFERENCES alert,
  sender      text NOT NULL,
  identifier  text NOT NULL,
  sent        timestamptz,
  PRIMARY KEY (alert_id, sender, identifier)
);
CREATE INDEX reference_target ON reference (sender, identifier);

CREATE TABLE affected (
  alert_id    text NOT NULL REFERENCES alert,
  ags         text NOT NULL,
  name        text NOT NULL,
  reason      text NOT NULL,
  share       real NOT NULL,
  PRIMARY KEY (alert_id, ags)
);
CREATE INDEX affected_ags ON affected (ags);

CREATE TABLE subscription (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel      text NOT NULL,
  gateway      text NOT NULL,
  address      text NOT NULL,
  address_hash bytea NOT NULL,
  keys         jsonb NOT NULL DEFAULT '{}',
  language     text NOT NULL DEFAULT 'de',
  instance     text,
  ref          text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  end_reason   text
);
-- One endpoint is one recipient however many municipalities it follows: one warning, one message.
CREATE UNIQUE INDEX subscription_address ON subscription (channel, address_hash) WHERE ended_at IS NULL;

CREATE TABLE followed_municipality (
  subscription_id bigint NOT NULL REFERENCES subscription ON DELETE CASCADE,
  ags             text NOT NULL,
  PRIMARY KEY (ags, subscription_id)
);
CREATE INDEX followed_municipality_subscription ON followed_municipality (subscription_id);

CREATE TABLE batch (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id    text NOT NULL REFERENCES alert,
  chain_id    text NOT NULL,
  kind        text NOT NULL,
  channel     text NOT NULL,
  gateway     text NOT NULL,
  language    text NOT NULL,
  lane        text NOT NULL,
  deadline    timestamptz NOT NULL,
  recipients  bigint[] NOT NULL,
  outcomes    bytea NOT NULL,
  state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
  not_before  timestamptz NOT NULL DEFAULT now(),
  lease_token bigint NOT NULL DEFAULT 0,
  lease_until timestamptz,
  enqueued_at     timestamptz,
  created_at  timestamptz NOT NULL DEFAULT now(),
  first_at    timestamptz,
  last_at     timestamptz,
  done_at     timestamptz,
  CHECK (octet_length(outcomes) = cardinality(recipients))
);
-- The outcome byte is rewritten many times while a batch is leased: leave room for that on the page.
ALTER TABLE batch SET (fillfactor = 70);
CREATE INDEX batch_open ON batch (not_before) WHERE state = 'open';
CREATE INDEX batch_alert ON batch (alert_id);
CREATE INDEX batch_chain ON batch (chain_id);

CREATE TABLE problem (
  batch_id    bigint NOT NULL REFERENCES batch,
  position    int NOT NULL,
  recipient   bigint NOT NULL,
  attempts    int NOT NULL,
  crashes     int NOT NULL DEFAULT 0,
  label       text NOT NULL,
  code        text NOT NULL,
  detail      text NOT NULL,
  due         timestamptz,
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (batch_id, position)
);

CREATE TABLE gateway (
  channel      text NOT NULL,
  name         text NOT NULL,
  paused_until timestamptz NOT NULL,
  reason       text NOT NULL,
  PRIMARY KEY (channel, name)
);

CREATE TABLE audit (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor     text NOT NULL,
  action    text NOT NULL,
  alert_id  text,
  detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_alert ON audit (alert_id);
"""

AUDIT_GUARD = (
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
       FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
)


def upgrade() -> None:
    for statement in (*SCHEMA.split(";\n"), *AUDIT_GUARD):
        if statement.strip():
            op.execute(statement)
