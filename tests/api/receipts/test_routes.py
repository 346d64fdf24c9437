"""The routes of receipts, as clients see them, and what becomes of what they post."""

import json
from typing import TYPE_CHECKING, Any

from dispatcher.api.receipts.posting import LIST_BYTES, PATH
from dispatcher.model.reports import ReceiptPosition
from tests.api.conftest import INSTANCE_KEY, KEY

if TYPE_CHECKING:
    from dispatcher.access.receipt_tokens import ReceiptTokens

LIST = "/v1/instance/receipts"


async def test_receipts_are_posted_singly_by_anybody_and_in_lists_by_an_instance(service: Any) -> None:
    tokens: ReceiptTokens = service.parts.receipts._tokens
    one = {"receipt": tokens.token(ReceiptPosition(7, 0, 3)).decode(), "state": "confirmed"}
    single, many = json.dumps(one).encode(), json.dumps({"receipts": [one]}).encode()
    waiting = service.parts.receipts._waiting

    for key in (None, KEY, "wi_nobody_" + "s" * 43):
        (await service.request("POST", LIST, many, key=key)).problem(401, "unauthenticated")
    assert waiting == {}
    for path, sent, key in ((PATH, single, None), (LIST, many, INSTANCE_KEY)):
        answer = await service.request("POST", path, sent, key=key, content_type="text/plain")
        assert (answer.status, answer.body) == (204, b"")
    assert service.count("warn_device_receipts_posted_total", result="taken") == 2

    (await service.request("POST", PATH, b"{}", key=None)).problem(422, "invalid-request")
    (await service.request("POST", LIST, b"{}", key=INSTANCE_KEY)).problem(422, "invalid-request")
    long = many + b" " * LIST_BYTES
    (await service.request("POST", LIST, long, key=INSTANCE_KEY)).problem(413, "too-large")

    answer = await service.request("OPTIONS", PATH, key=None)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST"
    answer = await service.request("GET", PATH, key=None)
    assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST")
