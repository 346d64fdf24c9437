"""An alert's place among the messages that replace one another."""

from dispatcher.console.alert.chain import MessageNeighbours, neighbours
from tests.support.messages import stored


def test_neighbours_are_those_that_it_replaces_and_that_replace_it() -> None:
    chain = [stored(id=name) for name in "ABCD"]
    replaced = {"B": frozenset("A"), "C": frozenset("AB"), "D": frozenset("C")}
    found = neighbours("B", chain, replaced)
    assert ([one.id for one in found.before], [one.id for one in found.after]) == (["A"], ["C"])
    found = neighbours("A", chain, replaced)
    assert ([one.id for one in found.before], [one.id for one in found.after]) == ([], ["B", "C"])
    assert neighbours("A", chain[:1], {}) == MessageNeighbours()
