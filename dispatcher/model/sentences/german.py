"""The sentences in German."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dispatcher.model.sentences.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

GERMAN: Mapping[Phrase, str] = MappingProxyType(
    {
        Phrase.TOO_MUCH_AT_ONCE: "Von diesem Zugang kommen gerade zu viele große Meldungen zugleich an. "
        "Bitte gleich noch einmal senden.",
        Phrase.SEND_AS_CAP: "Bitte die Meldung als application/cap+xml senden.",
        Phrase.SEND_UNCOMPRESSED: "Bitte die Meldung unkomprimiert senden.",
        Phrase.BODY_INCOMPLETE: "Die Meldung kam nicht vollständig an; bitte erneut senden.",
        Phrase.BODY_TOO_LARGE: "Die Meldung ist größer als {max_bytes} Byte.",
        Phrase.QUERY_TOO_LONG: "Die Adresse der Anfrage hat mehr als {max_bytes} Byte an Angaben.",
        Phrase.ROUTE_UNKNOWN: "Unter dieser Adresse gibt es hier nichts; bitte die Adresse prüfen.",
        Phrase.METHOD_UNKNOWN: "Diese Adresse gibt es, aber nicht mit dieser Methode; Allow nennt die "
        "möglichen.",
        Phrase.HTTP_REFUSED: "Die Anfrage wurde nicht angenommen ({reason}).",
        Phrase.PARAMETERS_WRONG: "Eine Angabe der Anfrage ist ungültig; alle sind aufgeführt.",
        Phrase.BUSY_READING: "Gerade fragen sehr viele ab, Warnungen haben Vorrang. Bitte gleich noch "
        "einmal abfragen.",
        Phrase.BUSY_ENROLLING: "Gerade melden sich sehr viele an, Warnungen haben Vorrang. Bitte gleich noch einmal "
        "senden.",
        Phrase.STREAMS_FULL: "Es sind so viele Datenströme offen, wie dieser Prozess haben darf. Bitte die Liste von "
        "Zeit zu Zeit abfragen oder gleich noch einmal nach einem Strom fragen.",
        Phrase.STREAMS_OF_ADDRESS_FULL: "Von dieser Adresse sind so viele Datenströme offen, wie eine haben darf. "
        "Bitte die Liste von Zeit zu Zeit abfragen.",
        Phrase.KEY_MISSING: "Der API-Schlüssel fehlt oder ist ungültig. Er gehört in die Kopfzeile "
        "Authorization: Bearer …; die Kommandozeile nimmt ihn aus WARN_API_KEY. Ein Schlüssel, der bisher "
        "galt, kann widerrufen, abgeschaltet oder abgelaufen sein: Der Betreiber des Dienstes sieht das und "
        "stellt einen neuen aus.",
        Phrase.PERSON_LACKS_ROLE: "Sie sind angemeldet, aber keine Ihrer Rollen erlaubt das zurzeit. Welche Sie haben, "
        "steht unter „Mein Konto“; die Verwaltung der Zugänge ändert sie.",
        Phrase.PERSON_UNPROVEN: "Die Sitzung ist zu Ende, oder die Anfrage kam nicht von einer Seite der Konsole: Was "
        "etwas ändert, braucht ihren Ursprung (Origin) und das Merkmal ihrer Formulare (X-CSRF-Token). Bitte die Seite "
        "neu laden und noch einmal anmelden, wenn sie danach fragt.",
        Phrase.EXERCISE_KEY_FOR_LIVE: "Dieser Schlüssel ist für Übungen; hier ist der Ernstfall. Nichts ist gesendet. "
        "Übungen gehen nach {prefix}/alerts, Warnungen mit dem Schlüssel für den Ernstfall (wk_…) hierher.",
        Phrase.LIVE_KEY_FOR_EXERCISES: "Dieser Schlüssel ist für den Ernstfall; hier sind die Übungen. Nichts ist "
        "gesendet. Warnungen gehen nach {prefix}/alerts, Übungen mit einem Schlüssel für Übungen (wx_…) hierher. "
        "Den stellt der Betreiber aus: dispatcher keys add --exercise.",
        Phrase.INSTANCE_KEY_MISSING: "Der Schlüssel der Instanz fehlt oder ist ungültig.",
        Phrase.OPERATOR_KEY_MISSING: "Der Schlüssel des Betreibers fehlt oder ist ungültig: `dispatcher keys list` "
        "zeigt alle.",
        Phrase.GATEWAY_SECRET_MISSING: "Das Geheimnis des Gateways fehlt oder ist falsch.",
        Phrase.RECORD_UNAVAILABLE: "Der Bestand ist gerade nicht erreichbar. Ob eine eben gesendete Meldung "
        "gesichert ist, steht nicht fest; bitte erneut senden: dieselbe Kennung wird nicht doppelt "
        "angenommen.",
        Phrase.RECORD_UNAVAILABLE_TO_READ: "Der Bestand ist gerade nicht erreichbar; das Erfragte steht deshalb nicht "
        "fest. Geändert wurde nichts; bitte gleich noch einmal fragen.",
        Phrase.RECORD_UNAVAILABLE_TO_CHANGE: "Der Bestand ist gerade nicht erreichbar. Ob das eben Verlangte "
        "ausgeführt ist, steht nicht fest; bitte gleich erneut senden.",
        Phrase.INTERNAL: "Interner Fehler; ob die Meldung gilt, ist offen: erneut senden.",
        Phrase.INTERNAL_TO_READ: "Interner Fehler; geändert wurde nichts. Bitte gleich noch einmal fragen.",
        Phrase.INTERNAL_TO_CHANGE: "Interner Fehler; ob das eben Verlangte ausgeführt ist, ist offen: erneut senden.",
        Phrase.NO_SUCH_ID: "Eine solche Kennung gibt es hier nicht.",
        Phrase.NO_SMS_WAIT: "Von dieser Warnung wartet keine SMS mehr.",
        Phrase.DEAD_LETTERS_CHANGED: "Es sind nicht mehr so viele, wie gezeigt wurden. Bitte neu ansehen.",
        Phrase.STATISTICS_TOO_MANY: (
            "In dieser Zeit sind es mehr als {most}, zu viele für eine Tabelle. Weniger Tage wählen."
        ),
        Phrase.HELD_NOT_SEEN: "An wie viele Menschen sie geht, ist nicht gesagt. Bitte ansehen und die Zahl nennen.",
        Phrase.NO_SUCH_ALERT: "Diese Meldung gibt es hier nicht.",
        Phrase.CHANGES_JUST_NOW: "Was gilt, ändert sich gerade. Bitte noch einmal versuchen.",
        Phrase.NO_SUCH_APPROVAL: "Unter dieser Nummer wartet keine Meldung auf eine zweite Person.",
        Phrase.APPROVED_BEFORE: "Die Meldung ist schon freigegeben.",
        Phrase.REJECTED_BEFORE: "Die Meldung ist schon verworfen.",
        Phrase.RELEASED_BEFORE: "Die Meldung ist schon ohne Entscheidung gesendet, wie die Regel sagt.",
        Phrase.APPROVAL_VOID: "Die Meldung ist überholt: Eine spätere hat sie ersetzt oder aufgehoben.",
        Phrase.APPROVAL_EXPIRED: "Die Meldung ist abgelaufen, während sie wartete.",
        Phrase.APPROVAL_CHANGED: "Seit die Meldung wartet, hat sich etwas an ihr geändert. So kann sie nicht "
        "freigegeben werden.",
        Phrase.APPROVAL_NOT_SEEN: "Was Sie gesehen haben, ist nicht mehr, was wartet. Bitte noch einmal ansehen.",
        Phrase.APPROVAL_OWN: "Freigeben muss jemand anderes: Diese Meldung haben Sie eingereicht, oder Sie könnten es "
        "gewesen sein.",
        Phrase.APPROVAL_NOT_SENDABLE: "Die Meldung hat inzwischen nichts mehr zu sagen. Bitte ansehen, was gilt.",
        Phrase.APPROVAL_OUTSIDE_TERRITORY: "Die Meldung betrifft Gemeinden, für die Ihre Rolle nicht gilt.",
        Phrase.WAITS_NOT: "Die Meldung wartet nicht: Zurückziehen lässt sich nur, was noch nicht hinausgegangen ist.",
        Phrase.NO_SUCH_TEMPLATE: "Diese Vorlage oder diese Fassung gibt es nicht.",
        Phrase.TEMPLATE_WRONG: "Das ist keine Vorlage, die sich verwenden ließe; `errors` nennt, was wo nicht stimmt.",
        Phrase.TEMPLATE_VALUES_WRONG: "Aus diesen Angaben wird keine Warnung; `errors` nennt, was wo nicht stimmt.",
        Phrase.TEMPLATE_SENDER_MISSING: "Bitte den Absender angeben (`sender`).",
        Phrase.TEMPLATE_NOT_APPROVED: "Von dieser Vorlage ist keine Fassung genehmigt, die sich dafür verwenden lässt.",
        Phrase.TEMPLATE_DECIDED: "Über diese Fassung ist schon entschieden.",
        Phrase.TEMPLATE_OWN: "Genehmigen muss jemand anderes: Diese Fassung haben Sie geschrieben, oder Sie könnten "
        "es gewesen sein.",
        Phrase.TEMPLATE_NOT_SEEN: "Was Sie gesehen haben, ist nicht, was in dieser Fassung steht. Bitte noch einmal "
        "ansehen.",
        Phrase.TEMPLATE_OUTSIDE_TERRITORY: "Ihre Rolle gilt nicht überall, wo diese Vorlage warnen kann, oder die "
        "Fassung, die sie ersetzt. Ohne eigene Gemeinden kann sie überall warnen.",
        Phrase.TEMPLATES_FULL: "Mehr Vorlagen nimmt der Dienst nicht auf. Platz wird, wenn alle Fassungen einer "
        "Vorlage abgelehnt oder außer Gebrauch sind.",
        Phrase.TEMPLATES_OWN_FULL: "Neue Vorlagen haben Sie in {days} {days:Tag|Tagen} so viele angelegt, wie eine "
        "Person darf: {most}. Andere können weiter speichern.",
        Phrase.TEMPLATE_VERSIONS_OWN_FULL: "Von dieser Vorlage haben Sie in {days} {days:Tag|Tagen} so viele Fassungen "
        "gespeichert, wie eine Person darf: {most}. Andere können weiter speichern.",
        Phrase.NO_SUCH_PLACE: "Die Gebietsdaten dieses Dienstes kennen keine solche Gemeinde und keinen solchen Kreis. "
        "Über Warnungen dort sagt das nichts.",
        Phrase.NOT_SIGNED: "Diese Meldung lässt sich nicht so unterschreiben, dass sie genau das sagt, was ankam. Es "
        "gibt sie, wie sie ankam (`cap`).",
        Phrase.OTHER_TAG: "Das Dokument hat ein anderes Etikett als die in If-Match genannten. Ohne diese Kopfzeile "
        "kommt es, wie es jetzt ist.",
        Phrase.NOTHING_KNOWN_YET: "Dieser Prozess ist gerade erst gestartet und weiß noch nicht, welche Warnungen "
        "gelten. Bitte gleich noch einmal abfragen.",
        Phrase.NO_PUSH_KEY: "Es gibt noch keinen Schlüssel für Web Push: Er entsteht, wenn der erste Worker startet.",
        Phrase.NO_WEBHOOK: "Für diese Instanz ist kein Webhook eingetragen, oder der Empfänger hat ihn mit "
        "410 beendet.",
        Phrase.NO_SUCH_INSTANCE: "Diese App kennt der Dienst nicht.",
        Phrase.NO_SUBSCRIBER: "Diese Installation hat hier nichts abonniert.",
        Phrase.SUBSCRIBER_REFUSED: "So kann man nicht abonnieren; errors sagt, warum. Geändert wurde nichts.",
        Phrase.MANAGEMENT_TOKEN_MISSING: "Das Verwaltungs-Token dieser Installation fehlt oder ist falsch.",
        Phrase.CODE_REFUSED: "Dieser Code gilt nicht oder nicht mehr. Beim nächsten Start der App kommt ein neuer.",
        Phrase.CODES_LIMITED: "Keine SMS gesendet: Zu viele Codes wurden verlangt. Retry-After sagt, ab wann wieder.",
        Phrase.NO_NUMBER_WAITS: "An dieser Stelle wartet keine Rufnummer auf einen Code.",
        Phrase.SIGN_UPS_LIMITED: "Von hier oder für diese App wurde gerade zu oft abonniert. Bitte später noch einmal "
        "versuchen; was schon abonniert ist, bleibt.",
        Phrase.SIGN_UPS_CLOSED: "Gerade kann niemand neu abonnieren. Bitte gleich noch einmal versuchen; was schon "
        "abonniert ist, bleibt.",
        Phrase.INSTANCE_THERE: "Unter dieser Kennung gibt es schon eine andere Instanz. Geändert wurde nichts; PATCH "
        "ändert sie.",
        Phrase.CHANGED_MEANWHILE: "Diese Instanz ändert gerade jemand anderes. Geändert wurde nichts; bitte noch "
        "einmal ansehen.",
        Phrase.WEBHOOK_TAKEN: "Diese Adresse ist schon für jemand anderen eingetragen. Bitte eine eigene "
        "verwenden.",
        Phrase.WEBHOOK_REFUSED: "So kann der Webhook nicht eingetragen werden; errors sagt, warum.",
        Phrase.SHARE_USED_UP: "Die Anfragen dieser Minute sind verbraucht; Retry-After sagt, bis wann.",
        Phrase.TESTED_TOO_SOON: "Gerade wurde schon eine Probe gesendet. Bitte einen Augenblick warten.",
        Phrase.NOTHING_TO_TEST: "Kein Endpunkt ist aktiv: Es gibt nichts zu erproben. Bitte neu anmelden.",
        Phrase.NO_SUCH_FEED: "Eine Quelle dieses Namens gibt es hier nicht.",
        Phrase.FOREIGN_FEED: "Dieser Zugang gehört nicht zu dieser Quelle.",
        Phrase.POLLED_FEED: "Diese Quelle wird abgefragt und nimmt nichts entgegen.",
        Phrase.NO_REPORTS_WANTED: "Von diesem Gateway werden keine Zustellberichte angenommen.",
        Phrase.NO_TEXTS_WANTED: "Von diesem Gateway werden keine Texte von Personen angenommen.",
        Phrase.TEXT_UNREADABLE: "Der Text ist weder als JSON noch als Formular lesbar oder zu umfangreich.",
        Phrase.REPORT_UNREADABLE: "Der Zustellbericht ist weder als JSON noch als Formular lesbar oder zu "
        "umfangreich.",
        Phrase.RECEIPT_UNREADABLE: "Der Inhalt ist nicht als Empfangsquittung lesbar: siehe errors.",
        Phrase.RECEIPTS_FULL: "Es warten so viele Empfangsquittungen, dass gerade keine weitere angenommen wird. Bitte "
        "gleich noch einmal senden; keine Warnung hängt davon ab.",
        Phrase.MESSAGE_UNREADABLE: "Die Meldung ist nicht lesbar: {why}",
        Phrase.MESSAGE_TOO_LARGE: "Die Meldung ist zu groß: {why}",
        Phrase.MESSAGE_TOO_COMPLEX: "Die Meldung ist zu aufwendig, um sie zu lesen. Bitte das Gebiet mit "
        "weniger Ecken und Flächen zeichnen.",
        Phrase.NOT_ONE_MESSAGE: "Eine Einreichung enthält genau eine Meldung, diese {count}.",
        Phrase.READERS_BUSY: "Von diesem Zugang werden gerade so viele Meldungen gelesen, wie zugleich "
        "möglich sind. Bitte gleich noch einmal senden.",
        Phrase.RULES_BROKEN: "Die Meldung verletzt Regeln des CAP-Standards und ist nicht angenommen; "
        "niemand wird gewarnt. Alle Stellen sind aufgeführt; bitte die Fehler berichtigen und neu senden.",
        Phrase.SENDER_NOT_ALLOWED: "Dieser Zugang darf nicht als Absender {sender} melden. Erlaubt: "
        "{allowed}.",
        Phrase.EXERCISE_BY_LIVE_KEY: "Die Meldung ist eine Übung (status Exercise), der Zugang aber für den Ernstfall. "
        "Nichts ist gesendet. Übungen gehen mit einem Schlüssel für Übungen (wx_…) nach /exercise/v1/alerts; die "
        "Kommandozeile wählt die Adresse nach dem Schlüssel. Den Schlüssel stellt der Betreiber aus: dispatcher keys "
        "add --exercise. Ist es keine Übung: status Actual.",
        Phrase.WARNING_BY_EXERCISE_KEY: "Der Zugang ist für Übungen, die Meldung hat status {status}. Nichts ist "
        "gesendet. Hier wird nur status Exercise angenommen. Ist es der Ernstfall: mit dem Schlüssel dafür (wk_…) nach "
        "/v1/alerts senden.",
        Phrase.EXERCISE_ACTS_ON_WARNING: "Diese Übung bezieht sich auf Meldungen, die keine Übung sind: {identifiers}. "
        "Eine Übung ändert und beendet keine Warnung. Nichts ist gesendet.",
        Phrase.WARNING_ACTS_ON_EXERCISE: "Diese Meldung bezieht sich auf Übungen: {identifiers}. Eine Übung ändert und "
        "beendet nur eine Übung (status Exercise). Nichts ist gesendet.",
        Phrase.VERSION_UNKNOWN: "Angenommen wird CAP 1.2; diese Meldung ist in CAP {version} verfasst.",
        Phrase.NAME_TOO_LONG: "Eine Kennung oder ein Absender, auch in <references>, hat mehr als {most} "
        "Zeichen.",
        Phrase.QUOTA_REACHED: "Dieser Zugang hat in einer Stunde schon {quota} {quota:Warnung|Warnungen} "
        "eingereicht, mehr darf er nicht. Die Meldung ist nicht angenommen, niemand wird gewarnt. Bitte in "
        "{minutes} min erneut senden; eilt es, kann der Betreiber die Grenze sofort anheben. Aktualisierungen und "
        "Aufhebungen werden weiter angenommen.",
        Phrase.SENT_IN_FUTURE: "<sent> liegt in der Zukunft: {sent}, hier ist es {now}. Bitte die Uhr des "
        "Absenders und die Zeitzone in <sent> prüfen.",
        Phrase.EXPIRES_TOO_LATE: "<expires> liegt zu weit in der Zukunft: {expires}. Eine Meldung von jetzt "
        "darf bis {latest} gelten; was länger dauert, verlängert rechtzeitig ein Update.",
        Phrase.INFO_EXPIRES_TOO_LATE: "Das info soll bis {expires} gelten; spätestens möglich ist jetzt "
        "{latest}.",
        Phrase.SEVERAL_TEXTS: "Mehrere <info> einer Sprache nennen verschiedene Gebiete. Bitte für jedes "
        "Gebiet eine eigene Meldung senden, damit niemand den Text für einen anderen Ort erhält.",
        Phrase.IDENTITY_REUSED: "Unter dieser Kennung (sender, identifier, sent) liegt schon eine andere "
        "Meldung vor. Eine Änderung braucht eine neue Kennung und msgType Update.",
        Phrase.FOREIGN_REFERENCE: "Nur eigene Meldungen können aktualisiert oder aufgehoben werden, nicht "
        "die von {senders}.",
        Phrase.UNKNOWN_REFERENCE: "Keine der in <references> genannten Meldungen ist hier bekannt. Jede "
        "wird als sender,identifier,sent genannt, genau wie sie eingereicht wurde.",
        Phrase.REFERENCE_REPLACED: "Was diese Meldung aufheben soll, ist schon durch andere ersetzt, die "
        "weiter gelten. Bitte diese in <references> nennen: {names}.",
        Phrase.REFERENCE_LEADS_NOWHERE: "{identifier} ist hier nicht bekannt; unter diesem Namen wird "
        "nichts ersetzt oder aufgehoben.",
        Phrase.STILL_IN_FORCE: "{identifier} ({headline}) gehört zum selben Vorgang, ist nicht genannt und "
        "gilt weiter.",
        Phrase.SENT_INSTEAD: "{identifier} ({headline}) sagt dasselbe, ist nicht genannt und wird nun "
        "gesendet: Die Gewarnten erhalten diese Warnung statt der Nachricht vom Ende. Soll auch sie enden, bitte "
        "ebenfalls in <references> nennen.",
        Phrase.ANOTHERS_SENT_INSTEAD: "Eine andere Stelle warnt vor demselben; deren Meldung wird nun gesendet, und "
        "die Gewarnten erhalten diese Warnung statt der Nachricht vom Ende.",
        Phrase.SENT_ELSEWHERE: "{identifier} ({headline}) sagt dasselbe wie die bisherige Warnung, ist nicht genannt "
        "und wird nun dort gesendet, wo diese Meldung nicht mehr warnt. Soll sie enden, bitte ebenfalls in "
        "<references> nennen.",
        Phrase.ANOTHERS_SENT_ELSEWHERE: "Eine andere Stelle warnt vor demselben; deren Meldung wird nun dort "
        "gesendet, wo diese nicht mehr warnt.",
        Phrase.NO_INFO: "Die Meldung hat kein <info>, also weder Text noch Gebiet; so wird niemand gewarnt. "
        "Bitte mindestens ein <info> mit <area> angeben.",
        Phrase.NO_AREA: "Die Meldung nennt kein Gebiet; ohne Gebiet wird niemand gewarnt. Bitte im <info> "
        "ein <area> mit Gemeindeschlüsseln (ARS, AGS), Polygon oder Kreis angeben.",
        Phrase.AREA_UNMATCHED: "Mindestens ein Teil des Gebiets trifft keine bekannte Gemeinde; es wird "
        "nichts gesendet. Die Stellen sind aufgeführt; bitte berichtigen und neu senden.",
        Phrase.TARGET_UNMATCHED: "{what}: {why} Diese eine Angabe fügt niemanden hinzu; das übrige Gebiet "
        "gilt.",
        Phrase.TARGET_NOTE: "Zum Gebiet: {note}.",
        Phrase.AREA_OUTSIDE_TERRITORY: "Bitte aus dem Gebiet nehmen, wofür eine andere Leitstelle zuständig "
        "ist: {names}{more}.",
        Phrase.REFERENCE_OUTSIDE_TERRITORY: "Die Meldung, auf die sich diese bezieht, reicht über die "
        "Zuständigkeit hinaus: {names}{more}.",
        Phrase.SOME_REFERENCE_OUTSIDE_TERRITORY: "Die Meldung, auf die sich diese bezieht, reicht über die "
        "Zuständigkeit hinaus.",
        Phrase.AND_MORE: " und {count} weitere",
        Phrase.AND_MORE_DISTRICTS: " und {count} weiteren",
        Phrase.MORE_LEFT_OFF: "{count} weitere {count:Stelle|Stellen} dieser Art {count:ist|sind} nicht aufgeführt.",
        Phrase.IS_POSTCODE: "{code} ist eine Postleitzahl und kein Schlüssel von CAP; nach Postleitzahlen "
        "wird nicht gewarnt, denn sie folgen keinen Gemeindegrenzen. {hint}",
        Phrase.KEY_CALLED_POSTCODE: "{code} ist als {name} bezeichnet, ist aber ein {scheme}. Bitte als valueName "
        "{scheme} angeben.",
        Phrase.KEYS_OF_NAMED: "Bitte Gemeindeschlüssel angeben; areaDesc nennt: {keys}.",
        Phrase.KEYS_WANTED: "Bitte den Regionalschlüssel (valueName ARS, 12 Ziffern) oder den "
        "Gemeindeschlüssel (valueName AGS, 8 Ziffern) der Gemeinden angeben.",
        Phrase.SCHEME_UNKNOWN: "„{name}“ ist kein Schlüsselverzeichnis, das hier bekannt ist; bekannt sind "
        "{known}.",
        Phrase.AGS_ILL_FORMED: "Das ist kein AGS: Ein AGS hat 8 Ziffern (Gemeinde), 5 (Kreis) oder 2 (Land).",
        Phrase.ARS_ILL_FORMED: "Das ist kein ARS: Ein ARS hat 12 Ziffern (Gemeinde), 9 (Verband), 5 (Kreis) "
        "oder 2 (Land).",
        Phrase.CODE_ILL_FORMED: "So ist kein Schlüssel des Verzeichnisses {scheme} geschrieben.",
        Phrase.CODE_UNKNOWN: "Dieser Schlüssel des Verzeichnisses {scheme} ist hier nicht bekannt. {covers}",
        Phrase.LAND_UNKNOWN: "Kein Land hat den Schlüssel {land}; AGS und ARS beginnen mit 01 bis 16.",
        Phrase.MUNICIPALITY_UNKNOWN: "Im Kreis {district} gibt es keine Gemeinde dieses Schlüssels; bitte "
        "die Ziffern prüfen.",
        Phrase.BEYOND_DATA: "Der Schlüssel ist wohlgeformt, liegt aber außerhalb der Gebietsdaten dieses "
        "Dienstes. {covers}",
        Phrase.DATA_COVERS: "Sie umfassen {count} {count:Gemeinde|Gemeinden} in {districts:dem Kreis|den Kreisen} "
        "{names}{more}.",
        Phrase.MATCH_TITLE: "{identifier}: {count} {count:Gemeinde|Gemeinden}",
        Phrase.MATCH_UNDERSTOOD: "Das Gebiet ist verstanden: Eine Einreichung wird nicht wegen des Gebiets "
        "abgelehnt, solange alle Gemeinden in der Zuständigkeit der Quelle liegen.",
        Phrase.MATCH_REFUSED: "Ein Teil des Gebiets ist nicht verstanden: Eine Einreichung (submit) wird "
        "mit 422 abgelehnt, nichts wird gesendet; die Meldung einer abgefragten Quelle wartet auf eine "
        "Entscheidung (dispatcher held).",
        Phrase.MATCH_NO_AREA: "Die Meldung nennt kein Gebiet: Eine Einreichung (submit) wird mit 422 "
        "abgelehnt, außer sie hebt etwas auf.",
        Phrase.MAP_WRITTEN: "Karte: {path}",
    }
)
