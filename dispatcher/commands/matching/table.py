"""Shows which municipalities a message concerns, as a table for the duty officer, in German or English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from dispatcher.commands.terminal import shown
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.targeting.explanation import german_label
from dispatcher.targeting.outcome import MatchReason

if TYPE_CHECKING:
    from rich.console import Console

    import cap
    from dispatcher.targeting.outcome import Match

HEADINGS = (
    Said("AGS", "AGS"),
    Said("Gemeinde", "municipality"),
    Said("warum", "why"),
    Said("Anteil", "share"),
)
WHY = {
    MatchReason.GEOMETRY: Said("gezeichnet", "drawn"),
    MatchReason.GEOCODE: Said("genannt", "named"),
    MatchReason.BOTH: Said("beides", "both"),
}
LEAST = 0.01
"""Below one percent a share is said to be less than that."""


def share_text(share: float, language: str = "de") -> str:
    """Return a share (0 to 1) for people: never 0 % of a place that is warned."""
    blank = "\N{NO-BREAK SPACE}" if language == "de" else ""
    return f"<{blank}1{blank}%" if share < LEAST else f"{share * 100:.0f}{blank}%"


def show_match(console: Console, alert: cap.Alert, found: Match, language: str) -> None:
    """Print whom the message concerns, what led nowhere, and what submitting it would do."""
    title = said(Phrase.MATCH_TITLE, identifier=alert.identifier, count=len(found.affected))
    console.print(Text(shown(title.in_language(language))))
    if found.affected:
        console.print(_table(found, language))
    for lost in found.unmatched:
        label = german_label(lost.value) if language == "de" else lost.value
        console.print(Text(shown(f"{label}: {lost.said.in_language(language)}")))
    for note in found.notes_de if language == "de" else found.notes:
        console.print(Text(shown(note)))
    console.print(Text(_consequence(alert, found).in_language(language)))


def _table(found: Match, language: str) -> Table:
    table = Table()
    for heading in HEADINGS:
        name = heading.in_language(language)
        table.add_column(name, justify="right" if heading.en == "share" else "left")
    for one in found.affected:
        why = WHY[one.reason].in_language(language)
        table.add_row(one.ags, Text(shown(one.name)), why, share_text(one.share, language))
    return table


def _consequence(alert: cap.Alert, found: Match) -> Said:
    """Say what becomes of the message: a control centre's is refused where a feed's is held for a person. The source's
    territory, and everything beside the area, is judged there and not here.
    """
    if not any(True for _ in alert.areas()):
        return said(Phrase.MATCH_NO_AREA)
    if found.held or not found.affected:
        return said(Phrase.MATCH_REFUSED)
    return said(Phrase.MATCH_UNDERSTOOD)
