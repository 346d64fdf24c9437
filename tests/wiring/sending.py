"""What the tests of the wiring send, and by which account."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.base import Notice, Urgency


def notice() -> Notice:
    deadline = datetime.now(UTC) + timedelta(hours=1)
    return Notice("01ALERT", "k" * 32, "Titel", "Hochwasser", b'{"v":1}', "de", Urgency.HIGH, deadline)


async def sent(channel: Any, endpoint: Any) -> list[Any]:
    gateway = channel.gateway(endpoint)
    return [receipt async for known in channel.send(notice(), gateway, [endpoint]) for receipt in known]


def sms_gateway(origin: Any, **members: Any) -> Any:
    reading = {"reference": "message.id", "success": "status", "error": "error.code"}
    item = {"name": "haupt", "url": origin + "/messages", "answer": reading, **members}
    return json.dumps([item])
