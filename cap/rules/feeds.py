"""The rules for the feed or bundle around alerts."""

from typing import Final

from cap.findings import Level
from cap.rules.rule import Rule

E, W, I = Level.ERROR, Level.WARNING, Level.INFO  # noqa: E741 - the table's column heads

# fmt: off
FEEDS: Final = (
    Rule("feed-element-missing", E, W, "RFC 4287 §4.1, RSS 2.0",
         "The feed or entry has no {}.",
         "Dem Feed oder Eintrag fehlt {}."),
    Rule("feed-element-unexpected", E, I, "RFC 4287 §4.1",
         "{} is not an element of Atom.",
         "{} ist kein Element von Atom."),
    Rule("feed-link-missing", E, W, "RFC 4287 §4.1.2",
         "The entry has neither content nor a link to the alert.",
         "Der Eintrag hat weder Inhalt noch einen Verweis auf die Meldung."),
    Rule("feed-alert-misplaced", E, W, "RFC 4287 §4.1.1",
         "An alert stands outside of any entry; it was read all the same.",
         "Eine Meldung steht außerhalb der Einträge; sie wurde trotzdem gelesen."),
    Rule("feed-alert-unreadable", E, E, "-",
         "One alert of the bundle could not be read: {}",
         "Eine Meldung des Bündels ist nicht lesbar: {}"),
    Rule("feed-without-alert", I, I, "-",
         "The document holds no alert.",
         "Das Dokument enthält keine Meldung."),
)
# fmt: on
