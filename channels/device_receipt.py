"""Add to a document, for the one device that gets it, the token which that posts back as its receipt.

A notice is rendered once for many; this member alone is each recipient's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from channels.base import Notice

MEMBER_BYTES: Final = 37
"""How much longer a document with a token is: the member's name, and 24 characters."""


def addressed(document: bytes, notice: Notice, endpoint_id: int) -> bytes:
    """Return the document, a JSON object with other members, with the endpoint's token as `receipt`; as it is where no
    receipt is asked for.
    """
    if notice.receipt_token is None:
        return document
    return b"".join((document[:-1], b',"receipt":"', notice.receipt_token(endpoint_id), b'"}'))
