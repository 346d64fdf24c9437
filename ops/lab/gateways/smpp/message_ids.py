"""Ids of messages in the forms that SMS centres give them."""

from __future__ import annotations

import uuid
from enum import StrEnum

_FIRST = 0x0193_7000_0000_7000_8000_0000_0000_0000
"""A UUID of version 7. Those made from it differ in their last group alone, as those of the same instant may."""


class IdForm(StrEnum):
    """Names a form. The answer to a message may have one, and the receipts of the same centre another."""

    DECIMAL = "decimal"
    HEX = "hex"
    HEX_UPPER = "hex_upper"
    PADDED = "padded"
    """Ten digits, with leading zeros."""
    UUID = "uuid"


def write_id(form: IdForm, number: int) -> str:
    """Write a message's number, positive, as its id."""
    match form:
        case IdForm.DECIMAL:
            return str(number)
        case IdForm.HEX:
            return f"{number:x}"
        case IdForm.HEX_UPPER:
            return f"{number:X}"
        case IdForm.PADDED:
            return f"{number:010}"
        case IdForm.UUID:
            return str(uuid.UUID(int=_FIRST + number))
