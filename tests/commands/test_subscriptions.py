"""Endpoints are imported from a file, line by line, and counted."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatcher.store.audience.subscriptions import Subscriptions
from tests.store import conftest as on_record
from tests.support.messages import DUEREN

pool = on_record.pool


def line(**changes: Any) -> Any:
    values = {
        "channel": "app",
        "address": "https://app.dueren.example/hook",
        "keys": {"secret": "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbG9uZw=="},
        "places": [DUEREN],
    }
    return json.dumps(values | changes)


BAD = {
    "not JSON": "{",
    "no object": "[1, 2]",
    "no channel": '{"address": "x"}',
    "an unknown channel": line(channel="pigeon"),
    "no places": line(places=[]),
    "places by name": line(places=["Düren"]),
    "a district that is unknown": line(places=["05999"]),
    "a point without longitude": line(places=[{"lat": 50.8}]),
    "a point that is no number": line(places=[{"lat": "50.8", "lon": 6.48}]),
    "a point that is true": line(places=[{"lat": True, "lon": 6.48}]),
    "a point not on the earth": line(places=[{"lat": 95, "lon": 6.48}]),
    "a point abroad": line(places=[{"lat": 48.85, "lon": 2.35}]),
    "a radius below nothing": line(places=[{"lat": 50.8, "lon": 6.48, "radius_m": -1}]),
    "a radius of half the earth": line(places=[{"lat": 50.8, "lon": 6.48, "radius_m": 1e9}]),
    "a polygon of two corners": line(places=[{"polygon": [[50.8, 6.48], [50.9, 6.48]]}]),
    "a polygon that is a line": line(places=[{"polygon": [[50.8, 6.4], [50.8, 6.5], [50.8, 6.6]]}]),
    "a polygon of texts": line(places=[{"polygon": ["a", "b", "c"]}]),
    "a place of another kind": line(places=[{"circle": [50.8, 6.48, 1]}]),
    "a number": line(places=[5358008]),
    "places as one text": line(places=DUEREN),
    "an address that is none": line(address="nowhere"),
    "no secret": line(keys={}),
    "keys that are none": line(keys=7),
    "a ref that is no text": line(ref=7),
    "an instance that is no text": line(instance={"id": 1}),
    "a NUL": line(ref="a\x00b"),
}


@pytest.mark.parametrize("name", sorted(BAD))
async def test_a_line_that_cannot_be_used_is_named_and_the_others_are_added(
    run: Any, pool: Any, tmp_path: Path, name: Any
) -> None:
    file = tmp_path / "subscriptions.jsonl"
    good = [line(address=f"https://app.dueren.example/{n}") for n in range(2)]
    file.write_text("\n".join([good[0], BAD[name], good[1]]) + "\n")
    done = await run("subscriptions", "import", file)
    assert done.exit_code == 1, done.output
    assert "line 2: " in done.output
    assert "2 added or renewed, 1 refused" in done.output
    assert "app.dueren.example" not in done.output, "no address on a screen"
    assert "6.48" not in done.output, "nor a place"
    assert await Subscriptions(pool).counts() == {"app": 2}


async def test_imported_endpoints_name_only_origins_that_are_exempt_for_them(
    run: Any, pool: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    """Citizens' apps hand out push endpoints: an SMS gateway inside the operator's net is none."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(public).decode(), "auth": urlsafe_b64encode(bytes(16)).decode()}
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(
        line(channel="webpush", address="http://10.0.0.5:13013/internal/admin", keys=keys)
        + "\n"
        + line(channel="webpush", address="http://10.0.0.6:9901/push/1", keys=keys)
        + "\n"
        + line(address="http://10.0.0.5:13013/callback")
        + "\n"
    )
    surroundings.setenv("WARN_ALLOWED_ORIGINS", "http://10.0.0.5:13013,push=http://10.0.0.6:9901")
    done = await run("subscriptions", "import", file)
    assert "line 1: url_purpose" in done.output
    assert "2 added or renewed, 1 refused" in done.output
    assert await Subscriptions(pool).counts() == {"app": 1, "webpush": 1}


async def test_districts_points_and_polygons_are_followed_and_rounded(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    file = tmp_path / "subscriptions.jsonl"
    places = [
        "05358",
        {"lat": 50.803456, "lon": 6.482789, "radius_m": 200},
        {"polygon": [[50.8, 6.48], [50.8123456, 6.48], [50.81, 6.5]]},
    ]
    file.write_text(line(places=places) + "\n" + line(places=places) + "\n")
    done = await run("subscriptions", "import", file)
    assert done.exit_code == 0, done.output
    assert await pool.fetchval("SELECT count(*) FROM followed_municipality") == 15
    rows = await pool.fetch("SELECT lat, lon, radius_m, ags FROM watched_area ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ([50.803], [6.483], 200.0, [DUEREN]),
        ([50.8, 50.812, 50.81], [6.48, 6.48, 6.5], 0.0, [DUEREN]),
    ]


async def test_an_import_as_a_process(dispatcher: Any, pool: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(line(language="en", instance="dueren", ref="r-1") + "\n" + line() + "\n")
    done = await dispatcher("subscriptions", "import", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 added or renewed, 0 refused\n", "")
    counted = await dispatcher("subscriptions", "count")
    assert counted.stdout == "app\t1\n"
