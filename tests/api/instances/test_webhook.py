"""An app registers its webhook, tries it, rotates its secret and takes it back."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from standardwebhooks import Webhook

from dispatcher.api.instances.bodies import TrialBody
from dispatcher.model.principals import Instance
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET, Answer, Service, introduce, serving
from tests.channels.far_side import FarSide, far_side
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

PATH = "/v1/instance/webhook"
GIVEN = "whsec_" + b64encode(b"g" * 32).decode()
SANDBOX_KEY = f"wi_probe_{SECRET}"


@dataclass
class App:
    """A maker of an app: its server, and what it asks the service."""

    service: Service
    side: FarSide
    key: str = INSTANCE_KEY

    @property
    def url(self) -> str:
        return f"{self.side.origin}/warnings"

    async def ask(self, method: str, path: str = "", body: Any = None, *, key: str | None = None) -> Answer:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return await self.service.request(method, PATH + path, data, key=key or self.key)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with (
        far_side() as side,
        serving(
            settings.model_copy(update={"allowed_origins": frozenset({f"callback={side.origin}"})})
        ) as service,
    ):
        await introduce(service.parts)
        sandbox = Instance("probe", "Probe", (DUEREN,), sandbox=True)
        await service.parts.sources.put_instance(sandbox, SANDBOX_KEY)
        yield App(service, side)


async def test_from_nothing_to_a_test_notice_that_verifies(app: App) -> None:
    (await app.ask("GET")).problem(404, "not-found")
    put = await app.ask("PUT", body={"url": app.url})
    assert (put.status, put.headers["cache-control"]) == (200, "private, no-store")
    secret = put.json["secret"]
    tested = await app.ask("POST", "/test")
    assert (tested.status, tested.json["status"], tested.json["meaning"]) == (200, 201, "accepted")
    (seen,) = app.side.seen
    sent = Webhook(secret).verify(seen.body, seen.headers)
    assert sent == tested.json["notice"]
    assert "cap" not in sent, "its message can be fetched nowhere"
    assert TrialBody.model_validate_json(tested.body).notice.test


async def test_the_secret_is_shown_once_and_the_same_request_changes_nothing(app: App) -> None:
    first = (await app.ask("PUT", body={"url": app.url})).json
    assert first.pop("secret").startswith("whsec_")
    for answer in (await app.ask("PUT", body={"url": app.url}), await app.ask("GET")):
        assert answer.json == first | {"secret": None}
    assert first["places"] == [DUEREN]
    assert (first["all_places"], first["state"], first["environment"]) == (True, "active", "production")


async def test_a_rotation_is_signed_by_both(app: App) -> None:
    await app.ask("PUT", body={"url": app.url, "secret": GIVEN})
    rotated = (await app.ask("POST", "/rotate", {"overlap_hours": 1})).json
    assert len(rotated["previous_secrets_end"]) == 1
    await app.ask("POST", "/test")
    (seen,) = app.side.seen
    assert len(seen.headers["webhook-signature"].split(" ")) == 2
    for secret in (GIVEN, rotated["secret"]):
        Webhook(secret).verify(seen.body, seen.headers)
    assert (await app.ask("POST", "/rotate")).json["secret"] != rotated["secret"], "a body is not needed"


async def test_it_is_taken_back_as_often_as_one_likes(app: App) -> None:
    await app.ask("PUT", body={"url": app.url})
    assert [(await app.ask("DELETE")).status for _ in range(2)] == [204, 204]
    for method, path in (("GET", ""), ("POST", "/rotate"), ("POST", "/test")):
        (await app.ask(method, path)).problem(404, "not-found")


async def test_a_second_test_within_ten_seconds_is_refused(app: App) -> None:
    await app.ask("PUT", body={"url": app.url})
    await app.ask("POST", "/test")
    refused = await app.ask("POST", "/test")
    refused.problem(429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 10
    assert len(app.side.seen) == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b"", [""]),
        (b"no json", [""]),
        (b"[" * 5_000, [""]),
        ({}, ["/url"]),
        ({"url": 7}, ["/url"]),
        ({"url": "https://a.example/", "langauge": "de"}, ["/langauge"]),
        ({"url": "https://a.example/", "language": "fr"}, ["/language"]),
        ({"url": "http://a.example/"}, ["/url"]),
        ({"url": "https://169.254.169.254/latest"}, ["/url"]),
        ({"url": "https://[::1]/"}, ["/url"]),
        ({"url": "https://a.example/", "secret": "kurz"}, ["/secret"]),
        ({"url": "https://a.example/", "places": []}, ["/places"]),
        ({"url": "https://a.example/", "places": ["05358"]}, ["/places/0"]),
        ({"url": "https://a.example/", "places": [DUEREN, JUELICH]}, ["/places/1"]),
    ],
)
async def test_what_cannot_be_is_refused_with_where_and_why_in_both_languages(
    app: App, body: Any, paths: list[str]
) -> None:
    problem = (await app.ask("PUT", body=body)).problem(422, "invalid-webhook")
    assert [error["path"] for error in problem["errors"]] == paths
    assert all(error["message"] and error["message_de"] for error in problem["errors"])
    (await app.ask("GET")).problem(404, "not-found")


async def test_what_the_operator_exempted_for_more_than_callbacks_is_not_for_an_apps_key(
    settings: Settings,
) -> None:
    """His SMS gateway, say, named without a purpose."""
    allowed = settings.model_copy(update={"allowed_origins": frozenset({"http://127.0.0.1:9"})})
    async with serving(allowed) as service:
        await introduce(service.parts)
        body = b'{"url": "http://127.0.0.1:9/messages"}'
        answer = await service.request("PUT", PATH, body, key=INSTANCE_KEY)
        (error,) = answer.problem(422, "invalid-webhook")["errors"]
        assert error["code"] == "url_purpose"


async def test_no_answer_repeats_what_was_sent(app: App) -> None:
    sent = {"url": "https://geheim.example:81/", "secret": "geheimnis", "extra": "geheim"}
    assert b"geheim" not in (await app.ask("PUT", body=sent)).body.replace(b"Geheimnis", b"")
    assert b"geheim" not in (await app.ask("POST", "/rotate", {"secret": "geheimnis"})).body.replace(
        b"Geheimnis", b""
    )


@pytest.mark.parametrize("hours", [-1, 169, "NaN", float("inf")])
async def test_an_overlap_has_bounds(app: App, hours: Any) -> None:
    await app.ask("PUT", body={"url": app.url})
    (await app.ask("POST", "/rotate", {"overlap_hours": hours})).problem(422, "invalid-webhook")


async def test_a_body_is_bounded(app: App) -> None:
    for method, path, most in (("PUT", "", 8 * 1024 + 32), ("POST", "/rotate", 1024)):
        (await app.ask(method, path, b" " * (most + 1))).problem(413, "too-large")
        (await app.ask(method, path, b"[" + b" " * (most - 1))).problem(422, "invalid-webhook")


async def test_a_refusal_names_few_of_many_errors(app: App) -> None:
    body: dict[str, Any] = {"url": "https://a.example/", "places": [JUELICH] * 600}
    problem = (await app.ask("PUT", body=body)).problem(422, "invalid-webhook")
    assert (len(problem["errors"]), problem["errors_left_off"]) == (49, 551)
    for odd in ({"places": ["x"] * 1000}, {f"m{number}": 1 for number in range(600)}):
        problem = (await app.ask("PUT", body={"url": "https://a.example/"} | odd)).problem(
            422, "invalid-webhook"
        )
        assert len(problem["errors"]) == 1


async def test_an_app_that_changes_its_webhook_without_end_takes_one_turn_at_a_time(app: App) -> None:
    """So it waits for itself, and its bodies hold nobody else up."""
    gate = app.service.places.changes
    assert await gate.enter("dueren")
    try:
        answers = [asyncio.create_task(app.ask("PUT", body={"url": app.url})) for _ in range(8)]
        done, waiting = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        for answer in done:
            answer.result().problem(503, "overloaded")
        other = await app.ask("PUT", body={"url": f"{app.url}/probe"}, key=SANDBOX_KEY)
        assert (other.status, len(waiting) > 0) == (200, True)
    finally:
        gate.leave("dueren")
    assert {(await answer).status for answer in waiting} <= {200, 503}


async def test_the_url_of_another_is_not_to_be_had(app: App) -> None:
    await app.ask("PUT", body={"url": app.url})
    (await app.ask("PUT", body={"url": app.url}, key=SANDBOX_KEY)).problem(409, "webhook-taken")


@pytest.mark.parametrize("key", ["nonsense", KEY])
async def test_only_an_instance_has_one(app: App, key: str) -> None:
    for method, path in (("PUT", ""), ("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test")):
        (await app.ask(method, path, key=key)).problem(401, "unauthenticated")


async def test_a_sandbox_is_tested_and_told_of_nothing(app: App) -> None:
    maker = App(app.service, app.side, SANDBOX_KEY)
    put = await maker.ask("PUT", body={"url": app.url})
    assert put.json["environment"] == "sandbox"
    await app.service.submit(warning(DUEREN))
    reach = await app.service.parts.subscriptions.reach([DUEREN])
    assert reach.by_channel == {}
    assert (await maker.ask("POST", "/test")).json["notice"]["test"] is True
    assert len(app.side.seen) == 1
