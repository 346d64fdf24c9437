"""The benchmark of APNs: ours arrives as it was to be sent, and what differs is named."""

import base64
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from channels.apns.message import headers
from channels.clock import utc_now
from ops.lab.bench import apns
from ops.lab.bench.senders.apns.job import ApnsJob, device_token
from ops.lab.bench.senders.apns.own import notice
from ops.lab.bench.senders.measurement import Measurement

JOB = ApnsJob(
    origin="https://apns.example",
    ca_file="",
    topic="de.warn-lab.app",
    key="",
    key_id="LABKEY0001",
    team_id="WARNLAB001",
    document="{}",
    payload='{"aps":{}}',
    title="",
    text="",
    collapse_id="k",
    ttl_s=3600,
    count=9,
)


def token(**claims: str) -> str:
    parts = ({"alg": "ES256", "kid": "LABKEY0001"}, {"iss": "WARNLAB001", **claims})
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts), "x"])


def sample(body: str, changes: dict[str, str]) -> dict[str, Any]:
    due = {
        **headers(notice(JOB), JOB.topic, utc_now()),
        "apns-expiration": str(int(utc_now().timestamp()) + 3600),
    }
    path = {":method": "POST", ":scheme": "https", ":path": f"/3/device/{device_token(3)}"}
    said = {**path, **due, "authorization": f"bearer {token()}", "apns-id": "x", "host": "127.0.0.1"}
    return {"headers": {**said, **changes}, "body": body}


@pytest.mark.processes
def test_ours_arrives_as_it_was_to_be_sent(tmp_path: Path) -> None:
    with ExitStack() as stack:
        assert apns.ApnsTestbed(tmp_path, stack, 0.0).ours().cpu_us > 0


@pytest.mark.parametrize(
    ("body", "changes", "found"),
    [
        ('{"aps": {}}', {}, []),
        ('{"aps": 1}', {}, ["body"]),
        ('{"aps": {}}', {"apns-priority": "5"}, ["apns-priority"]),
        ('{"aps": {}}', {"apns-expiration": "0"}, ["apns-expiration"]),
        ('{"aps": {}}', {"apns-more": "x"}, ["apns-more"]),
        ('{"aps": {}}', {"authorization": f"bearer {token(iss='OTHERTEAM1')}"}, ["authorization"]),
        ('{"aps": {}}', {"authorization": "bearer x"}, ["authorization"]),
        ('{"aps": {}}', {":path": f"/3/device/{device_token(9)}"}, [":path"]),
    ],
)
def test_a_header_or_member_that_differs_is_named(
    body: str, changes: dict[str, str], found: list[str]
) -> None:
    # Made here and not with the parameters: it says until when it is good.
    assert apns.differences(sample(body, changes), JOB) == found


def test_ratios_are_to_aioapns_and_to_web_push() -> None:
    found = apns.summary(
        {
            name: [Measurement(rate, 1e6 / rate, 0.1)]
            for name, rate in (("ours", 90), ("aioapns", 3), ("webpush", 100))
        }
    )
    assert (found["ratio_best_python"], found["ratio_webpush"], found["peers"]) == (30.0, 0.9, {"aioapns": 3})
