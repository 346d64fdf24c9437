"""Link persons to what an OpenID provider knows them by, and keys to certificates of clients."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"

SCHEMA = """
-- `issuer` and `subject` name somebody at a provider; together they are one person's of an environment at most.
CREATE TABLE person_identity (
  environment text NOT NULL,
  issuer      text NOT NULL,
  subject     text NOT NULL,
  person_id   text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at     timestamptz,
  PRIMARY KEY (environment, issuer, subject),
  UNIQUE (person_id, issuer),
  -- A link is of its person's environment, whoever writes it.
  FOREIGN KEY (person_id, environment) REFERENCES person (id, environment)
);
-- SHA-256 of the public key (SubjectPublicKeyInfo) of the certificate without which the key is not good.
ALTER TABLE api_key ADD COLUMN certificate bytea CHECK (length(certificate) = 32)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
