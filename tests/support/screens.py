"""What a phone shows of what reaches it by each family of push, read as the family's own documents say, and what is
wrong with that. Nothing here is the service's code.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.channels.webpush import subscription as browser

WEB_PUSH_BYTES = 4_096
"""RFC 8030 section 7.2 and UnifiedPush's AND_3: the body as it is sent, encrypted."""
BRIDGED_BYTES = 2_744
"""autopush: what its bridge to Android carries of the clear text."""
FCM_DATA_BYTES = 4_096
"""Keys and values of `data`."""
APNS_BYTES = 4_096
"""The whole payload."""
WEBHOOK_BYTES = 20_000
"""Standard Webhooks."""


@dataclass(frozen=True)
class Shown:
    """What stands on a screen, and what the app behind it has."""

    title: str
    body: str
    tag: str
    """What takes the place of what: a later notification of the same tag."""
    direction: str
    document: Mapping[str, Any]
    link: str = ""


def _of_the_app(document: Mapping[str, Any]) -> Shown:
    """What an app draws of a document by itself."""
    said = document["notification"]
    return Shown(
        said["title"],
        said["body"],
        document["chain"],
        said.get("dir", "ltr"),
        document,
        said.get("navigate", ""),
    )


def by_web_push(body: bytes) -> Shown:
    """A browser's service worker, or an app with UnifiedPush: the connector has decrypted it."""
    assert len(body) <= WEB_PUSH_BYTES
    clear = browser.decrypt(body)
    assert len(clear) <= BRIDGED_BYTES
    return _of_the_app(json.loads(clear))


def by_declarative_web_push(body: bytes) -> Shown:
    """A browser alone, without any code of the app's: it reads these members and no others."""
    document = json.loads(browser.decrypt(body))
    assert document["web_push"] == 8030
    said = document["notification"]
    assert said["navigate"].startswith("https://")
    assert not document.get("mutable")
    return Shown(
        said["title"], said["body"], said["tag"], said.get("dir", "auto"), document, said["navigate"]
    )


def by_fcm(body: bytes) -> Shown:
    """An app on Android: `data` alone, texts all of it, so that nothing is shown unless the app does."""
    message = json.loads(body)["message"]
    assert "notification" not in message
    data = message["data"]
    assert sum(len(name.encode()) + len(value.encode()) for name, value in data.items()) <= FCM_DATA_BYTES
    return _of_the_app(json.loads(data["notice"]))


def by_apns(body: bytes) -> Shown:
    """An iPhone, which shows `aps` without the app; the app has the document beside it."""
    assert len(body) <= APNS_BYTES
    payload = json.loads(body)
    alert, document = payload["aps"]["alert"], payload["notice"]
    assert payload["aps"]["interruption-level"] in {"active", "time-sensitive", "critical"}
    return Shown(alert["title"], alert["body"], document["chain"], "auto", document)


def by_webhook(body: bytes) -> Shown:
    """The server of an app, which notifies its phones."""
    assert len(body) <= WEBHOOK_BYTES
    return _of_the_app(json.loads(body))


@dataclass(frozen=True)
class Meant:
    """What people have to learn of a message, however it reaches them."""

    prefix: str
    mark: str
    """That it is an exercise, in the reader's words; empty for what is meant."""
    first: str
    """What to do first; empty of an end."""
    until: str
    chain: str
    sequence: int
    direction: str
    active: int | None


_WRONG: tuple[tuple[str, Callable[[Shown, Meant], bool]], ...] = (
    ("prefix", lambda shown, meant: meant.prefix in shown.title.split(":")[bool(meant.mark)]),
    ("mark", lambda shown, meant: shown.title.startswith(meant.mark) and shown.body.endswith(meant.mark)),
    ("unmarked", lambda shown, meant: bool(meant.mark) == bool(shown.document.get("exercise"))),
    ("first", lambda shown, meant: meant.first in shown.body),
    ("until", lambda shown, meant: shown.document["expires"] == meant.until),
    ("chain", lambda shown, meant: shown.tag == meant.chain == shown.document["chain"]),
    ("sequence", lambda shown, meant: shown.document["sequence"] == meant.sequence),
    ("direction", lambda shown, meant: shown.direction in {meant.direction, "auto"}),
    ("active", lambda shown, meant: shown.document.get("in_force", {}).get("active") == meant.active),
    ("letters", lambda shown, _meant: "\ufffd" not in shown.title + shown.body),
)


def wrong(shown: Shown, meant: Meant) -> list[str]:
    """The names of what a phone shows otherwise than it is meant."""
    return [name for name, holds in _WRONG if not holds(shown, meant)]
