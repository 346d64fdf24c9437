"""Define the fixed words of notices, one catalogue for each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cap import ResponseType
    from dispatcher.model.vocabulary import Kind
    from dispatcher.texts.words.plurals import Counted


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words that notices in one language have. `{}` stands for what is put in."""

    prefix: Mapping[Kind, str]
    """What every notice begins with."""
    withdrawn: str
    """What a notice of an end begins with that gives no all-clear: that of a false alarm, or of what ended unsaid."""
    all_clear: tuple[str, ...]
    """Words with which a headline itself gives the all-clear."""
    said: Mapping[Kind, tuple[str, ...]]
    """Words with which headlines themselves say the same, beside the prefix; the longer ones first."""
    nameless: Mapping[Kind, str]
    """What stands for the headline of a message without any name for what it is about."""
    denial: str
    """A pattern for the single words by which a headline takes back what its first word says."""
    for_place: str
    """The word between "All clear" and the place that it is given for."""
    area: str
    and_more: Counted
    """Stands behind some of the places, for those that are not named."""
    number_of_places: Counted
    """Stands for a list of places of which not even one name has room."""
    others_one: str
    """Names the other warning that is in force for the reader's place."""
    others_many: Counted
    """Says how many other warnings are."""
    others_gravest: Counted
    """Says how many other warnings are, and names the `headline` of the gravest."""
    others_somewhere: str
    """Stands for other warnings that are in force at some of the places only."""
    others_short: str
    """Says shortly that other warnings are in force."""
    responses: Mapping[ResponseType, str]
    """What to do, of a warning that its reader cannot read; as the citizens' page says it (`dispatcher.pages`)."""
    delisted: str
    """What a message of ours says of a warning that its source no longer lists."""
    test: str
    """Stands at both ends of each text of what is no warning."""
    since: str
    """When the all-clear was given."""
    since_short: str
    begins: str
    begins_short: str
    lasts: str
    """The event's own end, where that is another than the warning's."""
    until: str
    until_short: str
    clock: str
    """A time within this year, for `strftime`."""
    clock_with_year: str
    proof_title: str
    """Of the message by which a new endpoint is proven."""
    proof_text: str
    trial_title: str
    """Of a message that was asked for to see whether it arrives."""
    trial_text: str
    sms_code: str
    """The SMS by which a new number is proven, with its `code`, and the name of the `app`: one part for a name of 30
    characters, also where the language's letters make it one of 70 characters."""
    sms_trial: str
    """The SMS that was asked for to see whether it arrives."""
    sms_leave: str
    """The SMS with the `code` by which its reader leaves."""
    zones: Mapping[str, str]
    """The language's own abbreviations of time zones, by those of the zone data."""
