"""Word the message that carries a code to an endpoint, to be brought back by the app there: a proof, or a test."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from channels.base import Notice, Urgency
from dispatcher.texts.catalogues import CATALOGUES, words_for
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

HOLDS: Final = timedelta(hours=1)
"""As long as the record takes the code."""
COLLAPSE_KEY: Final = "round-trip"
"""Of several codes that wait for a phone only the last one is good."""


def language_of(languages: Sequence[str]) -> str:
    """Return the first of these languages (BCP 47) in which there are words of ours; German where there is none."""
    primary = (tag.partition("-")[0] for tag in languages)
    return next((one for one in primary if one in CATALOGUES), "de")


def round_trip_notice(code: str, languages: Sequence[str], now: datetime, *, proof: bool) -> Notice:
    """Return the message with a code, at `now` (aware). `proof`: the endpoint is new, and told of nothing yet."""
    language = language_of(languages)
    words = words_for(language)
    title, text = (words.proof_title, words.proof_text) if proof else (words.trial_title, words.trial_text)
    deadline = now.replace(microsecond=0) + HOLDS
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
        },
    }
    return Notice(
        alert_id=COLLAPSE_KEY,
        collapse_key=COLLAPSE_KEY,
        title=title,
        text=text,
        payload=as_json(document),
        language=language,
        urgency=Urgency.HIGH,
        deadline=deadline,
    )
