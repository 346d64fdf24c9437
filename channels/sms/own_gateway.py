"""Read an SMS gateway that is a single app's own: given as one of the settings, without a name."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import ValidationError

from channels.sms.contract import GatewayRefused
from channels.sms.settings import SmsGatewaySettings

_NAME: Final = "own"
_NOT_ITS: Final = frozenset({"name", "weight", "reports"})
"""What is decided for it: it is called after its app, takes that app's people alone, and reports nowhere yet."""
_SAID: Final = {"missing": "missing", "extra_forbidden": "there is no such member"}
_SOMETHING: Final = "cannot be so"
"""What is said where nothing better is known."""


def own_gateway(plain: bytes) -> SmsGatewaySettings:
    """Return the settings of a gateway, of its JSON. Raises `ValueError`, which says what is wrong without a word of
    it.
    """
    given = _object(plain)
    if wrong := sorted(_NOT_ITS & given.keys()):
        raise ValueError(f"{', '.join(wrong)}: not to be said of an app's own gateway")
    try:
        return SmsGatewaySettings.model_validate({**given, "name": _NAME})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ValueError("; ".join(_place(item) for item in found[:5])) from None


def _object(plain: bytes) -> dict[str, Any]:
    try:
        given = json.loads(plain)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ValueError("a gateway is a JSON object, as one of WARN_SMS_GATEWAYS")  # noqa: TRY004 - the text is wrong, not a type
    return given


def _place(item: Any) -> str:
    place = ".".join(
        str(part)[:40] for part in item["loc"] if isinstance(part, int) or str(part).isidentifier()
    )
    why = _why(item)
    return f"{place}: {why}" if place else why


def _why(item: Any) -> str:
    """Return the sentence of a refusal: our own, or what says of a type or a bound what should have been there; neither
    has anything of what was given.
    """
    refused = item.get("ctx", {}).get("error")
    if isinstance(refused, GatewayRefused):
        return refused.shown
    if item["type"] == "value_error":
        return _SOMETHING
    return _SAID.get(item["type"]) or str(item["msg"]).replace("Input should", "should")
