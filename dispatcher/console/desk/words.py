"""Hold the sentences of the operator's desk, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.console.desk.shift import NOTE_MAX
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

DESK_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "desk": Said("Lagetisch", "Desk"),
        "desk_lost": Said(
            "Keine Verbindung seit {when} Uhr. Was hier steht, ist der Stand von dann; es kann überholt sein. Ob der "
            "Dienst warnen kann, ist von hier aus nicht zu sehen.",
            "No connection since {when}. What stands here is as of then and may be outdated. Whether the service can "
            "warn cannot be seen from here.",
        ),
        "desk_away": Said(
            "Der Datenbestand antwortet seit {when} Uhr nicht. Was hier steht, ist der Stand von dann. Zurzeit wird "
            "nichts angenommen und nichts gesendet.",
            "The record has not answered since {when}. What stands here is as of then. At present nothing is accepted "
            "and nothing is sent.",
        ),
        "desk_changed": Said("Neu auf dem Lagetisch:", "New at the desk:"),
        "desk_said": Said("{held} warten, {in_force} in Kraft.", "{held} waiting, {in_force} in force."),
        "log": Said("Verlauf der Lage", "Log of the situation"),
        "log_from": Said("Vom (Tag)", "From (day)"),
        "log_to": Said("Bis zum (Tag, einschließlich)", "To (day, included)"),
        "log_show": Said("Verlauf zeigen", "Show the log"),
        "log_statistics": Said("Statistik als Tabelle (CSV)", "Statistics as a table (CSV)"),
        "log_of_chain": Said("Alle Meldungen, die zu {id} gehören.", "All messages that belong to {id}."),
        "log_of_period": Said("Eingegangen vom {first} bis {last}.", "Received from {first} to {last}."),
        "log_goes_on": Said(
            "Es sind mehr als {most} Meldungen; hier stehen die neuesten. Wählen Sie weniger Tage.",
            "There are more than {most} messages; these are the newest. Choose fewer days.",
        ),
        "log_nothing": Said("Nichts.", "Nothing."),
        "log_received": Said("Eingegangen", "Received"),
        "log_asked": Said("Wartet auf eine zweite Person", "Waits for a second person"),
        "log_stopped": Said("Ersetzt oder beendet durch", "Replaced or ended by"),
        "log_first": Said("Dem ersten Menschen übergeben", "Handed over to the first person"),
        "log_last": Said("Dem bisher letzten Menschen übergeben", "Handed over to the last person so far"),
        "log_accepted": Said("{count} insgesamt", "{count} in all"),
        "log_released": Said("Freigegeben", "Released"),
        "log_rejected": Said("Verworfen", "Rejected"),
        "log_concluded": Said("Entschieden, nichts wird gesendet", "Decided, nothing is sent"),
        "log_held.expire": Said("Abgelaufen, während sie wartete", "Expired while it waited"),
        "log_held.withdraw": Said(
            "Zurückgezogen, bevor jemand gewarnt war", "Withdrawn before anybody was warned"
        ),
        "log_approval.remind": Said("Erinnert", "Reminded"),
        "log_approval.escalate": Said("An die Nächsten gegeben", "Escalated"),
        "log_approval.count": Said("Nachträglich gezählt", "Counted once it waited"),
        "log_approval.refuse": Said("Entscheidung ohne Wirkung", "Decision without effect"),
        "log_correction.refuse": Said("Rücknahme abgelehnt", "Correction refused"),
        "log_alert.plan": Said("Empfänger festgestellt", "Recipients found"),
        "log_alert.hold": Said("Zurückgehalten", "Held"),
        "log_alert.correct": Said("Mit einem Druck zurückgenommen", "Taken back in one step"),
        "log_alert.promote": Said("Warnt jetzt selbst", "Warns by itself now"),
        "log_alert.connect": Said(
            "Wirkt jetzt: Was sie ersetzt oder beendet, ist erst nach ihr gekommen",
            "Takes effect now: what it replaces or ends has come after it",
        ),
        "log_dead_letters.replay": Said(
            "Gescheiterten erneut gesendet", "Sent again to those who had failed"
        ),
        "log_dead_letter.show": Said(
            "Ein gescheiterter Empfänger wurde eingesehen", "A failed recipient was looked at"
        ),
        "log_ledger.read": Said(
            "Die Liste der Empfänger wurde eingesehen", "The list of recipients was looked at"
        ),
        "log_sms.hold": Said(
            "SMS warten, weil kein Budget sie trägt", "SMS wait because no budget holds them"
        ),
        "log_sms.allow": Said("SMS trotz des Budgets gesendet", "SMS sent in spite of the budget"),
        "log_alert.withdraw": Said(
            "Wer neu gewarnt wird, erfährt von diesem Ende vorerst nicht",
            "Whoever is warned anew is not told of this end for now",
        ),
        "log_duty.tell": Said("Wer Dienst hat, wurde benachrichtigt", "Those on duty were told"),
        "log_duty.uncovered": Said("Niemand im Dienst war zu erreichen", "Nobody on duty could be reached"),
        "log_duty.done": Said("Wer benachrichtigt war, erfuhr vom Ende", "Those told heard of the end"),
        "log_retention.run": Said(
            "Die Nummern der Empfänger wurden nach Ablauf der Frist entfernt",
            "The numbers of recipients were taken out after their time",
        ),
        "shift": Said("Übergabe der Schicht", "Shift hand-over"),
        "shift_open": Said("Offen", "Open"),
        "shift_nothing_open": Said("Nichts ist offen.", "Nothing is open."),
        "shift_held": Said("Wartet auf eine Entscheidung", "Waits for a decision"),
        "shift_failing": Said("In Kraft, nicht alle sind erreicht", "In force, and some are not reached"),
        "shift_in_force": Said("In Kraft", "In force"),
        "shift_silent": Said("Feeds, die schweigen", "Feeds that are silent"),
        "shift_feeds_unknown": Said(
            "Ob ein Feed schweigt, ist gerade nicht zu erfahren.",
            "Whether a feed is silent cannot be found out now.",
        ),
        "shift_take": Said("Übernehmen", "Take over"),
        "shift_what": Said(
            "Ihr Name, die Zeit, die Notiz und was offen ist, kommen in das Protokoll. Sonst ändert sich nichts: "
            "Rollen, Dienstplan und Meldungen bleiben, wie sie sind.",
            "Your name, the time, the note and what is open go into the audit trail. Nothing else changes: roles, "
            "roster and messages stay as they are.",
        ),
        "shift_note": Said(
            "Notiz für die Nächsten (eine Zeile, ohne Namen von Betroffenen)",
            "Note for the next (one line, without names of people concerned)",
        ),
        "shift_note_wrong": Said(
            f"Nichts wurde eingetragen: Die Notiz ist eine Zeile mit höchstens {NOTE_MAX} Zeichen.",
            f"Nothing was written down: a note is one line of at most {NOTE_MAX} characters.",
        ),
        "shift_now": Said("Ich übernehme ({count} offen)", "I take over ({count} open)"),
        "shift_has": Said("Übernommen hat {who}, {when}.", "{who} has taken over, {when}."),
        "shift_nobody": Said("Noch niemand hat hier übernommen.", "Nobody has taken over here so far."),
        "shift_earlier": Said("Bisher", "Before"),
        "shift_were_open": Said("{count} offen", "{count} open"),
        "desk_service": Said("Der Dienst", "The service"),
        "desk_verdict_ready": Said("Der Dienst kann jetzt warnen.", "The service can warn now."),
        "desk_verdict_limited": Said(
            "Der Dienst kann warnen, aber nicht in allem.", "The service can warn, but not in everything."
        ),
        "desk_verdict_unable": Said(
            "Der Dienst kann zurzeit NICHT warnen. Warnen Sie auf anderem Weg.",
            "The service can NOT warn at present. Warn by other means.",
        ),
        "desk_why_record": Said(
            "Der Datenbestand antwortet nicht: Nichts wird angenommen, nichts gesendet.",
            "The record does not answer: nothing is accepted, nothing is sent.",
        ),
        "desk_why_workers": Said(
            "Kein Worker arbeitet: Was angenommen wird, bleibt liegen.",
            "No worker is at work: what is accepted is not sent.",
        ),
        "desk_why_queue": Said(
            "Die Warteschlange antwortet nicht: Warnungen gehen verzögert hinaus.",
            "The queue does not answer: warnings go out late.",
        ),
        "desk_why_gateway": Said(
            "Das Gateway {name} nimmt seit {when} nichts an.",
            "The gateway {name} takes nothing since {when}.",
        ),
        "desk_why_gateway_now": Said(
            "Das Gateway {name} nimmt gerade nichts an.", "The gateway {name} takes nothing just now."
        ),
        "desk_why_feed": Said(
            "Der Feed {name} schweigt, letzter Stand {when}: Was seine Quelle jetzt sagt, weiß hier niemand.",
            "The feed {name} is silent, as of {when}: nobody here knows what its source says now.",
        ),
        "desk_why_feed_now": Said(
            "Vom Feed {name} ist noch nichts gelesen.", "Nothing was read of the feed {name} so far."
        ),
        "desk_why_canary": Said(
            "Der Selbsttest kommt seit {when} nicht an ({name}): Auch Warnungen kämen vermutlich nicht an.",
            "The self-test has not arrived since {when} ({name}): warnings would probably not arrive either.",
        ),
        "desk_why_unknown": Said("Nicht in Erfahrung zu bringen: {name}.", "It cannot be found out: {name}."),
        "desk_part_worker_leads": Said("ob ein Worker arbeitet", "whether a worker is at work"),
        "desk_part_queue": Said("die Warteschlange", "the queue"),
        "desk_part_gateways": Said("die Gateways", "the gateways"),
        "desk_part_feeds": Said("die Feeds", "the feeds"),
        "desk_part_key_expiries": Said("wann Schlüssel enden", "when keys end"),
        "desk_part_uncovered": Said("wer Dienst hat", "who is on duty"),
        "desk_part_canaries": Said("ob der Selbsttest ankommt", "whether the self-test arrives"),
        "desk_part_held": Said("was wartet", "what waits"),
        "desk_part_oldest_approvals": Said(
            "ob etwas auf eine zweite Person wartet", "whether anything waits for a second person"
        ),
        "desk_why_duty": Said(
            "Zu sehen: Wartende Meldungen, von denen niemand im Dienst erfahren kann: {count}.",
            "To see to: messages that wait and of which nobody on duty can be told: {count}.",
        ),
        "desk_why_approval": Said(
            "Zu sehen: Eine Meldung wartet seit {when} auf eine zweite Person.",
            "To see to: a message has waited for a second person since {when}.",
        ),
        "desk_why_key": Said(
            "Zu sehen: Ein Schlüssel, der gebraucht wird ({name}), endet {when}.",
            "To see to: a key that is needed ({name}) ends {when}.",
        ),
        "desk_feeds": Said("Feeds", "Feeds"),
        "desk_feed": Said("Feed", "Feed"),
        "desk_feed_as_of": Said("Stand", "As of"),
        "desk_feed_result": Said("Letzte Abfrage", "Last poll"),
        "desk_feed_entries": Said("Meldungen", "Messages"),
        "desk_feed_never": Said("noch nie", "never"),
        "desk_feed_silent": Said("schweigt", "silent"),
        "desk_no_feeds": Said("Keine Feeds eingerichtet.", "No feeds are set up."),
        "desk_gateways": Said("Gateways", "Gateways"),
        "desk_gateways_well": Said("Keines ist angehalten.", "None of them is stopped."),
        "desk_gateway_why": Said("{why}; nächster Versuch {when}", "{why}; tried again {when}"),
        "desk_canary": Said("Selbsttest", "Self-test"),
        "desk_canary_proven": Said(
            "auf allen Spuren angekommen, zuletzt {when}", "arrived in all lanes, last {when}"
        ),
        "desk_canary_unproven": Said(
            "noch nicht auf allen Spuren angekommen", "has not arrived in all lanes so far"
        ),
        "desk_canary_late": Said("verspätet", "late"),
        "desk_canary_texts": Said("etwa {texts} SMS in 30 Tagen", "about {texts} texts in 30 days"),
        "desk_canary_parts": Said(
            "etwa {texts} SMS in 30 Tagen ({parts} Teile)", "about {texts} texts in 30 days ({parts} parts)"
        ),
        "desk_canary_price": Said(
            "etwa {texts} SMS in 30 Tagen ({parts} Teile, {price})",
            "about {texts} texts in 30 days ({parts} parts, {price})",
        ),
        "desk_no_canary": Said(
            "Nicht eingerichtet: Der Dienst sendet sich selbst noch keine Proben. Ob Warnungen ankommen, zeigt eine "
            "Übung.",
            "Not set up: the service does not send samples to itself yet. An exercise shows whether warnings arrive.",
        ),
        "desk_messages_held": Said("Zurückgehalten", "Held"),
        "desk_held": Said("Wartet auf eine Entscheidung", "Waits for a decision"),
        "desk_in_force": Said("In Kraft", "In force"),
        "desk_sent": Said("Gesendet, nicht mehr in Kraft", "Sent, no longer in force"),
        "desk_unsent": Said("Nicht gesendet", "Not sent"),
        "desk_no_in_force_live": Said("Zurzeit gilt keine Warnung.", "No warning is in force."),
        "desk_no_in_force_exercise": Said("Zurzeit läuft keine Übung.", "No exercise is going on."),
        "desk_no_sent": Said("Bisher nichts.", "Nothing so far."),
        "desk_no_unsent": Said("Nichts.", "Nothing."),
        "desk_own": Said(
            "Sie sehen die Meldungen von {source}. Wer die Rolle „approver“, „operator“ "
            "oder „auditor“ hat, sieht alle.",
            "You see the messages of {source}. Approvers, operators and auditors see all.",
        ),
        "desk_no_source": Said(
            "Sie schreiben zurzeit für keine Leitstelle, deshalb steht hier nichts. Die Verwaltung der Zugänge trägt "
            "sie ein.",
            "You write for no control centre at present, so there is nothing here. The administration enters it.",
        ),
        "desk_more_sent": Said("Alle, auch ältere", "All of them, also older ones"),
        "desk_more_unsent": Said(
            "Alle, auch was Feeds senden und hier niemanden betrifft",
            "All of them, also what feeds send and concerns nobody here",
        ),
        "desk_older": Said("Ältere", "Older"),
        "desk_back": Said("Zurück zum Lagetisch", "Back to the desk"),
        "desk_left_out": Said("Und {count} weitere.", "And {count} more."),
        "desk_left_out_many": Said("Und mehr als {count} weitere.", "And more than {count} more."),
        "desk_received": Said("eingegangen {when}", "received {when}"),
        "desk_until": Said("gilt bis {when}", "holds until {when}"),
        "desk_from_feed": Said("Feed {source}", "feed {source}"),
        "desk_status": Said("Status {status}", "status {status}"),
        "desk_nowhere": Said("keine Gemeinde von hier", "no municipality served here"),
        "desk_over_expired": Said("abgelaufen {when}", "expired {when}"),
        "desk_over_cancelled": Said("aufgehoben {when}", "cancelled {when}"),
        "desk_over_ended": Said("Entwarnung {when}", "all-clear {when}"),
        "desk_over_replaced": Said("ersetzt {when}", "replaced {when}"),
        "desk_over_delisted": Said(
            "von der Quelle nicht mehr geführt {when}", "delisted by its source {when}"
        ),
        "desk_over_by": Said("durch diese Meldung", "by this message"),
        "desk_merged_by": Said("Zu der Meldung, die davor warnt", "To the message that warns of it"),
        "desk_told": Said("{accepted} von {recipients} übergeben", "{accepted} of {recipients} handed over"),
        "desk_owed": Said("{waiting} warten noch", "{waiting} still waiting"),
        "desk_failed": Said("{failed} gescheitert", "{failed} failed"),
        "desk_nobody_exercise": Said(
            "Niemand hier nimmt an Übungen teil", "Nobody here takes part in exercises"
        ),
        "desk_nobody": Said("Niemand hier ist angemeldet", "Nobody here has subscribed"),
        "desk_uncounted": Said(
            "Zahlen gerade nicht verfügbar, bitte neu laden", "Numbers are not available just now, load again"
        ),
        "desk_planning": Said("Empfänger werden gerade ermittelt", "Recipients are being found"),
        "desk_why": Said("Grund:", "Reason:"),
        "desk_by": Said("entschieden von {who}, {when}", "decided by {who}, {when}"),
        "desk_decide": Said("Ansehen und entscheiden", "Look and decide"),
        "desk_approval": Said("Freigabe", "Approval"),
        "desk_correct": Said("Stoppen oder berichtigen", "Stop or correct"),
    }
)
