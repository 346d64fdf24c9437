"""Hold the sentences of the pages on which a warning is written, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.audience.reach import FEW
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPOSE_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "compose_menu": Said("Warnung schreiben", "Write a warning"),
        "compose_live": Said("Warnung schreiben", "Write a warning"),
        "compose_exercise": Said("Übung schreiben", "Write an exercise"),
        "compose_update_live": Said("Warnung ändern", "Change a warning"),
        "compose_update_exercise": Said("Übung ändern", "Change an exercise"),
        "compose_all-clear_live": Said("Entwarnung geben", "Give the all-clear"),
        "compose_all-clear_exercise": Said("Übung beenden", "End an exercise"),
        "compose_update_how": Said(
            "Geändert wird: „{headline}“. Was hier steht, ist das Gesendete; ändern Sie, was anders ist. Die Meldung "
            "nimmt den Platz der gesendeten ein.",
            "This is changed: “{headline}”. Here stands what was sent; change what is otherwise. The message takes the "
            "place of the one that was sent.",
        ),
        "compose_all-clear_how": Said(
            "Beendet wird: „{headline}“. Wer gewarnt ist, erfährt, dass die Gefahr vorbei ist. War die Warnung falsch, "
            "ist sie zu berichtigen.",
            "This is ended: “{headline}”. Whoever was warned is told that the danger is over. If the warning was "
            "wrong, it is to be corrected.",
        ),
        "compose_correct": Said("Sie war falsch: berichtigen", "It was wrong: correct it"),
        "compose_said_to_it": Said(
            "Was die Menschen dazu lesen (freiwillig)", "What people read about it (optional)"
        ),
        "compose_update_unsent_how": Said(
            "Geändert wird: „{headline}“. Sie wartet noch, und niemand ist gewarnt. Ändern Sie, was anders ist: Die "
            "geänderte Meldung tritt an ihre Stelle; ob auch sie wartet, sagt die Vorschau.",
            "This is changed: “{headline}”. It still waits, and nobody is warned. Change what is otherwise: the "
            "changed message takes its place; the preview says whether it waits, too.",
        ),
        "compose_update_waiting_how": Said(
            "Geändert wird: „{headline}“. Das ist eine Änderung, die noch wartet; die Menschen kennen „{known}“. Hier "
            "steht, was wartet; ändern Sie, was anders ist. Was Sie senden, tritt an die Stelle beider: Die wartende "
            "Änderung kann dann niemand mehr freigeben. Ob auch Ihre Meldung wartet, sagt die Vorschau.",
            "This is changed: “{headline}”. It is a change that still waits; people know “{known}”. Here stands what "
            "waits; change what is otherwise. What you send takes the place of both: nobody can approve the change "
            "that waits then. The preview says whether your message waits, too.",
        ),
        "compose_all-clear_unsent_how": Said(
            "Zurückgezogen wird: „{headline}“. Sie wartet noch, und niemand ist gewarnt. Danach kann sie niemand mehr "
            "freigeben. Es erfährt davon, wer Dienst hat, sonst niemand.",
            "This is withdrawn: “{headline}”. It still waits, and nobody is warned. Nobody can approve it then. Those "
            "on duty hear of it, and nobody else.",
        ),
        "compose_withdraw": Said("Zurückziehen, niemanden warnen", "Withdraw, warn nobody"),
        "compose_previewed_withdraw": Said("Vorschau: zurückziehen", "Preview: withdraw"),
        "compose_withdraws": Said(
            "„{headline}“ wartet noch. Danach geht sie nicht mehr hinaus.",
            "“{headline}” still waits. After this it goes out no more.",
        ),
        "compose_ended": Said("Nichts zu ändern: {why}.", "Nothing to change: {why}."),
        "compose_in_parts": Said(
            "Diese Warnung gilt in mehreren Meldungen weiter: {headlines}. Ändern Sie jede für sich; eine Entwarnung "
            "beendet alle.",
            "This warning goes on in several messages: {headlines}. Change each by itself; an all-clear ends all.",
        ),
        "compose_several_wait": Said(
            "Von dieser Warnung warten mehrere Änderungen: {headlines}. Öffnen Sie die, die Sie ändern wollen.",
            "Several changes of this warning wait: {headlines}. Open the one that you want to change.",
        ),
        "compose_how": Said(
            "Mit diesem Formular geht nichts hinaus. Zuerst kommt eine Vorschau: wen es erreicht und was die Menschen "
            "lesen. Gesendet wird dort, mit einem zweiten Knopf.",
            "This form sends nothing. First comes a preview: whom it reaches and what people read. It is sent there, "
            "with a second button.",
        ),
        "compose_wrong": Said(
            "Nichts ist gesendet. Das ist noch zu ändern:", "Nothing was sent. This is to be changed:"
        ),
        "compose_refused": Said("Nichts ist gesendet.", "Nothing was sent."),
        "compose_down": Said(
            "Nichts ist gesendet: Der Datenbestand antwortet nicht. Was Sie geschrieben haben, ist nicht verloren. "
            "Versuchen Sie es noch einmal; eilt es, rufen Sie die Rufbereitschaft an.",
            "Nothing was sent: the record does not answer. What you wrote is not lost. Try again; if it is urgent, "
            "call whoever is on call.",
        ),
        "compose_changed": Said(
            "Nichts ist gesendet: Die Meldung wäre nicht mehr die, die Sie gesehen haben. Sehen Sie noch einmal hin.",
            "Nothing was sent: the message would no longer be the one that you saw. Look at it once more.",
        ),
        "compose_sent_before": Said(
            "Diese Meldung ist schon gesendet, mit anderem Inhalt. Wollen Sie sie ändern, schreiben Sie eine "
            "Aktualisierung.",
            "This message was sent already, with other content. To change it, write an update.",
        ),
        "compose_sent_link": Said("Zur gesendeten Meldung", "To the message that was sent"),
        "compose_signed_out": Said("Abgemeldet", "Signed out"),
        "compose_signed_out_how": Said(
            "Ihre Sitzung ist zu Ende. Nichts ist gesendet, und nichts ist verloren: Melden Sie sich in einem neuen "
            "Fenster an, und drücken Sie dann hier auf „Weiter“.",
            "Your session has ended. Nothing was sent, and nothing is lost: sign in in a new window, then press “Go "
            "on” here.",
        ),
        "compose_sign_in": Said("In einem neuen Fenster anmelden", "Sign in in a new window"),
        "compose_kept": Said(
            "Nichts ist gesendet. Hier steht wieder, was Sie geschrieben haben.",
            "Nothing was sent. What you wrote stands here again.",
        ),
        "compose_begin": Said("Womit beginnen?", "What to begin with?"),
        "compose_blank": Said("Leeres Formular", "Blank form"),
        "compose_templates": Said("Vorlagen", "Templates"),
        "compose_no_templates": Said("Keine Vorlage ist genehmigt.", "No template is approved."),
        "compose_template": Said(
            "Vorlage: {title}, Fassung {version}", "Template: {title}, version {version}"
        ),
        "compose_template_how": Said(
            "Die Texte stehen fest, in {languages}. Tragen Sie nur ein, was hier gefragt ist.",
            "The texts are fixed, in {languages}. Fill in only what is asked here.",
        ),
        "compose_values": Said("Angaben", "Values"),
        "compose_optional": Said("(freiwillig)", "(optional)"),
        "compose_example": Said("etwa: {example}", "such as: {example}"),
        "compose_texts": Said("Was die Menschen lesen", "What people read"),
        "compose_event": Said(
            "Was ist passiert? (in einem Wort, wie Hochwasser)", "What has happened? (in a word)"
        ),
        "compose_headline": Said("Überschrift", "Headline"),
        "compose_description": Said("Beschreibung (freiwillig)", "Description (optional)"),
        "compose_instruction": Said("Was sollen die Menschen tun?", "What are people to do?"),
        "compose_others": Said(
            "Weitere Sprachen: Wer keine davon liest, bekommt den deutschen Text.",
            "Other languages: whoever reads none of them gets the German text.",
        ),
        "compose_how_grave": Said("Wie schlimm ist es?", "How grave is it?"),
        "compose_severity": Said("Schwere", "Severity"),
        "compose_severity_Extreme": Said(
            "Extrem: außergewöhnliche Gefahr für Leben oder Besitz; weckt auch nachts",
            "Extreme: extraordinary threat to life or property; also wakes people at night",
        ),
        "compose_severity_Severe": Said(
            "Schwer: erhebliche Gefahr für Leben oder Besitz",
            "Severe: significant threat to life or property",
        ),
        "compose_severity_Moderate": Said(
            "Mäßig: mögliche Gefahr für Leben oder Besitz", "Moderate: possible threat to life or property"
        ),
        "compose_severity_Minor": Said(
            "Gering: kaum Gefahr für Leben oder Besitz", "Minor: minimal threat to life or property"
        ),
        "compose_severity_Unknown": Said("Unbekannt", "Unknown"),
        "compose_urgency": Said("Dringlichkeit", "Urgency"),
        "compose_urgency_Immediate": Said("Sofort handeln", "Act immediately"),
        "compose_urgency_Expected": Said(
            "Bald handeln, in der nächsten Stunde", "Act soon, within the next hour"
        ),
        "compose_urgency_Future": Said("In nächster Zeit handeln", "Act in the near future"),
        "compose_urgency_Past": Said("Nicht mehr nötig", "No longer needed"),
        "compose_urgency_Unknown": Said("Unbekannt", "Unknown"),
        "compose_certainty": Said("Gewissheit", "Certainty"),
        "compose_certainty_Observed": Said("Es ist so, oder war so", "It is so, or was"),
        "compose_certainty_Likely": Said("Wahrscheinlich, mehr als 50 %", "Likely, more than 50 %"),
        "compose_certainty_Possible": Said("Möglich, höchstens 50 %", "Possible, at most 50 %"),
        "compose_certainty_Unlikely": Said("Unwahrscheinlich", "Unlikely"),
        "compose_certainty_Unknown": Said("Unbekannt", "Unknown"),
        "compose_category": Said("Art der Gefahr", "Kind of danger"),
        "compose_category_Geo": Said(
            "Erde und Wasser: Hochwasser, Erdbeben, Erdrutsch", "Earth and water: flood, earthquake"
        ),
        "compose_category_Met": Said("Wetter", "Weather"),
        "compose_category_Safety": Said("Öffentliche Sicherheit, Notfall", "Public safety, emergency"),
        "compose_category_Security": Said("Polizei, Verbrechen, Militär", "Police, crime, military"),
        "compose_category_Rescue": Said("Rettung, Bergung, Suche", "Rescue and recovery"),
        "compose_category_Fire": Said("Feuer, Rauch", "Fire, smoke"),
        "compose_category_Health": Said(
            "Gesundheit: Trinkwasser, Krankheit", "Health: drinking water, disease"
        ),
        "compose_category_Env": Said("Umwelt, Verschmutzung", "Environment, pollution"),
        "compose_category_Transport": Said("Verkehr", "Transport"),
        "compose_category_Infra": Said("Strom, Wasser, Telefon, Notruf", "Power, water, telephone"),
        "compose_category_CBRNE": Said(
            "Chemie, Biologie, Strahlung, Sprengstoff, Fliegerbombe",
            "Chemical, biological, radiological, explosive",
        ),
        "compose_category_Other": Said("Anderes", "Other"),
        "compose_response": Said("Art der Empfehlung (freiwillig)", "Kind of advice (optional)"),
        "compose_response_Shelter": Said("Drinnen bleiben, Schutz suchen", "Stay inside, take shelter"),
        "compose_response_Evacuate": Said("Den Ort verlassen", "Leave the place"),
        "compose_response_Avoid": Said("Das Gebiet meiden", "Avoid the area"),
        "compose_response_Prepare": Said("Sich vorbereiten", "Prepare"),
        "compose_response_Monitor": Said("Auf weitere Nachrichten achten", "Watch for further news"),
        "compose_choose": Said("bitte wählen", "please choose"),
        "compose_expires": Said("Gilt bis (Zeit der Leitstelle)", "Holds until (time of the desk)"),
        "compose_expires_template": Said(
            "Gilt bis (leer: {lasts} ab jetzt, wie es die Vorlage hat)",
            "Holds until (empty: {lasts} from now, as in the template)",
        ),
        "compose_hours": Said("{hours} Stunden", "{hours} hours"),
        "compose_sender": Said("Absender", "Sender"),
        "compose_sender_name": Said(
            "Name des Absenders, den die Menschen lesen (freiwillig)",
            "Name of the sender that people read (optional)",
        ),
        "compose_where": Said("Wo wird gewarnt?", "Where are people warned?"),
        "compose_preset": Said(
            "Ohne Angabe warnt die Vorlage hier: {names}.",
            "Unless others are given the template warns here: {names}.",
        ),
        "compose_pick": Said("Gemeinden wählen ({count} gewählt)", "Pick municipalities ({count} picked)"),
        "compose_places": Said("Gemeinden als Liste", "Municipalities as a list"),
        "compose_places_hint": Said(
            "Namen, AGS oder ARS, je Zeile eine; fünf Ziffern stehen für einen Kreis.",
            "Names, AGS or ARS, one a line; five digits stand for a district.",
        ),
        "compose_now": Said("Was sie jetzt bewirken würde", "What it would do now"),
        "compose_live_nowhere": Said(
            "Noch ist nicht gesagt, wo gewarnt wird.", "So far it is not said where people are warned."
        ),
        "compose_live_people": Said("Geht an {people}.", "Goes to {people}."),
        "compose_live_not_out": Said("So ginge es niemandem zu.", "Like this it would reach nobody."),
        "compose_live_length": Said(
            "{languages}: {sms}, Push: {push} Zeichen", "{languages}: {sms}, push: {push} characters"
        ),
        "compose_map": Said("Auf der Karte zeichnen", "Draw on the map"),
        "compose_map_how": Said(
            "Klicken Sie auf die Karte, oder geben Sie Punkte ein. Was gezeichnet ist, steht unten als Zeile und lässt "
            "sich dort ändern.",
            "Click on the map, or type points. What is drawn stands below as a line, where it can be changed.",
        ),
        "compose_map_bare": Said(
            "Eine Grundkarte gibt es hier nicht, nur die Grenzen der Gemeinden.",
            "There is no base map here, only the borders of the municipalities.",
        ),
        "compose_map_kind": Said("Form", "Shape"),
        "compose_map_circle": Said("Kreis", "Circle"),
        "compose_map_polygon": Said("Fläche", "Polygon"),
        "compose_map_corridor": Said("Streifen entlang einer Linie", "Corridor along a line"),
        "compose_map_km": Said("Radius oder Breite in km", "Radius or width in km"),
        "compose_map_place": Said("Mitte einer Gemeinde", "Middle of a municipality"),
        "compose_map_lat": Said("Breite, wie 50.80", "Latitude, such as 50.80"),
        "compose_map_lon": Said("Länge, wie 6.48", "Longitude, such as 6.48"),
        "compose_map_point": Said("Punkt setzen", "Set the point"),
        "compose_map_undo": Said("Letzten Punkt zurücknehmen", "Take the last point back"),
        "compose_map_done": Said("Form übernehmen", "Take the shape"),
        "compose_map_drawn": Said("Gezeichnet", "Drawn"),
        "compose_upload": Said("oder als Datei", "or as a file"),
        "compose_draft_there": Said(
            "In diesem Fenster steht noch ein Entwurf, der nicht gesendet ist.",
            "There is a draft in this window that was not sent.",
        ),
        "compose_draft_take": Said("Entwurf wiederherstellen", "Restore the draft"),
        "compose_draft_drop": Said("Entwurf verwerfen", "Drop the draft"),
        "compose_js_map": Said(
            "Karte der Gemeinden mit den gezeichneten Formen", "Map of the municipalities with the shapes"
        ),
        "compose_js_circle": Said("Kreis", "Circle"),
        "compose_js_polygon": Said("Fläche", "Polygon"),
        "compose_js_corridor": Said("Streifen", "Corridor"),
        "compose_js_remove": Said("Entfernen: {shape}", "Remove: {shape}"),
        "compose_js_points": Said("{count} Punkte gesetzt.", "{count} points set."),
        "compose_js_no_point": Said(
            "Das ist kein Punkt: Breite und Länge in Grad.",
            "This is no point: latitude and longitude in degrees.",
        ),
        "compose_js_too_few": Said(
            "Ein Kreis braucht einen Punkt, ein Streifen zwei, eine Fläche drei; Kreis und Streifen eine Zahl in km.",
            "A circle needs one point, a corridor two, a polygon three; circle and corridor a number in km.",
        ),
        "compose_js_left": Said("{typed} von {most} Zeichen", "{typed} of {most} characters"),
        "compose_js_in": Said("Gemeinden ({count}): {names}", "Municipalities ({count}): {names}"),
        "compose_js_missing": Said("Noch zu tun:", "Still to do:"),
        "compose_js_nothing_missing": Said("Alles ist ausgefüllt.", "All is filled in."),
        "compose_js_dead": Said(
            "Keine Verbindung seit {time}. Was Sie geschrieben haben, bleibt in diesem Fenster.",
            "No connection since {time}. What you wrote stays in this window.",
        ),
        "compose_js_signed_out": Said(
            "Ihre Sitzung ist zu Ende. Drücken Sie auf „Vorschau“: Dort steht, wie es weitergeht.",
            "Your session has ended. Press “Preview”: it says there how to go on.",
        ),
        "compose_js_file_large": Said("Diese Datei ist zu groß.", "This file is too large."),
        "compose_unresolved": Said("Nicht verstanden", "Not understood"),
        "compose_unresolved_line": Said("Zeile {number}: „{text}“", "Line {number}: “{text}”"),
        "compose_ambiguous": Said("Welche ist gemeint?", "Which one is meant?"),
        "compose_similar": Said("Ist eine davon gemeint?", "Is one of these meant?"),
        "compose_unknown": Said(
            "Es gibt hier keine solche Gemeinde. Ändern oder löschen Sie die Zeile.",
            "There is no such municipality here. Change or delete the line.",
        ),
        "compose_area": Said("Wie das Gebiet heißt (freiwillig)", "What the area is called (optional)"),
        "compose_shapes": Said("Formen", "Shapes"),
        "compose_shapes_hint": Said(
            "Je Zeile eine, in Grad (Breite,Länge): „Kreis 50.80,6.48 2 km“ (Radius), „Fläche 50.80,6.40 "
            "50.90,6.40 50.90,6.50“, „Streifen 50.80,6.40 50.90,6.50 1 km“ (Breite)",
            "One a line, in degrees (latitude,longitude): “Circle 50.80,6.48 2 km” (radius), “Polygon "
            "50.80,6.40 50.90,6.40 50.90,6.50”, “Corridor 50.80,6.40 50.90,6.50 1 km” (width)",
        ),
        "compose_imported": Said(
            "Gebiet aus einem anderen Programm: GeoJSON oder CAP, hier einfügen",
            "Area of another program: GeoJSON or CAP, paste it here",
        ),
        "compose_take_texts": Said(
            "Auch die Texte dieser CAP-Meldung übernehmen, wo hier nichts steht. Sie sehen sie in der Vorschau, und "
            "danach hier.",
            "Take the texts of this CAP message, too, where nothing stands here. You see them in the preview, and here "
            "after it.",
        ),
        "compose_preview": Said("Vorschau: wen erreicht es?", "Preview: whom does it reach?"),
        "compose_previewed_live": Said("Vorschau der Warnung", "Preview of the warning"),
        "compose_previewed_exercise": Said("Vorschau der Übung", "Preview of the exercise"),
        "compose_previewed_update_live": Said("Vorschau der Änderung", "Preview of the change"),
        "compose_previewed_update_exercise": Said(
            "Vorschau der geänderten Übung", "Preview of the changed exercise"
        ),
        "compose_previewed_all-clear_live": Said("Vorschau der Entwarnung", "Preview of the all-clear"),
        "compose_previewed_all-clear_exercise": Said(
            "Vorschau vom Ende der Übung", "Preview of the end of the exercise"
        ),
        "compose_not_sent": Said("Noch ist nichts gesendet.", "Nothing is sent yet."),
        "compose_goes_to": Said("Sie geht an {people}.", "It goes to {people}."),
        "compose_goes_out_not": Said("Es geht niemandem zu: {why}.", "It reaches nobody: {why}."),
        "compose_quota": Said(
            "die Leitstelle hat in dieser Stunde so viele Warnungen gesendet, wie sie darf",
            "the control centre has sent as many warnings this hour as it may",
        ),
        "compose_at_least": Said("mindestens {people} Menschen", "at least {people} people"),
        "compose_uncounted": Said(
            "alle, die dort angemeldet sind (nicht gezählt)", "all who have subscribed there (not counted)"
        ),
        "compose_warned_uncounted": Said(
            "alle, die gewarnt wurden (nicht gezählt)", "all who were warned (not counted)"
        ),
        "compose_not_counted": Said(
            "Wie viele sie bekommen, ließ sich nicht rechtzeitig zählen: Es sind sehr viele. Senden geht trotzdem.",
            "How many get it could not be counted in time: they are very many. It can be sent all the same.",
        ),
        "compose_few": Said(f"weniger als {FEW} Menschen", f"fewer than {FEW} people"),
        "compose_waits": Said(
            "Sie geht erst hinaus, wenn eine zweite Person sie freigibt.",
            "It goes out only when a second person has approved it.",
        ),
        "compose_second_person": Said("Zweite Person", "Second person"),
        "compose_alone": Said(
            "Sie geht sofort hinaus. Eine zweite Person wird nicht gefragt.",
            "It goes out at once. No second person is asked.",
        ),
        "compose_reach": Said("Wen es erreicht", "Whom it reaches"),
        "compose_municipality": Said("Gemeinde", "Municipality"),
        "compose_all": Said("zusammen", "in all"),
        "compose_rounded": Said(
            f"Wo ein Gebiet gezeichnet ist, sind die Zahlen auf {FEW} gerundet.",
            f"Where an area is drawn, numbers are rounded to {FEW}.",
        ),
        "compose_population": Said(
            "In diesen Gemeinden wohnen rund {most} Menschen.",
            "Some {most} people live in these municipalities.",
        ),
        "compose_population_between": Said(
            "In diesen Gemeinden sind zwischen {least} und {most} Menschen betroffen: Wie viele in dem Teil einer "
            "Gemeinde wohnen, den das Gebiet trifft, ist nicht bekannt.",
            "Between {least} and {most} people of these municipalities are concerned: how many live in the part of a "
            "municipality that the area touches is not known.",
        ),
        "compose_population_most": Said(
            "In diesen Gemeinden sind höchstens {most} Menschen betroffen, so viele, wie dort wohnen: Wie viele in dem "
            "Teil wohnen, den das Gebiet trifft, ist nicht bekannt.",
            "At most {most} people of these municipalities are concerned, as many as live there: how many live in the "
            "part that the area touches is not known.",
        ),
        "compose_doubts": Said("Was noch zu bedenken ist", "What to think of"),
        "compose_nobody_live": Said(
            "NIEMAND bekommt sie: In diesen Gemeinden hat sich niemand für solche Warnungen angemeldet. Warnen Sie auf "
            "anderem Weg.",
            "NOBODY gets it: in these municipalities nobody has subscribed to such warnings. Warn by other means.",
        ),
        "compose_nobody_exercise": Said(
            "NIEMAND bekommt sie: In diesen Gemeinden nimmt niemand an Übungen teil. Dafür meldet man sich in der App "
            "oder auf der Seite der Gemeinde an („Übungen“).",
            "NOBODY gets it: in these municipalities nobody takes part in exercises. People sign up for them in the "
            "app, or on the page of the municipality.",
        ),
        "compose_perhaps_nobody": Said(
            "Vielleicht bekommt sie niemand: Wo ein Gebiet gezeichnet ist, sehen niemand und wenige gleich aus. Wählen "
            "Sie ganze Gemeinden, dann steht die Zahl da.",
            "Perhaps nobody gets it: where an area is drawn, nobody and a few look alike. Pick whole municipalities, "
            "and the number is shown.",
        ),
        "compose_no_doubts": Said("Die Prüfung hat nichts gefunden.", "The check has found nothing."),
        "compose_send_live": Said("ECHTE WARNUNG an {people} senden", "Send REAL WARNING to {people}"),
        "compose_send_exercise": Said("ÜBUNG an {people} senden", "Send EXERCISE to {people}"),
        "compose_ask_live": Said(
            "ECHTE WARNUNG für {people} zur Freigabe geben", "Hand in REAL WARNING for {people} for approval"
        ),
        "compose_ask_exercise": Said(
            "ÜBUNG für {people} zur Freigabe geben", "Hand in EXERCISE for {people} for approval"
        ),
        "compose_send_update_live": Said(
            "ÄNDERUNG der echten Warnung an {people} senden", "Send CHANGE of the real warning to {people}"
        ),
        "compose_send_update_exercise": Said(
            "ÄNDERUNG der ÜBUNG an {people} senden", "Send CHANGE of the EXERCISE to {people}"
        ),
        "compose_ask_update_live": Said(
            "ÄNDERUNG der echten Warnung für {people} zur Freigabe geben",
            "Hand in CHANGE of the real warning for {people} for approval",
        ),
        "compose_ask_update_exercise": Said(
            "ÄNDERUNG der ÜBUNG für {people} zur Freigabe geben",
            "Hand in CHANGE of the EXERCISE for {people} for approval",
        ),
        "compose_send_all-clear_live": Said("ENTWARNUNG an {people} senden", "Send ALL-CLEAR to {people}"),
        "compose_send_all-clear_exercise": Said(
            "ENDE der ÜBUNG an {people} senden", "Send END of the EXERCISE to {people}"
        ),
        "compose_told": Said("Davon gewarnt: {people}.", "Warned of it: {people}."),
        "compose_still_warned": Said(
            "Manche bleiben gewarnt: vor demselben gilt noch „{headline}“.",
            "Some stay warned: of the same “{headline}” is still in force.",
        ),
        "compose_dropped": Said(
            "Nicht mehr betroffen sind {names}; dort erfahren es die, die gewarnt waren.",
            "No longer concerned are {names}; whoever was warned there is told so.",
        ),
        "compose_record": Said("Verzeichnen, ohne jemanden zu warnen", "Record it, without warning anybody"),
        "compose_change": Said("Ändern", "Change"),
        "compose_send": Said("Senden", "Send"),
        "compose_to_send": Said("Zum Senden", "To sending"),
        "compose_once": Said(
            "Zweimal gedrückt geht sie nur einmal hinaus. Zurückholen lässt sie sich nicht, nur berichtigen.",
            "Pressed twice it goes out once. It cannot be called back, only corrected.",
        ),
    }
)
"""`{name}` stands for what a page puts there."""
