"""A body is taken as its model has it, or refused without a word of what was sent."""

import json

import pytest

from dispatcher.api.instances.bodies import ConsentWanted, WebhookWanted
from dispatcher.api.json_body import json_body, parsed
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase


def refused(body: bytes) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        parsed(WebhookWanted, body, ProblemType.INVALID_WEBHOOK, Phrase.WEBHOOK_REFUSED)
    return caught.value


def test_what_has_the_form_is_taken() -> None:
    wanted = parsed(ConsentWanted, b'{"given_by": "A"}', ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
    assert wanted.given_by == "A"


def test_what_has_not_is_named_by_where_and_not_by_what() -> None:
    found = refused(b'{"url": 1, "geheim": "whsec_geheim"}')
    assert found.type is ProblemType.INVALID_WEBHOOK
    assert {error["path"] for error in found.errors} == {"/url", "/geheim"}
    assert "whsec_geheim" not in repr(found.errors)


@pytest.mark.parametrize("body", [b'{"url": "a", "url": "b"}', b'{"url": "a", "u\\u0072l": "a"}'])
def test_a_member_stands_once(body: bytes) -> None:
    assert [error["code"] for error in refused(body).errors] == ["member_twice"]


def test_more_errors_than_can_be_named_are_one() -> None:
    found = refused(json.dumps({f"x{number}": 1 for number in range(60)}).encode())
    assert [error["code"] for error in found.errors] == ["too_many_errors"]


def test_a_body_is_described_by_its_model() -> None:
    content = json_body(ConsentWanted, required=True)["requestBody"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/ConsentWanted"}}}
