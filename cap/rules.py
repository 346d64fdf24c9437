"""Every rule: its code, its weight under each policy, its section of the standard, its sentence in two
languages.

`{}` in a sentence is the detail of the problem, as a rule a shortened quotation. Sections are of CAP 1.2
unless they say otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cap.findings import Level

E, W, I = Level.ERROR, Level.WARNING, Level.INFO  # noqa: E741 - the table's column heads


@dataclass(frozen=True, slots=True)
class Rule:
    """`strict` is the weight for a control centre's submission, `lenient` for a feed's message."""

    code: str
    strict: Level
    lenient: Level
    section: str
    message: str
    message_de: str


# fmt: off - a table reads as rows
_STRUCTURE: Final = (
    Rule(
        "identity-missing",
        E,
        E,
        "§3.2.1",
        "{} is missing, empty or unreadable; the message cannot be named.",
        "{} fehlt, ist leer oder unlesbar; die Meldung ist nicht eindeutig benannt.",
    ),
    Rule(
        "element-missing", E, W, "§3.2", "The required element {} is missing.", "Das Pflichtelement {} fehlt."
    ),
    Rule(
        "element-order",
        E,
        W,
        "Appendix A",
        "{} is not where the schema's sequence has it.",
        "{} steht nicht an der Stelle, die das Schema vorsieht.",
    ),
    Rule(
        "element-repeated",
        E,
        W,
        "§3.2",
        "{} may occur only once here; the first one counts.",
        "{} darf hier nur einmal vorkommen; das erste gilt.",
    ),
    Rule(
        "decisive-repeated",
        E,
        E,
        "§3.2",
        "{} decides whom the message concerns and occurs more than once.",
        "{} entscheidet, wen die Meldung betrifft, und kommt mehrfach vor.",
    ),
    Rule(
        "element-unexpected",
        E,
        I,
        "Appendix A",
        "{} does not belong here and was ignored.",
        "{} gehört nicht hierher und wurde übergangen.",
    ),
    Rule(
        "attribute-unexpected",
        E,
        I,
        "Appendix A",
        "The attribute {} does not belong here and was ignored.",
        "Das Attribut {} gehört nicht hierher und wurde übergangen.",
    ),
    Rule(
        "text-unexpected",
        E,
        W,
        "Appendix A",
        "Loose text between elements was ignored: {}.",
        "Loser Text zwischen den Elementen wurde übergangen: {}.",
    ),
    Rule("element-empty", W, I, "§3.2", "{} is present but empty.", "{} ist vorhanden, aber leer."),
    Rule("text-empty", E, W, "§3.2", "The required element {} is empty.", "Das Pflichtelement {} ist leer."),
    Rule(
        "signature-version",
        E,
        I,
        "CAP 1.1, 1.0 schemas",
        "The schema of this version has no Signature.",
        "Das Schema dieser Version kennt keine Signatur.",
    ),
    Rule(
        "signature-several",
        W,
        W,
        "§3.3.4.1",
        "The message carries {} signatures.",
        "Die Meldung trägt {} Signaturen.",
    ),
    Rule(
        "password-dropped",
        W,
        I,
        "CAP 1.0 §3.2.1",
        "The password element was removed.",
        "Das Passwort-Element wurde entfernt.",
    ),
    Rule(
        "problems-truncated",
        E,
        W,
        "-",
        "{} more problems of this message are not listed.",
        "{} weitere Mängel dieser Meldung sind nicht aufgeführt.",
    ),
    Rule(
        "encoding-wrong",
        E,
        W,
        "XML 1.0 §4.3.3",
        "The bytes are not the UTF-8 they claim to be; read as Latin-1.",
        "Die Bytes sind nicht das angegebene UTF-8; als Latin-1 gelesen.",
    ),
    Rule(
        "leading-whitespace",
        E,
        W,
        "XML 1.0 §2.1",
        "White space stands before the document.",
        "Vor dem Dokument stehen Leerzeichen.",
    ),
)
_WORDS: Final = (
    Rule(
        "status-unusable",
        E,
        E,
        "§3.2.1 status",
        "status {} is missing or unknown; treated as Draft.",
        "status {} fehlt oder ist unbekannt; als Draft behandelt.",
    ),
    Rule(
        "msg-type-unusable",
        E,
        E,
        "§3.2.1 msgType",
        "msgType {} is missing or unknown; treated as Error.",
        "msgType {} fehlt oder ist unbekannt; als Error behandelt.",
    ),
    Rule(
        "scope-unusable",
        E,
        E,
        "§3.2.1 scope",
        "scope {} is missing or unknown; treated as Private.",
        "scope {} fehlt oder ist unbekannt; als Private behandelt.",
    ),
    Rule(
        "enum-spelling",
        E,
        W,
        "§3.2",
        "{} is not spelled as the standard has it.",
        "{} ist nicht so geschrieben wie im Standard.",
    ),
    Rule(
        "enum-unknown", E, W, "§3.2", "{} is not a value of the standard.", "{} ist kein Wert des Standards."
    ),
    Rule(
        "enum-version",
        E,
        W,
        "§3.2",
        "{} is not a value of this version of the standard.",
        "{} ist kein Wert dieser Version des Standards.",
    ),
    Rule(
        "identifier-characters",
        E,
        W,
        "§3.2.1 identifier",
        "identifier {} holds a space, comma, < or &.",
        "identifier {} enthält Leerzeichen, Komma, < oder &.",
    ),
    Rule(
        "sender-characters",
        E,
        W,
        "§3.2.1 sender",
        "sender {} holds a space, comma, < or &.",
        "sender {} enthält Leerzeichen, Komma, < oder &.",
    ),
    Rule(
        "list-quotes",
        E,
        W,
        "§3.2.1 addresses, incidents",
        "A double quote in {} has no partner.",
        "Einem Anführungszeichen in {} fehlt das Gegenstück.",
    ),
    Rule(
        "language-invalid",
        E,
        W,
        "§3.2.2 language",
        "language {} is not a language tag.",
        "language {} ist kein Sprachkürzel.",
    ),
    Rule(
        "number-invalid",
        E,
        W,
        "§3.2.3, §3.2.4",
        "{} is not a number and was ignored.",
        "{} ist keine Zahl und wurde übergangen.",
    ),
    Rule(
        "uri-invalid",
        E,
        W,
        "§3.2.2 web, §3.2.3 uri",
        "{} is not a URI and was ignored.",
        "{} ist keine URI und wurde übergangen.",
    ),
    Rule(
        "uri-scheme",
        E,
        W,
        "§3.2.2 web, §3.2.3 uri",
        "{} uses a scheme that must not be offered to people; ignored.",
        "{} benutzt ein Schema, das Menschen nicht angeboten werden darf; übergangen.",
    ),
    Rule(
        "uri-relative",
        W,
        I,
        "§3.2.2 web, §3.2.3 uri",
        "{} is not a full, absolute URI.",
        "{} ist keine vollständige, absolute URI.",
    ),
    Rule(
        "html-in-text",
        W,
        I,
        "§3.2.2",
        "{} holds HTML; it was flattened to plain text.",
        "{} enthält HTML; es wurde in reinen Text umgewandelt.",
    ),
    Rule(
        "text-direction",
        W,
        W,
        "Unicode UAX #9",
        "{} holds characters that turn the reading direction.",
        "{} enthält Zeichen, die die Leserichtung umkehren.",
    ),
    Rule(
        "text-invisible",
        W,
        I,
        "Unicode UTS #39",
        "{} holds invisible characters.",
        "{} enthält unsichtbare Zeichen.",
    ),
    Rule(
        "text-mixed-script",
        W,
        W,
        "Unicode UTS #39",
        "A word of {} mixes look-alike letters of several scripts.",
        "Ein Wort in {} mischt ähnlich aussehende Buchstaben mehrerer Schriften.",
    ),
)
_TIMES: Final = (
    Rule(
        "time-zulu",
        E,
        W,
        "§3.3.2",
        "{} names its zone by letters; UTC is written -00:00.",
        "{} nennt die Zone in Buchstaben; UTC wird als -00:00 geschrieben.",
    ),
    Rule(
        "time-fraction",
        E,
        W,
        "§3.3.2",
        "{} has fractions of a second; they were cut off.",
        "{} hat Sekundenbruchteile; sie wurden abgeschnitten.",
    ),
    Rule(
        "time-naive",
        E,
        W,
        "§3.3.2",
        "{} has no time zone; taken as UTC, an end as the latest it can mean.",
        "{} hat keine Zeitzone; als UTC gelesen, ein Ende als der späteste mögliche Zeitpunkt.",
    ),
    Rule(
        "time-format",
        E,
        W,
        "§3.3.2",
        "{} is not YYYY-MM-DDThh:mm:ss with an offset, but was understood.",
        "{} ist nicht JJJJ-MM-TTThh:mm:ss mit Zeitverschiebung, wurde aber verstanden.",
    ),
    Rule(
        "time-style",
        W,
        I,
        "§3.3.2",
        "{} is allowed in this version, but CAP 1.2 would reject its spelling.",
        "{} ist in dieser Version erlaubt, CAP 1.2 würde die Schreibweise ablehnen.",
    ),
    Rule(
        "time-unreadable",
        E,
        W,
        "§3.3.2",
        "{} is not a time and was ignored.",
        "{} ist keine Zeitangabe und wurde übergangen.",
    ),
    Rule(
        "expires-before-sent",
        E,
        W,
        "§3.2.2 expires",
        "expires is not after sent: the message was never in force.",
        "expires liegt nicht nach sent: Die Meldung war nie gültig.",
    ),
    Rule(
        "expires-before-onset", W, I, "§3.2.2 expires", "expires is before onset.", "expires liegt vor onset."
    ),
    Rule(
        "expires-before-effective",
        W,
        I,
        "§3.2.2 expires",
        "expires is not after effective.",
        "expires liegt nicht nach effective.",
    ),
)
_CONDITIONS: Final = (
    Rule(
        "restriction-missing",
        E,
        W,
        "§3.2.1 restriction",
        "scope Restricted needs a restriction.",
        "scope Restricted verlangt eine restriction.",
    ),
    Rule(
        "restriction-unused",
        E,
        I,
        "§3.2.1 restriction",
        "restriction is given, but scope is not Restricted.",
        "restriction ist angegeben, aber scope ist nicht Restricted.",
    ),
    Rule(
        "addresses-missing",
        E,
        W,
        "§3.2.1 addresses",
        "scope Private needs addresses.",
        "scope Private verlangt addresses.",
    ),
    Rule(
        "references-missing",
        E,
        W,
        "§3.2.1 msgType",
        "msgType {} needs references to the messages it acts on.",
        "msgType {} verlangt references auf die betroffenen Meldungen.",
    ),
    Rule(
        "references-unneeded",
        I,
        I,
        "§3.2.1 references",
        "A first Alert refers to earlier messages.",
        "Eine erste Meldung (Alert) verweist auf frühere Meldungen.",
    ),
    Rule(
        "reference-syntax",
        E,
        W,
        "§3.2.1 references",
        "{} is not sender,identifier,sent.",
        "{} ist nicht sender,identifier,sent.",
    ),
    Rule(
        "reference-self",
        E,
        W,
        "§3.2.1 references",
        "The message refers to itself.",
        "Die Meldung verweist auf sich selbst.",
    ),
    Rule(
        "reference-postdated",
        E,
        W,
        "§3.2.1 references",
        "The message refers to {}, which was sent later.",
        "Die Meldung verweist auf {}, das später gesendet wurde.",
    ),
    Rule(
        "reference-repeated",
        W,
        I,
        "§3.2.1 references",
        "{} is referred to more than once.",
        "Auf {} wird mehrfach verwiesen.",
    ),
    Rule(
        "note-missing",
        W,
        I,
        "§3.2.1 note",
        "status or msgType {} should be explained in note.",
        "status oder msgType {} sollte in note erläutert werden.",
    ),
    Rule(
        "info-missing",
        W,
        W,
        "§3.2.1",
        "The message has no info: it tells nobody what happens.",
        "Die Meldung hat kein info: Sie sagt niemandem, was geschieht.",
    ),
    Rule(
        "language-missing",
        I,
        I,
        "§3.2.2 language",
        "No language: the standard assumes en-US.",
        "Keine Sprache angegeben: Der Standard nimmt en-US an.",
    ),
    Rule(
        "headline-long",
        I,
        I,
        "§3.2.2 headline",
        "headline has {} characters; displays show 160.",
        "headline hat {} Zeichen; Anzeigen zeigen 160.",
    ),
)
_PLACES: Final = (
    Rule("area-missing", W, W, "§3.2.2", "The info names no area.", "Das info nennt kein Gebiet."),
    Rule(
        "area-desc-only",
        W,
        W,
        "§3.2.4",
        "The area has only a description: no machine can find it.",
        "Das Gebiet ist nur beschrieben: Keine Maschine kann es finden.",
    ),
    Rule("polygon-empty", E, I, "§3.3.1", "The polygon is empty.", "Das Polygon ist leer."),
    Rule(
        "polygon-syntax",
        E,
        W,
        "§3.3.1",
        "The polygon has a pair that is not lat,lon; the whole ring was dropped.",
        "Das Polygon enthält ein Paar, das nicht Breite,Länge ist; der ganze Ring entfällt.",
    ),
    Rule(
        "polygon-range",
        E,
        W,
        "§3.3.1",
        "The polygon leaves the earth (latitude and longitude swapped?); dropped.",
        "Das Polygon liegt außerhalb der Erde (Breite und Länge vertauscht?); es entfällt.",
    ),
    Rule(
        "polygon-short",
        E,
        W,
        "§3.3.1",
        "The polygon has fewer than four pairs; dropped.",
        "Das Polygon hat weniger als vier Paare; es entfällt.",
    ),
    Rule(
        "polygon-unclosed",
        E,
        W,
        "§3.3.1",
        "The polygon's last pair is not its first; closed.",
        "Das letzte Paar des Polygons ist nicht das erste; geschlossen.",
    ),
    Rule(
        "polygon-degenerate",
        E,
        W,
        "§3.3.1",
        "The polygon's points enclose nothing; dropped.",
        "Die Punkte des Polygons umschließen nichts; es entfällt.",
    ),
    Rule(
        "polygon-antimeridian",
        W,
        I,
        "§3.3.1",
        "The polygon crosses the 180th meridian.",
        "Das Polygon kreuzt den 180. Längengrad.",
    ),
    Rule(
        "exclusion-unreadable",
        W,
        W,
        "DWD CAP profile",
        "An excluded polygon is unreadable; nothing is excluded.",
        "Ein ausgeschlossenes Polygon ist unlesbar; es wird nichts ausgeschlossen.",
    ),
    Rule("circle-empty", E, I, "§3.2.4 circle", "The circle is empty.", "Der Kreis ist leer."),
    Rule(
        "circle-syntax",
        E,
        W,
        "§3.2.4 circle",
        "The circle is not lat,lon radius; dropped.",
        "Der Kreis ist nicht Breite,Länge Radius; er entfällt.",
    ),
    Rule(
        "circle-range",
        E,
        W,
        "§3.2.4 circle",
        "The circle leaves the earth or is wider than it; dropped.",
        "Der Kreis liegt außerhalb der Erde oder ist größer als sie; er entfällt.",
    ),
    Rule(
        "ceiling-without-altitude",
        E,
        W,
        "§3.2.4 ceiling",
        "ceiling needs an altitude.",
        "ceiling verlangt altitude.",
    ),
    Rule(
        "ceiling-below-altitude",
        E,
        W,
        "§3.2.4 ceiling",
        "ceiling is below altitude.",
        "ceiling liegt unter altitude.",
    ),
    Rule("pair-syntax", E, W, "CAP 1.0 §3.2.2", "{} is not NAME=value.", "{} ist nicht NAME=Wert."),
)
_FILES: Final = (
    Rule(
        "resource-no-content",
        I,
        I,
        "§3.2.3",
        "The resource has neither uri nor derefUri.",
        "Die Ressource hat weder uri noch derefUri.",
    ),
    Rule(
        "resource-digest",
        W,
        I,
        "§3.2.3 digest",
        "digest is not a SHA-1 value.",
        "digest ist kein SHA-1-Wert.",
    ),
    Rule(
        "resource-mime-type",
        W,
        I,
        "§3.2.3 mimeType",
        "mimeType {} is not a media type.",
        "mimeType {} ist kein Medientyp.",
    ),
    Rule("resource-size", W, I, "§3.2.3 size", "size is negative.", "size ist negativ."),
)
_FEEDS: Final = (
    Rule(
        "feed-element-missing",
        E,
        W,
        "RFC 4287 §4.1, RSS 2.0",
        "The feed or entry has no {}.",
        "Dem Feed oder Eintrag fehlt {}.",
    ),
    Rule(
        "feed-element-unexpected",
        E,
        I,
        "RFC 4287 §4.1",
        "{} is not an element of Atom.",
        "{} ist kein Element von Atom.",
    ),
    Rule(
        "feed-link-missing",
        E,
        W,
        "RFC 4287 §4.1.2",
        "The entry has neither content nor a link to the alert.",
        "Der Eintrag hat weder Inhalt noch einen Verweis auf die Meldung.",
    ),
    Rule(
        "feed-alert-misplaced",
        E,
        W,
        "RFC 4287 §4.1.1",
        "An alert stands outside of any entry; it was read all the same.",
        "Eine Meldung steht außerhalb der Einträge; sie wurde trotzdem gelesen.",
    ),
    Rule(
        "feed-alert-unreadable",
        E,
        E,
        "-",
        "One alert of the bundle could not be read: {}",
        "Eine Meldung des Bündels ist nicht lesbar: {}",
    ),
    Rule(
        "feed-without-alert", I, I, "-", "The document holds no alert.", "Das Dokument enthält keine Meldung."
    ),
)
# fmt: on


def _index(tables: Iterable[Iterable[Rule]]) -> dict[str, Rule]:
    return {rule.code: rule for table in tables for rule in table}


RULES: Final = _index((_STRUCTURE, _WORDS, _TIMES, _CONDITIONS, _PLACES, _FILES, _FEEDS))
