"""Equal warnings of several control centres: which one people were told of. How far a large audience is planned."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE alert ADD COLUMN merged_into text REFERENCES alert")
    op.execute("CREATE INDEX alert_merged ON alert (merged_into) WHERE merged_into IS NOT NULL")
    op.execute("ALTER TABLE alert ADD COLUMN planned_to bigint NOT NULL DEFAULT 0")
