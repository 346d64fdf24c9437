"""What opens a route, as the description says it."""

from typing import Any

from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.table import OPEN_ROUTES
from dispatcher.api.openapi.security import SCHEMES, SCHEMES_OF, security_of
from tests.api.openapi.test_document import is_page, operations


def test_security_is_that_of_the_table(described: dict[str, Any]) -> None:
    found = {
        entrance: sorted(scheme for one in operation["security"] for scheme in one)
        for entrance, operation in operations(described)
    }
    person = ["consoleForm", "consoleSession"]
    assert found["POST /v1/alerts"] == [*person, "sourceKey"], "a feed's key is let in and has nothing there"
    assert found["GET /v1/alerts"] == ["consoleSession", "feedKey", "sourceKey"]
    assert found["GET /v1/instance/alerts"] == ["instanceKey"]
    assert found["POST /v1/feeds/{name}/messages"] == ["feedKey"]
    assert found["POST /v1/operator/instances"] == [*person, "operatorKey"]
    assert found["POST /v1/gateways/{gateway}/reports"] == [
        "gatewayPassword",
        "gatewaySecret",
        "gatewayToken",
    ]
    assert not any(found[entrance] for entrance in OPEN_ROUTES if not is_page(entrance))


def test_every_kind_that_asks_over_http_has_a_scheme() -> None:
    assert set(SCHEMES_OF) == set(PrincipalKind)
    named = {scheme for schemes in SCHEMES_OF.values() for scheme in schemes}
    assert named | {"exerciseKey"} == set(SCHEMES)
    silent = [kind for kind, schemes in SCHEMES_OF.items() if not schemes]
    assert silent == [PrincipalKind.OPERATOR]


def test_a_route_that_nothing_requires_is_open() -> None:
    assert security_of("GET /v1/boundaries") == []
    both = {"consoleSession": [], "consoleForm": []}
    assert security_of("POST /v1/alerts") == [{"sourceKey": []}, both]


def test_exercises_take_keys_and_sessions_of_their_own() -> None:
    both = {"exerciseSession": [], "consoleForm": []}
    assert security_of("POST /exercise/v1/alerts") == [{"exerciseKey": []}, both]
