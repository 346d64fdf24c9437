"""Add persons who sign in: their roles, what they show, and their sessions."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"

SCHEMA = """
CREATE TABLE person (
  id            text PRIMARY KEY,
  environment   text NOT NULL CHECK (environment IN ('live', 'exercise')),
  source_id     text REFERENCES source,
  created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  disabled_at   timestamptz,
  UNIQUE (id, environment)
);
-- `territory`: AGS prefixes, none for everywhere; `on_call`: windows of the week, none for always.
CREATE TABLE person_role (
  person_id  text NOT NULL REFERENCES person,
  role       text NOT NULL,
  territory  text[] NOT NULL DEFAULT '{}',
  since      timestamptz,
  until      timestamptz,
  on_call    text[] NOT NULL DEFAULT '{}',
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (person_id, role)
);
-- `hash`: of a password (argon2id) or of a recovery code. `sealed`: the secret of TOTP, `used_step` the newest time
-- step whose code was taken. `passkey_id`, `public_key` and `sign_count` are those of WebAuthn.
CREATE TABLE person_credential (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id  text NOT NULL REFERENCES person,
  kind       text NOT NULL,
  hash       text,
  sealed     bytea,
  used_step  bigint,
  passkey_id bytea UNIQUE,
  public_key bytea,
  sign_count bigint,
  label      text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at    timestamptz,
  CHECK (CASE kind
    WHEN 'password' THEN hash IS NOT NULL AND num_nonnulls(sealed, passkey_id, public_key) = 0
    WHEN 'recovery' THEN hash IS NOT NULL AND num_nonnulls(sealed, passkey_id, public_key) = 0
    WHEN 'totp' THEN sealed IS NOT NULL AND num_nonnulls(hash, passkey_id, public_key) = 0
    WHEN 'passkey' THEN num_nonnulls(passkey_id, public_key, sign_count) = 3 AND num_nonnulls(hash, sealed) = 0
    ELSE false END)
);
CREATE INDEX person_credential_person ON person_credential (person_id);
-- Nobody has two passwords, or two secrets of TOTP.
CREATE UNIQUE INDEX person_credential_only ON person_credential (person_id, kind) WHERE kind IN ('password', 'totp');
-- `digest`: SHA-256 of the token, which only the browser has. `method`: how the person signed in.
CREATE TABLE person_session (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest      bytea NOT NULL UNIQUE,
  person_id   text NOT NULL,
  environment text NOT NULL,
  method      text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A session is of its person's environment, whoever writes it.
  FOREIGN KEY (person_id, environment) REFERENCES person (id, environment)
);
CREATE INDEX person_session_person ON person_session (person_id)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
