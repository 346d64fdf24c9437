"""What a set of messages means, said once more as plainly as possible: to compare the service with."""

from dataclasses import dataclass, field
from enum import StrEnum


class Act(StrEnum):
    """What a message does."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"
    ALL_CLEAR = "all clear"


@dataclass(frozen=True)
class Sent:
    """A message. It names earlier ones by their numbers."""

    number: int
    act: Act
    names: frozenset[int]
    places: frozenset[str]
    hours: int


@dataclass
class ReferenceGraph:
    """The messages that have arrived, in whatever order, and the hour."""

    arrived: dict[int, Sent] = field(default_factory=dict)
    hour: int = 0

    def earlier(self, number: int) -> set[int]:
        """What a message replaces or ends: what it names, and what that replaces or ends."""
        sent = self.arrived[number]
        named = set() if sent.act is Act.ALERT else sent.names & self.arrived.keys()
        return set(named).union(*(self.earlier(one) for one in named))

    def replaced(self) -> set[int]:
        return set().union(*(self.earlier(number) for number in self.arrived))

    def is_over(self, number: int) -> bool:
        return self.arrived[number].hours <= self.hour

    def in_force(self) -> set[int]:
        here = [one for one in self.arrived.values() if one.places]
        warnings = {one.number for one in here if one.act in (Act.ALERT, Act.UPDATE)}
        return {one for one in warnings - self.replaced() if not self.is_over(one)}

    def connected(self, number: int, *, loosely: bool = False) -> set[int]:
        """The whole graph that a message belongs to; `loosely`: with what names the same, known or not, to whatever
        end.
        """
        links = {one: sent.names if loosely else self.earlier(one) for one, sent in self.arrived.items()}
        found = {number}
        for _ in self.arrived:
            for one, others in links.items():
                if one in found or others & found:
                    found |= {one, *others}
        return found

    def concerning(self, places: frozenset[str], number: int, *, loosely: bool = False) -> set[int]:
        """What is in force in one of the places and belongs to the graph of the message."""
        graph = self.connected(number, loosely=loosely)
        return {one for one in self.in_force() & graph if self.arrived[one].places & places}
