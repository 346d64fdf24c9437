"""Keep the keys of instances where those of sources and feeds are, several for each, with their last use.

`kind` is what a key begins with, so that an instance and a source may have keys of one id. An instance's only key so
far has the instance's id, and stays valid.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

SCHEMA = """
ALTER TABLE api_key ALTER COLUMN source_id DROP NOT NULL;
ALTER TABLE api_key ADD COLUMN instance_id text REFERENCES instance;
ALTER TABLE api_key ADD COLUMN used_at timestamptz;
ALTER TABLE api_key ADD CONSTRAINT api_key_bearer CHECK (num_nonnulls(source_id, instance_id) = 1);
ALTER TABLE api_key ADD COLUMN kind text NOT NULL
  GENERATED ALWAYS AS (CASE WHEN instance_id IS NULL THEN 'wk' ELSE 'wi' END) STORED;
ALTER TABLE api_key DROP CONSTRAINT api_key_pkey;
ALTER TABLE api_key ADD PRIMARY KEY (kind, id);
CREATE INDEX api_key_source ON api_key (source_id);
CREATE INDEX api_key_instance ON api_key (instance_id);
ALTER TABLE instance ADD COLUMN disabled_at timestamptz;
INSERT INTO api_key (id, instance_id, digest, created_at) SELECT id, id, digest, created_at FROM instance;
ALTER TABLE instance DROP COLUMN digest
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
