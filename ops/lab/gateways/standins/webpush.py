"""A push service with its user agents: RFC 8030 (push), 8188 and 8291 (encryption), 8292 (VAPID).

A push service cannot read what it passes on; a user agent drops what it cannot read. So a body that does
not decrypt is accepted like any other, and its ledger line says that it could not be read.
"""

from __future__ import annotations

import base64
import hmac
import re
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ops.lab.gateways.http.exchange import Answer, Request
from ops.lab.gateways.parcel import UNREAD, Parcel, read_document, refused
from ops.lab.gateways.process import over_http
from ops.lab.gateways.spec import SHARE_OF_THE_REST, Site, StandinSpec, Subscriber
from ops.lab.gateways.standins.vapid import Vapid
from ops.lab.gateways.state import WEBPUSH_FILE, UserAgent, b64url, drawn, read_lines, unb64url
from ops.lab.world.ledger import Content

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from ops.lab.gateways.process import Listen

PATH = "/push/"
MESSAGE_PATH = "/m/"
WITHDRAWN = "withdrawn"
"""The reason in the ledger where a message was deleted that waited."""
MAX_BODY = 4096
"""RFC 8030 section 7.2: a push service must take at least this; all known ones take no more."""
_TTL = re.compile(r"\d{1,10}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_HEADER = struct.Struct("!16sIB")
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256's base point (FIPS 186-5): a private key lies in [1, order - 1]."""


class UndecryptableError(Exception):
    """The body is not what RFC 8291 asks for, or not for this user agent. The text is a short reason."""


class UserAgents:
    """Holds the private side of all subscriptions."""

    def __init__(self, file: Path) -> None:
        self._agents = {agent.token: agent for agent in read_lines(file, UserAgent)}

    def __contains__(self, token: str) -> bool:
        return token in self._agents

    def __len__(self) -> int:
        return len(self._agents)

    def open(self, token: str, body: bytes) -> Content:
        """Return what the user agent reads; a Content with only `reason` where it can read nothing."""
        agent = self._agents[token]
        try:
            return read_document(decrypt(agent, body))
        except UndecryptableError as error:
            return Content("", "", "", reason=str(error))

    def opened(self, token: str, body: bytes) -> Content | None:
        """Return the same; None for a token that there is not."""
        return self.open(token, body) if token in self else None

    def open_raw(self, token: str, raw: str) -> Content:
        """Do the same with a body kept in the ledger as base64."""
        return self.open(token, base64.b64decode(raw))


class Mailboxes:
    """Holds what waits for user agents that are offline: of each topic the latest message (RFC 8030 section 5.4).

    As at Mozilla, a message's place is that of its topic: whoever deletes an earlier one deletes the one that has taken
    its place (autopush-rs, `message_id.rs`).
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], str] = {}
        self._places: dict[str, tuple[str, str]] = {}

    def put(self, token: str, topic: str, reference: str) -> None:
        self._places[reference] = token, topic
        self._waiting[token, topic] = reference

    def withdraw(self, reference: str) -> Parcel:
        """Delete what waits in the place of a message: no line of the ledger after that is a delivery."""
        place = self._places.get(reference, ("", ""))
        if self._waiting.pop(place, None) is None:
            return refused(place[0], 404, "not-waiting")
        return refused(place[0], 204, WITHDRAWN)


class WebPush:
    """Examines push requests. With `inline` false, bodies are kept for decryption later."""

    channel = "webpush"

    def __init__(
        self, agents: UserAgents, vapid: Vapid, *, inline: bool, mailboxes: Mailboxes | None = None
    ) -> None:
        """With `mailboxes` the user agents are offline, and what is accepted for them waits there."""
        self._agents = agents
        self._vapid = vapid
        self._inline = inline
        self._mailboxes = mailboxes
        self._count = 0

    def examine(self, request: Request, now_s: float) -> Parcel:
        """Examine `request`: it is refused with a reason or ready to be accepted. `now_s` is Unix time."""
        if request.method == "DELETE" and request.path.startswith(MESSAGE_PATH) and self._mailboxes:
            return self._mailboxes.withdraw(request.path.removeprefix(MESSAGE_PATH))
        if not request.path.startswith(PATH):
            return refused("", 404, "path")
        token = request.path.removeprefix(PATH)
        if token not in self._agents:
            return refused(token, 404, "unknown-subscription")
        status, reason = self._fault(request, now_s)
        content = self._agents.open(token, request.body) if self._inline else UNREAD
        headers = request.headers
        reference = "" if reason else self._reference()
        location = f"{self._vapid.scheme}://{headers.get('host', '')}{MESSAGE_PATH}{reference}"
        if self._mailboxes and reference:
            self._mailboxes.put(token, headers.get("topic", reference), reference)
        return Parcel(
            recipient=token,
            content=content,
            refusal=reason,
            answer=Answer(status, reason.encode())
            if reason
            else Answer(201, headers=(("location", location),)),
            reference=reference,
            collapse=headers.get("topic", "")[:64],
            ttl=int(headers["ttl"]) if _TTL.fullmatch(headers.get("ttl", "")) else 0,
            urgency=headers.get("urgency", "")[:16],
            raw="" if self._inline or reason else base64.b64encode(request.body).decode("ascii"),
        )

    def _reference(self) -> str:
        self._count += 1
        return f"m{self._count}"

    def _fault(self, request: Request, now_s: float) -> tuple[int, str]:
        """Return (status, reason) of the refusal, or (201, "")."""
        headers = request.headers
        checks = (
            (request.method == "POST", 405, "method"),
            (_TTL.fullmatch(headers.get("ttl", "")), 400, "ttl"),
            (headers.get("content-encoding") == "aes128gcm", 400, "content-encoding"),
            (0 < len(request.body) <= MAX_BODY, 413, "size"),
            (_TOPIC.fullmatch(headers.get("topic", "none")), 400, "topic"),
            (headers.get("urgency", "normal") in _URGENCIES, 400, "urgency"),
        )
        for holds, status, reason in checks:
            if not holds:
                return status, reason
        return self._vapid.refusal(headers, request.port, now_s) or (201, "")


def decrypt(agent: UserAgent, body: bytes) -> bytes:
    """Decrypt one aes128gcm body for `agent`. Raises UndecryptableError."""
    if len(body) < _HEADER.size + 65 + 17:
        raise UndecryptableError("short")
    salt, record_size, key_length = _HEADER.unpack_from(body)
    sender = body[_HEADER.size : _HEADER.size + key_length]
    sealed = body[_HEADER.size + key_length :]
    if key_length != 65:
        raise UndecryptableError("sender-key")
    if record_size < 18 or len(sealed) > record_size:
        raise UndecryptableError("more-than-one-record")  # RFC 8291 section 4 allows one
    try:
        sender_key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender)
    except ValueError:
        raise UndecryptableError("sender-key") from None
    shared = _private_key(agent.private).exchange(ec.ECDH(), sender_key)
    key, nonce = _derive(shared, salt, agent, sender)
    try:
        padded = AESGCM(key).decrypt(nonce, sealed, None)
    except InvalidTag:
        raise UndecryptableError("not-for-this-recipient") from None
    plain = padded.rstrip(b"\0")
    if not plain.endswith(b"\x02"):
        raise UndecryptableError("padding")
    return plain[:-1]


def _derive(shared: bytes, salt: bytes, agent: UserAgent, sender: bytes) -> tuple[bytes, bytes]:
    """Derive content key and nonce after RFC 8291 section 3.4; each HKDF output here is one block long."""
    info = b"WebPush: info\0" + unb64url(agent.public) + sender
    secret = _block(hmac.digest(unb64url(agent.auth), shared, "sha256"), info)
    pseudo_random = hmac.digest(salt, secret, "sha256")
    key = _block(pseudo_random, b"Content-Encoding: aes128gcm\0")[:16]
    return key, _block(pseudo_random, b"Content-Encoding: nonce\0")[:12]


def _block(key: bytes, info: bytes) -> bytes:
    return hmac.digest(key, info + b"\x01", "sha256")


@lru_cache(maxsize=65_536)
def _private_key(scalar: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64url(scalar)), _CURVE)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--decrypt", choices=("inline", "later"), default="inline", help="later: by the reader"
    )
    parser.add_argument("--name", action="append", default=[], help="a further host name it is reached by")
    parser.add_argument(
        "--vapid-key", default="", help="the only application server key it takes (base64url)"
    )
    parser.add_argument("--offline", action="store_true", help="messages wait, and can be deleted")
    parser.add_argument("--vapid-optional", action="store_true", help="take pushes without VAPID too")


def _examiner(options: argparse.Namespace, listen: Listen) -> WebPush:
    vapid = Vapid(
        scheme=listen.scheme,
        hosts=frozenset({listen.host, "localhost", *options.name}),
        key=options.vapid_key,
        required=not options.vapid_optional,
    )
    return WebPush(
        UserAgents(options.state / WEBPUSH_FILE),
        vapid,
        inline=options.decrypt == "inline",
        mailboxes=Mailboxes() if options.offline else None,
    )


def subscriber(seed: int, index: int | str) -> Subscriber:
    """Return the subscription that follows from a seed and a person's number, with its user agent's keys."""
    token = b64url(drawn(seed, index, "token", 16))
    auth = b64url(drawn(seed, index, "auth", 16))
    scalar = int.from_bytes(drawn(seed, index, "key", 40)) % (_ORDER - 1) + 1
    point = ec.derive_private_key(scalar, _CURVE).public_key()
    public = b64url(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    agent = UserAgent(token, b64url(scalar.to_bytes(32)), public, auth)
    return Subscriber(token, PATH + token, {"p256dh": public, "auth": auth}, agent)


def _arguments(site: Site) -> tuple[str, ...]:
    return ("--decrypt", site.decrypt, *site.tls())


def _settings(site: Site, _url: str) -> dict[str, str]:
    return site.trusting()


STANDIN = StandinSpec(
    name="webpush",
    channel=WebPush.channel,
    purpose="push",
    help="a push service and its user agents",
    share=SHARE_OF_THE_REST,
    gone=frozenset({404, 410}),
    several=True,
    by_url=True,
    state_file=WEBPUSH_FILE,
    add_options=_add_options,
    serve=over_http(_examiner),
    subscriber=subscriber,
    arguments=_arguments,
    settings=_settings,
)
