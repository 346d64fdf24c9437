"""Add where people on duty are told of what waits for them, and what they were told."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"

SCHEMA = """
-- Where a person is told: a browser, a telephone number, a mailbox. Personal data. `code_digest`: of the code on its
-- way, which the record never has; `busy_until`: one process is sending to it, or it was sent to a moment ago.
CREATE TABLE person_endpoint (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id         text NOT NULL REFERENCES person,
  channel           text NOT NULL CHECK (channel IN ('webpush', 'sms', 'email')),
  sealed            bytea NOT NULL,
  address_hash      bytea NOT NULL,
  vapid             text,
  label             text NOT NULL DEFAULT '',
  created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  code_digest       bytea,
  code_sent_at      timestamptz,
  code_tries        int NOT NULL DEFAULT 0,
  proven_at         timestamptz,
  last_confirmed_at timestamptz,
  last_accepted_at  timestamptz,
  last_answer       text,
  gone_at           timestamptz,
  busy_until        timestamptz NOT NULL DEFAULT '-infinity',
  UNIQUE (person_id, channel, address_hash)
);
-- What waits for a decision, once for each time that it is asked: whether anybody on duty can be told, and since when
-- somebody should be.
CREATE TABLE duty_case (
  alert_id   text NOT NULL REFERENCES alert ON DELETE CASCADE,
  asked_at   timestamptz NOT NULL,
  due_at     timestamptz NOT NULL,
  is_covered boolean NOT NULL,
  closed_at  timestamptz,
  PRIMARY KEY (alert_id, asked_at)
);
CREATE INDEX duty_case_open ON duty_case (due_at) WHERE closed_at IS NULL;
-- One message to one endpoint: of an alert once for each occasion; of a code (`alert_id` null) any number of times.
-- `due_at` null: nothing is to be done any more.
CREATE TABLE duty_message (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  endpoint_id bigint NOT NULL REFERENCES person_endpoint ON DELETE CASCADE,
  alert_id    text REFERENCES alert ON DELETE CASCADE,
  asked_at    timestamptz,
  occasion    text NOT NULL CHECK (occasion IN ('due', 'reminder', 'escalation', 'done', 'code')),
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at      timestamptz DEFAULT clock_timestamp(),
  attempts    int NOT NULL DEFAULT 0,
  accepted_at timestamptz,
  answer      text,
  CHECK ((occasion = 'code') = (alert_id IS NULL)),
  CHECK ((alert_id IS NULL) = (asked_at IS NULL)),
  UNIQUE (alert_id, asked_at, occasion, endpoint_id)
);
CREATE INDEX duty_message_due ON duty_message (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX duty_message_endpoint ON duty_message (endpoint_id);
CREATE TABLE duty_attempt (
  message_id bigint NOT NULL REFERENCES duty_message ON DELETE CASCADE,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  answer     text NOT NULL,
  took_ms    int NOT NULL
);
CREATE INDEX duty_attempt_message ON duty_attempt (message_id)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
