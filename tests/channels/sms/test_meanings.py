"""What an answer can mean, and the error that it is to a delivery."""

import pytest

from channels.base import ChannelDown, Expired, NotMade
from channels.sms.meanings import AnswerMeaning, error_of, meaning_of


@pytest.mark.parametrize("meaning", AnswerMeaning)
def test_a_meaning_is_an_error_and_back(meaning: AnswerMeaning) -> None:
    error = error_of(meaning, "7", 3.0)
    assert meaning_of(error) is meaning
    assert error is None or error.code == "7"
    assert (getattr(error, "retry_after", None) == 3.0) is (
        meaning not in (AnswerMeaning.ACCEPTED, AnswerMeaning.MISCONFIGURED)
    )


@pytest.mark.parametrize("error", [ChannelDown("connect"), Expired("deadline"), NotMade("KeyError")])
def test_what_is_about_no_answer_is_transient(error: Exception) -> None:
    assert meaning_of(error) is AnswerMeaning.TRANSIENT
