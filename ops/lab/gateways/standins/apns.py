"""APNs (`POST /3/device/{token}`), in one of Apple's environments, and the phones with apps that it knows.

It answers with the statuses and reasons of Apple's page, and is as strict: header by header, by the signature and the
age of the provider token, and by how often that changes. What phones it has follows from its state file.

[S] https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns and
.../sending-notification-requests-to-apns
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from ops.lab.gateways.http.exchange import Answer, Request
from ops.lab.gateways.parcel import UNREAD, Parcel, read_document
from ops.lab.gateways.process import over_http
from ops.lab.gateways.spec import Site, StandinSpec, Subscriber
from ops.lab.gateways.state import APNS_FILE, ApnsPhone, b64url, drawn, number_ref, read_lines, unb64url

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from ops.lab.gateways.process import Listen

APPS: Final = {
    "de.warn-lab.app": "05358008",
    "de.warn-lab.juelich": "05358024",
    "de.warn-lab.vettweiss": "05358060",
}
"""The bundle IDs of the apps on a lab's iPhones, and whose they are: those of Düren, Jülich and Vettweiß."""
TOPIC: Final = next(iter(APPS))
TRYOUT: Final = "de.warn-lab.tryout"
"""The bundle ID of an app that somebody tries the service with."""
KEY_FOLDER: Final = "apns-keys"
"""Where credentials lie that were issued, below the state directory: one for each app."""
PRODUCTION: Final = "production"
LIFE_S: Final = 3_600
"""How old a provider token may be."""
AHEAD_S: Final = 60
"""How far ahead of ours a sender's clock may be."""
RENEWED_S: Final = 1_200
"""How soon after a new provider token another one is too soon."""
PAYLOAD_BYTES: Final = 4_096
COLLAPSE_BYTES: Final = 64
PUSH_TYPES: Final = frozenset(
    {
        "alert",
        "background",
        "complication",
        "controls",
        "fileprovider",
        "liveactivity",
        "location",
        "mdm",
        "pushtotalk",
        "voip",
        "widgets",
    }
)
_PATH: Final = re.compile(r"/3/device/(.*)")
_TOKEN: Final = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_JSON: Final = ("content-type", "application/json")
_STATUSES: Final[Mapping[str, int]] = {
    "BadCollapseId": 400,
    "BadDeviceToken": 400,
    "BadExpirationDate": 400,
    "BadMessageId": 400,
    "BadPriority": 400,
    "DeviceTokenNotForTopic": 400,
    "InvalidPushType": 400,
    "MissingDeviceToken": 400,
    "MissingTopic": 400,
    "PayloadEmpty": 400,
    "TopicDisallowed": 400,
    "BadEnvironmentKeyInToken": 403,
    "ExpiredProviderToken": 403,
    "InvalidProviderToken": 403,
    "MissingProviderToken": 403,
    "BadPath": 404,
    "MethodNotAllowed": 405,
    "Unregistered": 410,
    "PayloadTooLarge": 413,
    "TooManyProviderTokenUpdates": 429,
}


class _Credential(msgspec.Struct, frozen=True):
    team_id: str
    key_id: str
    key: Annotated[str, msgspec.Meta(min_length=1)]
    topics: tuple[str, ...]
    environment: str = PRODUCTION


class _Shown(NamedTuple):
    token: str
    first_s: float


class _Refused(Exception):
    """The request is refused; the message is Apple's reason."""


class Apns:
    """Examines what comes to APNs in one environment, for the keys that it was given."""

    channel = "apns"

    def __init__(
        self,
        phones: Iterable[ApnsPhone],
        credentials: Iterable[bytes],
        environment: str = PRODUCTION,
        any_phone: str = "",
    ) -> None:
        """Of the app `any_phone` each device token is a phone's, and what its app is handed is kept."""
        self._phones = {phone.address: phone for phone in phones}
        self._any_phone = any_phone
        known = [msgspec.json.decode(one, type=_Credential) for one in credentials]
        self._keys = {one.key_id: (one, ECKey.import_key(one.key)) for one in known}
        self._environment = environment
        self._shown: dict[str, _Shown] = {}

    def examine(self, request: Request, now_s: float) -> Parcel:
        """Examine `request`: it is refused with a reason or ready to be accepted. `now_s` is Unix time."""
        found = _PATH.fullmatch(request.path)
        phone = self._phone(found[1], request.headers.get("apns-topic", "")) if found else None
        ref = phone.ref if phone else ""
        try:
            return self._examined(request, _device(request, found), phone, now_s)
        except _Refused as refused:
            reason = str(refused)
            gone = {"timestamp": int(phone.gone_s * 1000)} if phone and reason == "Unregistered" else {}
            body = json.dumps({"reason": reason, **gone}).encode()
            answer = Answer(_STATUSES[reason], body, (_apns_id(request), _JSON))
            return Parcel(ref, UNREAD, reason, answer)

    def _phone(self, token: str, topic: str) -> ApnsPhone | None:
        phone = self._phones.get(token)
        if phone is None and topic and topic == self._any_phone and _TOKEN.fullmatch(token):
            return ApnsPhone(number_ref(token), token, topic, self._environment)
        return phone

    def _examined(self, request: Request, token: str, phone: ApnsPhone | None, now_s: float) -> Parcel:
        credential = self._shown_by(request.headers.get("authorization", ""), now_s)
        wrong = next((reason for reason, holds in _checks(request, token) if not holds), "")
        if wrong:
            raise _Refused(wrong)
        topic = request.headers["apns-topic"]
        if topic not in credential.topics:
            raise _Refused("TopicDisallowed")
        if phone is None or phone.environment != self._environment:
            raise _Refused("BadDeviceToken")
        if phone.topic != topic:
            raise _Refused("DeviceTokenNotForTopic")
        if phone.gone_s:
            raise _Refused("Unregistered")
        return self._taken(request, phone, now_s)

    def _taken(self, request: Request, phone: ApnsPhone, now_s: float) -> Parcel:
        sent = request.headers
        payload: dict[str, Any] = json.loads(request.body)
        apns_id = _apns_id(request)
        return Parcel(
            recipient=phone.ref,
            content=read_document(json.dumps(payload.get("notice", {}), ensure_ascii=False).encode()),
            refusal="",
            answer=Answer(200, b"", (apns_id,)),
            reference=apns_id[1],
            collapse=sent.get("apns-collapse-id", ""),
            ttl=max(0, int(int(sent.get("apns-expiration", "0")) - now_s)),
            urgency="high" if sent.get("apns-priority", "10") == "10" else "normal",
            handed="" if phone.address in self._phones else json.dumps({"apns": payload}, ensure_ascii=False),
        )

    def _shown_by(self, authorization: str, now_s: float) -> _Credential:
        """Return whose key has signed. Raises `_Refused`."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _Refused("MissingProviderToken")
        try:
            credential, key = self._keys[json.loads(unb64url(token.partition(".")[0]))["kid"]]
            claims = jwt.decode(token, key, algorithms=["ES256"]).claims
        except (JoseError, ValueError, KeyError, TypeError):
            raise _Refused("InvalidProviderToken") from None
        issued = claims.get("iat")
        if type(issued) is not int or claims.get("iss") != credential.team_id or issued > now_s + AHEAD_S:
            raise _Refused("InvalidProviderToken")
        if issued < now_s - LIFE_S:
            raise _Refused("ExpiredProviderToken")
        if credential.environment != self._environment:
            raise _Refused("BadEnvironmentKeyInToken")
        shown = self._shown.get(credential.key_id)
        if shown is None or shown.token != token:
            if shown is not None and now_s - shown.first_s < RENEWED_S:
                raise _Refused("TooManyProviderTokenUpdates")
            self._shown[credential.key_id] = _Shown(token, now_s)
        return credential


def _device(request: Request, found: re.Match[str] | None) -> str:
    if request.method != "POST":
        raise _Refused("MethodNotAllowed")
    if found is None:
        raise _Refused("BadPath")
    return found[1]


def _checks(request: Request, token: str) -> Iterable[tuple[str, bool]]:
    """Yield each reason for which a request may be refused by itself, and whether it holds."""
    sent = request.headers
    yield "MissingDeviceToken", bool(token)
    yield "BadDeviceToken", _TOKEN.fullmatch(token) is not None
    yield "MissingTopic", bool(sent.get("apns-topic"))
    yield "BadMessageId", _is_uuid(sent.get("apns-id"))
    yield "BadExpirationDate", sent.get("apns-expiration", "0").isdigit()
    yield "BadPriority", sent.get("apns-priority", "10") in ("1", "5", "10")
    yield "BadCollapseId", len(sent.get("apns-collapse-id", "").encode("latin-1")) <= COLLAPSE_BYTES
    yield "InvalidPushType", sent.get("apns-push-type", "alert") in PUSH_TYPES
    yield "PayloadTooLarge", len(request.body) <= PAYLOAD_BYTES
    yield "PayloadEmpty", _is_payload(request.body)


def _is_uuid(text: str | None) -> bool:
    try:
        return text is None or str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_payload(body: bytes) -> bool:
    try:
        payload = json.loads(body)
    except ValueError:
        return False
    return isinstance(payload, dict) and isinstance(payload.get("aps"), dict)


def _apns_id(request: Request) -> tuple[str, str]:
    return "apns-id", request.headers.get("apns-id") or str(uuid.uuid4()).upper()


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--credential",
        type=Path,
        action="append",
        default=[],
        help="of an app, with its key: as it is put into the service; several",
    )
    parser.add_argument(
        "--issue", action="store_true", help=f"issue a key for each app of the lab, below {KEY_FOLDER}"
    )
    parser.add_argument(
        "--any-phone", default="", metavar="TOPIC", help="one more app: each device token is a phone with it"
    )
    parser.add_argument("--environment", default=PRODUCTION, help="of Apple's two: production or sandbox")


def _examiner(options: argparse.Namespace, _listen: Listen) -> Apns:
    phones = read_lines(options.state / APNS_FILE, ApnsPhone)
    topics = (*APPS, *filter(None, [options.any_phone]))
    issued = issue(options.state / KEY_FOLDER, topics) if options.issue else []
    credentials = [file.read_bytes() for file in (*options.credential, *issued)]
    return Apns(phones, credentials, options.environment, options.any_phone)


def issue(folder: Path, topics: Iterable[str] = tuple(APPS)) -> list[Path]:
    """Return a credential for each app, as its maker puts it together of what Apple's pages give; those that were
    issued before stay.
    """
    folder.mkdir(exist_ok=True)
    files = []
    for number, topic in enumerate(topics):
        files.append(file := folder / f"{topic}.json")
        if not file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            ids = {"team_id": f"WARNLAB{number:03}", "key_id": f"LABKEY{number:04}"}
            file.write_text(json.dumps({**ids, "key": pem, "topics": [topic]}), "utf-8")
    return files


def _credentials(state: Path, _url: str) -> dict[str, bytes]:
    return {ags: credential(state, topic) for topic, ags in APPS.items()}


def credential(state: Path, topic: str) -> bytes:
    """Return the credential that was issued for an app."""
    return (state / KEY_FOLDER / f"{topic}.json").read_bytes()


def _subscriber(seed: int, index: int | str) -> Subscriber:
    ref = b64url(drawn(seed, index, "apns", 16))
    address = drawn(seed, index, "apns-token", 32).hex()
    topic, instance = tuple(APPS.items())[drawn(seed, index, "apns-topic", 1)[0] % len(APPS)]
    return Subscriber(ref, address, {"topic": topic}, ApnsPhone(ref, address, topic), instance)


def _arguments(site: Site) -> tuple[str, ...]:
    return ("--issue", *site.tls())


def _settings(site: Site, url: str) -> dict[str, str]:
    return {"WARN_APNS_URL": url, **site.trusting()}


STANDIN = StandinSpec(
    name="apns",
    channel=Apns.channel,
    purpose="gateway",
    help="APNs and phones",
    share=0.1,
    gone=frozenset({400, 410}),
    several=False,
    by_url=False,
    state_file=APNS_FILE,
    add_options=_add_options,
    serve=over_http(_examiner),
    subscriber=_subscriber,
    arguments=_arguments,
    settings=_settings,
    credentials=_credentials,
)
