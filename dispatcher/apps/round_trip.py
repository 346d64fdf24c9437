"""Word the message that carries a code to an endpoint, to be brought back by the app there: a proof, or a test."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from channels.base import Notice, Urgency
from dispatcher.texts.languages import is_right_to_left
from dispatcher.texts.shortening import as_json
from dispatcher.texts.words.catalogues import catalogue_of, words_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

HOLDS: Final = timedelta(hours=1)
"""As long as the record takes the code."""
SHORT_HOLDS: Final = timedelta(minutes=15)
"""As long as the record takes the six digits of an SMS."""
APP_CHARACTERS: Final = 30
"""As much of an app's name as stands in an SMS, which is one part then."""
COLLAPSE_KEY: Final = "round-trip"
"""Of several codes that wait for a phone only the last one is good."""


def language_of(languages: Sequence[str]) -> str:
    """Return the language of our words for a reader of these (BCP 47, the best first), as for a warning: Leichte
    Sprache is one of its own, and German is where there is none.
    """
    return catalogue_of(",".join(languages))


def round_trip_notice(
    code: str, languages: Sequence[str], now: datetime, *, proof: bool, reference: str
) -> Notice:
    """Return the message with a code, at `now` (aware). `proof`: the endpoint is new, and told of nothing yet.
    `reference` is different for each code: a push service may drop what has the id of one before.
    """
    language = language_of(languages)
    words = words_for(language)
    title, text = (words.proof_title, words.proof_text) if proof else (words.trial_title, words.trial_text)
    deadline = now.replace(microsecond=0) + HOLDS
    direction = {"dir": "rtl"} if is_right_to_left(language) else {}
    document = {
        "v": 1,
        "round_trip": "proof" if proof else "test",
        "code": code,
        "test": True,
        "title": title,
        "headline": text,
        "lang": language,
        "expires": deadline.isoformat(),
        # As of a notice. Without the members by which a browser shows it alone, as the code would not come back.
        "notification": {
            "title": title,
            "body": text,
            "lang": language,
            "tag": COLLAPSE_KEY,
            "silent": False,
            **direction,
        },
    }
    return Notice(
        alert_id=reference,
        collapse_key=COLLAPSE_KEY,
        title=title,
        text=text,
        payload=as_json(document),
        language=language,
        urgency=Urgency.HIGH,
        deadline=deadline,
    )


def code_sms(
    code: str, app: str, languages: Sequence[str], now: datetime, *, proof: bool, reference: str
) -> Notice:
    """Return the SMS with a code for the app of this name, which somebody types there. `reference` is different for
    each code: gateways drop what is the same once more.
    """
    language = language_of(languages)
    words = words_for(language)
    text = (words.sms_code if proof else words.sms_trial).format(code=code, app=app[:APP_CHARACTERS].strip())
    title = words.proof_title if proof else words.trial_title
    return _sms(title, text, language, now, reference)


def leave_sms(code: str, languages: Sequence[str], now: datetime, reference: str) -> Notice:
    """Return the SMS with the code by which its reader leaves; `reference` as in `code_sms`."""
    language = language_of(languages)
    words = words_for(language)
    return _sms(words.proof_title, words.sms_leave.format(code=code), language, now, reference)


def _sms(title: str, text: str, language: str, now: datetime, reference: str) -> Notice:
    return Notice(
        alert_id=reference,
        collapse_key=COLLAPSE_KEY,
        title=title,
        text=text,
        payload=b"",
        language=language,
        urgency=Urgency.HIGH,
        deadline=now.replace(microsecond=0) + SHORT_HOLDS,
    )
