"""A server of UnifiedPush, and the apps behind it, with the manners of those that there are: ntfy and NextPush take
the requests of Web Push and answer in ways of their own.

[S] ntfy, server/server.go and server/errors.go; NextPush server-app, UnifiedPushProviderController.php, and an access
log of a newer one: where `channels.webpush.services.unifiedpush` read them. None of them looks at TTL, Topic, Urgency
or VAPID.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ops.lab.gateways.http.exchange import Answer, Request
from ops.lab.gateways.parcel import UNREAD, Parcel
from ops.lab.gateways.process import over_http
from ops.lab.gateways.standins import webpush
from ops.lab.gateways.state import UNIFIEDPUSH_FILE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ops.lab.gateways.process import Listen
    from ops.lab.gateways.spec import Site, Subscriber
    from ops.lab.world.ledger import Content

NTFY: Final = "ntfy"
NEXTPUSH: Final = "nextpush"
OLDER_NEXTPUSH: Final = "nextpush-older"
MANNERS: Final = (NTFY, NEXTPUSH, OLDER_NEXTPUSH)
MAX_BODY: Final = 4_096
_JSON: Final = (("content-type", "application/json"),)


def _json(status: int, **members: object) -> Answer:
    return Answer(status, json.dumps(members).encode(), _JSON)


class UnifiedPushServer:
    """Examines requests in the manner of one of `MANNERS`."""

    channel = "unifiedpush"

    def __init__(
        self,
        manner: str,
        path: str,
        opened: Callable[[str, bytes], Content | None],
        asleep: frozenset[str] = frozenset(),
    ) -> None:
        """`opened` returns what the device of a token reads in a body, None for a token that there is not; in `asleep`
        are those of devices that have not listened for long.
        """
        self._manner = manner
        self._path = path
        self._opened = opened
        self._asleep = asleep
        self._count = 0

    def examine(self, request: Request, now_s: float) -> Parcel:
        """Examine `request`: it is refused with a reason or ready to be accepted. `now_s` is Unix time."""
        token = request.path.removeprefix(self._path)
        if request.method != "POST" or token == request.path:
            return self._refused(token, "path", Answer(404))
        if len(request.body) > MAX_BODY:
            return self._refused(token, "size", _json(413, code=41301, http=413, error="too large"))
        content = self._opened(token, request.body)
        if content is None:
            return self._refused(token, "unknown-subscription", self._unknown())
        if self._manner == NTFY and token in self._asleep:
            return self._refused(token, "asleep", self._unknown())
        self._count += 1
        reference = f"u{self._count}"
        return Parcel(
            token,
            content,
            "",
            self._taken(reference, token, now_s),
            reference,
            request.headers.get("topic", "")[:64],
        )

    def _unknown(self) -> Answer:
        if self._manner == NTFY:  # it knows no topic but those that somebody listens to
            return _json(507, code=50701, http=507, error="nobody listens")
        if self._manner == OLDER_NEXTPUSH:
            return _json(401, success=False)
        return Answer(404)

    def _taken(self, reference: str, token: str, now_s: float) -> Answer:
        if self._manner == NTFY:
            return _json(200, id=reference, time=int(now_s), event="message", topic=token, message="")
        return _json(200, success=True) if self._manner == OLDER_NEXTPUSH else Answer(201)

    @staticmethod
    def _refused(token: str, reason: str, answer: Answer) -> Parcel:
        return Parcel(token, UNREAD, reason, answer)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--manners", choices=MANNERS, default=NTFY, help="whose answers it gives")
    parser.add_argument(
        "--asleep",
        action="append",
        default=[],
        metavar="TOKEN",
        help="a device that has not listened for long",
    )


def _examiner(options: argparse.Namespace, _listen: Listen) -> UnifiedPushServer:
    agents = webpush.UserAgents(options.state / UNIFIEDPUSH_FILE)
    return UnifiedPushServer(options.manners, webpush.PATH, agents.opened, frozenset(options.asleep))


def _subscriber(seed: int, index: int | str) -> Subscriber:
    return webpush.subscriber(seed, f"unifiedpush-{index}")


def _arguments(site: Site) -> tuple[str, ...]:
    return site.tls()


STANDIN = replace(
    webpush.STANDIN,
    name="unifiedpush",
    family=UnifiedPushServer.channel,
    help="a push server of UnifiedPush and phones with an app",
    share=0.05,
    several=False,
    state_file=UNIFIEDPUSH_FILE,
    add_options=_add_options,
    serve=over_http(_examiner),
    subscriber=_subscriber,
    arguments=_arguments,
)
"""The service has no setting for it but that it may be contacted, so that it is to it any server of UnifiedPush."""
