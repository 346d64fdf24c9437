"""What all answers to whoever asks have in common."""

from dispatcher.api.public.answers import of_model, of_type
from dispatcher.api.public.bodies import PublicList

HEADERS = {"ETag", "Alerts-As-Of", "Alerts-Stale-Feeds", "Alerts-Unread-Feeds", "Alerts-Age"}


def test_every_route_says_its_headers_and_how_else_it_answers() -> None:
    for answers in (of_model("It.", PublicList), of_type("It.", "text/plain", {"type": "string"})):
        assert set(answers) == {200, 304, 412, 503}
        for status in (200, 304):
            assert set(answers[status]["headers"]) == HEADERS
