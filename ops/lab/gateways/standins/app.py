"""A municipality's app instance: `POST /callback/<instance>`, signed after Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the signature is
base64(HMAC-SHA256(secret, "<webhook-id>.<webhook-timestamp>.<body>")), one or more as `v1,<signature>`.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from ops.lab.gateways.http.exchange import Answer
from ops.lab.gateways.parcel import Parcel, read_document, refused
from ops.lab.gateways.process import over_http
from ops.lab.gateways.spec import StandinSpec, Subscriber
from ops.lab.gateways.state import APP_FILE, Instance, drawn, read_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from ops.lab.gateways.http.exchange import Request
    from ops.lab.gateways.process import Listen

PATH = "/callback/"
TOLERANCE_S = 300
"""Seconds by which the sender's clock may be off; the reference libraries' value."""


class App:
    """Examines callbacks for the instances of a state directory."""

    channel = "app"

    def __init__(self, state: Path) -> None:
        """Read the instances' secrets. Raises OSError, msgspec.DecodeError."""
        self._secrets = {
            line.instance: base64.b64decode(line.secret.removeprefix("whsec_"))
            for line in read_lines(state / APP_FILE, Instance)
        }

    def examine(self, request: Request, now_s: float) -> Parcel:
        """Examine the callback in `request`: it is refused with a reason or ready to be accepted."""
        if not request.path.startswith(PATH):
            return refused("", 404, "path")
        instance = request.path.removeprefix(PATH)
        secret = self._secrets.get(instance)
        if secret is None:
            return refused(instance, 404, "unknown-instance")
        status, reason = _fault(request, secret, now_s)
        return Parcel(
            recipient=instance,
            content=read_document(request.body),
            refusal=reason,
            answer=Answer(status, reason.encode()),
            collapse=request.headers.get("webhook-id", "")[:64],
        )


def _fault(request: Request, secret: bytes, now_s: float) -> tuple[int, str]:
    if request.method != "POST":
        return 405, "method"
    if not _fresh(request.headers.get("webhook-timestamp", ""), now_s):
        return 401, "timestamp"
    return (204, "") if _signed(request.headers, request.body, secret) else (401, "signature")


def _fresh(timestamp: str, now_s: float) -> bool:
    return timestamp.isdigit() and abs(int(timestamp) - now_s) <= TOLERANCE_S


def _signed(headers: Mapping[str, str], body: bytes, secret: bytes) -> bool:
    identity = headers.get("webhook-id", "")
    signed = f"{identity}.{headers['webhook-timestamp']}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(secret, signed, "sha256"))
    given = headers.get("webhook-signature", "").encode()
    return bool(identity) and any(hmac.compare_digest(one, expected) for one in given.split(b" "))


def _subscriber(seed: int, instance: int | str) -> Subscriber:
    ags = str(instance)
    secret = "whsec_" + base64.b64encode(drawn(seed, ags, "secret", 32)).decode("ascii")
    return Subscriber(ags, PATH + ags, {"secret": secret}, Instance(ags, secret))


def _examiner(options: argparse.Namespace, _listen: Listen) -> App:
    return App(options.state)


STANDIN = StandinSpec(
    name="app",
    channel=App.channel,
    purpose="callback",
    help="the municipalities' app instances",
    share=0.0,
    gone=frozenset({410}),  # an app's server may say 404 while it is being renewed
    several=False,
    by_url=True,
    state_file=APP_FILE,
    add_options=lambda _parser: None,
    serve=over_http(_examiner),
    subscriber=_subscriber,
    arguments=lambda _site: (),
    settings=lambda _site, _url: {},
)
