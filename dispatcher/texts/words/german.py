"""The German words of notices, and those of Leichte Sprache: short words and sentences, after DIN SPEC 33429."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cap import ResponseType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.plurals import always
from dispatcher.texts.words.words import Words

GERMAN: Final = Words(
    prefix={
        Kind.ALERT: "WARNUNG",
        Kind.UPDATE: "AKTUALISIERUNG",
        Kind.NO_LONGER_AFFECTED: "FÜR IHREN ORT AUFGEHOBEN",
        Kind.CANCEL: "ENTWARNUNG",
        Kind.DELISTED: "NICHT MEHR GEFÜHRT",
    },
    withdrawn="WARNUNG AUFGEHOBEN",
    all_clear=("Entwarnung",),
    said={
        Kind.ALERT: ("Amtliche Warnung", "Warnmeldung", "Warnung"),
        Kind.UPDATE: ("Aktualisierte Warnung", "Aktualisierung", "Update"),
        Kind.NO_LONGER_AFFECTED: ("Warnung aufgehoben", "Aufgehoben", "Aufhebung"),
        Kind.CANCEL: ("Warnung aufgehoben", "Entwarnung", "Aufgehoben", "Aufhebung"),
        Kind.DELISTED: (),
    },
    nameless={
        Kind.ALERT: "Gefahr ohne nähere Angabe",
        Kind.UPDATE: "Gefahr ohne nähere Angabe",
        Kind.NO_LONGER_AFFECTED: "Die Warnung gilt dort nicht mehr",
        Kind.CANCEL: "Die Warnung ist aufgehoben",
        Kind.DELISTED: "Die Warnung steht nicht mehr in der Liste ihrer Quelle",
    },
    denial=r"nicht|nichts|kein\w*|nie|niemals|weder|ohne|aufgehoben",
    for_place="für",
    area="Gebiet: {}",
    and_more=always("und {number} weitere"),
    number_of_places=always("{number} Gemeinden"),
    others_one="Für Ihren Ort gilt weiterhin: {}",
    others_many=always("Für Ihren Ort gelten weiterhin {number} andere Warnungen"),
    others_gravest=always(
        "Für Ihren Ort gelten weiterhin {number} andere Warnungen, die schwerste: {headline}"
    ),
    others_somewhere="An manchen Orten gelten weiterhin andere Warnungen",
    others_short="Andere Warnungen gelten weiter",
    responses={
        ResponseType.SHELTER: "Gehen Sie in ein Gebäude und bleiben Sie dort.",
        ResponseType.EVACUATE: "Verlassen Sie das Gebiet.",
        ResponseType.PREPARE: "Bereiten Sie sich auf die Gefahr vor.",
        ResponseType.AVOID: "Meiden Sie die Gefahr.",
        ResponseType.MONITOR: "Achten Sie auf weitere Nachrichten.",
    },
    delisted="Die Quelle führt diese Warnung nicht mehr. Eine Entwarnung der zuständigen Behörde liegt nicht vor; "
    "bitte informieren Sie sich weiter.",
    test="ÜBUNG/TEST",
    since="Aufgehoben seit {}",
    since_short="seit {}",
    begins="Beginn {}",
    begins_short="ab {}",
    lasts="Voraussichtliches Ende {}",
    until="Gültig bis {}",
    until_short="bis {}",
    clock="%d.%m. %H:%M Uhr",
    clock_with_year="%d.%m.%Y %H:%M Uhr",
    proof_title="Warnungen werden eingerichtet",
    proof_text="Dieses Gerät wird bestätigt. Danach kommen hier Warnungen an.",
    trial_title="ÜBUNG/TEST: Probe",
    trial_text="Das ist keine Warnung. Warnungen kommen auf diesem Weg an.",
    sms_code="{code} ist Ihr Code für Warnungen per SMS ({app}). Er gilt 15 Minuten. Nicht angefordert? Nichts tun.",
    sms_trial="ÜBUNG/TEST: keine Warnung. {code} ist der Code Ihrer Probe ({app}).",
    sms_leave="Mit dem Code {code} bestellen Sie alle Warnungen per SMS ab. Nicht angefordert? Nichts tun.",
    zones={"CEST": "MESZ", "CET": "MEZ"},
)

SIMPLE_GERMAN: Final = replace(
    GERMAN,
    prefix={
        Kind.ALERT: "WARNUNG",
        Kind.UPDATE: "NEUES ZUR WARNUNG",
        Kind.NO_LONGER_AFFECTED: "BEI IHNEN VORBEI",
        Kind.CANCEL: "ENTWARNUNG",
        Kind.DELISTED: "NICHT MEHR IN DER LISTE",
    },
    nameless={
        Kind.ALERT: "Es gibt eine Gefahr",
        Kind.UPDATE: "Es gibt eine Gefahr",
        Kind.NO_LONGER_AFFECTED: "Die Warnung gilt nicht mehr für Ihren Ort",
        Kind.CANCEL: "Die Warnung gilt nicht mehr",
        Kind.DELISTED: "Die Quelle nennt die Warnung nicht mehr",
    },
    area="Hier gilt das: {}",
    and_more=always("und noch {number} Orte"),
    number_of_places=always("{number} Orte"),
    others_one="Bei Ihnen gilt noch eine Warnung: {}",
    others_many=always("Bei Ihnen gelten noch {number} andere Warnungen"),
    others_gravest=always("Bei Ihnen gelten noch {number} andere Warnungen. Die schlimmste ist: {headline}"),
    others_somewhere="An manchen Orten gelten noch andere Warnungen",
    others_short="Es gelten noch andere Warnungen",
    responses={
        ResponseType.SHELTER: "Gehen Sie in ein Haus. Bleiben Sie dort.",
        ResponseType.EVACUATE: "Gehen Sie aus dem Gebiet weg.",
        ResponseType.PREPARE: "Bereiten Sie sich auf die Gefahr vor.",
        ResponseType.AVOID: "Gehen Sie nicht dorthin, wo die Gefahr ist.",
        ResponseType.MONITOR: "Achten Sie auf neue Nachrichten.",
    },
    delisted="Die Quelle nennt diese Warnung nicht mehr. Aber die Behörde hat nicht gesagt: Die Gefahr ist vorbei. "
    "Achten Sie weiter auf Nachrichten.",
    test="NUR EINE ÜBUNG",
    since="Die Warnung gilt nicht mehr seit: {}",
    since_short="seit {}",
    begins="Es beginnt am: {}",
    begins_short="ab {}",
    lasts="Es endet wohl am: {}",
    until="Die Warnung gilt bis: {}",
    until_short="bis {}",
    proof_title="Wir richten Warnungen ein",
    proof_text="Wir prüfen dieses Gerät. Danach kommen hier Warnungen an.",
    trial_title="NUR EINE ÜBUNG",
    trial_text="Das ist keine Warnung. Aber so kommen Warnungen an.",
    sms_code="Ihr Code ist {code}. Der Code ist für Warnungen per SMS ({app}). Er gilt 15 Minuten. "
    "Nicht bestellt? Dann machen Sie nichts.",
    sms_trial="NUR EINE ÜBUNG. Das ist keine Warnung. Der Code ist {code} ({app}).",
    sms_leave="Ihr Code ist {code}. Mit dem Code bekommen Sie keine Warnungen mehr per SMS. "
    "Sie wollen das nicht? Dann machen Sie nichts.",
)
