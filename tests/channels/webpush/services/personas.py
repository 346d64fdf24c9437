"""Push services as their tables say that they answer: an answer for each row, written down from the row's page."""

import json

from channels.http.messages import Answer
from channels.webpush.services.answers import ACCEPTANCES, Place, Row

ANY_REFUSAL = 403
"""The status that goes with a reason where the page does not say which."""


def answer_of(row: Row) -> Answer:
    """Return an answer of which the row says what it means."""
    status = {ACCEPTANCES: 201, 0: ANY_REFUSAL}.get(row.status, row.status)
    hint = row.hint
    if hint.place is Place.HEADER:
        return Answer(status, (f"{hint.name}: {hint.value}".encode(),))
    if hint.place is Place.TEXT:
        return Answer(status, body=f"Refused: {hint.name.upper()}.".encode())
    if hint.place is Place.JSON:
        return Answer(status, body=json.dumps({"code": status, hint.name: _spelt(hint.value)}).encode())
    return Answer(status)


def _spelt(value: str) -> object:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.isdecimal() else value
