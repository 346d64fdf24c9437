"""Hold the sentences of the pages about prepared warnings, in German with their English twins."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.model.approval.request import WHY_MAX
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

PREPARED_WORDS: Final[Mapping[str, Said]] = MappingProxyType(
    {
        "templates": Said("Vorlagen", "Templates"),
        "template": Said("Vorlage", "Template"),
        "templates_drafts": Said("Entwürfe, über die zu entscheiden ist", "Drafts to be decided upon"),
        "templates_all": Said("Alle Vorlagen", "All templates"),
        "templates_none": Said(
            "Es gibt noch keine Vorlagen. Die mitgelieferten speichert am Server: dispatcher template save --prepared",
            "There are no templates yet. At the server this saves those that come with the service: "
            "dispatcher template save --prepared",
        ),
        "templates_no_drafts": Said("Kein Entwurf wartet.", "No draft waits."),
        "templates_in_exercises": Said(
            "In Übungen lässt sich jeder Entwurf füllen. Über Vorlagen entschieden wird nur im Echtbetrieb.",
            "Exercises can fill every draft. Templates are decided upon in the live service only.",
        ),
        "template_version": Said("Fassung {version}", "Version {version}"),
        "template_state_is": Said("Diese Version: {state}.", "This version: {state}."),
        "template_state_draft": Said("Entwurf", "draft"),
        "template_state_approved": Said("genehmigt", "approved"),
        "template_state_rejected": Said("abgelehnt", "rejected"),
        "template_state_retired": Said("außer Gebrauch", "retired"),
        "template_saved": Said("Gespeichert von {who}, {when}.", "Saved by {who}, {when}."),
        "template_decided": Said("{state} von {who}, {when}", "{state} by {who}, {when}"),
        "template_authors": Said(
            "Geschrieben von {names}, oder vielleicht von ihnen: Genehmigen kann es niemand davon.",
            "Written by {names}, or perhaps by them: none of them can approve it.",
        ),
        "template_is_live": Said("Mit dieser Fassung wird gewarnt.", "People are warned with this version."),
        "template_live_is": Said(
            "Gewarnt wird zurzeit mit Fassung {version}.",
            "At present people are warned with version {version}.",
        ),
        "template_live_none": Said(
            "Zurzeit ist keine Fassung in Gebrauch: Mit dieser Vorlage lässt sich niemand warnen.",
            "At present no version is in use: nobody can be warned with this template.",
        ),
        "template_look": Said("Ansehen", "Look"),
        "template_look_decide": Said("Ansehen und entscheiden", "Look and decide"),
        "template_live_row": Said("in Gebrauch: Fassung {version}", "in use: version {version}"),
        "template_live_row_none": Said("keine in Gebrauch", "none in use"),
        "template_texts": Said("Was die Menschen lesen", "What people read"),
        "template_texts_how": Said(
            "So sieht sie mit ihren Beispielen aus, für einen Ort namens Musterstadt.",
            "This is what it looks like with its examples, for a place called Musterstadt.",
        ),
        "template_wording": Said("Wortlaut mit den Feldern", "Wording with the fields"),
        "template_wording_how": Said(
            "{{name}} steht für ein Feld. Was in eckigen Klammern steht, entfällt, wenn sein Feld leer bleibt.",
            "{{name}} stands for a field. What stands in square brackets is left out if its field stays empty.",
        ),
        "template_unreadable": Said(
            "Diese Fassung lässt sich mit diesem Stand des Dienstes nicht mehr füllen. Genehmigen Sie sie nicht.",
            "This version can no longer be filled with this release of the service. Do not approve it.",
        ),
        "template_findings": Said("Was die Prüfung anmerkt", "What the check remarks"),
        "template_facts": Said("Was sonst festgelegt ist", "What else is laid down"),
        "template_changes": Said(
            "Was sich gegenüber Fassung {version} ändert, die zuletzt genehmigt wurde",
            "What changes in version {version}, which was approved last",
        ),
        "template_changes_none": Said(
            "Nichts: Beide Fassungen sagen dasselbe.", "Nothing: both versions say the same."
        ),
        "template_changes_first": Said(
            "Bisher ist keine andere Fassung genehmigt: Alles daran ist neu.",
            "No other version has been approved so far: all of it is new.",
        ),
        "template_changes_unreadable": Said(
            "Fassung {version} lässt sich nicht mehr lesen: Vergleichen Sie alles.",
            "Version {version} can no longer be read: compare everything.",
        ),
        "template_in_language": Said("{text} ({language})", "{text} ({language})"),
        "template_versions": Said("Alle Fassungen", "All versions"),
        "template_this": Said("diese hier", "this one"),
        "template_title": Said("Titel", "Title"),
        "template_categories": Said("Art der Gefahr", "Kind of hazard"),
        "template_severity": Said("Schwere", "Severity"),
        "template_urgency": Said("Dringlichkeit", "Urgency"),
        "template_certainty": Said("Gewissheit", "Certainty"),
        "template_response_types": Said("Was zu tun ist (CAP)", "What to do (CAP)"),
        "template_event_codes": Said("Kennungen des Ereignisses", "Codes of the event"),
        "template_lasts": Said("Gilt", "Holds"),
        "template_lasts_at_most": Said("Gilt höchstens", "Holds at most"),
        "template_municipalities": Said("Gemeinden", "Municipalities"),
        "template_area": Said("Name des Gebiets", "Name of the area"),
        "template_web": Said("Adresse im Netz", "Web address"),
        "template_contact": Said("Auskunft", "Contact"),
        "template_field": Said("Feld {field}", "Field {field}"),
        "template_field_is": Said(
            "{label}: {kind}, höchstens {longest} Zeichen, Beispiel {example}",
            "{label}: {kind}, at most {longest} characters, example {example}",
        ),
        "template_field_bounds": Said("von {least} bis {most}", "from {least} to {most}"),
        "template_field_open": Said("freiwillig", "optional"),
        "template_kind_text": Said("Text", "text"),
        "template_kind_number": Said("Zahl", "number"),
        "template_kind_time": Said("Uhrzeit", "time of day"),
        "template_kind_place": Said("Ort", "place"),
        "template_choice": Said("{first}; wählbar: {others}", "{first}; may be chosen: {others}"),
        "template_minutes": Said("{minutes} min", "{minutes} min"),
        "template_hours": Said("{hours} h", "{hours} h"),
        "template_hours_minutes": Said("{hours} h {minutes} min", "{hours} h {minutes} min"),
        "template_anywhere": Said(
            "keine: werden beim Warnen gewählt", "none: they are chosen when people are warned"
        ),
        "template_urgency_Immediate": Said("sofort", "immediate"),
        "template_urgency_Expected": Said("in der nächsten Stunde", "within the hour"),
        "template_urgency_Future": Said("später", "later"),
        "template_urgency_Past": Said("vorbei", "past"),
        "template_urgency_Unknown": Said("unbekannt", "unknown"),
        "template_certainty_Observed": Said("beobachtet", "observed"),
        "template_certainty_Likely": Said("wahrscheinlich", "likely"),
        "template_certainty_Possible": Said("möglich", "possible"),
        "template_certainty_Unlikely": Said("unwahrscheinlich", "unlikely"),
        "template_certainty_Unknown": Said("unbekannt", "unknown"),
        "template_category_Geo": Said("Erde (Geo)", "geophysical (Geo)"),
        "template_category_Met": Said("Wetter (Met)", "weather (Met)"),
        "template_category_Safety": Said("Allgemeine Gefahr (Safety)", "general safety (Safety)"),
        "template_category_Security": Said("Angriff (Security)", "attack (Security)"),
        "template_category_Rescue": Said("Rettung (Rescue)", "rescue (Rescue)"),
        "template_category_Fire": Said("Feuer (Fire)", "fire (Fire)"),
        "template_category_Health": Said("Gesundheit (Health)", "health (Health)"),
        "template_category_Env": Said("Umwelt (Env)", "environment (Env)"),
        "template_category_Transport": Said("Verkehr (Transport)", "transport (Transport)"),
        "template_category_Infra": Said("Versorgung (Infra)", "infrastructure (Infra)"),
        "template_category_CBRNE": Said(
            "Giftige und strahlende Stoffe (CBRNE)", "hazardous substances (CBRNE)"
        ),
        "template_category_Other": Said("Anderes (Other)", "other (Other)"),
        "template_response_Shelter": Said("Schutz suchen", "take shelter"),
        "template_response_Evacuate": Said("das Gebiet verlassen", "leave the area"),
        "template_response_Prepare": Said("sich vorbereiten", "prepare"),
        "template_response_Execute": Said("Anweisung befolgen", "follow the instruction"),
        "template_response_Avoid": Said("die Gefahr meiden", "avoid the hazard"),
        "template_response_Monitor": Said("sich informieren", "stay informed"),
        "template_response_Assess": Said("die Lage prüfen", "assess the situation"),
        "template_response_AllClear": Said("Entwarnung", "all clear"),
        "template_response_None": Said("nichts", "nothing"),
        "template_decision": Said("Entscheidung", "Decision"),
        "template_approve": Said("Genehmigen", "Approve"),
        "template_approve_what": Said(
            "Niemand wird dadurch gewarnt. Ab dann entstehen Warnungen aus dieser Fassung, auch nachts und ohne dass "
            "jemand sie noch einmal liest.",
            "Nobody is warned by that. From then on warnings are made of this version, at night as well, and nobody "
            "may read it once more.",
        ),
        "template_approve_now": Said("Fassung {version} genehmigen", "Approve version {version}"),
        "template_replaces": Said(
            "Sie tritt an die Stelle von Fassung {version}.", "It takes the place of version {version}."
        ),
        "template_older": Said(
            "Fassung {version} ist neuer und schon genehmigt: Gewarnt wird weiter mit ihr.",
            "Version {version} is newer and approved already: people are still warned with it.",
        ),
        "template_reject": Said("Ablehnen", "Reject"),
        "template_reject_what": Said(
            "Mit dieser Fassung wird nie gewarnt. Wer sie geschrieben hat, kann eine neue speichern.",
            "Nobody is ever warned with this version. Its author can save a new one.",
        ),
        "template_reject_now": Said("Fassung {version} ablehnen", "Reject version {version}"),
        "template_retire": Said("Außer Gebrauch nehmen", "Retire"),
        "template_retire_what": Said(
            "Keine ältere Fassung tritt an ihre Stelle: Mit dieser Vorlage lässt sich dann niemand warnen, bis eine "
            "andere genehmigt ist.",
            "No older version takes its place: nobody can be warned with this template then, until another one is "
            "approved.",
        ),
        "template_retire_unused": Said(
            "Mit ihr wird zurzeit nicht gewarnt. Danach lässt sie sich auch in Übungen nicht mehr füllen.",
            "People are not warned with it at present. Afterwards exercises cannot fill it, either.",
        ),
        "template_retire_now": Said("Fassung {version} außer Gebrauch nehmen", "Retire version {version}"),
        "template_why": Said(
            "Warum? Der Grund steht danach im Protokoll.", "Why? The reason is in the audit trail afterwards."
        ),
        "template_reason_missing": Said(
            f"Nichts wurde geändert: Es braucht einen Grund in einer Zeile, mit höchstens {WHY_MAX} Zeichen.",
            f"Nothing was changed: it takes a reason in one line, of at most {WHY_MAX} characters.",
        ),
        "template_read_only": Said(
            "Ihre Rollen erlauben, das zu lesen. Entscheiden kann, wer die Rolle „approver“ hat.",
            "Your roles let you read this. Whoever is an approver decides.",
        ),
        "template_to_list": Said("Zu allen Vorlagen", "To all templates"),
        "template_hash": Said("Prüfsumme", "Hash"),
    }
)
"""A part of `dispatcher.console.words.WORDS`."""
