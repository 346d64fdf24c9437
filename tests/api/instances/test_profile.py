"""An app reads what it is, and a neighbour lets others show its warnings with its own key."""

from typing import Any

import pytest

from dispatcher.access.principals import of_operator
from dispatcher.model.principals import Branding, Instance
from dispatcher.store.parties import Parties
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET
from tests.support.messages import DUEREN
from tests.support.submissions import warning

WHO = "Ordnungsamt Stolberg, A. Muster"
STOLBERG, STOLBERG_KEY = "05334032", f"wi_stolberg_{SECRET}"
ANNA = of_operator("anna").actor
BODY = f'{{"given_by": "{WHO}"}}'.encode()
PATH = "/v1/instance/consents/dueren"


@pytest.fixture
async def stolberg(service: Any, pool: Any) -> Any:
    """The neighbour, whose warnings Düren wants to show."""
    parties = Parties(pool)
    neighbour = Instance("stolberg", "Stolberg", (STOLBERG,), branding=Branding("#00457c", "#ffffff"))
    await parties.add(neighbour, STOLBERG_KEY, b"pepper of the tests", ANNA)
    own = await parties.instance("dueren")
    assert own is not None
    await parties.change(own, Instance("dueren", "Düren", (DUEREN,), shows=("stolberg",)), ANNA)
    return neighbour


async def shown(service: Any, key: str = INSTANCE_KEY) -> Any:
    return (await service.get("/v1/instance", key=key)).json


async def test_an_app_reads_what_it_is(service: Any, stolberg: Any) -> None:
    found = await shown(service, STOLBERG_KEY)
    assert found == {
        "id": "stolberg",
        "name": "Stolberg",
        "environment": "production",
        "municipalities": [STOLBERG],
        "languages": ["de"],
        "branding": {"colour": "#00457c", "text_colour": "#ffffff", "logo": None},
        "contact": None,
        "requests_per_minute": None,
        "neighbours": [],
        "consents": [],
    }


async def test_a_neighbour_s_warnings_are_shown_with_its_consent_and_no_longer(
    service: Any, stolberg: Any, pool: Any
) -> None:
    await pool.execute("UPDATE source SET territory = '{05334032}' WHERE id = 'nachbar'")
    sent = await service.submit(
        warning(STOLBERG, sender="leitstelle@aachen.example"), key=f"wk_nachbar_{SECRET}"
    )
    assert sent.status == 201, sent.json
    await pool.execute("UPDATE alert SET state = 'settled'")

    async def alerts() -> list[str]:
        answer = (await service.get("/v1/instance/alerts", key=INSTANCE_KEY)).json
        return [one["id"] for one in answer["alerts"]]

    assert await alerts() == []
    (wished,) = (await shown(service))["neighbours"]
    assert (wished["id"], wished["given_by"]) == ("stolberg", None)
    given = await service.request("PUT", PATH, BODY, key=STOLBERG_KEY)
    assert (given.status, given.json["given_by"]) == (200, WHO)
    assert (await service.request("PUT", PATH, BODY, key=STOLBERG_KEY)).json == given.json
    (wished,) = (await shown(service))["neighbours"]
    assert (wished["given_by"], wished["municipalities"]) == (WHO, [STOLBERG])
    assert [one["instance"] for one in (await shown(service, STOLBERG_KEY))["consents"]] == ["dueren"]
    assert await alerts() == [sent.json["alert"]["id"]]
    assert (await service.request("DELETE", PATH, key=STOLBERG_KEY)).status == 204
    assert (await service.request("DELETE", PATH, key=STOLBERG_KEY)).status == 204
    assert await alerts() == []


async def test_nobody_consents_for_another(service: Any, stolberg: Any) -> None:
    """The key says who consents; the path, to whom."""
    (await service.request("PUT", PATH, BODY, key=INSTANCE_KEY)).problem(404, "not-found")
    (await service.request("PUT", PATH, BODY, key=KEY)).problem(401, "unauthenticated")
    for path in ("/v1/instance/consents/nobody", "/v1/instance/consents/NO"):
        (await service.request("PUT", path, BODY, key=STOLBERG_KEY)).problem(404, "not-found")
    assert (await shown(service))["neighbours"][0]["given_by"] is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{}", "/given_by"),
        (b'{"given_by": ""}', "/given_by"),
        (b'{"given_by": "a\\u0000"}', "/given_by"),
        (b'{"given_by": "a", "at": 1}', "/at"),
    ],
)
async def test_a_body_that_is_none_is_refused(service: Any, stolberg: Any, body: bytes, path: str) -> None:
    refused = await service.request("PUT", PATH, body, key=STOLBERG_KEY)
    problem = refused.problem(422, "invalid-request")
    assert [one["path"] for one in problem["errors"]] == [path]


async def test_a_body_is_bounded(service: Any, stolberg: Any) -> None:
    refused = await service.request("PUT", PATH, b" " * 2000, key=STOLBERG_KEY)
    refused.problem(413, "too-large")
