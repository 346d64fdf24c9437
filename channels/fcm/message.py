"""Write a notice as FCM's HTTP v1 API takes it: the same document that Web Push carries, as one member of `data`.

It is all data and no `notification`: what Android shows by itself it shows after `expires`, too, and a later notice
does not take its place. The app reads the document, and decides.

[S] https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from channels.base import Endpoint, Permanent, Urgency
from channels.device_receipt import MEMBER_BYTES

if TYPE_CHECKING:
    from channels.base import Notice

MEMBER: Final = "notice"
"""The member of `data` that has the document. `from`, `gcm…` and `google…` are FCM's own."""
DATA_BYTES: Final = 4_096
"""[S] What FCM takes of keys and values together, in UTF-8."""
DOCUMENT_BYTES: Final = DATA_BYTES - len(MEMBER)
KEPT_S: Final = 28 * 86_400
"""[S] The longest `ttl`, and the default where none is given."""

PROJECT: Final = "project"
"""The member of `Endpoint.keys` that names the Firebase project of the app."""
TARGET: Final = "target"
"""The member of `Endpoint.keys` that says what the address is."""
REGISTRATION_TOKEN: Final = "token"  # noqa: S105 - a word
INSTALLATION: Final = "fid"
TARGETS: Final = (REGISTRATION_TOKEN, INSTALLATION)
"""What an address is: a registration token, which is the default and called deprecated since July 2026, or a Firebase
installation ID, which takes its place."""

_ADDRESS: Final = re.compile(r"[A-Za-z0-9_:-]{4,2048}")
_PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""[S] https://cloud.google.com/resource-manager/docs/creating-managing-projects"""


def is_project(name: str) -> bool:
    """Return whether that is a project's ID."""
    return _PROJECT.fullmatch(name) is not None


def require_project(endpoint: Endpoint) -> str:
    """Return the project of an endpoint. Raises `Permanent` where it names none."""
    project = endpoint.keys.get(PROJECT)
    if project is None:
        raise Permanent("project_missing")
    if not is_project(project):
        raise Permanent("project_invalid")
    return project


def require_target(endpoint: Endpoint) -> str:
    """Return what an endpoint's address is, `token` or `fid`. Raises `Permanent` for an address that is neither."""
    target = endpoint.keys.get(TARGET, REGISTRATION_TOKEN)
    if target not in TARGETS:
        raise Permanent("target_invalid")
    if not _ADDRESS.fullmatch(endpoint.address):
        raise Permanent("address_invalid")
    return target


def ttl(seconds_left: float) -> int:
    """Return for how many seconds FCM keeps a message that holds for so long: at least one, as 0 means now or never."""
    return min(max(int(seconds_left), 1), KEPT_S)


def android(notice: Notice, seconds: int) -> dict[str, Any]:
    """Return how Android phones are to be reached, by a message that FCM keeps for `seconds`.

    FCM keeps four collapse keys for a phone: each chain has its own, or a second hazard would take the place of the
    first. What is urgent goes by satellite, too, and wakes a phone; all of it comes before a phone is first unlocked.
    """
    urgent = notice.urgency is Urgency.HIGH
    return {
        "priority": "high" if urgent else "normal",
        "ttl": f"{seconds}s",
        "collapse_key": notice.collapse_key,
        "direct_boot_ok": True,
        "bandwidth_constrained_ok": urgent,
        "restricted_satellite_ok": urgent,
    }


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """The request of one notice, made once for all phones: but for its target, and the token that it posts back."""

    document: bytes
    """What stands between target and receipt."""
    end: bytes

    def body(self, target: str, address: str, receipt: bytes | None) -> bytes:
        """Return the request's body. `address` is one that `require_target` takes, and needs no escape in JSON."""
        added = b"" if receipt is None else b',\\"receipt\\":\\"' + receipt + b'\\"'
        beginning = f'{{"message":{{"{target}":"{address}","data":{{"{MEMBER}":"'.encode("ascii")
        return b"".join((beginning, self.document, added, self.end))


def template(
    notice: Notice, seconds: int, most: int = DOCUMENT_BYTES, *, validate_only: bool = False
) -> MessageTemplate:
    """Return the request of a notice that FCM keeps for `seconds`, or only judges and sends to nobody. Raises
    `Permanent` where its document has more than `most` bytes.
    """
    payload = notice.payload
    if len(payload) + (0 if notice.receipt_token is None else MEMBER_BYTES) > most:
        raise Permanent("payload_too_large")
    # A JSON object without the brace at its end, as a text within JSON and without the quotes around it.
    document = _json(payload[:-1].decode())[1:-1]
    end = b',"validate_only":true}' if validate_only else b"}"
    return MessageTemplate(document, b'}"},"android":' + _json(android(notice, seconds)) + b"}" + end)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
