"""Find the shifts on the trail by an index, and write each down once."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"

SCHEMA = """
-- Both have the lines of shifts alone: what else the trail has they cost nothing.
CREATE INDEX audit_shift ON audit ((detail->>'environment'), id) WHERE action = 'shift.take-over';
-- A form that is sent twice is one shift. Lines of before have no form, and none is like another.
CREATE UNIQUE INDEX audit_shift_form ON audit (actor, (detail->>'form')) WHERE action = 'shift.take-over'
"""


def upgrade() -> None:
    for statement in SCHEMA.split(";\n"):
        if statement.strip():
            op.execute(statement)
