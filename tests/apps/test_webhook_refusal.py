"""What is wrong with a webhook has a sentence."""

import re
from pathlib import Path

import pytest

from channels.http import addresses
from dispatcher.apps.webhook_refusal import WebhookRefused, webhook_error


def test_every_refusal_of_an_address_has_its_sentences() -> None:
    codes = set(re.findall(r'AddressRefused\("(\w+)"\)', Path(addresses.__file__).read_text()))
    assert len(codes) > 5
    for code in {*codes, "secret_invalid"}:
        error = webhook_error(code, "/url")
        assert error.message != error.message_de


def test_it_names_what_it_means() -> None:
    error = webhook_error("places_foreign", "/places/1", "05358024")
    assert "05358024" in error.message_de
    assert str(WebhookRefused(error)) == "places_foreign"


def test_a_code_without_a_sentence_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        webhook_error("no_such", "")
