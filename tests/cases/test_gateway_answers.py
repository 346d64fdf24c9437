"""An SMS gateway that answers 200 with an error inside: by its operator's table, from the settings to the record."""

import json
from typing import Any

import pytest

from tests.api.conftest import SECRET
from tests.cases.town import DUEREN, Town
from tests.channels.far_side import answer
from tests.metrics.test_registry import samples
from tests.support import documents
from tests.support.submissions import warning

(_OWN,) = json.loads(documents.blocks(documents.page("sms-gateways.md"), "json own")[0])
DOCUMENTED = {name: value for name, value in _OWN.items() if name not in ("name", "url", "secrets")} | {
    "secrets": {"key": "geheim"}
}
"""The gateway of the document."""
VONAGE = {"profile": "vonage", "secrets": {"key": "key", "secret": "geheim"}}
TAKEN = json.dumps({"messages": [{"id": "m-1"}]}).encode()


def inside(code: str) -> bytes:
    return json.dumps({"error": {"code": code, "text": "+4915100000001"}}).encode()


def vonage(status: str) -> bytes:
    return json.dumps({"message-count": "1", "messages": [{"status": status}]}).encode()


async def told(town: Town, **bodies: bytes) -> dict[str, dict[str, Any]]:
    """What the ledger says of each phone, to which the gateway answers 200 and the body of its name."""
    for name in bodies:
        await town.follow(name, DUEREN, channel="sms")
    digits = {name: town.people[name].address.removeprefix("+") for name in bodies}

    async def react(seen: Any, writer: Any) -> None:
        (name,) = [name for name, number in digits.items() if number.encode() in seen.body]
        await answer(200, {}, bodies[name])(seen, writer)

    town.gateways.react = react
    submitted = await town.submit(warning(DUEREN))
    await town.work()
    ledger = await town.service.get(
        f"/v1/alerts/{submitted.json['alert']['id']}/ledger", key=f"wk_dueren_{SECRET}"
    )
    lines = sorted(map(json.loads, ledger.body.splitlines()), key=lambda line: line["recipient"])
    return dict(zip(bodies, lines, strict=True))


def paused(town: Town) -> dict[str, float]:
    """How often the gateway was paused, by reason."""
    return {
        dict(labels)["reason"]: value
        for (name, labels), value in samples(town.worker.metrics).items()
        if name == "warn_gateway_pauses_total" and value
    }


@pytest.mark.parametrize("town", [DOCUMENTED], indirect=True)
async def test_each_answer_of_the_document_is_taken_for_what_it_means(town: Town) -> None:
    lines = await told(
        town,
        taken=TAKEN,
        invalid=inside("INVALID_NUMBER"),
        blocked=inside("BLOCKED_BY_RECIPIENT"),
        text=b"ERROR:14",
        strange=b"<html>Wartungsarbeiten</html>",
    )
    assert {name: (line["state"], line["reason"], line["code"]) for name, line in lines.items()} == {
        "taken": ("accepted", "", ""),
        "invalid": ("rejected", "permanent", "INVALID_NUMBER"),
        "blocked": ("rejected", "permanent", "BLOCKED_BY_RECIPIENT"),
        "text": ("rejected", "permanent", "ERROR_14"),
        "strange": ("dead", "uncertain", "answer_unknown"),
    }
    assert len(town.gateways.seen) == 5, "something was tried again at once"
    assert paused(town) == {}
    (message,) = json.loads(town.gateways.seen[0].body)["messages"]
    assert message["from"] == "112"
    assert {seen.headers["authorization"] for seen in town.gateways.seen} == {"App geheim"}


@pytest.mark.parametrize(
    ("town", "body", "code"),
    [(DOCUMENTED, inside("BAD_CREDENTIALS"), "BAD_CREDENTIALS"), (VONAGE, vonage("9"), "9")],
    indirect=["town"],
    ids=["bad credentials", "no credit"],
)
async def test_an_account_that_is_refused_stops_the_gateway_and_calls_a_person(
    town: Town, body: bytes, code: str
) -> None:
    """`DispatcherGatewayMisconfigured` asks for this reason."""
    line = (await told(town, phone=body))["phone"]
    assert (line["state"], line["code"]) == ("retry", code)
    assert len(town.gateways.seen) == 1, "it was tried again"
    assert paused(town) == {"misconfigured": 1.0}


@pytest.mark.parametrize("town", [DOCUMENTED], indirect=True, ids=["throttled"])
async def test_too_many_is_sent_later_and_nobody_is_called(town: Town) -> None:
    line = (await told(town, phone=inside("THROTTLED")))["phone"]
    assert (line["state"], line["reason"], line["code"]) == ("retry", "rate_limited", "THROTTLED")
    assert "misconfigured" not in paused(town)
