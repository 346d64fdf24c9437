"""Errors: their codes are part of what scripts and operators read."""

import pickle

import pytest

from cap import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.CapError, "cap"),
        (errors.TooLarge, "too-large"),
        (errors.LimitExceeded, "limit-exceeded"),
        (errors.DoctypeRefused, "doctype-refused"),
        (errors.NotXml, "not-xml"),
        (errors.NotJson, "not-json"),
        (errors.NotCap, "not-cap"),
        (errors.SignatureError, "signature"),
    ],
)
def test_an_error_has_its_code_two_sentences_and_a_line(error: type[errors.CapError], code: str) -> None:
    raised = error("in English", "auf Deutsch", 7)
    assert (raised.code, str(raised), raised.message_de, raised.line) == (
        code,
        "in English",
        "auf Deutsch",
        7,
    )
    assert isinstance(raised, ValueError)
    assert error("a", "b").line is None
    again = pickle.loads(pickle.dumps(raised))  # a reader in another process raises it here
    assert (type(again), str(again), again.message_de, again.line) == (
        error,
        "in English",
        "auf Deutsch",
        7,
    )
