"""Say why something was decided, refused or withdrawn, where the record has a code for it. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cap import MsgType
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "nobody decided in time": Said("niemand hat rechtzeitig entschieden", "nobody decided in time"),
        "counted: needs no second person": Said(
            "gezählt: Für so viele braucht sie keine zweite Person", "counted: so many need no second person"
        ),
        MsgType.ALERT: Said("durch eine neue Meldung", "by a new message"),
        MsgType.UPDATE: Said("durch eine Aktualisierung", "by an update"),
        MsgType.CANCEL: Said("durch eine Aufhebung", "by a cancellation"),
        "false-alarm": Said("Fehlalarm", "false alarm"),
        "exercise": Said("nur eine Übung", "only an exercise"),
        "wrong-area": Said("falsches Gebiet", "wrong area"),
        "withdrawn": Said("zurückgezogen, bevor sie hinausging", "withdrawn before it went out"),
        ProblemType.OUTSIDE_TERRITORY: Said(
            "betrifft Gemeinden, für die keine Rolle der Person gilt",
            "concerns municipalities for which no role of the person holds",
        ),
        "no_request": Said("wartete nicht auf eine zweite Person", "did not wait for a second person"),
        "approved": Said("war schon freigegeben", "had been approved before"),
        "rejected": Said("war schon verworfen", "had been rejected before"),
        "released": Said("war schon nach der Regel gesendet", "had been sent by the policy before"),
        "void": Said("war schon zurückgezogen", "had been withdrawn before"),
        "expired": Said("war abgelaufen", "had expired"),
        "changed": Said(
            "war nicht mehr die Meldung, die zurückgehalten wurde", "was no longer the message that was held"
        ),
        "not_seen": Said("gesehen wurde etwas anderes, als wartete", "what was seen is not what waited"),
        "own": Said(
            "von der Person selbst eingereicht, oder vielleicht", "submitted by the person itself, or perhaps"
        ),
        "not_due": Said("war noch nicht fällig", "was not due yet"),
        "in_doubt": Said(
            "hatte einen Zweifel, den nur eine Person klärt", "had a doubt that only a person settles"
        ),
        "not_sendable": Said("hatte nichts mehr zu sagen", "had nothing to say any more"),
    }
)
"""What the trail and the record have as the reason, where no person wrote it."""


def why_said(why: str, language: str) -> str:
    """Return the reason in words: what a person wrote as it is."""
    found = REASON_WORDS.get(why)
    return why if found is None else found.in_language(language)
