"""An SMS provider's HTTP interface: `POST /messages` with {to, text, sender, client_ref, validity_s}.

It drops repeats: the same client reference gets the same id again and reaches the phone once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

import msgspec

from ops.lab.gateways.http.exchange import Answer
from ops.lab.gateways.parcel import Parcel, refused
from ops.lab.gateways.process import over_http
from ops.lab.gateways.spec import Site, StandinSpec, Subscriber
from ops.lab.gateways.state import number_ref
from ops.lab.world.ledger import Content

if TYPE_CHECKING:
    import argparse

    from ops.lab.gateways.http.exchange import Request
    from ops.lab.gateways.process import Listen

PATH = "/messages"


class _Message(msgspec.Struct, frozen=True):
    to: Annotated[str, msgspec.Meta(pattern=r"^\+[1-9]\d{6,14}$")]
    """The number, after E.164."""
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1530)]
    """The text; at most ten concatenated GSM-7 parts of 153 characters."""
    sender: Annotated[str, msgspec.Meta(min_length=1, max_length=15)]
    client_ref: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    validity_s: Annotated[int, msgspec.Meta(gt=0)]


_MESSAGE = msgspec.json.Decoder(_Message)


class Sms:
    """Examines SMS submissions. With `token`, asks for `Authorization: Bearer <token>`."""

    channel = "sms"

    def __init__(self, token: str = "") -> None:
        self._authorization = f"Bearer {token}" if token else ""

    def examine(self, request: Request, now_s: float) -> Parcel:  # noqa: ARG002 - the examiners' shape
        """Examine the message in `request`: it is refused with a reason or ready to be accepted."""
        if request.path != PATH:
            return refused("", 404, "path")
        if request.method != "POST":
            return refused("", 405, "method")
        try:
            message = _MESSAGE.decode(request.body)
        except msgspec.DecodeError:
            return refused("", 400, "body")
        if self._authorization not in ("", request.headers.get("authorization")):
            return _parcel(message, "authorization", Answer(401, b"authorization"))
        # made of the client reference alone: a repeat is known as one even after a restart
        reference = "s" + hashlib.sha256(message.client_ref.encode()).hexdigest()[:16]
        body = msgspec.json.encode({"id": reference, "status": "accepted"})
        return _parcel(message, "", Answer(202, body, (("content-type", "application/json"),)), reference)


def _parcel(message: _Message, refusal: str, answer: Answer, reference: str = "") -> Parcel:
    return Parcel(
        recipient=number_ref(message.to),
        content=Content(
            alert=message.client_ref.rpartition("-")[0],
            kind="",
            hash=hashlib.sha256(message.text.encode()).hexdigest(),
            text=message.text,
        ),
        refusal=refusal,
        answer=answer,
        reference=reference,
        collapse=message.client_ref,
        ttl=message.validity_s,
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bearer", default="", help="the token it asks for")


def _examiner(options: argparse.Namespace, _listen: Listen) -> Sms:
    return Sms(options.bearer)


def _subscriber(_seed: int, index: int | str) -> Subscriber:
    number = f"+4900{index:09}"
    return Subscriber(number_ref(number), number, {}, None)


def _settings(site: Site, url: str) -> dict[str, str]:
    gateway = {
        "name": "sms",
        "url": url + PATH,
        "authorization": f"Bearer {site.token}",
        "answer": {"success": "status", "success_values": ["accepted"], "error": "error"},
        "errors": {"number": "permanent", "busy": "transient", "rate": "rate_limited"},
        "reports": {"secret": site.report_secret, "error": "error"},
    }
    return {"WARN_SMS_GATEWAYS": msgspec.json.encode([gateway]).decode()}


STANDIN = StandinSpec(
    name="sms",
    channel=Sms.channel,
    purpose="gateway",
    help="an SMS provider",
    share=0.199,
    gone=frozenset(),  # a provider's 404 or 410 is about its interface, not about the phone
    several=False,
    by_url=False,
    state_file="",
    add_options=_add_options,
    serve=over_http(_examiner),
    subscriber=_subscriber,
    arguments=lambda site: ("--bearer", site.token),
    settings=_settings,
)
