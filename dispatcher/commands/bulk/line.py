"""Judge one row of a file of endpoints: what is meant by it, or why it cannot be used. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

import msgspec

from channels.base import Channel, Endpoint, Permanent
from channels.sms.channel import Sms
from channels.webpush.channel import VAPID_KEY
from channels.webpush.vapid import KEY_NAME_CHARACTERS, named_key
from dispatcher.audience.phone_numbers import NumberReason, NumberRules, is_dear
from dispatcher.audience.wish import named_language
from dispatcher.commands.terminal import shown
from dispatcher.model.subscribers import DEFAULT_LANGUAGE, LANGUAGES_MAX
from dispatcher.model.subscriptions import NewSubscription, WatchedArea

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries

MEMBERS: Final = ("channel", "address", "keys", "places", "language", "instance", "ref", "legal_basis")
NEEDED: Final = ("channel", "address", "places")
NOTES: Final = ("line", "reason")
"""What files of errors have beside: nothing is read of it."""
RAW: Final = "raw"
"""The member of a file of errors that has a row which could not be taken apart."""
MAX_REF: Final = 256
"""Characters that a reference may have: it stands in every line of every ledger."""
MAX_LEGAL_BASIS: Final = 200
KNOWN_PLACES_MAX: Final = 20_000
"""Lists of places that are kept with what is meant by them: most rows name what others have named."""
_TEXTS: Final = ("instance", "ref", "legal_basis")
_TAKEN: Final = frozenset((*MEMBERS, *NOTES))
_NEEDED: Final = frozenset(NEEDED)
_KEY_NAME: Final = re.compile(rf"[A-Za-z0-9_-]{{{KEY_NAME_CHARACTERS}}}")
REASONS: Final = {
    "number_invalid": "no number in E.164, which is + and the country's code without zeros or blanks: +4915100000001",
    "number_dear": "a premium or shared-cost number, or a satellite's: nobody is warned there, and each text is dear",
    "key_missing": "keys needs p256dh and auth, as the browser gives them",
    "key_invalid": "keys.p256dh or keys.auth is not what a browser gives",
    "secret_invalid": "keys.secret is no secret of Standard Webhooks: whsec_ and 24 to 64 bytes in Base64",
    "unknown_push_service": "an address at none of the browsers' push services (Mozilla, Google, Apple, Microsoft), "
    "nor at ntfy.sh or a host in WARN_PUSH_HOSTS",
    "url_malformed": "no address such as https://host.example/path, in printable ASCII",
    "url_too_long": "an address that is too long",
    "url_not_https": "an address of another kind than https://, which WARN_ALLOWED_ORIGINS does not exempt (a push "
    "server: push=http://10.0.0.5:8080)",
    "private_address": "an address in a private net, which WARN_ALLOWED_ORIGINS does not exempt (a push server: "
    "push=https://10.0.0.5)",
    "url_purpose": "an address that WARN_ALLOWED_ORIGINS exempts for something else (a push server needs push= before "
    "it)",
}
"""What the codes of channels mean to whoever writes the file."""
DOUBTS: Final = {
    NumberReason.INVALID: "of no range of numbers that is known",
    NumberReason.FOREIGN: "of a country that is not in WARN_SMS_REGIONS",
    NumberReason.NOT_MOBILE: "no mobile phone's: does it take texts?",
}
"""What is said of numbers that are imported all the same."""

FORMER_CHANNELS: Final = {"sms_http": Sms.name}
"""Names that channels had before: files that say so are understood."""
_DECODE: Final = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Known:
    """What rows may name; `legal_basis` is that of rows which state none, or empty."""

    channels: Mapping[str, Channel]
    boundaries: Boundaries
    instances: frozenset[str]
    gateways: frozenset[str]
    legal_basis: str = ""
    places: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[WatchedArea, ...]]] = field(
        default_factory=dict
    )


def read_object(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; every text of it can be kept by the record. Raises ValueError."""
    try:
        item = _DECODE(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        item = _read_with_care(line)
    if b"\\u0000" in line:
        raise ValueError("a text holds the character NUL")
    if not isinstance(item, dict):
        raise ValueError("not a subscription: no JSON object")  # noqa: TRY004 - every refusal is a ValueError
    return item


def _read_with_care(line: bytes) -> Any:
    try:
        item = json.loads(line)
        json.dumps(item, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # an escape that is half of a pair
        raise ValueError("a text holds half a character") from error
    except ValueError as error:
        raise ValueError("not a subscription: no JSON") from error
    except RecursionError as error:
        raise ValueError("not a subscription: nested too deep") from error
    return item


def subscription(item: Mapping[str, Any], known: Known) -> NewSubscription:
    """Return what is meant by the members of a row. Raises ValueError with a sentence that holds nobody's address and
    no coordinates.
    """
    _require_members(item)
    channel, endpoint = named_endpoint(item, known.channels, known.gateways)
    instance, ref, basis = _texts(item)
    language = _languages(item.get("language"))
    if ref and len(ref) > MAX_REF:
        raise ValueError(f"ref is longer than {MAX_REF} characters")
    _require_instance(instance, known.instances)
    places, watched_areas = _places(item["places"], known)
    return NewSubscription(
        channel=channel.name,
        gateway=gateway_of(channel, endpoint),
        address=endpoint.address,
        keys=endpoint.keys,
        places=places,
        language=language,
        instance=instance,
        ref=ref,
        watched_areas=watched_areas,
        legal_basis=legal_basis(basis or known.legal_basis) or None,
    )


def named_endpoint(
    item: Mapping[str, Any], channels: Mapping[str, Channel], gateways: frozenset[str]
) -> tuple[Channel, Endpoint]:
    """Return the channel and the endpoint that the members `channel`, `address` and `keys` name. Raises ValueError."""
    channel = _channel(item["channel"], channels)
    return channel, Endpoint(0, _text(item, "address"), _keys(item.get("keys"), gateways))


def gateway_of(channel: Channel, endpoint: Endpoint) -> str:
    """Return the gateway of an endpoint that can be sent to. Raises ValueError, which says why it cannot."""
    try:
        channel.check(endpoint)
        return channel.gateway(endpoint)
    except Permanent as error:
        raise ValueError(
            f"{error.code}: {REASONS[error.code]}" if error.code in REASONS else error.code
        ) from error


def doubt(one: NewSubscription, numbers: NumberRules) -> str | None:
    """Return what is said of a row that is imported all the same, as the operator vouches for it; None of most. Raises
    ValueError where the number is dear.
    """
    if one.channel != Sms.name or (found := numbers.doubt(one.address)) is None:
        return None
    if is_dear(one.address):
        raise ValueError(f"number_dear: {REASONS['number_dear']}")
    return f"{found}: {DOUBTS[found]}"


def _texts(item: Mapping[str, Any]) -> list[str | None]:
    """Return the values of `_TEXTS`, without empty ones."""
    values = [item.get(name) or None for name in _TEXTS]
    for value in values:
        if value is None:
            continue
        if not isinstance(value, str):
            bad = [name for name in _TEXTS if not isinstance(item.get(name) or "", str)]
            raise ValueError(f"not a text: {', '.join(bad)}")  # noqa: TRY004 - every refusal is a ValueError
        if "\0" in value:
            raise ValueError("a text holds the character NUL")
    return values


def _require_members(item: Mapping[str, Any]) -> None:
    if _NEEDED <= item.keys() <= _TAKEN:
        return
    for name in item:
        if name == RAW:
            raise ValueError(f"put members such as {', '.join(NEEDED)} in the place of {RAW}")
        if name not in MEMBERS and name not in NOTES:
            (nearest,) = get_close_matches(name, MEMBERS, n=1, cutoff=0.0)
            raise ValueError(f"there is no member {shown(name)[:40]}; the nearest is {nearest}")
    if missing := [name for name in NEEDED if name not in item]:
        raise ValueError(f"not a subscription: {', '.join(missing)} missing")


def legal_basis(text: str) -> str:
    """Return the legal basis that is stated, in one line. Raises ValueError."""
    found = text.strip()
    if len(found) > MAX_LEGAL_BASIS or not (found.isprintable() or not found):
        raise ValueError(f"legal_basis has at most {MAX_LEGAL_BASIS} characters, in one line")
    return found


def _places(items: object, known: Known) -> tuple[tuple[str, ...], tuple[WatchedArea, ...]]:
    from dispatcher.audience.watched_areas import read_places

    if not (isinstance(items, list) and all(type(one) is str for one in items)):
        return read_places(items, known.boundaries)
    key = tuple(items)
    found = known.places.get(key)
    if found is None:
        found = read_places(items, known.boundaries)
        if len(known.places) < KNOWN_PLACES_MAX:
            known.places[key] = found
    return found


def _languages(given: object) -> str:
    """Return a priority list in one text, the best first: what batches are made for."""
    if not given:
        return DEFAULT_LANGUAGE
    if isinstance(given, str) and (single := named_language(given)):
        return single
    tags = given.split(",") if isinstance(given, str) else given
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("not a text: language")
    found: dict[str, None] = {}
    for tag in tags:
        language = named_language(tag.strip())
        if language is None:
            raise ValueError(
                "language is a tag of BCP 47 such as de, en or de-simple, or several, the best first, not "
                f"{shown(tag)[:40]}"
            )
        found[language] = None
    if len(found) > LANGUAGES_MAX:
        raise ValueError(f"more than {LANGUAGES_MAX} languages")
    return ",".join(found)


def _channel(name: object, channels: Mapping[str, Channel]) -> Channel:
    name = FORMER_CHANNELS.get(name, name) if isinstance(name, str) else name
    if not isinstance(name, str) or name not in channels:
        unset = "; sms needs WARN_SMS_GATEWAYS or WARN_SMPP_GATEWAYS" if Sms.name not in channels else ""
        raise ValueError(
            f"unknown or unconfigured channel; configured are {', '.join(sorted(channels))}{unset}"
        )
    return channels[name]


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item[name]
    if not isinstance(value, str):
        raise ValueError(f"not a text: {name}")  # noqa: TRY004 - as above
    return value


def _keys(given: object, gateways: frozenset[str]) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("keys must be an object")  # noqa: TRY004 - as above
    keys = {name: _text(given, name) for name in given}
    # An export has a key's name, as no more is kept of it.
    if VAPID_KEY in keys and not _KEY_NAME.fullmatch(keys[VAPID_KEY]):
        try:
            keys[VAPID_KEY] = named_key(keys[VAPID_KEY])
        except ValueError:
            raise ValueError("keys.vapid is no applicationServerKey that a browser subscribed with") from None
    if (gateway := keys.get("gateway")) and gateway not in gateways:
        raise ValueError(
            f"there is no gateway {shown(gateway)[:40]} in WARN_SMS_GATEWAYS or WARN_SMPP_GATEWAYS"
            + (f"; there are {', '.join(sorted(gateways))}" if gateways else "")
        )
    return keys


def _require_instance(name: str | None, instances: frozenset[str]) -> None:
    if name and name not in instances:
        nearest = get_close_matches(name, sorted(instances), n=1)
        hint = f"the nearest is {nearest[0]}" if nearest else "`dispatcher instance list` shows all"
        raise ValueError(f"there is no instance {shown(name)[:40]}; {hint}")
