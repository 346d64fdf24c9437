"""Hold the sentences of the pages about messages that wait for a person, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.model.approval.request import WHY_MAX
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

HELD_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "held": Said("Zurückgehalten", "Held"),
        "held_one": Said("Wartet: {headline}", "Held: {headline}"),
        "held_how": Said(
            "Diese Meldungen gehen nicht von selbst hinaus: Etwas an ihnen ist zweifelhaft, oder die Regel will es so. "
            "Solange niemand entscheidet, wird dadurch niemand gewarnt.",
            "These messages do not go out by themselves: something about them is doubtful, or the rule wants it so. "
            "As long as nobody decides, nobody is warned by them.",
        ),
        "held_none": Said("Keine Meldung wartet.", "No message waits."),
        "held_messages": Said("Meldungen", "Messages"),
        "held_second": Said(
            "{count} weitere warten auf eine zweite Person.", "Another {count} wait for a second person."
        ),
        "held_second_one": Said(
            "Eine weitere wartet auf eine zweite Person.", "Another one waits for a second person."
        ),
        "held_to_approvals": Said("Zu den Freigaben", "To the approvals"),
        "held_from": Said("Von {source}, gesendet {when}", "From {source}, sent {when}"),
        "held_until": Said("gilt bis {when}", "holds until {when}"),
        "held_number": Said("Nummer", "Number"),
        "held_goes_to": Said("Ginge jetzt an", "Would now go to"),
        "held_planned": Said("{people}, gezählt bei der Planung", "{people}, counted when it was planned"),
        "held_count_again": Said(
            "Im Hintergrund zählt niemand weiter; wer neu lädt, zählt noch einmal.",
            "Nobody goes on counting in the background; loading again counts once more.",
        ),
        "held_ends": Said(
            "alle, die von der Warnung erfahren haben, die sie beendet",
            "everybody who was told of the warning that it ends",
        ),
        "held_nowhere": Said(
            "Welche Gemeinden sie betrifft, ist nicht erkennbar. Freigeben lässt sie sich am Server, mit Gemeinden: "
            "dispatcher held release {id} --place AGS --why …",
            "Which municipalities it concerns cannot be told. It can be released at the server, with municipalities: "
            "dispatcher held release {id} --place AGS --why …",
        ),
        "held_needs_second": Said(
            "Diese Meldung braucht eine zweite Person. Verwerfen können Sie sie auch hier.",
            "This message needs a second person. You can discard it here as well.",
        ),
        "held_release": Said("Freigeben", "Release"),
        "held_release_what": Said(
            "Die Meldung geht sofort an {people}. Zurückholen lässt sie sich nicht, nur durch eine zweite berichtigen. "
            "Sind es inzwischen deutlich mehr, wartet sie wieder.",
            "The message goes to {people} at once. It cannot be called back, only corrected by a second one. "
            "If there are many more by then, it waits again.",
        ),
        "held_release_uncounted": Said(
            "Die Meldung geht sofort an {people}. Zurückholen lässt sie sich nicht, nur durch eine zweite berichtigen. "
            "Sind es ungewöhnlich viele für diese Quelle, wartet sie wieder, mit der Zahl.",
            "The message goes to {people} at once. It cannot be called back, only corrected by a second one. "
            "If there are unusually many for this source, it waits again, with the number.",
        ),
        "held_release_ends": Said(
            "Das Ende geht sofort an alle, die von der Warnung erfahren haben. Danach gilt sie nicht mehr.",
            "The end goes at once to everybody who was told of the warning. It holds no more then.",
        ),
        "held_release_now": Said("ECHTE MELDUNG an {people} senden", "Send a REAL MESSAGE to {people}"),
        "held_release_now_exercise": Said("Übung an {people} senden", "Send the exercise to {people}"),
        "held_release_now_ends": Said("Warnung jetzt beenden", "End the warning now"),
        "held_why_release": Said(
            "Warum, und was haben Sie geprüft? Der Grund steht danach im Protokoll.",
            "Why, and what have you checked? The reason is in the audit trail afterwards.",
        ),
        "held_discard": Said("Verwerfen", "Discard"),
        "held_discard_what": Said(
            "Die Meldung wird nie gesendet. Eine neuere ihrer Quelle wird neu beurteilt.",
            "The message is never sent. A newer one of its source is judged anew.",
        ),
        "held_discard_now": Said("Verwerfen, niemanden warnen", "Discard, warn nobody"),
        "held_reason_missing": Said(
            f"Nichts wurde geändert: Es braucht einen Grund in einer Zeile, mit höchstens {WHY_MAX} Zeichen.",
            f"Nothing was changed: it takes a reason in one line, of at most {WHY_MAX} characters.",
        ),
        "held_read_only": Said(
            "Ihre Rollen erlauben, das zu lesen. Entscheiden kann, wer die Rolle „operator“ für alle ihre "
            "Gemeinden hat.",
            "Your roles let you read this. Whoever is an operator for all its municipalities decides.",
        ),
        "held_over": Said(
            "Sie wartet nicht mehr: {state}, {reason}.", "It waits no more: {state}, {reason}."
        ),
        "held_sms": Said("SMS, die auf Geld warten", "SMS that wait for money"),
        "held_sms_how": Said(
            "Diese Warnungen sind hinausgegangen; von ihnen warten SMS, weil kein Budget sie trägt.",
            "These warnings have gone out; some of their SMS wait because no budget holds them.",
        ),
        "held_sms_count": Said(
            "Auf ihre SMS warten: {people} ({gateways}).", "Waiting for their SMS: {people} ({gateways})."
        ),
        "held_sms_now": Said(
            "SMS an {people} senden, was sie auch kosten", "Send the SMS to {people}, whatever they cost"
        ),
        "held_sms_why": Said(
            "Warum trotz des Budgets? Der Grund steht danach im Protokoll.",
            "Why in spite of the budget? The reason is in the audit trail afterwards.",
        ),
        "held_to_list": Said("Zu allen zurückgehaltenen Meldungen", "To all held messages"),
        "held_to_alert": Said("Zur Seite der Meldung", "To the page of the message"),
    }
)
"""A part of `dispatcher.console.words.WORDS`."""
