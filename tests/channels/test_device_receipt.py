"""The token stands in the document of the one who gets it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from channels.base import Notice, Urgency
from channels.device_receipt import MEMBER_BYTES, addressed

NOTICE = Notice("A", "A", "title", "text", b"{}", "de", Urgency.HIGH, datetime.now(UTC) + timedelta(hours=1))
DOCUMENT = json.dumps({"v": 1, "headline": "Hochwasser"}, ensure_ascii=False).encode()


def test_each_endpoint_gets_its_own_token() -> None:
    asking = replace(NOTICE, receipt_token=lambda endpoint: f"{endpoint:024}".encode())
    for endpoint in (7, 8):
        sent = addressed(DOCUMENT, asking, endpoint)
        assert json.loads(sent) == json.loads(DOCUMENT) | {"receipt": f"{endpoint:024}"}
        assert len(sent) == len(DOCUMENT) + MEMBER_BYTES


def test_where_none_is_asked_for_the_document_is_as_it_was() -> None:
    assert addressed(DOCUMENT, NOTICE, 7) is DOCUMENT
