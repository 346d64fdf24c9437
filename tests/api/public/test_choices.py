"""Nobody is answered about another place than the one that was asked about."""

import pytest

from dispatcher.api.public.choices import wrong_choices
from tests.api.conftest import Service
from tests.api.public.test_routes import read
from tests.support.messages import DUEREN

ALL = "/v1/public/alerts"


@pytest.mark.parametrize(
    ("path", "names", "expected"),
    [
        (ALL, "lat lon language", []),
        (ALL, "polygon language x x", []),
        (ALL, "lat lon lat", ["query/lat parameter_repeated"]),
        (ALL, "polygon polygon", ["query/polygon parameter_repeated"]),
        (f"{ALL}.atom", "lat lon", ["query/lat parameter_elsewhere", "query/lon parameter_elsewhere"]),
        (f"{ALL}.events", "polygon", ["query/polygon parameter_elsewhere"]),
        (f"{ALL}.geojson", "language language", ["query/language parameter_repeated"]),
        ("/v1/districts/05358/alerts", "lat language x", ["query/lat parameter_elsewhere"]),
    ],
)
def test_what_would_be_chosen_twice_or_in_vain_is_named(path: str, names: str, expected: list[str]) -> None:
    assert [f"{one['path']} {one['code']}" for one in wrong_choices(path, names.split())] == expected


REFUSED = (
    f"{ALL}?lat=50.8&lon=6.48&lat=50.8",
    f"{ALL}?polygon=50.78,6.40+50.78,6.55+50.85,6.48&polygon=50.9,6.40+50.9,6.45+50.95,6.43",
    f"{ALL}?language=de&language=en",
    f"{ALL}.atom?lat=48.1&lon=11.5",
    f"{ALL}.geojson?polygon=48.0,11.4+48.0,11.6+48.2,11.5",
    f"{ALL}.events?lat=48.1&lon=11.5",
    f"/v1/municipalities/{DUEREN}/alerts?lat=48.1&lon=11.5",
    f"/v1/municipalities/{DUEREN}/badge.svg?lat=48.1&lon=11.5",
    "/v1/districts/05358/badge.json?language=de&language=en",
    "/api31/mowas/mapData.json?lat=48.1&lon=11.5",
)


async def test_each_form_refuses_it(service: Service) -> None:
    """Else who asks for the map of a city far away reads that all is `covered` there."""
    for path in REFUSED:
        for _ in range(2):
            problem = (await read(service, path)).problem(422, "invalid-request")
            assert problem["errors"]
