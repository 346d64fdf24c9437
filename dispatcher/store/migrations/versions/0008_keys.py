"""Keep the keys of instances where those of sources and feeds are, several for each, with their last use.

`kind` is what a key begins with, so that an instance and a source may have keys of one id. An instance's only key so
far has the instance's id, and stays valid.

The record knew the lists of a feed by their addresses, in which keys may stand: it gets to know them by
`dispatcher.model.feeds.part_of`.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def _part(column: str) -> str:
    """Return `part_of` of an address as SQL, and anything else as it is."""
    # No colon before a word: SQLAlchemy would take it for a parameter.
    host = r"'^(https?)://(?:[^/?#\s]*@)?([^/?#\s]*).*$', '\1://\2', 'i'"
    digest = f"left(encode(sha256(convert_to({column}, 'UTF8')), 'hex'), 16)"
    part = f"regexp_replace({column}, {host}) || '#' || {digest}"
    return f"CASE WHEN {column} ~* '^https?://' THEN {part} ELSE {column} END"


SCHEMA = f"""
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
ALTER TABLE instance DROP COLUMN digest;
UPDATE feed_entry SET part = {_part("part")};
UPDATE quarantine SET name = {_part("name")} WHERE name IN (SELECT jsonb_object_keys(validators) FROM feed);
UPDATE feed SET validators = coalesce(
  (SELECT jsonb_object_agg({_part("key")}, value) FROM jsonb_each(validators)), '{{}}')
"""  # noqa: S608 - our own columns


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
