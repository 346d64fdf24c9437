"""Which problems the description says a route can answer."""

from typing import Any

from dispatcher.api.openapi.refusals import refusals
from dispatcher.model.problems import URN, ProblemType


def test_every_problem_is_described_somewhere(described: dict[str, Any]) -> None:
    found = {
        type_.removeprefix(URN)
        for name, schema in described["components"]["schemas"].items()
        if name.endswith("Problem")
        for type_ in schema["properties"]["type"]["enum"]
    }
    assert found == set(ProblemType)


def test_a_route_declares_its_problems_by_status() -> None:
    declared = refusals(ProblemType.MALFORMED, ProblemType.NO_AREA, ProblemType.INVALID_CAP)
    assert {status: one["x-problem-types"] for status, one in declared.items()} == {
        400: ["malformed"],
        422: ["invalid-cap", "no-area"],
    }
