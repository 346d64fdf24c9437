"""An operator away from the machine administers instances over HTTP."""

from typing import Any

import pytest

from dispatcher.access.principals import OPERATOR_QUOTA
from tests.api.conftest import INSTANCE_KEY
from tests.support.messages import DUEREN, JUELICH
from tests.support.operators import PATH, acts, asking
from tests.support.service_accounts import key_file, pem_of, private_key

STOLBERG = {
    "id": "stolberg",
    "name": "Stolberg",
    "municipalities": ["05334032"],
    "languages": ["de", "uk"],
    "branding": {"colour": "#00457C", "text_colour": "#ffffff"},
    "requests_per_minute": 600,
    "shows": ["dueren"],
}
SECRET_FILE = key_file("warn-app-1").decode()


@pytest.fixture
async def ask(service: Any, pool: Any) -> Any:
    """Asks with an operator's key."""
    ask_at = await asking(service, pool)
    return lambda method, path="", body=None: ask_at(method, PATH + path, body)


async def test_an_instance_is_created_with_its_key_shown_once_and_listed(
    service: Any, ask: Any, pool: Any
) -> None:
    made = await ask("POST", body=STOLBERG)
    assert (made.status, made.headers["cache-control"]) == (201, "private, no-store")
    key = made.json["key"]
    own = (await service.get("/v1/instance", key=key)).json
    assert (own["id"], own["branding"]["colour"], own["requests_per_minute"]) == ("stolberg", "#00457c", 600)
    again = await ask("POST", body=STOLBERG)
    assert (again.status, again.json["key"]) == (200, None)
    (await ask("POST", body=STOLBERG | {"name": "Eschweiler"})).problem(409, "conflict")
    shown = await ask("GET", "/stolberg")
    assert (shown.json["name"], shown.json["territory"]) == ("Stolberg", [])
    assert [one["key"] for one in shown.json["keys"]] == ["_".join(key.split("_")[:2])]
    assert key.encode() not in shown.body
    assert await acts(pool) == ["instance.add", "key.add"]
    first = (await ask("GET", "?limit=1")).json
    assert ([one["id"] for one in first["instances"]], first["next"]) == (["dueren"], "dueren")
    second = (await ask("GET", "?limit=1&after=dueren")).json
    assert ([one["id"] for one in second["instances"]], second["next"]) == (["stolberg"], None)
    (line,) = second["instances"]
    assert (line["state"], line["municipalities"], line["keys"]) == ("enabled", 1, 1)


async def test_a_change_changes_what_is_named_and_is_done_once(ask: Any, pool: Any) -> None:
    body = {"territory": ["05358"], "contact": "A. Muster", "branding": {"logo": None}}
    for _ in range(2):
        changed = await ask("PATCH", "/dueren", body)
    assert (len(changed.json["municipalities"]), changed.json["territory"]) == (15, ["05358"])
    assert (changed.json["name"], changed.json["contact"]) == ("Düren", "A. Muster")
    away = await ask("PATCH", "/dueren", {"contact": None, "municipalities": [DUEREN, JUELICH]})
    assert (away.json["contact"], away.json["municipalities"]) == (None, [DUEREN, JUELICH])
    assert await acts(pool) == ["instance.change"] * 2


async def test_keys_are_rotated_and_one_that_is_disabled_is_refused(
    service: Any, ask: Any, pool: Any
) -> None:
    new = await ask("POST", "/dueren/rotate", {"overlap_hours": 1})
    assert [one["expires_at"] is None for one in new.json["keys"]] == [False, True]
    for key in (INSTANCE_KEY, new.json["key"]):
        assert (await service.get("/v1/instance", key=key)).status == 200
    assert (await ask("POST", "/dueren/rotate")).status == 200, "a body is not needed"
    for _ in range(2):
        assert (await ask("POST", "/dueren/disable")).json["state"] == "disabled"
    (await service.get("/v1/instance", key=INSTANCE_KEY)).problem(401, "unauthenticated")
    for _ in range(2):
        assert (await ask("POST", "/dueren/enable")).json["disabled_at"] is None
    assert (await service.get("/v1/instance", key=INSTANCE_KEY)).status == 200
    assert (await acts(pool))[-2:] == ["instance.disable", "instance.enable"]


async def test_a_credential_goes_in_and_never_comes_out(ask: Any, pool: Any) -> None:
    made = await ask("PUT", "/dueren/credentials/webpush", {})
    assert (await ask("PUT", "/dueren/credentials/webpush", {})).json == made.json
    for _ in range(2):
        kept = await ask("PUT", "/dueren/credentials/fcm", {"secret": SECRET_FILE})
        assert (kept.status, kept.json["fingerprint"].partition("/")[0]) == (200, "warn-app-1")
    shown = await ask("GET", "/dueren")
    assert {one["channel"] for one in shown.json["credentials"]} == {"webpush", "fcm"}
    on_record = await pool.fetch("SELECT * FROM instance_credential")
    secret = pem_of(private_key()).splitlines()[1]
    assert not any(secret in text for text in (shown.body.decode(), kept.body.decode(), str(on_record)))
    assert await acts(pool) == ["credential.put"] * 2


REFUSED = (
    ("POST", "", {"id": "new"}, "/municipalities"),
    ("POST", "", {"id": "Neu", "municipalities": [DUEREN]}, "/id"),
    ("POST", "", {"id": "new", "municipalities": ["05358009"]}, "/municipalities"),
    ("POST", "", {"id": "new", "territory": ["04"]}, "/territory"),
    ("POST", "", {"id": "new", "territory": []}, "/territory"),
    ("PATCH", "/dueren", {"shows": ["nobody"]}, "/shows"),
    ("PATCH", "/dueren", {"shows": ["dueren"]}, "/shows"),
    ("PATCH", "/dueren", {"branding": {"colour": "#777777", "text_colour": "#ffffff"}}, ""),
    ("PATCH", "/dueren", {"key": "GEHEIM"}, "/key"),
    ("PATCH", "/dueren", b"GEHEIM", ""),
    ("PUT", "/dueren/credentials/webpush", {"secret": "GEHEIM"}, "/secret"),
    ("PUT", "/dueren/credentials/fcm", {}, "/secret"),
    ("PUT", "/dueren/credentials/fcm", {"secret": '{"type": "GEHEIM"}'}, "/secret"),
    ("PUT", "/dueren/credentials/fcm", {"secret": "x" * 40_000}, "/secret"),
    ("POST", "/dueren/rotate", {"overlap_hours": -1}, "/overlap_hours"),
)
"""What cannot be, and where that is said."""


async def test_what_cannot_be_is_refused_with_where_and_why(ask: Any, pool: Any) -> None:
    for method, path, body, where in REFUSED:
        refused = await ask(method, path, body)
        assert [one["path"] for one in refused.problem(422, "invalid-request")["errors"]] == [where], body
        assert b"GEHEIM" not in refused.body
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/rotate"), ("POST", "/disable")):
        (await ask(method, f"/nobody{path}", b"{}" if method != "GET" else None)).problem(404, "not-found")
    (await ask("PUT", "/dueren/credentials/smoke", {})).problem(404, "not-found")
    (await ask("POST", body=b" " * 400_000)).problem(413, "too-large")
    assert await acts(pool) == []


async def test_an_operator_has_a_share_and_no_instance_pays_for_it(service: Any, ask: Any) -> None:
    assert (await ask("GET")).status == 200
    shares = service.parts.shares
    left, at = shares._left["remote-operator:anna"]
    assert left == OPERATOR_QUOTA - 1
    shares._left["remote-operator:anna"] = (left - 2 * OPERATOR_QUOTA, at)
    refused = await ask("GET")
    refused.problem(429, "rate-limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert (await service.get("/v1/instance", key=INSTANCE_KEY)).status == 200
    for key in ("", INSTANCE_KEY, f"wo_anna_{'t' * 43}"):
        (await service.get(PATH, key=key)).problem(401, "unauthenticated")
