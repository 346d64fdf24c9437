"""Makes a gateway's request at the start, so that no warning is the first to show that it cannot be made."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from channels.http.addresses import MAX_URL_CHARACTERS, AddressRefused, split_origin
from channels.sms.contract import PORT_MAX, GatewayRefused
from channels.sms.gsm7 import Encoding, Sms
from channels.sms.http.provider import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from channels.http.addresses import AddressPolicy
    from channels.sms.http.provider import SmsGateway

_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_PORT: Final = re.compile(r"[A-Za-z]+://[^/?#]*:([0-9]+)(?=[/?#]|$)")
_LONGEST: Final = "ä" * 160
"""One part that takes six characters of an address for each of its own."""


def placeholders(secrets: Mapping[str, str]) -> dict[str, str]:
    """Return what `{secret.NAME}` and `{basic.USER.PASSWORD}` (RFC 7617; without PASSWORD it is empty) stand for."""
    found = {f"secret.{name}": secret for name, secret in secrets.items()}
    for user in secrets:
        found[f"basic.{user}"] = _basic(secrets[user], "")
        found |= {f"basic.{user}.{other}": _basic(secrets[user], secrets[other]) for other in secrets}
    return found


def _basic(user: str, password: str) -> str:
    return b64encode(f"{user}:{password}".encode()).decode()


def rehearse(gateway: SmsGateway, secrets: Collection[str], published: Collection[str] = ()) -> None:
    """Raise `GatewayRefused`, beginning with the member, for a request that can never be made or says too little.
    `secrets` are the names of all that the operator gave, `published` those that the gateway's profile wants.
    """
    names = gateway.url.names | gateway.request.names
    for name in sorted(names - gateway.constants.keys() - set(PLACEHOLDERS)):
        _refuse(name, gateway, published)
    if wrong := gateway.url.names & set(PLACEHOLDERS):
        raise GatewayRefused(f"url: {{{min(wrong)}}} is another with each message; use request.query")
    if missing := {"to", "text"} - gateway.request.names:
        raise GatewayRefused(f"request: never says {{{min(missing)}}}")
    _require_all_used(names, secrets)
    _make(gateway)


def require_allowed(gateway: SmsGateway, written: str, policy: AddressPolicy) -> None:
    """Raise `GatewayRefused` for a gateway whose URL the policy forbids, as far as that can be seen without asking for
    its name's addresses. `written` is the URL as the operator wrote it, so that no secret is quoted.
    """
    port = _PORT.match(written)
    if port and not 1 <= int(port[1][:10]) <= PORT_MAX:
        sentence = f"is no port: 1 to {PORT_MAX}"
        raise GatewayRefused(
            f"url: {port[1][:10]} {sentence}", f"url: what stands behind the host {sentence}"
        )
    try:
        policy.vet(str(gateway.url.fill(gateway.constants)))
    except AddressRefused as refused:
        raise GatewayRefused(f"url: {_forbidden(refused.code, written)}") from None


def _forbidden(code: str, written: str) -> str:
    """Return what is wrong with a URL, and what to do."""
    if code == "url_malformed":
        return _malformed(written)
    if code == "url_too_long":
        return f"has more than {MAX_URL_CHARACTERS:,} characters"
    try:
        origin = split_origin(written)[1]
    except AddressRefused:
        origin = ""
    exempt = f"WARN_ALLOWED_ORIGINS=gateway={origin or 'ORIGIN'}"
    return {
        "url_not_https": f"is http; use https, or allow the origin: {exempt}",
        "url_port": f"has a port other than 443; allow the origin: {exempt}",
        "url_purpose": f"is an origin that WARN_ALLOWED_ORIGINS allows for something else; add gateway={origin}",
        "private_address": f"lies in a private net, or is no full host name; allow the origin: {exempt}",
    }.get(code, code)


def _malformed(written: str) -> str:
    scheme, separator, rest = written.partition("://")
    if not separator:
        return "has no scheme; write https:// before the host"
    if scheme.lower() not in ("https", "http"):
        return f"begins with {scheme[:20]!r}; only https is spoken"
    if any(one.isspace() for one in written):
        return "has a blank in it; write %20 in a path, and none elsewhere"
    if "@" in rest.partition("/")[0]:
        return "has a user before the host; use authorization or secrets"
    return "is no URL of plain ASCII, such as https://sms.example/send, with its secrets in it and without #"


def _refuse(name: str, gateway: SmsGateway, published: Collection[str]) -> None:
    group, _, named = name.partition(".")
    if group in ("secret", "basic") and named:
        missing = next((one for one in named.split(".") if f"secret.{one}" not in gateway.constants), named)
        sentence = f"secrets.{missing}: missing; the request names {{{name}}}"
        shown = sentence if missing in published else "secrets: one that the request names is missing"
        raise GatewayRefused(sentence, shown)
    known = [*PLACEHOLDERS, *gateway.constants]
    (nearest,) = get_close_matches(name, known, n=1, cutoff=0.0)
    where = "url" if name in gateway.url.names else f"request.{gateway.request.place_of(name)}"
    raise GatewayRefused(
        f"{where}: there is no placeholder {{{name}}}; the nearest is {{{nearest}}}",
        f"{where.partition('.')[0]}: has a placeholder that there is not",
    )


def _require_all_used(names: Collection[str], secrets: Collection[str]) -> None:
    used = sorted({part for name in names for part in name.split(".")[1:]})
    for name in sorted(set(secrets) - set(used)):
        nearest = get_close_matches(name, used, n=1, cutoff=0.0)
        raise GatewayRefused(
            f"secrets.{name}: nothing uses it" + (f"; the nearest is {nearest[0]}" if nearest else "")
        )


def _make(gateway: SmsGateway) -> None:
    sms = Sms(_LONGEST, Encoding.GSM7, (_LONGEST,))
    gateway.outgoing(sms, "+4915100000000", "0" * 26 + "-0", 3600, _NOW, gateway.headers())
    if not gateway.fits(sms, _NOW):
        raise GatewayRefused(
            "request.query: with a text of one part the address has more than 2,048 characters; use POST"
        )
