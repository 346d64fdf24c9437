"""Name the columns that are sealed: whatever keys are changed for is done for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of type `bytea` that holds what `Sealing.seal` has made, or null."""

    table: str
    column: str
    bound_to: str
    """The SQL expression, of the same row, for the bytes that it is bound to."""


SEALED_COLUMNS: Final = (
    SealedColumn("subscription", "sealed", "address_hash"),
    SealedColumn("message_location", "sealed", r"convert_to(alert_id || E'\n' || gateway, 'UTF8')"),
    SealedColumn(
        "instance_credential",
        "sealed",
        r"convert_to(instance_id || E'\n' || channel || E'\n' || fingerprint, 'UTF8')",
    ),
    SealedColumn("import_row", "sealed", "address_hash"),
    SealedColumn("person_credential", "sealed", r"convert_to(E'person_credential\n' || person_id, 'UTF8')"),
    SealedColumn("person_endpoint", "sealed", "address_hash"),
    SealedColumn("signing_key", "sealed", r"convert_to(E'signing_key\n' || fingerprint, 'UTF8')"),
    SealedColumn("audit_key", "sealed", r"convert_to(E'audit_key\n' || key, 'UTF8')"),
)
"""All there are; a test compares them with the schema, where each is called `sealed` or `…_sealed`."""
