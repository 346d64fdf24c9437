"""FCM's HTTP v1 API (`POST /v1/projects/{project}/messages:send`), and the token service with it (`POST /token`).

It answers with the statuses and errors of Google's pages, and is as strict: a member that it does not know, a value in
`data` that is no text, a target of another project. What phones it has follows from its state file.

[S] https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, .../ErrorCode; RFC 6749, RFC 7523
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from ops.lab.gateways.http.exchange import Answer, Request
from ops.lab.gateways.parcel import UNREAD, Parcel, read_document
from ops.lab.gateways.process import over_http
from ops.lab.gateways.spec import Site, StandinSpec, Subscriber
from ops.lab.gateways.state import FCM_FILE, FcmPhone, b64url, drawn, number_ref, read_lines, unb64url

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from ops.lab.gateways.process import Listen

TOKEN_PATH: Final = "/token"  # noqa: S105 - a path
PROJECTS: Final = {"warn-lab-1": "05358008", "warn-lab-2": "05358024", "warn-lab-3": "05358060"}
"""The Firebase projects of a lab's phones, and whose apps they are: Düren, Jülich and Vettweiß have apps."""
PROJECT: Final = next(iter(PROJECTS))
TRYOUT: Final = "warn-try"
"""The project of an app that somebody tries the service with."""
KEY_FOLDER: Final = "fcm-keys"
"""Where key files lie that were issued, below the state directory: one for each project, without a token service."""
GOOGLES_TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
LIFE_S: Final = 3_600
TOKEN_BYTES: Final = 750
"""Google's access tokens have about a thousand characters."""
CLOCK_S: Final = 300
"""How far an assertion's time may be from ours."""
MAX_DATA_BYTES: Final = 4_096
MAX_TTL_S: Final = 2_419_200
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_SEND: Final = re.compile(r"/v1/projects/([a-z0-9-]+)/messages:send")
_TTL: Final = re.compile(r"(\d{1,10})(?:\.\d{1,9})?s")
_TARGET: Final = re.compile(r"[A-Za-z0-9_:-]{20,}")
_RESERVED: Final = re.compile(r"from|message_type|(?:google|gcm).*")
_JSON: Final = (("content-type", "application/json; charset=UTF-8"),)
_TYPE: Final = "type.googleapis.com/"
FCM_ERROR: Final = _TYPE + "google.firebase.fcm.v1.FcmError"


class _Android(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    collapse_key: str = ""
    priority: str = "normal"
    ttl: str = f"{MAX_TTL_S}s"
    data: dict[str, str] = {}
    direct_boot_ok: bool = False
    bandwidth_constrained_ok: bool = False
    restricted_satellite_ok: bool = False


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str = ""
    fid: str = ""
    data: dict[str, str] = {}
    android: _Android = _Android()


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    message: _Message
    validate_only: bool = False


class _KeyFile(msgspec.Struct, frozen=True):
    project_id: str
    private_key_id: str
    private_key: Annotated[str, msgspec.Meta(min_length=1)]
    client_email: str


class _Account(NamedTuple):
    file: _KeyFile
    key: RSAKey


class _Granted(NamedTuple):
    project: str
    until: float


class Fcm:
    """Examines what comes to FCM, for the projects whose key files it was given."""

    channel = "fcm"

    def __init__(self, phones: Iterable[FcmPhone], key_files: Iterable[bytes], any_phone: str = "") -> None:
        """Of the project `any_phone` each address is a phone's, and what its app is handed is kept."""
        self._phones = {phone.address: phone for phone in phones}
        self._any_phone = any_phone
        files = [msgspec.json.decode(one, type=_KeyFile) for one in key_files]
        self._accounts = {
            one.private_key_id: _Account(one, RSAKey.import_key(one.private_key)) for one in files
        }
        self._granted: dict[str, _Granted] = {}
        self._count = 0

    def examine(self, request: Request, now_s: float) -> Parcel:
        """Examine `request`: it is refused with a reason or ready to be accepted. `now_s` is Unix time."""
        if request.path == TOKEN_PATH:
            return self._grant(request, now_s)
        found = _SEND.fullmatch(request.path)
        if request.method != "POST" or found is None:
            return Parcel("", UNREAD, "path", Answer(404, b"<!DOCTYPE html><title>Error 404</title>"))
        if refusal := self._unauthorized(request, found[1], now_s):
            return refusal
        try:
            body = msgspec.json.decode(request.body, type=_Body)
        except msgspec.DecodeError as error:
            return _invalid("", "body", [_field_of(error)])
        return self._send(body, found[1])

    def _grant(self, request: Request, now_s: float) -> Parcel:
        form = {name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()}
        if form.get("grant_type") != GRANT:
            return _no_grant("unsupported_grant_type", 400)
        account = self._asserted(form.get("assertion", ""), request.port, now_s)
        if account is None:
            return _no_grant("invalid_grant", 400)
        self._count += 1
        value = f"ya29.{b64url(os.urandom(TOKEN_BYTES))}"
        self._granted[value] = _Granted(account.file.project_id, now_s + LIFE_S)
        document = {"access_token": value, "expires_in": LIFE_S - 1, "token_type": "Bearer"}
        return Parcel("", UNREAD, "grant", Answer(200, json.dumps(document).encode(), _JSON))

    def _asserted(self, assertion: str, port: int, now_s: float) -> _Account | None:
        """Return whose assertion that is, if it is one, for this token service and of now."""
        try:
            header = json.loads(unb64url(assertion.partition(".")[0]))
            account = self._accounts[header["kid"]]
            claims = jwt.decode(assertion, account.key, algorithms=["RS256"]).claims
            issued, ends, audience = int(claims["iat"]), int(claims["exp"]), urlsplit(str(claims["aud"]))
            is_here = (audience.port, audience.path) == (port, TOKEN_PATH)
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        named = (claims.get("iss"), claims.get("scope"))
        is_now = abs(issued - now_s) <= CLOCK_S and 0 < ends - issued <= LIFE_S
        return account if is_here and is_now and named == (account.file.client_email, SCOPE) else None

    def _unauthorized(self, request: Request, project: str, now_s: float) -> Parcel | None:
        granted = self._granted.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if granted is None or granted.until < now_s:
            return _error("", 401, "UNAUTHENTICATED", "access-token")
        if granted.project != project:
            return _error("", 403, "PERMISSION_DENIED", "project")
        return None

    def _send(self, body: _Body, project: str) -> Parcel:
        message, android = body.message, body.message.android
        address = message.token or message.fid
        phone = self._phones.get(address)
        is_own = phone is None and project == self._any_phone and _TARGET.fullmatch(address) is not None
        if is_own:
            phone = FcmPhone(number_ref(address), address, project, is_fid=bool(message.fid))
        ref = phone.ref if phone else ""
        if wrong := [field for field, holds in _checks(message) if not holds]:
            return _invalid(ref, "message", wrong)
        if not _TARGET.fullmatch(address):
            return _error(ref, 400, "INVALID_ARGUMENT", "target", "INVALID_ARGUMENT", _NO_TOKEN)
        if phone is None or phone.is_fid != bool(message.fid):
            return _error(ref, 404, "NOT_FOUND", "unregistered", "UNREGISTERED")
        if phone.project != project:
            return _error(ref, 403, "PERMISSION_DENIED", "sender", "SENDER_ID_MISMATCH")
        self._count += 1
        name = f"projects/{project}/messages/0:{self._count}"
        ttl = _TTL.fullmatch(android.ttl)
        return Parcel(
            recipient=ref,
            content=read_document(message.data.get("notice", "").encode()),
            refusal="validated" if body.validate_only else "",
            answer=Answer(200, json.dumps({"name": name}).encode(), _JSON),
            reference=name,
            collapse=android.collapse_key[:64],
            ttl=int(ttl[1]) if ttl else 0,
            urgency="high" if android.priority == "high" else "normal",
            handed=json.dumps({"fcm": message.data}, ensure_ascii=False) if is_own else "",
        )


_NO_TOKEN: Final = "The registration token is not a valid FCM registration token"  # noqa: S105 - an error's words


def _checks(message: _Message) -> tuple[tuple[str, bool], ...]:
    android, data = message.android, message.data
    size = sum(len(name.encode()) + len(value.encode()) for name, value in data.items())
    ttl = _TTL.fullmatch(android.ttl)
    return (
        ("message", bool(message.token) != bool(message.fid)),
        ("message.data", size <= MAX_DATA_BYTES and not any(map(_RESERVED.fullmatch, data))),
        ("message.android.ttl", ttl is not None and int(ttl[1]) <= MAX_TTL_S),
        ("message.android.priority", android.priority in ("normal", "high")),
    )


def _field_of(error: msgspec.DecodeError) -> str:
    """Return the member that an error is about, as Google names it; `message` where it names none."""
    found = re.search(r"at `\$\.(message[^`]*)`", str(error))
    return found[1] if found else "message"


def _no_grant(error: str, status: int) -> Parcel:
    document = {"error": error, "error_description": "Bad Request"}
    return Parcel("", UNREAD, error, Answer(status, json.dumps(document).encode(), _JSON))


def _error(ref: str, status: int, word: str, reason: str, code: str = "", message: str = "") -> Parcel:
    details = [{"@type": FCM_ERROR, "errorCode": code}] if code else []
    return Parcel(ref, UNREAD, reason, _answer(status, word, message or word, details))


def _invalid(ref: str, reason: str, fields: list[str]) -> Parcel:
    violations = [{"field": one, "description": "Invalid value"} for one in fields]
    details: list[Mapping[str, Any]] = [
        {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"},
        {"@type": _TYPE + "google.rpc.BadRequest", "fieldViolations": violations},
    ]
    return Parcel(ref, UNREAD, reason, _answer(400, "INVALID_ARGUMENT", "Invalid value", details))


def _answer(status: int, word: str, message: str, details: list[Any]) -> Answer:
    error = {"code": status, "message": message, "status": word, **({"details": details} if details else {})}
    return Answer(status, json.dumps({"error": error}, indent=2).encode(), _JSON)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key-file",
        type=Path,
        action="append",
        default=[],
        help="of a service account that it knows; several",
    )
    parser.add_argument(
        "--issue", action="store_true", help=f"issue key files for all projects, below {KEY_FOLDER}"
    )
    parser.add_argument(
        "--any-phone", default="", metavar="PROJECT", help="one more: each address is a phone with its app"
    )


def _examiner(options: argparse.Namespace, _listen: Listen) -> Fcm:
    phones = read_lines(options.state / FCM_FILE, FcmPhone)
    projects = (*PROJECTS, *filter(None, [options.any_phone]))
    issued = issue(options.state / KEY_FOLDER, projects) if options.issue else []
    key_files = [file.read_bytes() for file in (*options.key_file, *issued)]
    return Fcm(phones, key_files, options.any_phone)


def issue(folder: Path, projects: Iterable[str] = tuple(PROJECTS)) -> list[Path]:
    """Return a key file for each project, as Google's console gives them; those that were issued before stay. Where
    tokens are asked for they do not say: the stand-in has no address yet.
    """
    folder.mkdir(exist_ok=True)
    files = []
    for project in projects:
        files.append(file := folder / f"{project}.json")
        if not file.exists():
            file.write_bytes(key_file(project, GOOGLES_TOKEN_URL))
    return files


def key_file(project: str, token_url: str) -> bytes:
    """Make a key file with a key of its own."""
    key = rsa.generate_private_key(65_537, 2_048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    document = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": os.urandom(20).hex(),
        "private_key": pem,
        "client_email": f"sender@{project}.iam.gserviceaccount.com",
        "token_uri": token_url,
    }
    return json.dumps(document).encode()


def _credentials(state: Path, url: str) -> dict[str, bytes]:
    return {instance: credential(state, url, project) for project, instance in PROJECTS.items()}


def credential(state: Path, url: str, project: str) -> bytes:
    """Return the key file that was issued for a project, with where its tokens are asked for."""
    document = json.loads((state / KEY_FOLDER / f"{project}.json").read_bytes())
    return json.dumps({**document, "token_uri": url + TOKEN_PATH}).encode()


def _subscriber(seed: int, index: int | str) -> Subscriber:
    ref = b64url(drawn(seed, index, "fcm", 16))
    address = f"{ref}:APA91b{b64url(drawn(seed, index, 'fcm-token', 64))}"
    project, instance = tuple(PROJECTS.items())[drawn(seed, index, "fcm-project", 1)[0] % len(PROJECTS)]
    phone = FcmPhone(ref, address, project)
    return Subscriber(ref, address, {"project": project, "target": "token"}, phone, instance)


def _arguments(site: Site) -> tuple[str, ...]:
    return ("--issue", *site.tls())


def _settings(site: Site, url: str) -> dict[str, str]:
    return {"WARN_FCM_URL": url, **site.trusting()}


STANDIN = StandinSpec(
    name="fcm",
    channel=Fcm.channel,
    purpose="gateway",
    help="FCM, its token service and phones",
    share=0.15,
    gone=frozenset({404}),
    several=False,
    by_url=False,
    state_file=FCM_FILE,
    add_options=_add_options,
    serve=over_http(_examiner),
    subscriber=_subscriber,
    arguments=_arguments,
    settings=_settings,
    credentials=_credentials,
)
