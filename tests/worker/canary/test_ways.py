"""The service tests itself by SMS, FCM and APNs up to a receipt that comes back, and what is no receipt proves nothing."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.model.vocabulary import Lane
from dispatcher.store.canary.endpoints import canaries
from ops.lab.gateways.reports import ReportSequence
from tests.commands import conftest as commands
from tests.support.canary_ways import CanaryWay, canary_way, typed

surroundings, run = commands.surroundings, commands.run
PUSH = ("fcm", "apns")
LANES = len(Lane)
pytestmark = pytest.mark.processes


@pytest.fixture
async def way(
    request: pytest.FixtureRequest, run: Any, env: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[CanaryWay]:
    async with canary_way(request.param, run, env, tmp_path) as found:
        yield found


def counted(way: CanaryWay, stage: str) -> float:
    """How many tests have come so far, by the metrics."""
    samples = way.worker.metrics.canary_seconds.collect()
    return sum(
        one.value
        for family in samples
        for one in family.samples
        if one.name.endswith("_count")
        and (one.labels["channel"], one.labels["stage"]) == (way.spec.channel, stage)
    )


def tokens(entries: Any) -> list[str]:
    return [json.loads(one.text)["receipt"] for one in entries]


def of_the_phone(way: CanaryWay, **answer: Any) -> dict[str, Any]:
    """A fault that meets messages, and no request for an access token."""
    return {"action": {"kind": "status", **answer}, "match": {"recipient_prefix": way.phones[0].ref[:8]}}


@pytest.mark.parametrize("way", PUSH, indirect=True)
async def test_a_phone_that_confirms_proves_each_lane_once_however_often_it_says_so(way: CanaryWay) -> None:
    sent = await way.test()
    assert len(sent) == LANES
    assert all("Selbsttest" in json.loads(one.text)["headline"] for one in sent)
    assert len({one.collapse for one in sent}) == LANES, "a phone that was off shows one of each lane"
    assert (await way.proven(), counted(way, "accepted"), counted(way, "delivered")) == (
        [False] * LANES,
        LANES,
        0,
    ), "accepted is not delivered"
    for token in tokens(sent) * 2:
        await way.receipt(token)
        await way.step()
    assert (await way.proven(), counted(way, "delivered")) == ([True] * LANES, LANES)
    listed = json.loads((await typed(way.run, "canary", "list", "--json")).stdout)
    assert {(one["channel"], one["state"], one["last_proven"] == one["last_test"]) for one in listed} == {
        (way.spec.channel, "in time", True)
    }


@pytest.mark.parametrize("way", PUSH, indirect=True)
async def test_what_is_no_receipt_of_this_test_in_time_proves_nothing(way: CanaryWay) -> None:
    first = await way.test()
    for token in tokens(first):
        await way.receipt(token[:-4] + "AAAA")
    await way.step()
    assert await way.proven() == [False] * LANES, "forged"
    await way.pool.execute("UPDATE canary SET sent_at = NULL")
    second = await way.test()
    assert len(second) == LANES
    for token in tokens(first):
        await way.receipt(token)
    await way.step()
    assert (await way.proven(), counted(way, "delivered")) == ([False] * LANES, LANES), "of the one before"
    await way.pool.execute("UPDATE canary_send SET sent_at = sent_at - interval '11 minutes'")
    for token in tokens(second):
        await way.receipt(token)
    await way.step()
    assert (await way.proven(), counted(way, "delivered")) == ([False] * LANES, LANES), "too late"
    await way.pool.execute("UPDATE canary SET created_at = created_at - interval '1 hour'")
    [canary], now = await canaries(way.pool)
    assert canary.late_lanes(now) == list(Lane)


GONE = {
    "fcm": {
        "error": {
            "code": 404,
            "status": "NOT_FOUND",
            "details": [
                {
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": "UNREGISTERED",
                }
            ],
        }
    },
    "apns": {"reason": "Unregistered", "timestamp": 32_503_680_000_000},
}


@pytest.mark.parametrize("way", PUSH, indirect=True)
async def test_a_phone_that_its_gateway_calls_gone_is_tested_on_and_proves_again(way: CanaryWay) -> None:
    status = {"fcm": 404, "apns": 410}[way.spec.name]
    body = json.dumps(GONE[way.spec.name])
    way.gateway.set_faults(of_the_phone(way, status=status, body=body))
    assert await way.test() == []
    assert counted(way, "accepted") == 0
    [canary], _ = await canaries(way.pool)
    assert canary.ended_at is None
    way.gateway.clear_faults()
    await way.pool.execute("UPDATE canary SET sent_at = NULL")
    for token in tokens(await way.test()):
        await way.receipt(token)
    await way.step()
    assert await way.proven() == [True] * LANES


@pytest.mark.parametrize("way", ["sms"], indirect=True)
@pytest.mark.parametrize(
    ("sequence", "is_proof"),
    [
        (ReportSequence.DELIVERED, True),
        (ReportSequence.DUPLICATED, True),
        (ReportSequence.DISORDERED, True),
        (ReportSequence.FOREIGN, True),
        (ReportSequence.FORGED, True),
        (ReportSequence.FAILED, False),
        (ReportSequence.SILENT, False),
    ],
)
async def test_an_sms_is_proven_once_by_its_gateways_report_and_by_nothing_else(
    way: CanaryWay, sequence: ReportSequence, is_proof: bool
) -> None:
    await way.step()
    await way.report_as(sequence)
    [sent] = await way.send()
    assert "TEST" in sent.text, "one text, for one lane"
    await way.step()
    await way.reported()
    for _ in range(2):
        await way.step()
    assert (await way.proven(), counted(way, "accepted"), counted(way, "delivered")) == (
        [is_proof],
        1,
        is_proof,
    )


@pytest.mark.parametrize("way", ["sms"], indirect=True)
async def test_a_report_that_comes_after_ten_minutes_proves_nothing(way: CanaryWay) -> None:
    await way.step()
    await way.report_as(ReportSequence.DELIVERED)
    await way.pool.execute("UPDATE canary_send SET sent_at = sent_at - interval '11 minutes'")
    assert len(await way.send()) == 1
    await way.reported()
    await way.step()
    assert (await way.proven(), counted(way, "delivered")) == ([False], 0)


@pytest.mark.parametrize("family", ["sms", *PUSH])
async def test_where_no_receiver_says_more_acceptance_is_the_proof(
    family: str, run: Any, env: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with canary_way(family, run, env, tmp_path, "--accepted-suffices") as way:
        way.gateway.set_faults(of_the_phone(way, status=400))
        await way.test()
        assert not any(await way.proven()), "refused is not accepted"
        way.gateway.clear_faults()
        await way.pool.execute("UPDATE canary SET sent_at = NULL; DELETE FROM gateway")
        sent = await way.test()
        assert len(sent) == (1 if family == "sms" else LANES)
        assert sum(await way.proven()) == len(sent)
