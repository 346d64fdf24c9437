"""Judge what an app asks for on behalf of its user: what is meant, what is wrong with it, and what is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from channels.apns.message import ENVIRONMENT, ENVIRONMENTS, TOPIC
from channels.base import Endpoint, Permanent
from channels.fcm.message import PROJECT, REGISTRATION_TOKEN, TARGET
from channels.webpush.channel import VAPID_KEY
from channels.webpush.vapid import named_key
from dispatcher.audience.phone_numbers import DEFAULT_RULES, NumberRefused
from dispatcher.model.subscribers import LANGUAGES_MAX, Preferences, Quiet, Wish, WishedEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from channels.base import Channel
    from dispatcher.audience.phone_numbers import NumberRules
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.subscriptions import WatchedArea

ENDPOINTS_MAX: Final = 8
PLACES_MAX: Final = 200
AREAS_MAX: Final = 20
"""Watched areas of one subscriber: each is compared with the shapes of every warning."""
LONGEST: Final = timedelta(days=730)
"""How far an end date may lie ahead; whoever wants to be told for longer names none."""
ESCALATION_S: Final = (30, 3600)
FCM: Final = "fcm"
APNS: Final = "apns"
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "webpush": frozenset({"p256dh", "auth", VAPID_KEY}),
    FCM: frozenset({PROJECT, TARGET}),
    APNS: frozenset({TOPIC, ENVIRONMENT}),
}
"""What an endpoint of a channel may have besides its address: what a browser gives, and the `applicationServerKey` that
it subscribed with; an app's Firebase project, and what the address is; an iPhone app's bundle ID, and Apple's
environment."""
SEVERITIES: Final = {"Minor": 1, "Moderate": 2, "Severe": 3, "Extreme": 4}
NUMBERS: Final = "sms"
"""The channel whose addresses are telephone numbers."""
_LANGUAGE: Final = re.compile(
    r"(?P<language>[a-z]{2,3}(-[a-z0-9]{2,8}){0,3})(-[a-wyz0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?"
)
"""What is taken for a tag of BCP 47, in lower case: what names the language, then extensions and private use."""
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_EXEMPTABLE: Final = {"url_not_https", "url_port", "url_purpose", "private_address"}
"""Why an address is not contacted unless its origin is exempt."""
_EXEMPTION: Final = "WARN_ALLOWED_ORIGINS=push=ORIGIN"
_ENDPOINT_REASONS: Final = {
    "key_missing": ("keys needs p256dh and auth", "keys braucht p256dh und auth"),
    "key_invalid": (
        "p256dh, auth or vapid is not what a browser gives",
        "p256dh, auth oder vapid ist nicht, was ein Browser gibt",
    ),
    "key_unknown": (
        "keys has a member that its channel does not know, or belongs to a number",
        "keys hat eine Angabe, die es bei diesem Kanal nicht gibt, oder gehört zu einer Rufnummer",
    ),
    "project_missing": (
        "keys needs project, the ID of the app's Firebase project",
        "keys braucht project, die ID des Firebase-Projekts der App",
    ),
    "project_invalid": (
        "project is no ID of a Firebase project",
        "project ist keine ID eines Firebase-Projekts",
    ),
    "target_invalid": ("target is token or fid", "target ist token oder fid"),
    "address_invalid": (
        "the address is neither a registration token nor an installation ID of FCM",
        "die Adresse ist weder ein Registration Token noch eine Installations-ID von FCM",
    ),
    "topic_missing": (
        "keys needs topic, the bundle ID of the app",
        "keys braucht topic, die Bundle-ID der App",
    ),
    "topic_invalid": ("topic is no bundle ID", "topic ist keine Bundle-ID"),
    "environment_invalid": (
        "environment is production or sandbox",
        "environment ist production oder sandbox",
    ),
    "device_token_invalid": (
        "the address is no device token in hexadecimal",
        "die Adresse ist kein Device Token in Hexadezimalschreibweise",
    ),
    "unknown_push_service": (
        "the address is at no browser's push service, nor at a push server that the operator admits (WARN_PUSH_HOSTS)",
        "die Adresse ist bei keinem Push-Dienst eines Browsers und bei keinem in WARN_PUSH_HOSTS zugelassenen Server",
    ),
    "url_malformed": (
        "the address is no plain https URL",
        "die Adresse ist keine einfache https-URL",
    ),
    "url_too_long": ("the address is too long", "die Adresse ist zu lang"),
    "url_not_https": ("the address does not begin with https://", "die Adresse beginnt nicht mit https://"),
    "url_port": ("the address has another port than 443", "die Adresse hat einen anderen Port als 443"),
    "url_purpose": (
        "the operator has exempted the address for something else",
        "für die Adresse gilt eine Ausnahme, aber nicht für Push",
    ),
    "private_address": (
        "the host is not on the public Internet",
        "der Rechner ist nicht im öffentlichen Internet",
    ),
}
"""What the codes of channels mean to whoever makes an app, in English and in German."""
_SENTENCES: Final = {
    "channel_not_offered": ("This channel is not offered here.", "Dieser Kanal wird hier nicht angeboten."),
    "endpoint_invalid": (
        "The endpoint cannot be used: {}.",
        "Dieser Endpunkt ist nicht verwendbar: {}.",
    ),
    "number_invalid": (
        "This is no telephone number.",
        "Das ist keine Telefonnummer.",
    ),
    "number_foreign": (
        "Numbers of this country are not taken here.",
        "Rufnummern dieses Landes werden hier nicht angenommen.",
    ),
    "number_not_mobile": (
        "Only numbers of mobile phones are taken.",
        "Angenommen werden nur Rufnummern von Mobiltelefonen.",
    ),
    "endpoint_not_exempt": (
        f"The endpoint cannot be used: {{}}. Nothing is sent there unless the operator exempts it: {_EXEMPTION}",
        f"Dieser Endpunkt ist nicht verwendbar: {{}}. Dorthin wird nur mit einer Ausnahme gesendet: {_EXEMPTION}",
    ),
    "endpoint_taken": (
        "This endpoint is known with other keys.",
        "Dieser Endpunkt ist mit anderen Schlüsseln bekannt.",
    ),
    "vapid_unknown": (
        "This service has no such applicationServerKey. Subscribe with the one of /v1/webpush/key.",
        "Diesen applicationServerKey hat der Dienst nicht. Bitte mit dem von /v1/webpush/key abonnieren.",
    ),
    "project_unknown": (
        "This service has no service account of this app for the Firebase project.",
        "Für dieses Firebase-Projekt hat der Dienst kein Dienstkonto dieser App.",
    ),
    "topic_unknown": (
        "This service has no key of this app for APNs, or none for this environment.",
        "Für diese App hat der Dienst keinen APNs-Schlüssel, oder keinen für diese Umgebung.",
    ),
    "endpoint_shared": (
        "Too many installations share this endpoint.",
        "Zu viele Installationen teilen sich diesen Endpunkt.",
    ),
    "endpoints_many": (
        f"At most {ENDPOINTS_MAX} endpoints.",
        f"Höchstens {ENDPOINTS_MAX} Endpunkte.",
    ),
    "endpoint_twice": (
        "This address stands before with other keys.",
        "Diese Adresse steht weiter vorn mit anderen Schlüsseln.",
    ),
    "device_shared": (
        "Too many installations name this device.",
        "Zu viele Installationen nennen dieses Gerät.",
    ),
    "place_invalid": (
        "This is no place that can be followed: {}.",
        "Diesem Ort kann man nicht folgen; message nennt den Grund.",
    ),
    "places_many": (
        f"At most {PLACES_MAX} places, of them {AREAS_MAX} points and polygons.",
        f"Höchstens {PLACES_MAX} Orte, davon {AREAS_MAX} Punkte und Flächen.",
    ),
    "places_empty": (
        "Name at least one place whose warnings this app shows.",
        "Bitte mindestens einen Ort nennen, dessen Warnungen diese App zeigt.",
    ),
    "language_invalid": (
        "Not a language tag of BCP 47 such as de, en or de-simple.",
        "Kein Sprachkürzel nach BCP 47 wie de, en oder de-simple.",
    ),
    "languages_many": (
        f"At most {LANGUAGES_MAX} languages.",
        f"Höchstens {LANGUAGES_MAX} Sprachen.",
    ),
    "quiet_hours_invalid": (
        "Quiet hours are two different times of day, such as 22:00 and 06:30.",
        "Ruhezeiten sind zwei verschiedene Uhrzeiten, zum Beispiel 22:00 und 06:30.",
    ),
    "escalation_invalid": (
        f"Between {ESCALATION_S[0]} and {ESCALATION_S[1]} seconds.",
        f"Zwischen {ESCALATION_S[0]} und {ESCALATION_S[1]} Sekunden.",
    ),
    "ends_at_invalid": (
        f"The end lies in the past or more than {LONGEST.days} days ahead.",
        f"Das Ende liegt in der Vergangenheit oder mehr als {LONGEST.days} Tage voraus.",
    ),
}


class WishError(NamedTuple):
    """One thing that is wrong, with a sentence in English and in German. `path` is a JSON Pointer into the body."""

    code: str
    path: str
    message: str
    message_de: str


class WishRefused(Exception):
    """What is asked for cannot be done; nothing was changed."""

    def __init__(self, *errors: WishError) -> None:
        super().__init__(", ".join(error.code for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class AskedEndpoint:
    """An endpoint as the app names it. Personal data."""

    channel: str
    address: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for, as it came, but of the right types. `places` are as in an import."""

    endpoints: Sequence[AskedEndpoint]
    places: Sequence[Any]
    languages: Sequence[str] = ()
    min_severity: str | None = None
    quiet_hours: tuple[str, str] | None = None
    drills: bool = False
    escalate_after_s: int | None = None
    device: str | None = None
    ends_at: datetime | None = None


class PartlyShown(NamedTuple):
    """A place of which the instance shows some municipalities' warnings; `path` is a JSON Pointer into the body."""

    path: str
    followed: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What is meant. `left_out` are pointers to places whose warnings the instance does not show: nobody is told of
    them, and the rest holds; `partly` are those of which it shows a part.
    """

    wish: Wish
    left_out: tuple[str, ...] = ()
    partly: tuple[PartlyShown, ...] = ()


def wish_error(code: str, path: str, value: str = "") -> WishError:
    """Return the error of a code. `value` fills in what the sentence names; it is never what was sent."""
    english, german = _SENTENCES[code]
    return WishError(code, path, english.format(value), german.format(value))


def named_language(tag: str) -> str | None:
    """Return what of a tag of BCP 47 names the language, in lower case; None for what is none. Extensions and private
    use are left out, as nothing is written for them: Android adds them where its user has chosen units or a first day
    of the week (`de-DE-u-fw-mon-mu-celsius`).
    """
    found = _LANGUAGE.fullmatch(tag.lower())
    return found and found["language"]


def _endpoint_error(path: str, code: str) -> WishError:
    """Return the error of an endpoint that its channel refuses, with what would let it in where something would."""
    english, german = _SENTENCES["endpoint_not_exempt" if code in _EXEMPTABLE else "endpoint_invalid"]
    why, why_german = (
        (f"{code}, {reason}" for reason in _ENDPOINT_REASONS[code])
        if code in _ENDPOINT_REASONS
        else (code, code)
    )
    return WishError("endpoint_invalid", path, english.format(why), german.format(why_german))


class Judge:
    """Judges wishes by the channels that are offered and the municipalities that there are."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        boundaries: Boundaries,
        device_hash: Callable[[str], bytes],
        numbers: NumberRules = DEFAULT_RULES,
    ) -> None:
        """`channels` are those whose endpoints a subscriber may name; `device_hash` hides a device's reference;
        `numbers` are the telephone numbers that are taken.
        """
        self._numbers = numbers
        self._channels = channels
        self._boundaries = boundaries
        self._device_hash = device_hash

    def judge(self, asked: Asked, shown: Sequence[str], now: datetime) -> Judged:
        """Return what is meant by a wish to an instance that shows the warnings of these municipalities (AGS). Raises
        `WishRefused`.
        """
        errors: list[WishError] = []
        endpoints = self._endpoints(asked.endpoints, errors)
        places, areas, shares = self._places(asked.places, frozenset(shown), errors)
        preferences = Preferences(
            languages=_languages(asked.languages, errors),
            min_severity=SEVERITIES.get(asked.min_severity or "", 0),
            quiet=_quiet(asked.quiet_hours, errors),
            drills=asked.drills,
            escalate_after_s=_escalation(asked.escalate_after_s, errors),
        )
        if asked.ends_at is not None and not now < asked.ends_at <= now + LONGEST:
            errors.append(wish_error("ends_at_invalid", "/ends_at"))
        if errors:
            raise WishRefused(*errors)
        device = None if asked.device is None else self._device_hash(asked.device)
        return Judged(
            Wish(endpoints, places, areas, preferences, device, asked.ends_at),
            left_out=tuple(one.path for one in shares if not one.followed),
            partly=tuple(one for one in shares if one.followed and one.left_out),
        )

    def _endpoints(
        self, asked: Sequence[AskedEndpoint], errors: list[WishError]
    ) -> tuple[WishedEndpoint, ...]:
        if len(asked) > ENDPOINTS_MAX:
            errors.append(wish_error("endpoints_many", "/endpoints"))
            return ()
        found = []
        keys: dict[tuple[str, str], dict[str, str]] = {}
        for position, one in enumerate(asked):
            path = f"/endpoints/{position}"
            channel = self._channels.get(one.channel)
            if channel is None:
                errors.append(wish_error("channel_not_offered", f"{path}/channel"))
                continue
            try:
                endpoint = self._endpoint(one)
                channel.check(endpoint)
                gateway = channel.gateway(endpoint)
            except NumberRefused as refused:
                errors.append(wish_error(refused.reason, f"{path}/address"))
                continue
            except Permanent as refused:
                errors.append(_endpoint_error(path, refused.code))
                continue
            own = _spelt_alike(endpoint.keys)
            if keys.setdefault((channel.name, endpoint.address), own) != own:
                errors.append(wish_error("endpoint_twice", path))
            found.append(WishedEndpoint(channel.name, gateway, endpoint.address, endpoint.keys))
        return tuple(found)

    def _endpoint(self, asked: AskedEndpoint) -> Endpoint:
        """Return the endpoint that is meant. Raises `NumberRefused` and `Permanent`."""
        if asked.channel == APNS:  # the same token in either spelling
            return Endpoint(0, asked.address.lower(), _keys(asked.channel, asked.keys))
        if asked.channel != NUMBERS:
            return Endpoint(0, asked.address, _keys(asked.channel, asked.keys))
        if asked.keys:
            raise Permanent("key_unknown")
        return Endpoint(0, self._numbers.read(asked.address), {})

    def _places(
        self, asked: Sequence[Any], shown: frozenset[str], errors: list[WishError]
    ) -> tuple[tuple[str, ...], tuple[WatchedArea, ...], list[PartlyShown]]:
        if len(asked) > PLACES_MAX or sum(not isinstance(one, str) for one in asked) > AREAS_MAX:
            errors.append(wish_error("places_many", "/places"))
            return (), (), []
        places: dict[str, None] = {}
        from dispatcher.audience.watched_areas import read_places  # noqa: PLC0415 - brings numpy and shapely

        areas: list[WatchedArea] = []
        shares: list[PartlyShown] = []
        before = len(errors)
        for position, one in enumerate(asked):
            path = f"/places/{position}"
            try:
                codes, watched = read_places([one], self._boundaries)
            except ValueError as error:
                errors.append(wish_error("place_invalid", path, str(error)))
                continue
            own = [code for code in codes if code in shown]
            near = [area for area in watched if shown.intersection(area.ags)]
            places |= dict.fromkeys(own)
            areas += near
            meant = {*codes, *(code for area in watched for code in area.ags)}
            shares.append(PartlyShown(path, len(meant & shown), len(meant - shown)))
        if len(errors) == before and not places and not areas:
            errors.append(wish_error("places_empty", "/places"))
        return tuple(places), tuple(areas), shares


def _keys(channel: str, asked: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of an endpoint as the channel has them. Raises `Permanent`: what is not the app's to say may be a
    name of ours.
    """
    if not asked.keys() <= KEYS.get(channel, frozenset()):
        raise Permanent("key_unknown")
    if channel == FCM:
        return {TARGET: REGISTRATION_TOKEN, **asked}
    if channel == APNS:
        return {ENVIRONMENT: ENVIRONMENTS[0], **asked}
    if VAPID_KEY not in asked:
        return dict(asked)
    try:
        return {**asked, VAPID_KEY: named_key(asked[VAPID_KEY])}
    except ValueError:
        raise Permanent("key_invalid") from None


def _spelt_alike(keys: Mapping[str, str]) -> dict[str, str]:
    """Return keys in one spelling of Base64."""
    return {name: key.rstrip("=").translate(str.maketrans("+/", "-_")) for name, key in keys.items()}


def _languages(asked: Sequence[str], errors: list[WishError]) -> tuple[str, ...]:
    if len(asked) > LANGUAGES_MAX:
        errors.append(wish_error("languages_many", "/languages"))
        return ()
    found: dict[str, None] = {}
    for position, tag in enumerate(asked):
        language = named_language(tag)
        if language is None:
            errors.append(wish_error("language_invalid", f"/languages/{position}"))
        else:
            found[language] = None
    return tuple(found)


def _quiet(asked: tuple[str, str] | None, errors: list[WishError]) -> Quiet | None:
    if asked is None:
        return None
    begins, ends = asked
    if not (_TIME.fullmatch(begins) and _TIME.fullmatch(ends)) or begins == ends:
        errors.append(wish_error("quiet_hours_invalid", "/quiet_hours"))
        return None
    return Quiet(time.fromisoformat(begins), time.fromisoformat(ends))


def _escalation(asked: int | None, errors: list[WishError]) -> int | None:
    if asked is not None and not ESCALATION_S[0] <= asked <= ESCALATION_S[1]:
        errors.append(wish_error("escalation_invalid", "/escalate_after_s"))
        return None
    return asked
