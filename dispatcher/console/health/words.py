"""Hold the sentences of the page on the service's health, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.console.health.picture import LIKELY
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

HEALTH_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "health": Said("Zustand", "Health"),
        "health_how": Said(
            "Die letzten sechs Stunden in Schritten von fünf Minuten, von allen Prozessen zusammen. Nach einem "
            "Neustart von Redis beginnt das Bild von vorn; was mit einer Warnung geschah, steht im Protokoll "
            "und bleibt.",
            "The last six hours in steps of five minutes, of all processes together. After a restart of Redis the "
            "picture begins anew; what became of a warning is on record and stays.",
        ),
        "health_measured": Said("Zuletzt gemessen {when}.", "Measured last {when}."),
        "health_silent": Said(
            "Seit {when} misst niemand: Läuft noch ein Prozess, der sendet? Bis das geklärt ist, auch auf anderen "
            "Wegen warnen.",
            "Nobody has measured since {when}: does any process run that sends? Until that is clear, warn by other "
            "ways as well.",
        ),
        "health_never": Said(
            "In den letzten sechs Stunden hat niemand gemessen: Läuft ein Prozess, der sendet (worker)?",
            "Nobody has measured in the last six hours: does any process run that sends (worker)?",
        ),
        "health_away": Said(
            "Redis antwortet nicht: Wie es dem Dienst ging, ist gerade nicht zu lesen. Gesendet wird auch ohne, nur "
            "etwas später.",
            "Redis does not answer: how the service was cannot be read just now. Messages are sent without it, only "
            "somewhat later.",
        ),
        "health_boundaries": Said(
            "Gemeindegrenzen: {source}, Gebietsstand {day}.",
            "Boundaries of municipalities: {source}, as of {day}.",
        ),
        "health_boundaries_old": Said(
            "Sie sind älter als anderthalb Jahre: Gemeinden, die seither zusammengelegt wurden, werden nach ihrem "
            "alten Umriss gewarnt. Die Technik liest neue mit einem Befehl ein.",
            "They are older than a year and a half: municipalities that merged since are warned by their old shape. "
            "Whoever runs the service imports new ones with one command.",
        ),
        "health_now": Said("jetzt {value}", "now {value}"),
        "health_unknown": Said("unbekannt", "unknown"),
        "health_none": Said("Nichts gemessen.", "Nothing measured."),
        "health_more": Said("{count} weitere mit kleineren Werten.", "Another {count} with smaller values."),
        "health_table": Said("Als Tabelle", "As a table"),
        "health_table_how": Said(
            "Höchster Wert je halbe Stunde, in {unit}", "Highest value in each half hour, in {unit}"
        ),
        "health_table_least": Said(
            "Niedrigster Wert je halbe Stunde, in {unit}", "Lowest value in each half hour, in {unit}"
        ),
        "health_from": Said("ab", "from"),
        "health_reached": Said("Von Gateways angenommen", "Taken by gateways"),
        "health_lost": Said("Nicht erreicht", "Not reached"),
        "health_latency": Said(
            f"Bis {LIKELY * 100:.0f} % angenommen waren, ab Annahme der Meldung",
            f"Until {LIKELY * 100:.0f} % were taken, from acceptance on",
        ),
        "health_waiting": Said("Alter des ältesten fälligen Auftrags", "Age of the oldest batch that is due"),
        "health_retries": Said("Warten auf einen neuen Versuch", "Waiting for another attempt"),
        "health_gateways": Said("Anteil, den die Gateways annehmen", "Share that the gateways take"),
        "health_feeds": Said(
            "Alter der Feeds seit dem letzten Abruf", "Age of the feeds since they were read last"
        ),
        "health_persons": Said("Wartet auf einen Menschen", "Waiting for a person"),
        "health_unit_per_minute": Said("Personen je Minute", "people a minute"),
        "health_unit_people": Said("Personen", "people"),
        "health_unit_seconds": Said("Sekunden", "seconds"),
        "health_unit_minutes": Said("Minuten", "minutes"),
        "health_unit_percent": Said("Prozent", "percent"),
        "health_unit_count": Said("Anzahl", "number"),
        "health_label_held": Said("Meldungen", "messages"),
        "health_label_sms_held": Said("SMS ohne Budget", "SMS without a budget"),
        "health_label_webpush": Said("Web-Push", "Web Push"),
        "health_label_sms": Said("SMS", "SMS"),
        "health_label_app": Said("App", "app"),
        "health_label_fcm": Said("Android (FCM)", "Android (FCM)"),
        "health_label_apns": Said("iPhone (APNs)", "iPhone (APNs)"),
        "health_label_flash": Said("sofort", "flash"),
        "health_label_priority": Said("dringend", "priority"),
        "health_label_routine": Said("gewöhnlich", "routine"),
        "health_label_exercise": Said("Übung", "exercise"),
    }
)
"""A part of `dispatcher.console.words.WORDS`. A channel or gateway without a name stands as it is configured."""
