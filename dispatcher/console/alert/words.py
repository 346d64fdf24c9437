"""Hold the sentences of an alert's page, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

ALERT_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "alert_link": Said(
            "Sehen, wie weit sie ist und wen sie erreicht", "See how far it is and whom it reaches"
        ),
        "alert_whole": Said("Zur ganzen Seite", "To the whole page"),
        "alert_no_connection": Said(
            "Keine Verbindung seit {when}. Was hier steht, ist der Stand von dann und kann überholt sein.",
            "No connection since {when}. What you see is as of then, and may be out of date.",
        ),
        "alert_age": Said("Empfangen {when} ({age}).", "Received {when} ({age})."),
        "alert_unsent": Said(
            "Durch diese Meldung wird niemand gewarnt.", "Nobody is warned by this message."
        ),
        "alert_acts": Said("Was Sie tun können", "What you can do"),
        "act_decide": Said("Entscheiden: freigeben oder verwerfen", "Decide: approve or reject"),
        "act_update": Said("Aktualisieren", "Update"),
        "act_change_waiting": Said("Ändern, bevor sie hinausgeht", "Change it before it goes out"),
        "withdraw": Said("Zurückziehen: niemanden warnen", "Withdraw it: warn nobody"),
        "withdraw_what": Said(
            "Diese Meldung ging noch an niemanden. Sie geht dann an niemanden, und freigeben kann sie niemand mehr. "
            "Davon erfährt, wer Dienst hat, sonst niemand.",
            "This message has gone to nobody yet. It then goes to nobody at all, and nobody can approve it. Whoever is "
            "on duty hears of that, and nobody else.",
        ),
        "act_withdraw_all": Said(
            "Zurückziehen und Entwarnung geben: alles beenden",
            "Withdraw it and give the all-clear: end everything",
        ),
        "act_withdraw_all_how": Said(
            "Das ist eine Änderung von etwas, das gilt: Eine Entwarnung beendet beides.",
            "This is a change of what is in force: an all-clear ends both.",
        ),
        "withdraw_change": Said("Nur die Änderung zurückziehen", "Withdraw only the change"),
        "withdraw_change_what": Said(
            "Die Änderung geht an niemanden. Die Warnung gilt unverändert weiter.",
            "The change goes to nobody. The warning stays in force as it is.",
        ),
        "withdraw_change_what_exercise": Said(
            "Die Änderung geht an niemanden. Die Übung gilt unverändert weiter.",
            "The change goes to nobody. The exercise stays in force as it is.",
        ),
        "act_all_clear": Said("Entwarnung geben", "Give the all-clear"),
        "alert_progress": Said("Wie weit sie ist", "How far it has come"),
        "alert_percent": Said("{percent} % abgearbeitet", "{percent} % worked off"),
        "figure_recipients": Said("Empfänger", "Recipients"),
        "figure_accepted": Said("Übergeben", "Handed over"),
        "figure_delivered": Said("Zugestellt", "Delivered"),
        "figure_displayed": Said("Angezeigt", "Displayed"),
        "figure_unknown": Said("Unbekannt", "Unknown"),
        "figure_failed": Said("Gescheitert", "Failed"),
        "figure_waiting": Said("Wartend", "Waiting"),
        "alert_figures_how": Said(
            "Übergeben heißt: Das Gateway hat die Meldung angenommen. Davon ist zugestellt, was Gerät oder Netz "
            "gemeldet haben, und unbekannt, wozu niemand etwas gemeldet hat; viele Geräte melden nie etwas. Wer sie "
            "auf zwei Wegen bekommt, zählt bei beiden.",
            "Handed over means that the gateway took the message. Of these, delivered is what the device or the "
            "network has reported, and unknown is that of which nothing was reported; many devices never report. "
            "Whoever gets it in two ways counts in both.",
        ),
        "alert_unowed": Said(
            "Unter den Gescheiterten sind {gone} abgemeldet und {quiet} in Ruhezeit bis nach dem Ende: Ihnen wird "
            "nichts geschuldet.",
            "Among the failed {gone} have unsubscribed and {quiet} have quiet hours until after the end: nothing is "
            "owed to them.",
        ),
        "alert_first_last": Said(
            "Zuerst angenommen {first}, zuletzt {last}.", "First accepted {first}, last {last}."
        ),
        "alert_nothing_accepted": Said(
            "Noch hat kein Gateway etwas angenommen.", "No gateway has accepted anything yet."
        ),
        "alert_sms": Said("SMS: Dauer und Kosten", "SMS: duration and cost"),
        "alert_owed": Said("Wer noch nicht erreicht ist, und warum", "Who is not reached yet, and why"),
        "alert_texts_how_exercise": Said("In diesen Worten geht sie hinaus.", "It goes out in these words."),
        "alert_texts_how": Said(
            "In diesen Worten geht sie hinaus. Was sonst noch gilt, kommt bei Push und App hinzu.",
            "It goes out in these words. Push and app add whatever else is in force.",
        ),
        "alert_texts_unsent": Said(
            "Gesendet ist davon nichts. So ginge sie hinaus.",
            "None of this is sent. It would go out like this.",
        ),
        "alert_no_texts": Said(
            "Nichts: Die Meldung war schon abgelaufen, als sie kam.",
            "Nothing: the message had expired already when it came.",
        ),
        "map_label": Said(
            "Karte: Sie gilt für {names}. Alle Gemeinden stehen in der Tabelle darunter.",
            "Map: it is for {names}. All municipalities are in the table below.",
        ),
        "map_legend": Said(
            "Gestreift sind die Gemeinden, für die sie gilt.",
            "The municipalities that it is for are striped.",
        ),
        "map_shape": Said(
            "Die dicke Linie ist die Fläche der Meldung, so weit sie hier gilt.",
            "The thick line is the area of the message, as far as it holds here.",
        ),
        "map_none": Said(
            "Für eine Karte sind es zu viele Gemeinden, oder ihre Grenzen sind hier nicht bekannt.",
            "There are too many municipalities for a map, or their borders are not known here.",
        ),
        "alert_table": Said("Tabelle der Gemeinden", "Table of the municipalities"),
        "alert_place": Said("Gemeinde", "Municipality"),
        "alert_share": Said("Anteil", "Share"),
        "alert_why_there": Said("Grund", "Reason"),
        "alert_other_places": Said("{count} weitere", "{count} more"),
        "alert_places_how": Said(
            "Menschen, jeder einmal; wer mehreren Gemeinden folgt, zählt in jeder. Was jemand sonst beobachtet, zeigt "
            "diese Seite nicht.",
            "People, each once; whoever follows several municipalities counts in each. What else somebody watches is "
            "not shown here.",
        ),
        "alert_places_uncounted": Said(
            "Wie weit es in den Gemeinden ist, lässt sich gerade nicht zählen. Laden Sie in einer Minute neu.",
            "How far it has come in the municipalities cannot be counted just now. Load again in a minute.",
        ),
        "alert_gaps": Said("Lücken und schwache Kanäle", "Gaps and weak channels"),
        "alert_no_gaps": Said("Keine bekannt.", "None known."),
        "alert_gaps_how": Said(
            "Schwach heißt ein Kanal ab {judged} Empfängern, von denen mehr als {failed} % scheitern oder mehr als "
            "{unheard} % gescheitert oder unbekannt sind; Abgemeldete zählen nicht.",
            "A channel is called weak from {judged} recipients on, if more than {failed} % of them fail, or more than "
            "{unheard} % have failed or are unknown; those who have unsubscribed do not count.",
        ),
        "gap_nobody_subscribed": Said(
            "Niemand angemeldet, also niemand gewarnt: {names}.",
            "Nobody subscribed, so nobody is warned: {names}.",
        ),
        "gap_nobody_reached": Said("Noch niemand erreicht: {names}.", "Nobody reached yet: {names}."),
        "gap_no_recipients": Said(
            "{channel}: Niemand bekommt sie so, denn niemand in diesen Gemeinden hat es so bestellt.",
            "{channel}: nobody gets it this way, for nobody in these municipalities has asked for it.",
        ),
        "drill_gap_nobody_subscribed": Said(
            "Niemand nimmt dort an Übungen teil, also bekommt sie niemand: {names}.",
            "Nobody there takes part in exercises, so nobody gets it: {names}.",
        ),
        "drill_gap_no_recipients": Said(
            "{channel}: Niemand bekommt sie so, denn niemand, der dort an Übungen teilnimmt, hat es so bestellt.",
            "{channel}: nobody gets it this way, for nobody who takes part in exercises there has asked for it.",
        ),
        "gap_no_gateway": Said(
            "{channel}: Niemand bekommt sie so, denn es ist kein Gateway eingerichtet.",
            "{channel}: nobody gets it this way, for no gateway is set up.",
        ),
        "gap_many_failed": Said(
            "{channel}, {kind}: {percent} % von {of} sind gescheitert.",
            "{channel}, {kind}: {percent} % of {of} have failed.",
        ),
        "gap_many_unheard": Said(
            "{channel}, {kind}: {percent} % von {of} sind gescheitert oder unbekannt.",
            "{channel}, {kind}: {percent} % of {of} have failed or are unknown.",
        ),
        "letters": Said("Gescheiterte", "Failed recipients"),
        "letters_how": Said(
            "Abgelehnt oder aufgegeben, nur als Zahlen. Wer mehreren Gemeinden folgt, zählt in jeder.",
            "Refused or given up, in numbers only. Whoever follows several municipalities counts in each.",
        ),
        "letters_uncounted": Said(
            "Wie viele gescheitert sind und warum, lässt sich gerade nicht zählen. Laden Sie gleich neu.",
            "How many failed, and why, cannot be counted just now. Load again in a moment.",
        ),
        "letters_table": Said("Tabelle der Gescheiterten", "Table of the failed recipients"),
        "letters_channel": Said("Kanal", "Channel"),
        "letters_nowhere": Said("keiner mehr", "none any more"),
        "letters_more": Said("Die {count} größten Gruppen.", "The {count} largest groups."),
        "replay": Said("Erneut senden", "Send again"),
        "replay_what": Said(
            "Sendet die Meldung noch einmal an {count} Empfänger. Wer sie trotz Fehler bekommen hat, bekommt sie "
            "zweimal. Sinnvoll ist das erst, wenn die Ursache behoben ist.",
            "Sends the message once more to {count} recipients. Whoever got it in spite of the error gets it twice. "
            "It makes sense only when the cause is mended.",
        ),
        "replay_now": Said("An {count} erneut senden", "Send again to {count}"),
        "replay_over": Said(
            "Die Warnung gilt nicht mehr: Es wird nichts erneut gesendet.",
            "The warning is no longer in force: nothing is sent again.",
        ),
        "replay_changed": Said(
            "Nichts wurde erneut gesendet: Inzwischen sind es {count}. Sehen Sie noch einmal hin.",
            "Nothing was sent again: by now they are {count}. Look again.",
        ),
        "replay_done": Said("An {count} wird erneut gesendet.", "It is sent again to {count}."),
        "replay_not": Said("Nicht an {count}: {why}.", "Not to {count}: {why}."),
        "broadcast": Said("Text für MoWaS und DE-Alert", "Text for MoWaS and DE-Alert"),
        "broadcast_how": Said(
            "Zum Übertragen von Hand: Dieser Dienst löst kein DE-Alert aus. {length} von {most} Zeichen.",
            "To be copied by hand: this service triggers no DE-Alert. {length} of {most} characters.",
        ),
        "broadcast_left_out": Said(
            "Nicht mehr hineingepasst hat: {names}.", "There was no room for: {names}."
        ),
        "broadcast_left": Said("{what} ({count} Sätze)", "{what} ({count} sentences)"),
        "broadcast_left_one": Said("{what} ({count} Satz)", "{what} ({count} sentence)"),
        "broadcast_cut": Said("ein Teil der Überschrift", "a part of the headline"),
        "broadcast_whole": Said("Der Text ist vollständig.", "The text is complete."),
        "broadcast_copy": Said("Text kopieren", "Copy the text"),
        "broadcast_copied": Said("Kopiert.", "Copied."),
        "broadcast_not_copied": Said(
            "Das hat nicht geklappt. Markieren und kopieren Sie den Text von Hand.",
            "That did not work. Select and copy the text by hand.",
        ),
        "alert_chain": Said("Davor und danach", "Before and after"),
        "alert_timeline": Said("Verlauf", "Course of events"),
        "alert_timeline_earlier": Said(
            "{count} frühere Meldungen sind hier nicht aufgeführt.",
            "{count} earlier messages are not listed here.",
        ),
        "alert_this": Said("diese Meldung", "this message"),
        "timeline_received": Said("kam von {who}", "came from {who}"),
        "timeline_correction": Said("kam als Berichtigung von {who}", "came as a correction by {who}"),
        "timeline_asked": Said("eine zweite Person wurde gefragt", "a second person was asked"),
        "timeline_approved": Said("freigegeben von {who}", "approved by {who}"),
        "timeline_rejected": Said("verworfen von {who}: {why}", "rejected by {who}: {why}"),
        "timeline_released": Said(
            "ohne Entscheidung gesendet, wie die Regel sagt", "sent without a decision, as the policy says"
        ),
        "timeline_let_go": Said("freigegeben von {who} („operator“)", "released by an operator ({who})"),
        "timeline_discarded": Said("verworfen von {who} („operator“)", "discarded by an operator ({who})"),
        "timeline_withdrawn": Said(
            "zurückgezogen von {who}, bevor jemand gewarnt war",
            "withdrawn by {who} before anybody was warned",
        ),
        "timeline_planned": Said("Empfänger stehen fest: {count}", "recipients are settled: {count}"),
        "timeline_first_told": Said("erste Nachricht angenommen", "first notice accepted"),
        "timeline_last_told": Said("bisher letzte Nachricht angenommen", "last notice accepted so far"),
        "timeline_replayed": Said("{count} erneut gesendet von {who}", "{count} sent again by {who}"),
        "timeline_stopped": Said("ersetzt oder beendet", "replaced or ended"),
        "timeline_expired": Said("abgelaufen", "expired"),
        "timeline_someone": Said("einer berechtigten Person", "a person who may"),
        "alert_before": Said("Ersetzt oder beendet", "Replaces or ends"),
        "alert_changes": Said(
            "Würde ersetzen oder beenden, wartet noch", "Would replace or end, and still waits"
        ),
        "alert_unchanged": Said("Hätte ersetzt oder beendet", "Would have replaced or ended"),
        "alert_waiting": Said(
            "Wartet noch, und würde diese Meldung ersetzen oder beenden",
            "Still waits, and would replace or end this message",
        ),
        "alert_after": Said("Ersetzt oder beendet durch", "Replaced or ended by"),
        "alert_alone": Said(
            "Diese Meldung ersetzt keine andere, und keine andere ersetzt sie.",
            "This message replaces no other one, and no other one replaces it.",
        ),
        "alert_reach_before": Said("Reichweite vor dem Versand", "Reach before it was sent"),
        "alert_planned": Said("Empfänger beim Versand", "Recipients when it was sent"),
        "alert_reach_of": Said("{count}, gezählt {when}", "{count}, counted {when}"),
        "alert_attribution": Said("Herkunft", "Attribution"),
        "alert_identifier": Said("Kennung der Quelle", "Identifier of the source"),
    }
)
"""A part of `words.WORDS`."""
