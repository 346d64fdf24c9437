"""The push services of the browsers: Mozilla's, Apple's, Google's and Microsoft's.

Each table has what could be read, with the page and its date, and nothing else: for the rest the RFCs hold.
"""

from __future__ import annotations

from typing import Final

from channels.webpush.services.answers import ACCEPTANCES, Citation, Hint, Judgement, Place, Row
from channels.webpush.services.push_service import PushService

_MOZILLA: Final = Citation(
    "autopush-rs, Error Codes", "https://mozilla-services.github.io/autopush-rs/errors.html", "2026-11-28"
)
_MOZILLA_CODE: Final = Citation(
    "autopush-rs, routers/mod.rs",
    "https://github.com/mozilla-services/autopush-rs/blob/0758afbd39d8492381cd4bc3315a77efb97824db/autoendpoint/src/routers/mod.rs",
    "2026-11-28",
)

_MOZILLA_MISMATCH: Final = Citation(
    "felixvonsamson/Energetica #701",
    "https://github.com/felixvonsamson/Energetica/issues/701",
    "2026-04-28",
    verified=False,
)
_OTHER_KEY: Final = Hint(Place.TEXT, "vapid public key mismatch")


def _errno(number: int) -> Hint:
    return Hint(Place.JSON, "errno", str(number))


MOZILLA: Final = PushService(
    name="mozilla",
    title="Mozilla autopush",
    hosts=(".push.services.mozilla.com",),
    table=(
        Row(400, Judgement.REJECTED, _MOZILLA, _errno(101), "crypto keys missing"),
        Row(400, Judgement.REJECTED, _MOZILLA, _errno(108), "router type invalid"),
        Row(400, Judgement.REJECTED, _MOZILLA, _errno(110), "crypto keys invalid"),
        Row(400, Judgement.REJECTED, _MOZILLA, _errno(111), "a header is missing"),
        Row(400, Judgement.REJECTED, _MOZILLA, _errno(112), "TTL invalid"),
        Row(400, Judgement.REJECTED, _MOZILLA, _errno(113), "Topic invalid"),
        Row(401, Judgement.UNAUTHORIZED, _MOZILLA_MISMATCH, _OTHER_KEY, "subscribed with another key"),
        Row(401, Judgement.MISCONFIGURED, _MOZILLA, _errno(109), "VAPID refused for another reason"),
        Row(404, Judgement.GONE, _MOZILLA, _errno(102), "endpoint not found"),
        Row(410, Judgement.GONE, _MOZILLA, _errno(103), "endpoint expired"),
        Row(410, Judgement.GONE, _MOZILLA, _errno(105), "endpoint became unavailable meanwhile"),
        Row(410, Judgement.GONE, _MOZILLA, _errno(106), "subscription invalid"),
        Row(413, Judgement.REJECTED, _MOZILLA, _errno(104), "too large, for Android above 2,744 bytes"),
        Row(429, Judgement.RATE_LIMITED, _MOZILLA, _errno(201), "a bridge limits the rate"),
        Row(500, Judgement.TRANSIENT, _MOZILLA, _errno(999)),
        Row(502, Judgement.TRANSIENT, _MOZILLA, _errno(900), "the bridge is misconfigured, theirs"),
        Row(502, Judgement.TRANSIENT, _MOZILLA_CODE, _errno(901), "the bridge refuses Mozilla"),
        Row(502, Judgement.TRANSIENT, _MOZILLA_CODE, _errno(902), "no connection to the bridge"),
        Row(502, Judgement.TRANSIENT, _MOZILLA_CODE, _errno(903), "the bridge does not answer"),
        Row(503, Judgement.RATE_LIMITED, _MOZILLA, _errno(201), "to be tried later, with Retry-After"),
        Row(503, Judgement.TRANSIENT, _MOZILLA, _errno(202), "may be tried again at once"),
    ),
    # The bridge to Firefox for Android raises a shorter one to 60 s and caps it at 28 days (autopush-rs 1.83.1, FCM
    # router), and the endpoint does not say who is behind it.
    ttl_min_s=60,
    withdraws=True,
)

_APPLE: Final = Citation(
    "Apple, Sending web push notifications in web apps and browsers",
    "https://developer.apple.com/documentation/usernotifications/sending-web-push-notifications-in-web-apps-and-browsers",
    "2026-11-28",
)


def _reason(name: str) -> Hint:
    return Hint(Place.JSON, "reason", name.lower())


APPLE: Final = PushService(
    name="apple",
    title="Apple",
    hosts=(".push.apple.com",),
    table=(
        # Which status goes with which reason, the page does not say.
        Row(0, Judgement.UNAUTHORIZED, _APPLE, _reason("VapidPkHashMismatch"), "subscribed with another key"),
        Row(
            0,
            Judgement.MISCONFIGURED,
            _APPLE,
            _reason("BadJwtToken"),
            "signature, subject, audience or expiry",
        ),
        Row(0, Judgement.MISCONFIGURED, _APPLE, _reason("BadAuthorizationHeader")),
        Row(0, Judgement.MISCONFIGURED, _APPLE, _reason("BadVapidPublicKey")),
        Row(0, Judgement.REJECTED, _APPLE, _reason("BadTtl"), "missing, or not a positive number"),
        Row(0, Judgement.REJECTED, _APPLE, _reason("BadUrgency")),
        Row(0, Judgement.REJECTED, _APPLE, _reason("BadWebPushTopic")),
        Row(0, Judgement.REJECTED, _APPLE, _reason("BadWebPushRequest"), "not encrypted by the rules"),
        Row(0, Judgement.REJECTED, _APPLE, _reason("BadPath")),
        Row(0, Judgement.REJECTED, _APPLE, _reason("MethodNotAllowed")),
        Row(0, Judgement.REJECTED, _APPLE, _reason("PayloadTooLarge"), "above 4 KB"),
        Row(0, Judgement.TRANSIENT, _APPLE, _reason("TooManyRequests"), "too many to this device"),
        Row(0, Judgement.TRANSIENT, _APPLE, _reason("IdleTimeout")),
        Row(0, Judgement.TRANSIENT, _APPLE, _reason("InternalServerError")),
        Row(0, Judgement.TRANSIENT, _APPLE, _reason("ServiceUnavailable")),
        Row(0, Judgement.TRANSIENT, _APPLE, _reason("Shutdown")),
        Row(403, Judgement.MISCONFIGURED, _APPLE),
        Row(404, Judgement.REJECTED, _APPLE, note="the path is invalid; who is gone gets 410"),
        Row(405, Judgement.REJECTED, _APPLE),
        Row(410, Judgement.GONE, _APPLE, note="the device token has expired"),
        Row(413, Judgement.REJECTED, _APPLE),
        Row(429, Judgement.TRANSIENT, _APPLE, note="too many for the same destination, so not about all"),
        Row(500, Judgement.TRANSIENT, _APPLE),
        Row(503, Judgement.TRANSIENT, _APPLE),
    ),
)

_GOOGLE_MISMATCH: Final = Citation(
    "web-push-libs/webpush-java #212",
    "https://github.com/web-push-libs/webpush-java/issues/212",
    "2024-03-16",
    verified=False,
)
_GOOGLE_SENDER: Final = Citation(
    "bartbutenaers/node-red-contrib-ui-web-push #7",
    "https://github.com/bartbutenaers/node-red-contrib-ui-web-push/issues/7",
    "2021-08-28",
    verified=False,
)
_GOOGLE_400: Final = Citation(
    "zaru/webpush #31", "https://github.com/zaru/webpush/issues/31", "2016-10-25", verified=False
)
_GOOGLE_404: Final = Citation(
    "web-push-libs/web-push-php #405",
    "https://github.com/web-push-libs/web-push-php/issues/405",
    "2024-08-23",
    verified=False,
)
_MISMATCH: Final = Hint(Place.TEXT, "do not correspond to the credentials used to create the subscription")
_SENDER: Final = Hint(Place.TEXT, "does not correspond to the sender id used to subscribe")

GOOGLE: Final = PushService(
    name="google",
    title="Google FCM",
    hosts=("fcm.googleapis.com",),
    table=(
        Row(403, Judgement.UNAUTHORIZED, _GOOGLE_MISMATCH, _MISMATCH, "subscribed with another key"),
        Row(403, Judgement.UNAUTHORIZED, _GOOGLE_SENDER, _SENDER, "the same, in older words"),
        Row(400, Judgement.UNAUTHORIZED, _GOOGLE_400, Hint(Place.TEXT, "unauthorizedregistration")),
        Row(404, Judgement.GONE, _GOOGLE_404, note="not seen for a long time"),
        Row(410, Judgement.GONE, _GOOGLE_400, note="NotRegistered"),
    ),
)

_WNS: Final = Citation(
    "Microsoft, Push notification service request and response headers",
    "https://learn.microsoft.com/en-us/windows/apps/develop/notifications/push-notifications/push-request-response-headers",
    "2026-11-28",
)
_WNS_THROTTLED: Final = Citation(
    "web-push-libs/web-push-csharp #93",
    "https://github.com/web-push-libs/web-push-csharp/issues/93",
    "2022-07-19",
    verified=False,
)
_WNS_TTL: Final = Citation(
    "web-push-libs/pywebpush #162",
    "https://github.com/web-push-libs/pywebpush/issues/162",
    "2024-03-04",
    verified=False,
)
_WNS_429: Final = Citation(
    "microsoft/WindowsAppSDK #3501",
    "https://github.com/microsoft/WindowsAppSDK/issues/3501",
    "2026-06-26",
    verified=False,
)


def _wns_status(value: str) -> Hint:
    return Hint(Place.HEADER, "x-wns-status", value)


MICROSOFT: Final = PushService(
    name="microsoft",
    title="Microsoft WNS",
    hosts=(".notify.windows.com",),
    table=(
        # Its header says what became of the notification "rather than" the status.
        Row(
            ACCEPTANCES,
            Judgement.TRANSIENT,
            _WNS,
            _wns_status("dropped"),
            "not taken, because of an error or as the client refuses them",
        ),
        Row(
            ACCEPTANCES,
            Judgement.TRANSIENT,
            _WNS,
            _wns_status("channelthrottled"),
            "not taken: too many to it",
        ),
        Row(ACCEPTANCES, Judgement.ACCEPTED, _WNS, _wns_status("received")),
        Row(406, Judgement.TRANSIENT, _WNS, _wns_status("channelthrottled"), "too many to this one"),
        Row(406, Judgement.RATE_LIMITED, _WNS_THROTTLED, _wns_status("appthrottled"), "Retry-After: 900"),
        Row(
            400,
            Judgement.REJECTED,
            _WNS_TTL,
            Hint(Place.HEADER, "x-wns-error-description", "ttl value conflicts with x-wns-cache-policy."),
            "TTL: 0, which is never sent",
        ),
        Row(400, Judgement.REJECTED, _WNS),
        Row(401, Judgement.MISCONFIGURED, _WNS),
        Row(403, Judgement.UNAUTHORIZED, _WNS, note="not the credentials that asked for this channel"),
        Row(404, Judgement.GONE, _WNS),
        Row(405, Judgement.REJECTED, _WNS),
        Row(406, Judgement.RATE_LIMITED, _WNS, note="above the limit, with Retry-After"),
        Row(410, Judgement.GONE, _WNS, note="the channel expired; also said to a blocked domain"),
        Row(413, Judgement.REJECTED, _WNS, note="above 5,000 bytes"),
        Row(429, Judgement.RATE_LIMITED, _WNS_429),
        Row(500, Judgement.TRANSIENT, _WNS),
        Row(503, Judgement.TRANSIENT, _WNS),
    ),
)

BROWSERS: Final = (MOZILLA, APPLE, GOOGLE, MICROSOFT)
