"""A stand-in for Mozilla's push service: the WebSocket that Firefox keeps to it, and the HTTP of those who send.

What it checks of a request is what autopush-rs checks (`autoendpoint/src/headers/vapid.rs`, `extractors/subscription.rs`
and `extractors/notification_headers.rs`, read 2026-11-29), with the numbers of its page on errors
(https://mozilla-services.github.io/autopush-rs/errors.html, read 2026-11-28). What a `DELETE` answers is what RFC 8030
section 6.2 says.
"""

import asyncio
import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import uuid4

from aiohttp import web
from py_vapid import Vapid02

PATIENCE_S = 30.0  # only a failing test waits so long
DAY_S = 24 * 60 * 60
MAX_BODY_BYTES = 4096
RECEIVED, NOT_DECRYPTED = 100, 101
"""Codes that Firefox acknowledges a message with."""
_TOPIC = re.compile(r"[0-9A-Za-z_-]{1,32}=*")


class Refused(Exception):
    """The answer to a request that autopush would not take."""

    def __init__(self, status: int, errno: int, message: str) -> None:
        super().__init__(message)
        self.answer = {"code": status, "errno": errno, "message": message}


@dataclass(frozen=True)
class Message:
    """One that was accepted."""

    channel: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass
class Autopush:
    """The service, for the one browser that is connected to it."""

    origin: str = ""
    app: web.Application = field(default_factory=web.Application)
    """Whoever wants more served adds it here before the start."""
    registered: dict[str, str] = field(default_factory=dict)
    """By channel the public key that was subscribed with."""
    seen: list[Message] = field(default_factory=list)
    waiting: dict[str, Message] = field(default_factory=dict)
    """What is not delivered yet, by the name at the end of its `Location`."""
    away: bool = False
    """Whether the browser gets nothing for now."""
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    codes: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    _socket: web.WebSocketResponse | None = None
    _numbers: Any = field(default_factory=lambda: count(1))

    async def acknowledged(self) -> int:
        """With which code Firefox acknowledges the next message."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.codes.get()

    async def deliver(self) -> None:
        """The browser is there again: it gets what waits."""
        self.away = False
        for name in list(self.waiting):
            await self._hand_over(self.waiting.pop(name))

    async def spoil(self) -> None:
        """Hand over the last message once more, with a byte changed: nobody can decrypt it."""
        last = self.seen[-1]
        await self._hand_over(replace(last, body=last.body[:-1] + bytes([last.body[-1] ^ 1])))

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """The clients' protocol."""
        self._socket = socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        async for frame in socket:
            asked = json.loads(frame.data)
            await self._answer(asked, asked.get("messageType"))
        return socket

    async def _answer(self, asked: dict[str, Any], kind: str | None) -> None:
        answer: dict[str, Any] = {"messageType": kind, "status": 200}
        if kind == "hello":
            await self._tell(answer | {"uaid": uuid4().hex, "use_webpush": True, "broadcasts": {}})
            self.greeted.set()
        elif kind == "register":
            channel = asked["channelID"]
            self.registered[channel] = asked["key"].rstrip("=")
            await self._tell(
                answer | {"channelID": channel, "pushEndpoint": f"{self.origin}/wpush/v2/{channel}"}
            )
        elif kind == "unregister":
            self.registered.pop(asked["channelID"], None)
            await self._tell(answer | {"channelID": asked["channelID"]})
        elif kind == "ack":
            for update in asked["updates"]:
                self.codes.put_nowait(update["code"])

    async def forget(self) -> None:
        """Lose the browser: it connects again, is given another name, and all that it had subscribed to is gone."""
        assert self._socket
        self.registered.clear()
        await self._socket.close()

    async def take(self, request: web.Request) -> web.Response:
        """A message from a sender. One with a topic takes the place of that which waits with the same topic."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        channel, body = request.match_info["channel"], await request.read()
        try:
            self._require_valid(channel, headers, body)
        except Refused as refused:
            return web.json_response(refused.answer, status=refused.answer["code"])
        message = Message(channel, headers, body)
        self.seen.append(message)
        topic = headers.get("topic")
        name = f"{channel}-{topic}" if topic else f"{channel}-{next(self._numbers)}"
        if self.away:
            self.waiting[name] = message
        else:
            await self._hand_over(message)
        return web.Response(
            status=201, headers={"Location": f"{self.origin}/m/{name}", "TTL": headers["ttl"]}
        )

    async def take_back(self, request: web.Request) -> web.Response:
        """Delete a message, if it still waits."""
        return web.Response(status=204 if self.waiting.pop(request.match_info["name"], None) else 404)

    def _require_valid(self, channel: str, headers: dict[str, str], body: bytes) -> None:
        if channel not in self.registered:
            raise Refused(404, 102, "endpoint not found")
        _require_identified(headers.get("authorization", ""), self.registered[channel], self.origin)
        if not headers.get("ttl", "").lstrip("-").isdecimal():
            raise Refused(400, 111, "TTL missing")
        if int(headers["ttl"]) < 0:
            raise Refused(400, 112, "TTL negative")
        if "topic" in headers and not (_TOPIC.fullmatch(headers["topic"]) and len(headers["topic"]) <= 32):
            raise Refused(400, 113, "Topic invalid")
        if headers.get("content-encoding") != "aes128gcm" or {"encryption", "crypto-key"} & set(headers):
            raise Refused(400, 110, "encryption headers invalid")
        if len(body) > MAX_BODY_BYTES:
            raise Refused(413, 104, "too large")

    async def _hand_over(self, message: Message) -> None:
        data = urlsafe_b64encode(message.body).rstrip(b"=").decode()
        encoding = {"encoding": message.headers["content-encoding"]}
        frame = {"messageType": "notification", "channelID": message.channel, "version": uuid4().hex}
        await self._tell(frame | {"data": data, "headers": encoding})

    async def _tell(self, frame: dict[str, Any]) -> None:
        assert self._socket
        await self._socket.send_json(frame)


def _require_identified(authorization: str, key: str, origin: str) -> None:
    """The sender is whom the browser subscribed to, and says so to this service alone, for a day at most."""
    scheme, _, data = authorization.partition(" ")
    members = dict(one.partition("=")[::2] for one in data.replace(" ", "").split(","))
    if scheme.lower() != "vapid" or not {"t", "k"} <= set(members):
        raise Refused(401, 109, "no VAPID header")
    if members["k"] != key:
        raise Refused(401, 109, "VAPID public key mismatch")
    signed, _, signature = members["t"].rpartition(".")
    if not Vapid02.from_raw_public(key.encode()).verify_token(signed.encode(), signature):
        raise Refused(401, 109, "signature wrong")
    head, claims = (json.loads(urlsafe_b64decode(part + "==")) for part in signed.split("."))
    if head["alg"] != "ES256" or not isinstance(claims["sub"], str) or claims["aud"] != origin:
        raise Refused(401, 109, "Invalid VAPID audience")
    if not time.time() < claims["exp"] <= time.time() + DAY_S:
        raise Refused(401, 109, "Invalid VAPID expiry")


@asynccontextmanager
async def autopush(push: Autopush | None = None) -> AsyncIterator[Autopush]:
    """The service behind a free port of 127.0.0.1."""
    push = push or Autopush()
    push.app.router.add_get("/", push.socket)
    push.app.router.add_post("/wpush/v2/{channel}", push.take)
    push.app.router.add_delete("/m/{name}", push.take_back)
    runner = web.AppRunner(push.app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        push.origin = f"http://{host}:{port}"
        yield push
    finally:
        await runner.cleanup()
