"""One number for a place, and whether it is all."""

from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.publication.coverage import Coverage, SilentFeed, UncertainFeed
from dispatcher.publication.forms.summary import Summary, summary
from dispatcher.publication.places import PublicPlaces
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, InfoPart, Message
from tests.support.publication import found, warned

STALE = Coverage(("05358",), (SilentFeed("dwd", NOW - HOUR),))
UNREAD = Coverage(("05358",), (), (UncertainFeed("mowas", NOW, (DUEREN,)),))


@pytest.fixture(scope="module")
def places(boundaries: Boundaries) -> PublicPlaces:
    return PublicPlaces(boundaries)


def test_the_gravest_of_all_is_named_and_each_counts_once(places: PublicPlaces) -> None:
    grave = Message(identifier="b", infos=(InfoPart(severity="Extreme", areas=(DUEREN, JUELICH)),))
    state = found(warned("A"), warned("B", DUEREN, JUELICH, message=grave))
    assert summary(state, places.municipality(DUEREN)) == Summary(2, "Extreme", is_all=True)
    assert summary(state, places.municipality(JUELICH)) == Summary(1, "Extreme", is_all=True)
    assert summary(state, places.district("05358")) == Summary(2, "Extreme", is_all=True)
    assert summary(found(), places.municipality(DUEREN)).count == 0


@pytest.mark.parametrize(
    "state",
    [
        {"coverage": Coverage()},
        {"coverage": Coverage(("05334",))},
        {"coverage": STALE},
        {"coverage": UNREAD},
        {"current": False},
    ],
    ids=["nobody", "others", "stale", "unread", "away"],
)
def test_what_is_not_known_is_never_none(places: PublicPlaces, state: Any) -> None:
    place = places.municipality(DUEREN)
    assert summary(found(**state), place) == Summary(0, None, is_all=False)
    assert summary(found(**state), place).count is None
    known = summary(found(warned("A"), **state), place)
    assert (known.at_least, known.gravest, known.count) == (1, "Severe", None)


def test_what_is_unread_elsewhere_says_nothing_of_a_place(places: PublicPlaces) -> None:
    assert summary(found(coverage=UNREAD), places.municipality(JUELICH)).count == 0
