"""Add where an import of endpoints is made ready, and how far it is.

The tables are not logged: what they hold can be made again from the file. After a crash of PostgreSQL all of them are
empty, so that the import begins again; they are never half there.
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"

SCHEMA = """
-- The one import that is under way, or was ended half-way. `digest`: of the file and of how it is imported. `position`
-- and `line`: what of the file stands in `import_row` and `import_refusal`. `rows`: in `import_row`, once all is
-- `checked`. `groups_done`: of those in which they become endpoints. The sums are of these.
CREATE UNLOGGED TABLE import_run (
  is_only        boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  digest         bytea NOT NULL,
  position       bigint NOT NULL DEFAULT 0,
  line           bigint NOT NULL DEFAULT 0,
  rows           bigint NOT NULL DEFAULT 0,
  checked        boolean NOT NULL DEFAULT false,
  groups_done    int[] NOT NULL DEFAULT '{}',
  renewed        bigint NOT NULL DEFAULT 0,
  places_changed bigint NOT NULL DEFAULT 0,
  shared         bigint NOT NULL DEFAULT 0,
  inactive       bigint NOT NULL DEFAULT 0
);

-- Rows that can be used, sealed. `piece` is a part of the address' hash: all rows of an endpoint have the same.
CREATE UNLOGGED TABLE import_row (
  piece        smallint NOT NULL,
  line         bigint NOT NULL,
  channel      text NOT NULL,
  gateway      text NOT NULL,
  sealed       bytea NOT NULL,
  address_hash bytea NOT NULL,
  keys         text NOT NULL,
  language     text NOT NULL,
  instance     text,
  ref          text,
  legal_basis  text,
  places       text[] NOT NULL,
  areas        text
);
ALTER TABLE import_row ALTER COLUMN sealed SET STATISTICS 0;
CREATE INDEX import_row_piece ON import_row (piece);

-- Rows that cannot be used, and where they stand in the file.
CREATE UNLOGGED TABLE import_refusal (
  line     bigint NOT NULL,
  position bigint NOT NULL,
  size     bigint NOT NULL,
  reason   text NOT NULL
)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
