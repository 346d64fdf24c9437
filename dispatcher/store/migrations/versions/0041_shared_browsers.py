"""Let a browser be known for several persons: at a control centre's desk they sign in one after the other."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"

SCHEMA = """
ALTER TABLE person_device DROP CONSTRAINT person_device_pkey;
ALTER TABLE person_device ADD PRIMARY KEY (digest, person_id)
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
