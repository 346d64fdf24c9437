"""Keep of each key whether the pepper was replaced that it was hashed under, so that none is called valid that cannot
be recognised; and of each endpoint whether several instances named it, so that an import of one takes no place of
another's away.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # The fingerprint of the replaced pepper; null: hashed under the one that the service has now.
    op.execute("ALTER TABLE api_key ADD COLUMN replaced_pepper text")
    op.execute("ALTER TABLE subscription ADD COLUMN shared boolean NOT NULL DEFAULT false")
