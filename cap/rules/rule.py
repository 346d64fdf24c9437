"""Defines what a rule is."""

from dataclasses import dataclass

from cap.findings import Level


@dataclass(frozen=True, slots=True)
class Rule:
    """`strict` is the weight for a control centre's submission, `lenient` for a feed's message.

    `{}` in a sentence is the detail of the problem, as a rule a shortened quotation; `cap.rules.wording` says what else
    may stand in it. `section` is of CAP 1.2 unless it says otherwise.
    """

    code: str
    strict: Level
    lenient: Level
    section: str
    message: str
    message_de: str
