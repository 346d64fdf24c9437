"""The benchmarks of the whole service, small: that they still run, count right, and print one JSON object."""

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def measured(*arguments: Any) -> Any:
    command = [sys.executable, "-m", "ops.lab.bench", *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=280).stdout)


def test_dispatch_reaches_everybody_and_accounts_for_the_time() -> None:
    found = measured("dispatch", "--recipients", "600", "--workers", "1", "--rounds", "1")
    assert {"recipients", "seconds", "per_s", "per_core", "ratio_webpush", "rss_mb"} <= found.keys()
    assert (found["recipients"], found["workers"]) == (600, 1)
    [run] = found["runs"]
    assert run["ready_share"] == 1
    assert 0 < run["first_s"] <= run["seconds"]


def test_a_burst_is_durable_and_merged() -> None:
    found = measured("burst", "--rounds", "1", "--subscriptions", "500")
    assert (found["submitted"], found["durable"], found["merged"]) == (100, 100, 29)
    assert found["flash_first"] in {True, False}  # that it is so is for a quiet machine to show
    assert found["p99_ms"] >= found["p50_ms"] > 0


def test_a_crowded_lane_is_measured_alone_and_in_the_crowd() -> None:
    found = measured("crowded-lane", "--rounds", "1", "--flood", "6", "--delay-s", "0.2")
    assert (found["flood"], found["rounds"]) == (6, 1)
    assert found["flood_recipients"] >= 6
    assert found["alone_s"] >= 0.2
    assert found["crowded_s"] >= 0.2


def test_reading_is_measured_against_plain_servers_and_beside_submissions() -> None:
    flags = ("--rounds", "1", "--seconds", "0.3", "--streams", "50", "--submitting", "2", "--warnings", "2")
    found = measured("reading", *flags, "--slow", "100")
    assert (found["sse_streams"], found["rounds"], found["warnings"]) == (50, 1, 2)
    assert found["slow_readers"] == 100
    assert found["slow_per_s"] > 0
    for name in ("per_s", "bare_asgi_per_s", "fastapi_per_s", "submission_p99_ratio", "sse_mb", "sse_last_s"):
        assert found[name] > 0, name


def test_the_page_is_measured_beside_submissions_until_all_codes_are_back() -> None:
    found = measured("page", "--visits", "30", "--sign-ups", "20", "--seconds", "2")
    assert (found["visits"], found["sign_ups"], found["proven"], found["refused"]) == (30, 20, 20, 0)
    assert found["visit_requests"] > 12
    for name in ("submission_p99_ratio", "submissions", "visit_p99_ms", "sign_up_p99_ms", "citizens_cpu_s"):
        assert found[name] > 0, name


def test_a_rate_is_measured_against_what_the_contract_says() -> None:
    found = measured("sms-rate", "--people", "60", "--rate", "50")
    assert (found["people"], found["rate"], found["refused"]) == (60, 50, 0)
    assert found["ideal_s"] == pytest.approx(60 * found["parts"] / 50, rel=0.05)
    assert found["ratio_ideal"] > 0.9


def test_a_sick_gateway_is_measured_against_the_same_one_when_well() -> None:
    flags = ("--rounds", "1", "--shares", "0.1", "--subscriptions", "60", "--aged-s", "0.5")
    found = measured("sick-gateway", "--errors", "500", *flags)
    assert found.keys() == {"rows", "worst_ratio"}
    [row] = found["rows"]
    assert row.keys() == {"error", "share", "healthy_p99_ms", "ratio_healthy", "requests"}
    assert (row["error"], row["share"]) == ("500", 0.1)
    assert row["requests"] >= 2 * 32, "32 of 60 are well, and were warned twice"
    assert 0 < row["healthy_p99_ms"] < 60_000, "all who are well were reached"
    assert found["worst_ratio"] == row["ratio_healthy"]


def test_a_trail_is_verified_whole_and_against_a_plain_hash() -> None:
    found = measured("audit", "--entries", "50", "--rounds", "1")
    assert (found["entries"], found["rounds"]) == (50, 1)
    for name in ("seconds", "ratio_hashed", "chained_s", "peak_mb"):
        assert name in found, name


def test_the_model_is_printed_for_each_size_and_mix() -> None:
    assert len(measured("scale")["scenarios"]) == 4
