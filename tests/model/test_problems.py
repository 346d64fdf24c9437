"""The kinds of refusal."""

import pickle

from dispatcher.model.problems import STATUS, TITLE, ProblemType, RequestRefused
from dispatcher.model.sentences.sentence import Said


def test_every_problem_has_a_status_and_a_title() -> None:
    assert set(STATUS) == set(TITLE) == set(ProblemType)
    assert all(title.de and title.en and title.de != title.en for title in TITLE.values())


def test_every_status_says_who_must_act() -> None:
    assert all(400 <= status < 600 for status in STATUS.values())
    assert {type_ for type_, status in STATUS.items() if status >= 500} == {
        ProblemType.OVERLOADED,
        ProblemType.RECORD_UNAVAILABLE,
        ProblemType.NOTHING_KNOWN_YET,
        ProblemType.SIGN_UPS_CLOSED,
        ProblemType.INTERNAL,
    }


def test_a_refusal_knows_its_status_and_says_its_type() -> None:
    refused = RequestRefused(ProblemType.NO_AREA, Said("kein Gebiet", "no area"))
    assert (refused.status, str(refused), refused.errors, refused.extra) == (422, "no-area", (), {})
    again = pickle.loads(pickle.dumps(refused))
    assert (again.type, again.detail) == (refused.type, refused.detail)
