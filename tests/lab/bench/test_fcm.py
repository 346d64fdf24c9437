"""The benchmark of FCM: ours arrives, what others send is held against it, and what is not installed is left out."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ops.lab.bench import fcm, webpush
from ops.lab.bench.senders import peers
from ops.lab.bench.senders.fcm.job import FcmJob, registration_token
from ops.lab.bench.senders.measurement import Measurement

JOB = FcmJob(
    "https://fcm.example",
    "",
    "warn-lab-1",
    "ya29.x",
    '{"v":1}',
    {"priority": "high", "ttl": "3600s"},
    3600,
    9,
)


def body(**members: Any) -> dict[str, Any]:
    message = {"token": registration_token(3), "data": {"notice": JOB.payload}, "android": dict(JOB.android)}
    return {"message": {**message, **members}}


@pytest.mark.processes
def test_ours_arrives_as_it_was_to_be_sent_and_so_does_the_web_push_beside_it(tmp_path: Path) -> None:
    with ExitStack() as stack:
        testbed = fcm.FcmTestbed(tmp_path, stack, 0.0, peers.Peers())
        assert [way.name for way in testbed.ways()] == ["ours"]
        assert testbed.measure(fcm.WAYS[0]).cpu_us > 0
    with ExitStack() as stack:
        assert webpush.WebPushTestbed(tmp_path, stack, 0.0).measure(webpush.READY).cpu_us > 0


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (body(), []),
        ({**body(), "validate_only": False}, []),
        (body(android={"priority": "high", "ttl": "3599.500000000s"}), []),
        ({**body(), "validate_only": True}, ["validate_only"]),
        (body(android={"priority": "high", "ttl": "3.600000000s"}), ["message.android.ttl"]),
        (body(android={"priority": "high", "ttl": "long"}), ["message.android.ttl"]),
        (body(android={"priority": "HIGH"}), ["message.android.priority", "message.android.ttl"]),
        (body(token=registration_token(9)), ["message.token"]),
        (body(data={"notice": "{}", "x": "y"}), ["message.data.notice", "message.data.x"]),
        (body(notification={"title": "x"}), ["message.notification.title"]),
        (
            {},
            [
                "message.android.priority",
                "message.android.ttl",
                "message.data.notice",
                "message.token",
            ],
        ),
    ],
)
def test_a_member_that_differs_is_named(sent: dict[str, Any], found: list[str]) -> None:
    assert fcm.differences(sent, JOB) == found


def test_ratios_are_to_the_best_of_python_and_to_web_push() -> None:
    def measured(*rates: float) -> list[Measurement]:
        return [Measurement(rate, 1e6 / rate, 0.1) for rate in rates]

    taken = {"ours": measured(90, 60), "pyfcm_async": measured(3, 2), "npm_firebase_admin": measured(9, 6)}
    found = fcm.summary({**taken, "async_firebase": measured(2, 3), "webpush": measured(100, 100)})
    assert (found["ours_per_s"], found["webpush_per_s"], found["rounds"]) == (75, 100, 2)
    assert (found["ratio_best_python"], found["ratio_npm"], found["ratio_webpush"]) == (25.0, 10.0, 0.75)
    assert found["processor_ratio_best_python"] == pytest.approx(25.0)
    assert found["peers"] == {"pyfcm_async": 2, "npm_firebase_admin": 8, "async_firebase": 2}
    alone = fcm.summary({"ours": measured(90), "webpush": measured(100)})
    assert (alone["ratio_best_python"], alone["ratio_npm"], alone["peers"]) == (None, None, {})


@pytest.mark.processes
def test_peers_are_installed_once_for_each_choice_of_versions(tmp_path: Path) -> None:
    folder, mark = tmp_path / "peers", tmp_path / "installed"
    command = ["sh", "-c", f"echo >> {mark}"]
    assert peers._installed(folder, command, ["a==1"])
    assert peers._installed(folder, command, ["a==1"])
    assert mark.read_text() == "\n"
    assert not peers._installed(folder, ["false"], ["a==2"])
    assert not peers._installed(folder, ["no-such-program"], ["a==2"])
    assert peers._installed(folder, command, ["a==2"])
