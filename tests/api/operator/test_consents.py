"""An operator away from the machine records consents, as the command does."""

from typing import Any

from tests.api.conftest import INSTANCE_KEY
from tests.support.operators import PATH, acts, asking


async def test_a_neighbour_s_consent_is_recorded_and_withdrawn(service: Any, pool: Any) -> None:
    ask = await asking(service, pool)
    stolberg = {"id": "stolberg", "municipalities": ["05334032"]}
    assert (await ask("POST", PATH, stolberg)).status == 201
    await ask("PATCH", f"{PATH}/dueren", {"shows": ["stolberg"]})
    for _ in range(2):
        given = await ask("PUT", f"{PATH}/stolberg/consents/dueren", {"given_by": "A. Muster"})
        assert (given.status, given.json["instance"], given.json["given_by"]) == (200, "dueren", "A. Muster")
        assert given.headers["cache-control"] == "private, no-store"
    assert [one["instance"] for one in (await ask("GET", f"{PATH}/stolberg")).json["consents"]] == ["dueren"]
    shown = (await service.get("/v1/instance", key=INSTANCE_KEY)).json["neighbours"]
    assert [one["given_by"] for one in shown] == ["A. Muster"]
    for _ in range(2):
        assert (await ask("DELETE", f"{PATH}/stolberg/consents/dueren")).status == 204
    assert (await ask("GET", f"{PATH}/stolberg")).json["consents"] == []
    assert [one for one in await acts(pool) if one.startswith("consent")] == [
        "consent.give",
        "consent.withdraw",
    ]


async def test_what_cannot_be_is_refused(service: Any, pool: Any) -> None:
    ask = await asking(service, pool)
    for path in ("nobody/consents/dueren", "dueren/consents/nobody", "dueren/consents/dueren"):
        (await ask("PUT", f"{PATH}/{path}", {"given_by": "A."})).problem(404, "not-found")
    refused = await ask("PUT", f"{PATH}/dueren/consents/dueren", {"given_by": ""})
    assert [one["path"] for one in refused.problem(422, "invalid-request")["errors"]] == ["/given_by"]
    assert await acts(pool) == []
