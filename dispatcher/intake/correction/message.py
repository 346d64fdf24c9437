"""Build the CAP message that takes a warning back, in prepared words and every language of notices. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cap import follow_up
from cap.severity import highest_severity
from dispatcher.intake.correction.prepared import PREPARED
from dispatcher.texts.choice import language_of, preferred
from dispatcher.texts.languages import SIMPLE
from dispatcher.texts.words.catalogues import catalogue_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cap import Alert, Info
    from dispatcher.intake.correction.prepared import Falsehood, PreparedWords

HEADLINE_CHARACTERS: Final = 160
"""CAP 1.2 section 3.2.2 recommends that a headline has no more; the warning's own is cut for it."""


def correction(parts: Sequence[Alert], header: follow_up.Header, what: Falsehood) -> Alert:
    """Return the Cancel of a warning that holds in these parts. It names what was wrong, in the languages of the
    warning and in all that notices have words in, as grave as the warning was: so it wakes whomever that woke.
    """
    base = follow_up.cancel(follow_up.covering(parts), header)
    languages = [*dict.fromkeys(language_of(info) for info in base.infos)]
    languages += [one for one in PREPARED if not any(_is_in(tag, one) for tag in languages)]
    return replace(base, infos=tuple(_info(base, language, what) for language in languages))


def _is_in(tag: str, language: str) -> bool:
    """Whether a text with this tag is in the language; one that is simplified is another one."""
    subtags = tag.lower().split("-")
    return f"{tag.lower()}-".startswith(f"{language}-") and (SIMPLE in subtags) is (
        SIMPLE in language.split("-")
    )


def _info(base: Alert, language: str, what: Falsehood) -> Info:
    info = preferred(base.infos, language)
    assert info is not None  # noqa: S101 - the languages are those of its infos and more
    words = PREPARED[catalogue_of(language)][what]
    warning = info.headline or info.event
    return replace(
        info,
        language=language,
        severity=highest_severity(base),
        headline=_headline(words, warning),
        description=words.description.format(warning=warning),
        instruction=words.instruction,
    )


def _headline(words: PreparedWords, warning: str) -> str:
    whole = words.headline.format(warning=warning)
    return whole if len(whole) <= HEADLINE_CHARACTERS else f"{whole[: HEADLINE_CHARACTERS - 1].rstrip()}…"
