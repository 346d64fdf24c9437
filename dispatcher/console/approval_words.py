"""Hold the sentences of the pages on which a second person decides, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.model.approval.request import WHY_MAX
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

APPROVAL_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "approvals": Said("Freigaben", "Approvals"),
        "role_lacks": Said(
            "Ihre Rollen erlauben das zurzeit nicht. Welche Sie haben, steht unter „Mein Konto“.",
            "Your roles do not allow that at present. They are listed under “My account”.",
        ),
        "as_of": Said("Stand: {when}.", "As of {when}."),
        "load_again": Said("Neu laden", "Load again"),
        "for_you": Said("Wartet auf Ihre Entscheidung", "Waiting for your decision"),
        "for_others": Said("Wartet auf andere", "Waiting for others"),
        "nothing_for_you": Said(
            "Keine Meldung wartet auf Ihre Entscheidung.", "No message waits for your decision."
        ),
        "nothing_waits_in_exercises": Said(
            "Übungen warten auf keine zweite Person: Sie gehen nur an Menschen, die an Übungen teilnehmen. "
            "Was freizugeben ist, steht im Echtbetrieb.",
            "Exercises wait for no second person: they go only to people who take part in exercises. "
            "What is to be approved is in the live service.",
        ),
        "not_listed": Said(
            "Weitere {count} sind hier nicht aufgeführt.", "Another {count} are not listed here."
        ),
        "severity": Said("Schwere", "Severity"),
        "severity_Extreme": Said("EXTREM", "EXTREME"),
        "severity_Severe": Said("SCHWER", "SEVERE"),
        "severity_Moderate": Said("MÄSSIG", "MODERATE"),
        "severity_Minor": Said("GERING", "MINOR"),
        "severity_Unknown": Said("SCHWERE UNBEKANNT", "SEVERITY UNKNOWN"),
        "people": Said("{people} Menschen", "{people} people"),
        "person": Said("{people} Person", "{people} person"),
        "people_uncounted": Said(
            "alle Betroffenen (Zahl noch nicht bekannt)",
            "everybody concerned (number not known yet)",
        ),
        "municipalities_count": Said("{count} Gemeinden", "{count} municipalities"),
        "municipality_count": Said("{count} Gemeinde", "{count} municipality"),
        "waits_since": Said("wartet seit {when}", "has waited since {when}"),
        "timer_remind": Said("Erinnerung", "reminder"),
        "timer_escalate": Said("geht an die Nächsten", "goes to the next in line"),
        "timer_release": Said("geht von selbst hinaus", "goes out by itself"),
        "timer_expires": Said("läuft ab", "expires"),
        "ahead_moment": Said("in weniger als einer Minute", "in less than a minute"),
        "ago_moment": Said("vor weniger als einer Minute", "less than a minute ago"),
        "ahead_minutes": Said("in {minutes} min", "in {minutes} min"),
        "ahead_hours": Said("in {hours} h {minutes} min", "in {hours} h {minutes} min"),
        "ago_minutes": Said("vor {minutes} min", "{minutes} min ago"),
        "ago_hours": Said("vor {hours} h {minutes} min", "{hours} h {minutes} min ago"),
        "look": Said("Ansehen und entscheiden", "Look and decide"),
        "look_only": Said("Ansehen", "Look"),
        "approval": Said("Freigabe", "Approval"),
        "asked": Said(
            "Soll diese echte Warnung an {people} gehen?", "Is this real warning to go to {people}?"
        ),
        "to_decision": Said("Zur Entscheidung", "To the decision"),
        "facts": Said("Worum es geht", "What it is about"),
        "headline": Said("Überschrift", "Headline"),
        "event": Said("Ereignis", "Event"),
        "description": Said("Beschreibung", "Description"),
        "instruction": Said("Verhalten", "What to do"),
        "title": Said("Titel", "Title"),
        "areas": Said("Gebiet", "Area"),
        "contact": Said("Auskunft", "Contact"),
        "audience": Said("Empfänger", "Recipients"),
        "as_stored": Said(
            "{people}; freigegeben werden höchstens {most}",
            "{people}; at most {most} are approved",
        ),
        "as_uncounted": Said(
            "Zahl der Menschen noch nicht bekannt: Der Dienst zählt noch.",
            "Number of people not known yet: the service goes on counting.",
        ),
        "goes_counted": Said(
            "Braucht die Warnung für so viele keine zweite Person, geht sie dann von selbst hinaus.",
            "If the warning needs no second person for so many, it then goes out by itself.",
        ),
        "as_never_counted": Said("nicht gezählt, als entschieden wurde", "not counted when it was decided"),
        "lasts_until": Said("Gilt bis", "Holds until"),
        "author": Said("Geschrieben von", "Written by"),
        "author_unknown": Said(
            "nicht einzeln bekannt: Schlüssel von {source}", "not known by name: a key of {source}"
        ),
        "authors_by_key": Said("{names}, für {source}", "{names}, for {source}"),
        "source": Said("Quelle", "Source"),
        "why_held": Said("Wartet, weil", "Waits because"),
        "without_decision": Said("Ohne Entscheidung", "Without a decision"),
        "number": Said("Nummer", "Number"),
        "texts": Said("Was die Menschen lesen", "What people read"),
        "texts_how_exercise": Said(
            "So geht es hinaus, wenn es jetzt freigegeben wird.",
            "It goes out like this if it is approved now.",
        ),
        "texts_how": Said(
            "So geht es hinaus, wenn es jetzt freigegeben wird. Was sonst noch gilt, kommt bei Push und App hinzu.",
            "It goes out like this if it is approved now. Push and app add whatever else is in force.",
        ),
        "sms_parts": Said(
            "SMS ({parts} Teile, {characters} Zeichen)", "SMS ({parts} parts, {characters} characters)"
        ),
        "sms_part": Said("SMS (1 Teil, {characters} Zeichen)", "SMS (1 part, {characters} characters)"),
        "push": Said("Push auf dem Telefon", "Push on the phone"),
        "app": Said("Seite in der App", "Page in the app"),
        "language_de": Said("Deutsch", "German"),
        "language_de-simple": Said("Leichte Sprache", "Easy German"),
        "language_en": Said("Englisch", "English"),
        "language_tr": Said("Türkisch", "Turkish"),
        "language_uk": Said("Ukrainisch", "Ukrainian"),
        "language_ar": Said("Arabisch", "Arabic"),
        "where": Said("Wo gewarnt wird", "Where people are warned"),
        "and_more": Said("{names} und {count} weitere", "{names} and {count} more"),
        "whole": Said("ganz", "whole"),
        "share": Said("{percent} % der Fläche", "{percent} % of the area"),
        "share_little": Said("unter 1 % der Fläche", "less than 1 % of the area"),
        "nowhere": Said(
            "Welche Gemeinden das sind, ist nicht erkennbar.",
            "Which municipalities these are cannot be told.",
        ),
        "changes": Said("Was sich gegenüber der bisherigen Warnung ändert", "What changes in the warning"),
        "changes_how": Said(
            "Diese Meldung ersetzt: „{headline}“ vom {when}.", "This message replaces “{headline}” of {when}."
        ),
        "changes_unknown": Said(
            "Diese Meldung ändert eine andere, die hier nicht bekannt ist.",
            "This message changes another one that is not known here.",
        ),
        "changes_none": Said(
            "Wortlaut, Schwere, Dauer und Gemeinden sind dieselben.",
            "Words, severity, duration and municipalities are the same.",
        ),
        "before": Said("Bisher", "Before"),
        "now": Said("Jetzt", "Now"),
        "added": Said("Neu gewarnt", "Warned anew"),
        "left": Said(
            "Nicht mehr betroffen (hören, dass es dort vorbei ist)", "No longer affected (are told so)"
        ),
        "none": Said("nichts", "nothing"),
        "decision": Said("Entscheidung", "Decision"),
        "approve": Said("Freigeben", "Approve"),
        "approve_what": Said(
            "Die Warnung geht sofort an {people}. Zurückholen lässt sie sich nicht, nur durch eine zweite Meldung "
            "berichtigen.",
            "The warning goes to {people} at once. It cannot be called back, only corrected by a second message.",
        ),
        "type_people": Said(
            "Zur Bestätigung: An wie viele Menschen geht sie? Tippen Sie die Zahl.",
            "To confirm: how many people does it go to? Type the number.",
        ),
        "type_municipalities": Said(
            "Zur Bestätigung: Für wie viele Gemeinden ist sie? Tippen Sie die Zahl.",
            "To confirm: how many municipalities is it for? Type the number.",
        ),
        "uncounted_where": Said(
            "alle Betroffenen in {places} (Zahl noch nicht bekannt)",
            "everybody concerned in {places} (number not known yet)",
        ),
        "approve_now": Said("ECHTE WARNUNG an {people} senden", "Send a REAL WARNING to {people}"),
        "mistyped": Said(
            "Nichts wurde gesendet: Die getippte Zahl ist nicht die Zahl der Menschen. Sehen Sie noch einmal hin.",
            "Nothing was sent: the number that you typed is not the number of people. Look again.",
        ),
        "mistyped_municipalities": Said(
            "Nichts wurde gesendet: Die getippte Zahl ist nicht die Zahl der Gemeinden. Sehen Sie noch einmal hin.",
            "Nothing was sent: the number that you typed is not the number of municipalities. Look again.",
        ),
        "reject": Said("Verwerfen", "Reject"),
        "reject_what": Said(
            "Die Meldung wird nie gesendet. Wer sie geschrieben hat, kann eine neue einreichen.",
            "The message is never sent. Its author can submit a new one.",
        ),
        "reject_why": Said(
            "Warum? Der Grund steht danach im Protokoll.", "Why? The reason is in the audit trail afterwards."
        ),
        "reject_now": Said("Verwerfen, niemanden warnen", "Reject, warn nobody"),
        "reason_missing": Said(
            f"Nichts wurde verworfen: Es braucht einen Grund in einer Zeile, mit höchstens {WHY_MAX} Zeichen.",
            f"Nothing was rejected: it takes a reason in one line, of at most {WHY_MAX} characters.",
        ),
        "read_only": Said(
            "Ihre Rollen erlauben, das zu lesen. Entscheiden kann, wer die Rolle „approver“ hat.",
            "Your roles let you read this. Whoever is an approver decides.",
        ),
        "operators_decide": Said(
            "Diese Meldung braucht keine zweite Person. Über sie entscheidet, wer die Rolle „operator“ hat, "
            "unter „Zurückgehalten“ oder am Server: dispatcher held show {id}",
            "This message needs no second person. Operators decide, under “Held” or at the server: "
            "dispatcher held show {id}",
        ),
        "nothing_done": Said("Nichts wurde geändert.", "Nothing was changed."),
        "state": Said("Stand", "State"),
        "decided_by": Said("{who}, {when}", "{who}, {when}"),
        "decided_why": Said("Grund", "Reason"),
        "became": Said("Was daraus wurde", "What became of it"),
        "progress": Said(
            "{accepted} von {recipients} übergeben, {waiting} warten, {failed} gescheitert.",
            "{accepted} of {recipients} handed over, {waiting} waiting, {failed} failed.",
        ),
        "progress_unknown": Said(
            "Wie weit der Versand ist, lässt sich gerade nicht zählen. Laden Sie gleich neu.",
            "How far it has come cannot be counted just now. Load again in a moment.",
        ),
        "progress_nobody": Said("Niemand erhält sie.", "Nobody gets it."),
        "progress_none": Said(
            "Der Dienst stellt gerade fest, wer sie bekommt. Laden Sie gleich neu.",
            "The service is finding out who gets it. Load again in a moment.",
        ),
        "correct": Said("Stoppen oder berichtigen", "Stop or correct"),
        "correct_link": Said(
            "War diese Warnung falsch? Stoppen oder berichtigen", "Was this warning wrong? Stop or correct"
        ),
        "correct_how": Said(
            "Ein Druck nimmt die Warnung sofort zurück, ohne Rückfrage und ohne zweite Person: in diesen Worten und "
            "jeder Sprache des Dienstes, an genau die Gewarnten, so laut wie die Warnung.",
            "One press takes the warning back at once, with no question and no second person: in these words and "
            "every language of the service, to exactly those warned, as loud as the warning.",
        ),
        "correct_what": Said("Was war falsch?", "What was wrong?"),
        "correct_false-alarm": Said("Die Gefahr gibt es nicht", "There is no such danger"),
        "correct_exercise": Said(
            "Es war eine Übung, als echte Warnung gesendet", "It was an exercise, sent as a real warning"
        ),
        "correct_wrong-area": Said("Sie ging an ein falsches Gebiet", "It went to the wrong area"),
        "correct_now_false-alarm": Said("Jetzt als FEHLALARM zurücknehmen", "Take back as a FALSE ALARM now"),
        "correct_now_exercise": Said(
            "Jetzt als NUR EINE ÜBUNG zurücknehmen", "Take back as ONLY AN EXERCISE now"
        ),
        "correct_now_wrong-area": Said(
            "Jetzt als FALSCHES GEBIET zurücknehmen", "Take back as WRONG AREA now"
        ),
        "drill_correct_how": Said(
            "Ein Druck nimmt die Übung sofort zurück, ohne Rückfrage und ohne zweite Person: in diesen Worten, jeder "
            "Text mit „ÜBUNG“ an beiden Enden, an genau die, die an der Übung teilnehmen und sie erhalten haben.",
            "One press takes the exercise back at once, with no question and no second person: in these words, each "
            "text marked as an exercise at both ends, to exactly those who take part and have got it.",
        ),
        "drill_correct_false-alarm": Said(
            "Angenommen, die Gefahr gibt es nicht", "Suppose there is no such danger"
        ),
        "drill_correct_exercise": Said(
            "Angenommen, sie ging als echte Warnung hinaus", "Suppose it went out as a real warning"
        ),
        "drill_correct_wrong-area": Said(
            "Angenommen, sie ging an ein falsches Gebiet", "Suppose it went to the wrong area"
        ),
        "drill_correct_now_false-alarm": Said(
            "ÜBUNG: als FEHLALARM zurücknehmen", "EXERCISE: take back as a FALSE ALARM"
        ),
        "drill_correct_now_exercise": Said(
            "ÜBUNG: als NUR EINE ÜBUNG zurücknehmen", "EXERCISE: take back as ONLY AN EXERCISE"
        ),
        "drill_correct_now_wrong-area": Said(
            "ÜBUNG: als FALSCHES GEBIET zurücknehmen", "EXERCISE: take back as WRONG AREA"
        ),
        "drill_correct_unsent": Said(
            "Diese Übung ist nicht gesendet: Es gibt nichts zu berichtigen.",
            "This exercise was not sent: there is nothing to correct.",
        ),
        "drill_over": Said("Die Übung ist vorbei ({at}).", "The exercise is over ({at})."),
        "drill_warning": Said("Die Übung", "The exercise"),
        "drill_warned": Said("Teilnehmende", "Taking part"),
        "drill_told_last": Said("Was die Teilnehmenden hören", "What those who take part are told"),
        "correct_unsent": Said(
            "Diese Meldung ist nicht gesendet: Es gibt nichts zu berichtigen.",
            "This message was not sent: there is nothing to correct.",
        ),
        "correct_nothing": Said(
            "Nichts wurde zurückgenommen: Wählen Sie, was falsch war.",
            "Nothing was taken back: choose what was wrong.",
        ),
        "warning": Said("Die Warnung", "The warning"),
        "warned": Said("Gewarnt", "Warned"),
        "told_last": Said("Was die Gewarnten hören", "What those warned are told"),
        "to_list": Said("Zu allen Freigaben", "To all approvals"),
    }
)
"""A part of `words.WORDS`."""
